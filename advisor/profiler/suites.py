"""Suites: which points `--suite quick` and `--suite full` measure. Rules, not lists of names.

quick: the cheapest models of every family in turn until the time is used up. A model too heavy at
its default workload is taken at the smallest size it can do, or not at all.
full:  every runnable model at its default size, in 16 bit, at batch 1, 2, 4 ... to the frontier; a
whole generation of the cheapest models of every family; compiled at batch 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from advisor.catalog import Catalog, Model
from advisor.errors import AdvisorError
from advisor.plan import Stage, plan
from advisor.profiler.identity import PointSpec
from advisor.tracestore import trace_store
from advisor.workload import ACTIVATION_BYTES, WEIGHT_BYTES, Workload

FULL_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
WHOLE_PER_FAMILY = 1
QUICK_SECONDS = 760.0  # by the rates below, which are slow: about nine minutes of a promised twelve
QUICK_POINT_SECONDS = 180.0
QUICK_STAGE_SECONDS = 5.0
QUICK_WEIGHT_BYTES = 6e9
WHOLE_SECONDS = 300.0  # a whole generation, expected: above it the sum of stages must do


@dataclass(frozen=True)
class Rates:
    """Rough speed of a kind of device, only for choosing what to measure and the time left."""

    flops_per_s: float
    bytes_per_s: float
    start_s: float  # a child process with its imports
    build_s_per_byte: float  # random weights


CPU = Rates(5e10, 8e9, 9.0, 4e-9)
GPU = Rates(5e13, 5e11, 15.0, 1e-10)
_CALLS = 5  # of each stage beside the timed windows: cold, warm-up, memory, two FLOP counters
_COUNTING = 2  # making inputs and counting cost about this many seconds a stage


def cost_s(spec: PointSpec, catalog: Catalog) -> float:
    """Expected seconds of a point. Rough; a model whose traces are missing gets a guess."""
    rates = CPU if spec.device == "cpu" else GPU
    try:
        stages = plan(catalog.models[spec.model], spec.workload)
        calls = [_call_s(stage, spec.workload, catalog, rates) for stage in stages]
    except AdvisorError:
        return rates.start_s + 60.0
    weights = weight_bytes(stages, spec.workload, catalog)
    seconds = rates.start_s + weights * rates.build_s_per_byte
    for call_s in calls:
        timed = max(spec.seconds_per_stage, 3 * call_s) if spec.purpose == "measure" else 0.0
        seconds += timed + (_CALLS if spec.purpose == "measure" else 1) * call_s + _COUNTING
    if spec.end_to_end:
        seconds += 5 * generation_s(spec, catalog)
    return seconds


def generation_s(spec: PointSpec, catalog: Catalog) -> float:
    """Expected seconds of a whole generation."""
    rates = CPU if spec.device == "cpu" else GPU
    stages = plan(catalog.models[spec.model], spec.workload)
    return sum(s.calls * _call_s(s, spec.workload, catalog, rates) for s in stages)


def _call_s(stage: Stage, workload: Workload, catalog: Catalog, rates: Rates) -> float:
    trace = trace_store(catalog).stage_trace(stage)
    moved = trace.bytes_moved * ACTIVATION_BYTES[workload.dtype] / 2
    return max(trace.flops / rates.flops_per_s, moved / rates.bytes_per_s)


def weight_bytes(stages: Iterable[Stage], workload: Workload, catalog: Catalog) -> float:
    """Bytes of all components that the stages use."""
    names = {stage.component for stage in stages}
    return sum(catalog.components[n].parameters for n in names) * WEIGHT_BYTES[workload.dtype]


def quick_suite(
    catalog: Catalog, device: str, seconds: float = QUICK_SECONDS, catalog_dir: str | None = None
) -> list[PointSpec]:
    """Models of every family, batch 1, eager: some minutes on a small CPU."""
    dtype = "fp32" if device == "cpu" else "bf16"
    queues: dict[str, list[tuple[float, PointSpec]]] = {}
    for model in runnable(catalog):
        for workload in (model.workload(dtype=dtype), smallest(model, dtype)):
            spec = PointSpec(
                model=model.id,
                workload=workload,
                device=device,
                seconds_per_stage=QUICK_STAGE_SECONDS,
                catalog_dir=catalog_dir,
            )
            cost = cost_s(spec, catalog)
            weights = weight_bytes(plan(model, workload), workload, catalog)
            if cost <= QUICK_POINT_SECONDS and weights <= QUICK_WEIGHT_BYTES:
                queues.setdefault(model.family, []).append((cost, spec))
                break
    return _in_turn(queues, seconds)


def _in_turn(queues: dict[str, list[tuple[float, PointSpec]]], seconds: float) -> list[PointSpec]:
    """The cheapest of every family, then the second of every family, while the time lasts."""
    ranked = sorted(
        (place, cost, spec.model, spec)
        for queue in queues.values()
        for place, (cost, spec) in enumerate(sorted(queue, key=lambda p: (p[0], p[1].model)))
    )
    chosen = []
    for _, cost, _, spec in ranked:
        if cost <= seconds:
            seconds -= cost
            chosen.append(spec)
    return chosen


def smallest(model: Model, dtype: str) -> Workload:
    """The model's workload with every axis that makes one call smaller at its least value."""
    sizes = ("width", "height", "guidance", "frames", "seconds", "tokens_in", "points")
    least = {name: axis.min for name, axis in model.axes.items() if name in sizes}
    return model.workload(dtype=dtype, **least)


def full_suite(catalog: Catalog, device: str, catalog_dir: str | None = None) -> list[PointSpec]:
    """Every runnable model, smallest first, so that a stopped sweep has most."""
    dtype = "fp32" if device == "cpu" else "bf16"
    models = runnable(catalog)

    def spec(model: Model, batch: int = 1, mode: str = "eager", whole: bool = False) -> PointSpec:
        return PointSpec(
            model=model.id,
            workload=model.workload(dtype=dtype, mode=mode, batch=batch),
            device=device,
            end_to_end=whole,
            count_flops=mode == "eager" and batch == 1 and not whole,
            catalog_dir=catalog_dir,
        )

    return [
        *(spec(model) for model in models),
        *(s for m in _cheapest_of_families(models) if _short(s := spec(m, whole=True), catalog)),
        *(spec(model, batch=batch) for model in models for batch in FULL_BATCHES[1:]),
        *(spec(model, mode="compiled") for model in models),
    ]


def _short(spec: PointSpec, catalog: Catalog) -> bool:
    try:
        return generation_s(spec, catalog) <= WHOLE_SECONDS
    except AdvisorError:
        return True


def _cheapest_of_families(models: list[Model]) -> list[Model]:
    taken: dict[str, list[Model]] = {}
    for model in models:
        taken.setdefault(model.family, []).append(model)
    return [model for found in taken.values() for model in found[:WHOLE_PER_FAMILY]]


def runnable(catalog: Catalog) -> list[Model]:
    """Models with a reference implementation, smallest first."""
    models = [model for model in catalog.models.values() if model.runnable]

    def size(model: Model) -> int:
        ids = {part.component for part in model.components}
        return sum(catalog.components[name].parameters for name in sorted(ids))

    return sorted(models, key=lambda model: (size(model), model.id))
