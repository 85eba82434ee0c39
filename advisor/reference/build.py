"""A component as a torch module with random weights, and inputs to call it with.

module = build(component, flavour="debug", device="cpu", dtype=torch.float32)
kwargs = make_inputs(component.entries["step"], component, {"h": 64, "w": 64}, batch=2, ...)
call(module, component.entries["step"], kwargs)
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from advisor.catalog import Component, EntryPoint
from advisor.catalog.schema import config_symbols
from advisor.errors import DataError
from advisor.expr import evaluate, evaluate_int

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is ever downloaded
# Their warnings are about tiny vocabularies and casts that are meant.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_RAW = {
    "float32": torch.float32,
    "int64": torch.int64,
    "int32": torch.int32,
    "bool": torch.bool,
}


def build(
    component: Component,
    flavour: str = "full",
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
) -> torch.nn.Module:
    """The component's module in eval mode, without gradients, weights random under `seed`.

    Built directly on its device in its dtype: non-persistent buffers (rotary tables, position ids)
    would be left undefined by building on meta and moving.
    """
    torch.manual_seed(seed)
    with _default_dtype(dtype), torch.device(device):
        module = _construct(component, dict(config_symbols(component, flavour)), dtype)
    if torch.device(device).type == "meta":
        module.to("meta")  # some modules make tensors from values, which ignore the device context
    return module.eval().requires_grad_(False)


def _construct(component: Component, config: dict[str, Any], dtype: torch.dtype) -> torch.nn.Module:
    if component.library == "transformers":
        library = importlib.import_module("transformers")
        config_class = getattr(library, component.config_class or "")
        made: torch.nn.Module = getattr(library, component.class_name)._from_config(
            config_class(**config), dtype=dtype
        )
        return made
    if component.tuples:
        config = {key: _tuples(value) for key, value in config.items()}
    if component.library == "diffusers":
        library = importlib.import_module("diffusers")
        made = getattr(library, component.class_name)(**config)
        return made.to(dtype=dtype) if _has_other_floats(made, dtype) else made
    modules = importlib.import_module("advisor.reference.modules")
    file = modules.MODULES.get(component.class_name)
    if file is None:
        raise DataError(f"component {component.id}: no local module '{component.class_name}'")
    room = importlib.import_module(f"advisor.reference.modules.{file}")
    made_here: torch.nn.Module = getattr(room, component.class_name)(**config)
    return made_here


def _has_other_floats(module: torch.nn.Module, dtype: torch.dtype) -> bool:
    return any(p.is_floating_point() and p.dtype != dtype for p in module.parameters())


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def count(module: torch.nn.Module) -> tuple[int, int]:
    """(parameters, buffers) in elements, shared tensors once."""
    return (
        sum(p.numel() for p in {id(p): p for p in module.parameters()}.values()),
        sum(b.numel() for b in {id(b): b for b in module.buffers()}.values()),
    )


class Inputs:
    """Makes the arguments of an entry point from its specification.

    Floats are standard normal, never zeros; integers uniform in [low, high).
    """

    def __init__(
        self,
        symbols: Mapping[str, int],
        config: Mapping[str, Any],
        device: str | torch.device,
        dtype: torch.dtype,
        seed: int = 0,
    ) -> None:
        self.symbols, self.config, self.device, self.dtype = symbols, config, device, dtype
        # Values are drawn on the CPU so that one seed gives the same input on every device.
        self._generator = torch.Generator("cpu").manual_seed(seed)

    def make(self, spec: Any) -> Any:
        """The value of one argument's specification (see EntryPoint)."""
        if isinstance(spec, list):
            return self._float(self._shape(spec))
        if "value" in spec:
            return spec["value"]
        if "number" in spec:
            return evaluate_int(spec["number"], self.symbols, self.config)
        if "tuple" in spec:
            return tuple(self.make(item) for item in spec["tuple"])
        if "list" in spec:
            return [self.make(item) for item in spec["list"]]
        if "each" in spec:
            times = evaluate_int(spec["times"], self.symbols, self.config)
            return [self.make(spec["each"]) for _ in range(times)]
        if "dict" in spec:
            return {key: self.make(item) for key, item in spec["dict"].items()}
        if "kv_cache" in spec:
            return self._cache(spec["kv_cache"])
        if "cross_cache" in spec:
            return self._cross_cache(spec["cross_cache"])
        return self._typed(spec)

    def dtype_of(self, spec: Any) -> torch.dtype:
        """The dtype that a tensor specification asks for."""
        if isinstance(spec, dict) and "each" in spec:
            return self.dtype_of(spec["each"])
        return _RAW[spec.get("dtype", "float32")] if isinstance(spec, dict) else self.dtype

    def _shape(self, spec: list[Any]) -> tuple[int, ...]:
        return tuple(evaluate_int(size, self.symbols, self.config) for size in spec)

    def _float(self, shape: tuple[int, ...], dtype: torch.dtype | None = None) -> torch.Tensor:
        dtype = dtype or self.dtype
        if self._is_meta:
            return torch.empty(shape, dtype=dtype, device="meta")
        value = torch.randn(shape, generator=self._generator, device="cpu", dtype=torch.float32)
        return value.to(device=self.device, dtype=dtype)

    def _typed(self, spec: Mapping[str, Any]) -> torch.Tensor:
        shape, dtype = self._shape(spec["shape"]), _RAW[spec.get("dtype", "float32")]
        if dtype.is_floating_point and "high" not in spec:
            return self._float(shape, dtype)
        if self._is_meta:
            return torch.empty(shape, dtype=dtype, device="meta")
        low = evaluate(spec.get("low", 0), self.symbols, self.config)
        high = evaluate(spec.get("high", 2), self.symbols, self.config)
        drawn = torch.rand(shape, generator=self._generator, device="cpu", dtype=torch.float64)
        value = drawn * (high - low) + low
        return (value if dtype.is_floating_point else value.floor()).to(self.device, dtype)

    def _cache(self, spec: Mapping[str, Any]) -> Any:
        """A filled key-value cache: {layers, shape: [b, kv heads, length, head size]}."""
        cache = importlib.import_module("transformers").DynamicCache()
        for layer in range(evaluate_int(spec["layers"], self.symbols, self.config)):
            cache.update(self._filled(spec["shape"]), self._filled(spec["shape"]), layer)
        return cache

    def _cross_cache(self, spec: Mapping[str, Any]) -> Any:
        """Self- and cross-attention caches: {layers, shape, cross_shape}."""
        library = importlib.import_module("transformers")
        own = self._cache(spec)
        cross = self._cache({"layers": spec["layers"], "shape": spec["cross_shape"]})
        return library.EncoderDecoderCache(own, cross)

    def _filled(self, shape: list[Any]) -> torch.Tensor:
        return self._float(self._shape(shape))

    @property
    def _is_meta(self) -> bool:
        return torch.device(self.device).type == "meta"


