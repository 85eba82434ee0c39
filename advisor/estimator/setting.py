"""Setting: the software a stage runs on, as far as it changes its speed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from advisor.workload import WEIGHT_BYTES, Workload

if TYPE_CHECKING:
    from advisor.plan import Stage

Precision = Literal["half", "tf32", "tf32x3", "fp32", "fp8", "int8", "fast16", "fast8", "vector"]
Engine = Literal["", "llama.cpp", "other"]

# Quantised formats that measurements name and workloads do not: bytes per weight, scales included.
# llama.cpp's q4_k_m averages 4.85 bits (llama.cpp tools/quantize README, Llama 3.1 8B: 4.89).
OTHER_WEIGHT_BYTES = {"q4_k_m": 0.61, "fp4": 0.56, "int4": 0.56}


@dataclass(frozen=True)
class Setting:
    """Dtype, mode and the properties of a software stack that an estimate assumes.

    The defaults are a current PyTorch in eager mode as installed: fused attention, TF32 for
    convolutions but not for matrix products.

    compiled: kernels are fused and replayed as a graph: no host time.
    fused_attention: False = the queries x keys matrix goes through memory (no SDPA, no xformers).
    tf32_matmul: fp32 matrix products run on TF32 units (NGC containers set this).
    legacy: a stack of the PyTorch 1.x era.
    hopper_attention: attention kernels written for Hopper (FlashAttention-3), used where they run.
    fused_qkv: joined query-key-value weights are held beside the separate ones.
    wide_weights: weights stay in fp32 and are cast at use (autocast).
    stack: an older library that the memory file knows; empty = current.
    engine: a dedicated inference engine (llama.cpp, or other: vLLM, TensorRT): own kernels, no host
    time, and 8-bit arithmetic where the dtype is 8-bit.
    """

    dtype: str = "bf16"
    compiled: bool = False
    fused_attention: bool = True
    tf32_matmul: bool = False
    legacy: bool = False
    engine: Engine = ""
    hopper_attention: bool = False
    fused_qkv: bool = False
    wide_weights: bool = False
    stack: str = ""

    @classmethod
    def of(cls, workload: Workload) -> Setting:
        return cls(dtype=workload.dtype, compiled=workload.mode == "compiled")

    def at(self, stage: Stage) -> Setting:
        """The setting that a stage runs in: fp32 where an fp16 pipeline upcasts it."""
        return replace(self, dtype="fp32") if stage.upcast and self.dtype == "fp16" else self

    @property
    def weight_bytes(self) -> float:
        """Bytes per stored weight."""
        if self.wide_weights:
            return 4.0
        return WEIGHT_BYTES.get(self.dtype) or OTHER_WEIGHT_BYTES[self.dtype]

    @property
    def activation_bytes(self) -> float:
        return 4.0 if self.dtype == "fp32" else 2.0

    @property
    def fused(self) -> bool:
        """Kernels are fused and launched without the host."""
        return self.compiled or bool(self.engine)

    @property
    def quantised(self) -> bool:
        """Weights are stored narrower than they are computed with."""
        return self.weight_bytes < 2.0

    @property
    def linear_only(self) -> bool:
        """Only linear layers are stored narrower; llama.cpp's formats hold everything."""
        return self.quantised and self.engine != "llama.cpp"

    def precision(self, op_class: str) -> Precision:
        """The arithmetic units an operation class runs on, where the device has them."""
        if self.dtype == "fp32":
            if op_class == "attention" and self.fused_attention:
                return "tf32x3"  # CUTLASS kernels multiply fp32 as three TF32 products
            tf32 = op_class == "convolution" or self.tf32_matmul
            return "tf32" if tf32 else "fp32"
        if self.engine and op_class != "attention" and self.dtype in ("fp8", "int8"):
            return "fast8" if self.dtype == "fp8" else "int8"
        if self.engine and op_class != "attention":
            return "fast16"  # engines let 16-bit products accumulate in 16 bit
        if self.dtype == "fp8" and op_class == "matmul" and self.compiled:
            return "fp8"
        return "half"
