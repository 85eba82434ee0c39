"""What must hold of every family, component and model. Stated once: the tests of the shipped
catalog and `advisor catalog check` on a user's folder run the same functions. Needs no torch.

Each function yields (dotted path of the field, one sentence) for everything that is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from pydantic import BaseModel

from advisor.catalog.load import Catalog
from advisor.catalog.schema import FAMILY_IDS, Component, Family, Model, config_symbols
from advisor.errors import AdvisorError
from advisor.expr import evaluate, evaluate_int
from advisor.plan import plan
from advisor.workload import AXES

Fault = tuple[str, str]

# Traits that no family bears together (catalog/README.md).
EXCLUSIVE = (
    ("one-pass", "few-step", "many-step", "optimises-per-item"),
    ("stochastic-sampler", "deterministic-given-input"),
    ("streaming-chunks", "fixed-length"),
)
PUBLISHED_TOLERANCE = 0.005  # of a published count that states no rounding of its own
TODO = "TODO"  # what `advisor catalog new` leaves for people to look up
_OPEN = ("recalled", "not looked up")


def family_faults(catalog: Catalog, card: Family) -> Iterator[Fault]:
    """The id is a known one, traits do not exclude each other, judgements are marked."""
    if card.id not in FAMILY_IDS:
        yield "id", f"'{card.id}' is not one of the families of schema.py: add it there first"
    for group in EXCLUSIVE:
        for one, other in combinations(group, 2):
            if {one, other} <= set(card.traits):
                yield "traits", f"{one} and {other} exclude each other: keep one"
    if (card.mechanism is None) != ("no-generation" in card.traits):
        yield "mechanism", "none goes with the trait no-generation, and only with it"
    for path, said in _records(card, "source"):
        if str(said.source).startswith("judgement") and getattr(said, "confirmed", False):
            yield path, "is a judgement and must say `confirmed: false`"
    yield from marked_faults(card)


def component_faults(catalog: Catalog, component: Component) -> Iterator[Fault]:
    """Its class exists, the published count agrees, and every entry can be called."""
    if component.library == "transformers" and not component.config_class:
        yield "config_class", "is missing: a transformers model is made from a configuration class"
    if component.library == "local":
        from advisor.reference.modules import MODULES

        if component.class_name not in MODULES:
            yield "class_name", f"'{component.class_name}' is not a module of advisor/reference"
    published = component.published_parameters
    if published is not None and not published.difference_reason:
        off = abs(component.parameters - published.value)
        if off > max(published.half_width, PUBLISHED_TOLERANCE * published.value):
            yield (
                "published_parameters.value",
                f"{published.value:,} is not the {component.parameters:,} of this configuration: "
                "correct one of them or give a difference_reason",
            )
    config = config_symbols(component)
    for name, entry in component.entries.items():
        for missing in sorted(set(entry.positional) - set(entry.inputs)):
            yield f"entries.{name}.positional", f"names '{missing}', which is not an input"
        for number, check in enumerate(entry.checks):
            symbols = {symbol: int(value) for symbol, value in check.at.items()}
            where = f"entries.{name}.checks.{number}"
            yield from _input_faults(where, entry.inputs, {**symbols, "b": 1}, config)
    yield from marked_faults(component)


def model_faults(catalog: Catalog, model: Model) -> Iterator[Fault]:
    """References exist, facts are whole, and it plans at its defaults and at every axis's ends."""
    if model.family not in catalog.families:
        yield "family", f"there is no card of the family '{model.family}'"
    if model.licence.commercial == "conditional" and not model.licence.conditions:
        yield "licence.conditions", "is missing: say under which conditions it may be used"
    for number, figure in enumerate(model.quality):
        if figure.value is None and not figure.text:
            yield f"quality.{number}", "has neither a value nor a text"
    yield from marked_faults(model)
    broken = list(reference_faults(catalog, model))
    yield from broken
    axes = list(axis_faults(model))
    yield from axes
    if model.runnable and not broken and not axes:
        yield from output_faults(model)
        yield from plan_faults(catalog, model)


def reference_faults(catalog: Catalog, model: Model) -> Iterator[Fault]:
    """Components, roles, entries and stage names are known and unique."""
    roles = [part.role for part in model.components]
    for number, part in enumerate(model.components):
        where = f"components.{number}"
        if part.component not in catalog.components:
            yield f"{where}.component", f"there is no component '{part.component}'"
        if roles.index(part.role) != number:
            yield f"{where}.role", f"the role '{part.role}' is given twice"
    names = [stage.name for stage in model.stages]
    for number, stage in enumerate(model.stages):
        where = f"stages.{number}"
        if names.index(stage.name) != number:
            yield f"{where}.name", f"the stage '{stage.name}' is given twice"
        name = model.component_of(stage.component)
        if name in catalog.components and stage.entry not in (
            known := catalog.components[name].entries
        ):
            yield (
                f"{where}.entry",
                f"{name} has no entry '{stage.entry}': it has {', '.join(known)}",
            )
    used = {stage.component for stage in model.stages}
    for number, part in enumerate(model.components):
        if model.runnable and part.role not in used and not part.training_only:
            yield f"components.{number}.role", f"no stage uses the role '{part.role}'"


def axis_faults(model: Model) -> Iterator[Fault]:
    """Axes are known words, hold their default, and say where it comes from."""
    for name, axis in model.axes.items():
        if name not in AXES:
            yield f"axes.{name}", f"is not an axis: known are {', '.join(AXES)}"
        elif not axis.min <= axis.default <= axis.max:
            yield f"axes.{name}.default", f"{axis.default:g} is outside its range"
        else:
            try:
                model.workload(**{name: axis.default})
            except AdvisorError as error:
                yield f"axes.{name}.default", str(error)
    for number, point in enumerate(model.trace_points):
        try:
            model.workload(**point)
        except AdvisorError as error:
            yield f"trace_points.{number}", str(error)
    for name in model.debug_axes:
        if name not in model.axes and name != "batch":
            yield f"debug_axes.{name}", f"is not an axis of {model.id}"