def make_inputs(
    entry: EntryPoint,
    component: Component,
    symbols: Mapping[str, int],
    *,
    batch: int = 1,
    flavour: str = "full",
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
) -> dict[str, Any]:
    """All arguments of one call, by name."""
    maker = Inputs({**symbols, "b": batch}, config_symbols(component, flavour), device, dtype, seed)
    return {name: maker.make(spec) for name, spec in entry.inputs.items()}


def call(module: torch.nn.Module, entry: EntryPoint, inputs: Mapping[str, Any]) -> Any:
    """Run an entry point. `method` may be dotted ("decoder" calls a submodule).

    A key-value cache among the inputs grows by the call; `rewind` makes it as long as before, so
    that the same inputs can be used again.
    """
    target: Any = module
    if entry.method != "forward":
        for part in entry.method.split("."):
            target = getattr(target, part)
    positional = [inputs[name] for name in entry.positional]
    named = {name: value for name, value in inputs.items() if name not in entry.positional}
    return target(*positional, **named)


def cache_lengths(inputs: Mapping[str, Any]) -> dict[str, int]:
    """Tokens in each cache among the inputs."""
    return {
        name: int(value.get_seq_length())
        for name, value in inputs.items()
        if hasattr(value, "get_seq_length")
    }


def rewind(inputs: Mapping[str, Any], lengths: Mapping[str, int]) -> None:
    """Cut every cache back to `lengths` (from `cache_lengths`)."""
    for name, length in lengths.items():
        own = getattr(inputs[name], "self_attention_cache", inputs[name])
        surplus = int(own.get_seq_length()) - length
        if surplus > 0:
            own.crop(-surplus)
