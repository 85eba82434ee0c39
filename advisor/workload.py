"""Workload: one generation request to one model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

Dtype = Literal["fp32", "fp16", "bf16", "fp8", "int8", "nf4"]
Mode = Literal["eager", "compiled"]
Offload = Literal["none", "model"]

# The numeric axes that a model may have; a model's catalog entry says which it has and their range.
AXES = (
    "width",
    "height",
    "steps",
    "guidance",
    "frames",
    "seconds",
    "tokens_in",
    "tokens_out",
    "points",
)

# What changes how a model runs, not what it makes. Every model may be asked for these;
# `variants.py` refuses the ones that a model cannot do.
VARIANTS = ("tiling", "slicing", "offload", "lora_rank")
ALWAYS = ("batch", "dtype", "mode", *VARIANTS)

WEIGHT_BYTES: dict[str, float] = {
    "fp32": 4.0,
    "fp16": 2.0,
    "bf16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    # 4 bits and a 32-bit scale per 64 weights (QLoRA, arXiv 2305.14314, section 3), without the
    # second quantisation of the scales, which bitsandbytes leaves off unless asked.
    "nf4": 0.5625,
}
ACTIVATION_BYTES: dict[str, float] = {
    "fp32": 4.0,
    "fp16": 2.0,
    "bf16": 2.0,
    "fp8": 2.0,
    "int8": 2.0,
    "nf4": 2.0,
}


class Workload(BaseModel):
    """What one request asks of a model. An axis that the model does not have is None.

    width, height: pixels. frames: video frames. seconds: length of audio. points: 3D points.
    `batch` requests run together; latency and memory are those of the whole batch.

    tiling, slicing: the autoencoder works in overlapping tiles, on one item of the batch at a time.
    offload: "model" = one component on the device at a time, the others in the host's memory.
    lora_rank: rank of an adapter kept beside the weights (a fused one changes nothing: None).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    width: int | None = Field(None, ge=1, le=16384)
    height: int | None = Field(None, ge=1, le=16384)
    steps: int | None = Field(None, ge=1, le=100_000)
    guidance: float | None = Field(None, ge=0, le=200)
    frames: int | None = Field(None, ge=1, le=10_000)
    seconds: float | None = Field(None, gt=0, le=36_000)
    tokens_in: int | None = Field(None, ge=1, le=10_000_000)
    tokens_out: int | None = Field(None, ge=1, le=10_000_000)
    points: int | None = Field(None, ge=1, le=1_000_000_000)
    batch: int = Field(1, ge=1, le=65_536)
    dtype: Dtype = "bf16"
    mode: Mode = "eager"
    tiling: bool = False
    slicing: bool = False
    offload: Offload = "none"
    lora_rank: int | None = Field(None, ge=1, le=4096)

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants that are switched on."""
        switches = (self.tiling, self.slicing, self.offload != "none", self.lora_rank is not None)
        return tuple(name for name, on in zip(VARIANTS, switches, strict=True) if on)

    @model_serializer(mode="wrap")
    def _without_unused_variants(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Variants are written only where they are on: records of plain workloads stay the same."""
        unused = set(VARIANTS).difference(self.variants)
        return {name: value for name, value in handler(self).items() if name not in unused}

    def axes(self) -> dict[str, Any]:
        """The axes that are set, by name."""
        return {name: value for name in AXES if (value := getattr(self, name)) is not None}

    def describe(self) -> str:
        """One short phrase for people: '1024x1024, 25 steps, guidance 5, batch 1, bf16'."""
        parts = []
        if self.width is not None:
            parts.append(f"{self.width}x{self.height}")
        if self.frames is not None:
            parts.append(f"{self.frames} frames")
        if self.seconds is not None:
            parts.append(f"{self.seconds:g} s")
        if self.tokens_in is not None:
            parts.append(f"{self.tokens_in} tokens in")
        if self.tokens_out is not None:
            parts.append(f"{self.tokens_out} tokens out")
        if self.points is not None:
            parts.append(f"{self.points} points")
        if self.steps is not None:
            parts.append(f"{self.steps} step{'s' if self.steps != 1 else ''}")
        if self.guidance is not None and self.guidance > 1:
            parts.append(f"guidance {self.guidance:g}")
        parts += [f"batch {self.batch}", self.dtype, self.mode]
        parts += [name for name in ("tiling", "slicing") if getattr(self, name)]
        if self.offload != "none":
            parts.append(f"{self.offload} offload")
        if self.lora_rank is not None:
            parts.append(f"LoRA rank {self.lora_rank}")
        return ", ".join(parts)
