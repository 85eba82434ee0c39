"""Running the stages of one generation: modules built once, inputs made, wires applied.

run = Run(model, debug_workload(model), catalog)
run.call("encode_text")                          # one call, inputs wired or random
run.call("denoise", {"latents": x, "timestep": t})
run.outputs["encode_text"], run.calls["denoise"]
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch

from advisor.catalog import Catalog, Component, Model, StageSpec
from advisor.catalog.schema import config_symbols
from advisor.errors import DataError, InputError
from advisor.expr import evaluate_int
from advisor.plan import Stage, plan
from advisor.reference.build import DTYPES, Inputs, build, call
from advisor.reference.wire import STEERING, Wires, fit
from advisor.workload import Workload


def debug_workload(model: Model, **axes: Any) -> Workload:
    """The model's tiny workload, in fp32. The published ranges of the axes do not hold for it."""
    values: dict[str, Any] = {name: axis.default for name, axis in model.axes.items()}
    for name in axes:
        if name not in (*model.axes, "batch", "dtype", "mode"):
            raise InputError(f"{model.id} has no {name}: its settings are {', '.join(model.axes)}")
    values = {"dtype": "fp32", **values, **model.debug_axes, **axes}
    return Workload(**{k: _whole(v) for k, v in values.items()})


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Run:
    """One generation of a model: what its stages have given, and how often they were called."""

    def __init__(
        self,
        model: Model,
        workload: Workload,
        catalog: Catalog,
        *,
        flavour: str = "full",
        device: str | torch.device = "cpu",
        seed: int = 0,
        modules: dict[str, torch.nn.Module] | None = None,
    ) -> None:
        """`modules` are components that are built already, by id; others are added to it."""
        if workload.dtype not in DTYPES:
            raise InputError(
                f"dtype {workload.dtype} can be estimated but not run: use {', '.join(DTYPES)}"
            )
        self.model, self.workload, self.catalog = model, workload, catalog
        self.flavour, self.device, self.seed = flavour, device, seed
        self.dtype = DTYPES[workload.dtype]
        self.symbols = model.symbol_values(workload)
        self.specs = {spec.name: spec for spec in model.stages}
        self.stages = {stage.name: stage for stage in plan(model, workload)}
        self.outputs: dict[str, Any] = {}
        self.calls: Counter[str] = Counter()
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self._modules = {} if modules is None else modules

    def module(self, component_id: str) -> torch.nn.Module:
        """The component's module with random weights, built when first asked for."""
        if component_id not in self._modules:
            component = self.catalog.components[component_id]
            self._modules[component_id] = build(
                component, self.flavour, self.device, self.dtype, self.seed
            )
        return self._modules[component_id]

    def component(self, stage: str) -> Component:
        return self.catalog.components[self.stages[stage].component]

    def noise(self, shape: tuple[int, ...]) -> torch.Tensor:
        """Standard normal noise, the same under one seed on every device."""
        value = torch.randn(shape, generator=self.generator, dtype=torch.float32)
        return value.to(device=self.device, dtype=self.dtype)

    def call(
        self,
        name: str,
        loop: Mapping[str, Any] | None = None,
        symbols: Mapping[str, int] | None = None,
        *,
        grad: bool = False,
    ) -> Any:
        """Call a stage once and give its output (through `_output` where the wire has one).

        `loop` holds the values of the loop around it, `symbols` replaces sizes for this call,
        `grad` lets gradients flow through it.
        """
        stage, spec = self.stages[name], self.specs[name]
        if symbols:
            stage = replace(stage, symbols=tuple({**dict(stage.symbols), **symbols}.items()))
        wires = self.wires(stage, loop or {})
        inputs = self._inputs(stage, spec, wires)
        entry = self.component(name).entries[stage.entry]
        with torch.set_grad_enabled(grad):
            result = call(self.module(stage.component), entry, inputs)
        self.calls[name] += 1
        if "_output" not in spec.wire:
            return result
        return replace(wires, loop={**wires.loop, "result": result}).tensor(spec.wire["_output"])

    def wires(self, stage: Stage, loop: Mapping[str, Any]) -> Wires:
        """What the wires of a stage may read now: `b` is its batch, `i` the number of the call."""
        number = self.calls[stage.name]
        symbols = {**self.symbols, **dict(stage.symbols), "b": stage.batch, "i": number}
        config = config_symbols(self.catalog.components[stage.component], self.flavour)
        return Wires(symbols, config, self.outputs, loop, self.device)

    def input_shape(self, name: str, wired_to: str) -> tuple[int, ...] | None:
        """Shape, at the request's batch, of the input of a stage that is wired to a plain name."""
        stage, spec = self.stages[name], self.specs[name]
        wires = self.wires(replace(stage, batch=self.workload.batch), {})
        entry = self.component(name).entries[stage.entry]
        for path, leaf in _leaves(entry.inputs):
            if spec.wire.get(path) == wired_to:
                return _shape(leaf, wires)
        return None

    def _inputs(self, stage: Stage, spec: StageSpec, wires: Wires) -> dict[str, Any]:
        component = self.catalog.components[stage.component]
        entry = component.entries[stage.entry]
        label = f"{self.seed} {stage.name} {wires.symbols['i']}"
        maker = Inputs(
            {**dict(stage.symbols), "b": stage.batch},
            wires.config,
            self.device,
            self.dtype,
            zlib.crc32(label.encode()),
        )
        wired = {name: wire for name, wire in spec.wire.items() if name not in STEERING}
        known = {path for path, _ in _leaves(entry.inputs)}
        if stray := sorted(set(wired) - known):
            raise DataError(
                f"{self.model.id}, stage {stage.name}: no input '{stray[0]}' to wire: "
                f"{component.id} takes {', '.join(sorted(known))}"
            )
        return {
            name: _filled(name, leaf, wired, wires, maker) for name, leaf in entry.inputs.items()
        }


