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
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from advisor.catalog import Catalog, Component, Model, StageSpec
from advisor.catalog.schema import config_symbols
from advisor.errors import DataError, InputError
from advisor.expr import evaluate_int
from advisor.plan import Stage, plan
from advisor.reference.build import DTYPES, Inputs, build, call
from advisor.reference.variants import TileCounter, adapt
from advisor.reference.weights import Weights
from advisor.reference.wire import STEERING, Wires, fit
from advisor.variants import adapted, tiles
from advisor.workload import ALWAYS, Workload


def debug_workload(model: Model, **axes: Any) -> Workload:
    """The model's tiny workload, in fp32. The published ranges of the axes do not hold for it."""
    values: dict[str, Any] = {name: axis.default for name, axis in model.axes.items()}
    for name in axes:
        if name not in (*model.axes, *ALWAYS):
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
        weights: Weights | None = None,
    ) -> None:
        """`modules` are components that are built already, by id; others are added to it.

        `weights` are a user's own, from a folder; without them weights are random.
        """
        if workload.dtype not in DTYPES:
            raise InputError(
                f"dtype {workload.dtype} can be estimated but not run: use {', '.join(DTYPES)}"
            )
        self.model, self.workload, self.catalog = model, workload, catalog
        self.flavour, self.device, self.seed = flavour, device, seed
        self.dtype = DTYPES[workload.dtype]
        self.symbols = model.symbol_values(workload)
        self.specs = {spec.name: spec for spec in model.stages}
        self.planned = plan(model, workload, catalog.components, flavour)
        # One call per stage: the library itself cuts it into tiles and slices.
        plain = workload.model_copy(update={"tiling": False, "slicing": False, "offload": "none"})
        whole_stages = plan(model, plain, catalog.components, flavour)
        self.stages = {stage.name: stage for stage in whole_stages}
        self.outputs: dict[str, Any] = {}
        self.calls: Counter[str] = Counter()
        self.cut_calls: dict[str, Counter[str]] = {}  # of stages that the library cut up
        self.moves: Counter[str] = Counter()  # components brought to the device
        self._on_device: str | None = None
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self._modules = {} if modules is None else modules
        self.weights = weights
        if weights is not None:
            weights.check(list(self.stages.values()), catalog, flavour)

    def module(self, component_id: str) -> torch.nn.Module:
        """The component's module, built when first asked for; weights random unless given."""
        if component_id not in self._modules:
            component = self.catalog.components[component_id]
            module = build(component, self.flavour, self.device, self.dtype, self.seed)
            if self.weights is not None:
                self.weights.load(component, module)
            self._modules[component_id] = module
            self._vary(component, module)
        return self._modules[component_id]

    def _vary(self, component: Component, module: torch.nn.Module) -> None:
        """Switch on what the workload asks for, by the library's own means where it has them."""
        if self.workload.tiling and component.tiling:
            module.enable_tiling()
            self._own_tile(component, module)
        if self.workload.slicing and component.slicing:
            module.enable_slicing()
        if self.workload.lora_rank is not None and component.id in adapted(self.model):
            adapt(module, self.workload.lora_rank, self.seed)

    def _own_tile(self, component: Component, module: Any) -> None:
        """A tile that the model's published configuration sets other than the component's."""
        for spec in self.specs.values():
            own = spec.tile if self.flavour == "full" else None
            if own is not None and self.model.component_of(spec.component) == component.id:
                scale = module.tile_sample_min_size // module.tile_latent_min_size
                module.tile_latent_min_size = own
                module.tile_sample_min_size = own * scale

    def _take_turn(self, component_id: str) -> None:
        """Bring a component to the device after the one before has left it (model offload)."""
        if self.workload.offload == "none" or component_id == self._on_device:
            return
        if self._on_device is not None:
            self.module(self._on_device).to("cpu")
        self.module(component_id).to(self.device)
        self.moves[component_id] += 1
        self._on_device = component_id

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
        self._take_turn(stage.component)
        module = self.module(stage.component)
        with torch.set_grad_enabled(grad), self._counted(stage, module):
            result = call(module, entry, inputs)
        self.calls[name] += 1
        if "_output" not in spec.wire:
            return result
        return replace(wires, loop={**wires.loop, "result": result}).tensor(spec.wire["_output"])

    @contextmanager
    def _counted(self, stage: Stage, module: torch.nn.Module) -> Iterator[None]:
        """Count the tiles and slices that the library makes of a call, as it makes them."""
        component = self.catalog.components[stage.component]
        cut = None
        if self.workload.tiling:
            cut = tiles(stage, self.specs[stage.name], component, self.flavour)
        sliced = self.workload.slicing and stage.entry in component.slicing and stage.batch > 1
        if cut is None and not sliced:
            yield
            return
        part = "encoder" if stage.entry == "encode" else "decoder"
        with TileCounter(getattr(module, part), stage.name, cut) as counter:
            yield
        self.cut_calls.setdefault(stage.name, Counter()).update(counter.calls())

    def counted(self) -> dict[str, int]:
        """Calls by the names of the plan: cut stages as the library ran them."""
        counted: dict[str, int] = {}
        for name, number in self.calls.items():
            counted.update(self.cut_calls.get(name, {name: number}))
        return counted

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