def output_faults(model: Model) -> Iterator[Fault]:
    """What it makes can be saved: a kind, a rate for sound, frames per second for video."""
    spec = model.output
    if spec is None:
        yield "output", "is missing: say what one generation gives"
        return
    if spec.kind == "audio" and not spec.sample_rate_hz:
        yield "output.sample_rate_hz", "is missing: sound needs its rate"
    if spec.kind == "video" and not spec.fps:
        yield "output.fps", "is missing: video needs its frames per second"
    denoises = any(stage.loop == "denoise" for stage in model.stages)
    if denoises and model.mechanism == "iterative-denoising" and not model.scheduler:
        yield "scheduler", "is missing: a denoise loop needs one of diffusers"


def corner_workloads(model: Model) -> Iterator[tuple[str, dict[str, float]]]:
    """("at its defaults", {}), then each axis at each end with the others at their default."""
    yield "at its defaults", {}
    for name, axis in model.axes.items():
        step = max(axis.multiple, 1)
        low = math.ceil((axis.min - axis.offset) / step) * step + axis.offset
        high = math.floor((axis.max - axis.offset) / step) * step + axis.offset
        for end in (low, high) if step > 1 else (axis.min, axis.max):
            if end != axis.default:
                yield f"at {name} {end:g}", {name: end}


def plan_faults(catalog: Catalog, model: Model) -> Iterator[Fault]:
    """At every corner: expressions evaluate, stages plan, inputs have shapes. First fault only."""
    for where, asked in corner_workloads(model):
        try:
            stages = plan(model, model.workload(**asked))
        except AdvisorError as error:
            yield "stages", f"{where}: {error}"
            return
        if not stages:
            yield "stages", f"{where}: nothing is called"
            return
        for number, stage in enumerate(stages):
            component = catalog.components[stage.component]
            entry = component.entries[stage.entry]
            symbols = {**dict(stage.symbols), "b": stage.batch}
            if stage.calls < 1 or stage.batch < 1:
                yield "stages", f"{where}: stage {stage.name} has {stage.calls} calls"
                return
            config = config_symbols(component)
            for _, sentence in _input_faults("", entry.inputs, symbols, config):
                yield f"stages.{number}", f"{where}: stage {stage.name}: {sentence}"
                return
            try:
                evaluate(entry.size, {**symbols, "b": 1}, config)
            except AdvisorError as error:
                yield f"stages.{number}", f"{where}: the size of {component.id}: {error}"
                return


def _input_faults(
    where: str, inputs: Mapping[str, Any], symbols: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[Fault]:
    for name, spec in inputs.items():
        try:
            for size in _sizes(spec, symbols, config):
                if size < 0:
                    raise AdvisorError(f"a size is {size}")
        except AdvisorError as error:
            yield where, f"input {name}: {error}"
        except (KeyError, TypeError) as error:
            yield where, f"input {name} is not a specification ({error}): see EntryPoint"


def _sizes(spec: Any, symbols: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[int]:
    """All sizes and counts of one input's specification (see EntryPoint)."""
    if isinstance(spec, list):
        for size in spec:
            yield evaluate_int(size, symbols, config)
    elif "value" in spec:
        return
    elif "number" in spec:
        yield evaluate_int(spec["number"], symbols, config)
    elif "dict" in spec:
        for item in spec["dict"].values():
            yield from _sizes(item, symbols, config)
    elif "tuple" in spec or "list" in spec:
        for item in spec.get("tuple") or spec["list"]:
            yield from _sizes(item, symbols, config)
    elif "each" in spec:
        yield evaluate_int(spec["times"], symbols, config)
        yield from _sizes(spec["each"], symbols, config)
    elif "kv_cache" in spec or "cross_cache" in spec:
        cache = spec.get("kv_cache") or spec["cross_cache"]
        yield evaluate_int(cache["layers"], symbols, config)
        for shape in (cache["shape"], cache.get("cross_shape", [])):
            yield from _sizes(shape, symbols, config)
    else:
        yield from _sizes(spec["shape"], symbols, config)


def marked_faults(entry: BaseModel) -> Iterator[Fault]:
    """Nothing is left to do, and what was recalled says so where a reader can see it."""
    for path, text in _texts(entry.model_dump(mode="json"), ""):
        if TODO in text:
            yield path, "still says TODO: look it up, or leave the field out"
    for path, record in _records(entry, "source"):
        recalled = any(word in str(record.source).lower() for word in _OPEN)
        if recalled and getattr(record, "confirmed", False):
            yield path, "was recalled and must say `confirmed: false`"


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _texts(item, f"{path}.{key}" if path else str(key))


def _records(entry: BaseModel, field: str, path: str = "") -> Iterator[tuple[str, Any]]:
    """Records inside an entry that have a field, with their dotted path."""
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        where = f"{path}.{name}" if path else name
        several: list[tuple[str, Any]] = [(where, value)]
        if isinstance(value, dict):
            several = [(f"{where}.{key}", item) for key, item in value.items()]
        elif isinstance(value, list):
            several = [(f"{where}.{key}", item) for key, item in enumerate(value)]
        for place, item in several:
            if isinstance(item, BaseModel):
                if field in type(item).model_fields:
                    yield place, item
                yield from _records(item, field, place)