def _filled(name: str, spec: Any, wired: Mapping[str, Any], wires: Wires, maker: Inputs) -> Any:
    """The value of one input: wired, random, or a dict with some of both."""
    if name in wired:
        return _wired(name, spec, wired[name], wires, maker)
    if isinstance(spec, dict) and "dict" in spec:
        return {
            key: _filled(f"{name}.{key}", item, wired, wires, maker)
            for key, item in spec["dict"].items()
        }
    if isinstance(spec, dict) and "tuple" in spec:
        return tuple(
            _filled(f"{name}.{number}", item, wired, wires, maker)
            for number, item in enumerate(spec["tuple"])
        )
    return maker.make(spec)


def _wired(name: str, spec: Any, wire: Any, wires: Wires, maker: Inputs) -> Any:
    shape = _shape(spec, wires)
    if shape is None:  # a cache, a number, a flag
        return wires.value(wire)
    dtype = maker.dtype_of(spec)
    value = fit(wires.tensor(wire, shape), shape, dtype, name)
    return list(value.unbind(0)) if isinstance(spec, dict) and "each" in spec else value


def _shape(spec: Any, wires: Wires) -> tuple[int, ...] | None:
    """The shape a tensor specification asks for; None where it is no tensor."""
    if isinstance(spec, list):
        return tuple(wires.sizes(spec))
    if "shape" in spec:
        return tuple(wires.sizes(spec["shape"]))
    if "each" in spec:
        inner = _shape(spec["each"], wires)
        return None if inner is None else (wires.size(spec["times"]), *inner)
    return None


def _leaves(inputs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and specifications of all inputs."""
    for name, spec in inputs.items():
        if isinstance(spec, dict) and "dict" in spec:
            yield from _leaves(spec["dict"], f"{prefix}{name}.")
        if isinstance(spec, dict) and "tuple" in spec:
            items = {str(number): item for number, item in enumerate(spec["tuple"])}
            yield from _leaves(items, f"{prefix}{name}.")
        yield prefix + name, spec


def calls_of(run: Run, name: str) -> int:
    """How often the plan calls a stage; 0 where the workload leaves it out."""
    return run.stages[name].calls if name in run.stages else 0


def whole(run: Run, expression: Any) -> int:
    """An expression over the model's symbols as a whole number."""
    return evaluate_int(expression, {**run.symbols, "b": run.workload.batch})
