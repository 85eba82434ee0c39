"""What physics and arithmetic demand of every estimate, looked for over models, axes and devices.

    list(more_never_costs_less(["flux1-dev"]))      # violations, one record each; empty is right

Used by tests on a sample and by benchmarks/torture.py on the whole catalog.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.catalog import Device, load_catalog
from advisor.catalog.schema import Axis, config_symbols
from advisor.errors import AdvisorError
from advisor.estimator import Estimate, Setting, estimate_many
from advisor.estimator.devices import peak_flops
from advisor.expr import evaluate_int
from advisor.plan import Stage, plan
from advisor.traces import TRACED_BYTES
from advisor.tracestore import trace_store

CATALOG = load_catalog()
RUNNABLE = tuple(name for name in CATALOG.models if CATALOG.models[name].runnable)
FIGURES = ("latency_s", "first_output_s", "peak_memory_gib", "energy_j")
SAME = 1e-9  # rounding
# Known and left (docs/threats.md): calls of two structures, each scaled, meet with a small step;
# an operation that turns from memory-bound to compute-bound draws less power for a while.
# The rate of one multiprocessor in fp32 is read off a board's own 16-bit peak (H20's is cut).
NEARLY = 0.005
STEP = {"latency_s": 0.015, "first_output_s": 0.015, "peak_memory_gib": SAME, "energy_j": 0.005}

TRIES: Counter[str] = Counter()


@dataclass(frozen=True)
class Violation:
    """More was asked for, or a better device taken, and a figure got worse than it may."""

    what: str
    model: str
    device: str
    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.model} on {self.device}: {self.what}: {self.before:.6g} -> {self.after:.6g}"


def grid(axis: Axis, name: str) -> list[float]:
    """Allowed values of an axis from its least to its most: ends, default, and some between."""
    middle = math.sqrt(axis.min * axis.default) if axis.min > 0 else axis.default / 2
    rough = [axis.min, middle, *(axis.default * share for share in (1, 1.1, 1.5, 2)), axis.max]
    step = axis.multiple if name != "seconds" else 0
    values = {_on_grid(min(max(v, axis.min), axis.max), step, axis.offset) for v in rough}
    return sorted(value for value in values if axis.min <= value <= axis.max)


def _on_grid(value: float, step: int, offset: int) -> float:
    return value if not step else math.floor((value - offset) / step) * step + offset


def estimates(model: str, **asked: Any) -> dict[str, Estimate]:
    """By device; empty where the model cannot do it."""
    try:
        return estimate_many(model, list(CATALOG.devices), catalog=CATALOG, **asked)
    except AdvisorError:
        return {}


def more_never_costs_less(models: Iterable[str]) -> Iterator[Violation]:
    """More steps, pixels, frames, seconds, tokens, points or batch: no figure falls."""
    for model in models:
        axes = {n: grid(a, n) for n, a in CATALOG.models[model].axes.items() if n != "guidance"}
        for axis, values in {**axes, "batch": [1, 2, 3, 4, 8, 16]}.items():
            less: tuple[float, dict[str, Estimate]] | None = None
            for value in values:
                more = estimates(model, **{axis: value})
                if less and more:
                    what = f"{axis} {less[0]:g} -> {value:g}"
                    yield from _fallen(what, model, less[1], more)
                less = (value, more) if more else less


def _fallen(
    what: str, model: str, less: dict[str, Estimate], more: dict[str, Estimate]
) -> Iterator[Violation]:
    for device in more.keys() & less.keys():
        for name in FIGURES:
            before, after = getattr(less[device], name), getattr(more[device], name)
            if before is None or after is None:
                continue
            TRIES["more never costs less"] += 1
            if after.value < before.value * (1 - STEP[name]):
                yield Violation(f"{name}, {what}", model, device, before.value, after.value)


PEAKS = ("fp32_tflops", "tf32_tflops", "fp16_tflops", "bf16_tflops", "fp8_tflops", "int8_tops")


def dominates(better: Device, worse: Device) -> bool:
    """Of one kind (architecture, segment, capability), and no figure is smaller."""

    def kind(d: Device) -> tuple[object, ...]:
        known = tuple(getattr(d, name) is None for name in (*PEAKS, "power_w"))
        return d.architecture, d.segment, d.compute_capability, known

    names = (*PEAKS, "bandwidth_gb_s", "power_w")
    return kind(better) == kind(worse) and all(
        (getattr(better, name) or 0) >= (getattr(worse, name) or 0) for name in names
    )


def better_device_is_never_slower(models: Iterable[str]) -> Iterator[Violation]:
    """For every pair of devices of one kind."""
    devices = list(CATALOG.devices.values())
    pairs = [(a, b) for a in devices for b in devices if a is not b and dominates(a, b)]
    for model in models:
        made = estimates(model)
        for better, worse in pairs:
            if better.id not in made or worse.id not in made:
                continue
            TRIES["a better device is never slower"] += 1
            fast, slow = made[better.id].latency_s.value, made[worse.id].latency_s.value
            if fast > slow * (1 + NEARLY):
                yield Violation(f"slower than {worse.id}", model, better.id, slow, fast)


def nothing_beats_the_roofline(models: Iterable[str]) -> Iterator[Violation]:
    """Seconds are no fewer than FLOPs over the peak, nor a stage's than its bytes over bandwidth.

    Both of the datasheet, for any mode and dtype. Winograd kernels do a 3 x 3 convolution in 2.25
    times fewer products, so fp32 has that much room; a halved board's short accumulation and TF32
    count at the faster peak.
    """
    for model in models:
        for mode in ("eager", "compiled"):
            for dtype in ("bf16", "fp16", "fp32", "fp8"):
                made = estimates(model, mode=mode, dtype=dtype)
                needed = _needed(model, next(iter(made.values()))) if made else {}
                for device, one in made.items():
                    yield from _beaten(model, CATALOG.devices[device], one)
                    yield from _outrun(model, CATALOG.devices[device], one, needed)


def _beaten(model: str, device: Device, one: Estimate) -> Iterator[Violation]:
    setting = Setting.of(one.workload)
    kinds = ("matmul", "convolution", "attention")
    peaks = [peak_flops(device, setting.precision(kind)) or 0.0 for kind in kinds]
    winograd = 2.25 if setting.dtype == "fp32" else 1.0
    least = one.flops / (max(peaks) * winograd)
    TRIES["no estimate beats the roofline"] += 1
    if one.latency_s.value < least:
        what = f"faster than its FLOPs, {one.workload.describe()}"
        yield Violation(what, model, device.id, least, one.latency_s.value)


def _outrun(
    model: str, device: Device, one: Estimate, needed: dict[str, float]
) -> Iterator[Violation]:
    for stage in one.stages:
        least = needed[stage.name] / (device.bandwidth_gb_s * 1e9)
        TRIES["no stage outruns its bytes"] += 1
        if stage.latency_s.value < least:
            what = f"{stage.name} is faster than its bytes, {one.workload.describe()}"
            yield Violation(what, model, device.id, least, stage.latency_s.value)


def _needed(model: str, one: Estimate) -> dict[str, float]:
    """Bytes that all calls of each stage cannot do without, by its name."""
    stages = plan(CATALOG.models[model], one.workload, CATALOG.components)
    setting = Setting.of(one.workload)
    return {s.name: s.calls * compulsory_bytes(s, setting.at(s)) for s in stages}


def compulsory_bytes(stage: Stage, setting: Setting) -> float:
    """Weights read once, and the tensors and caches of values that one call is given.

    Read off the catalog's shapes. Of tables only rows are read, so the weights are those that the
    trace touches, at most all; ids and flags are left out, and what the call returns: no shape
    says it.
    """
    component = CATALOG.components[stage.component]
    touched = sum(op.weight_bytes * op.count for op in trace_store(CATALOG).stage_trace(stage).ops)
    weights = min(touched / TRACED_BYTES, component.parameters)
    symbols, config = {**dict(stage.symbols), "b": stage.batch}, config_symbols(component)
    given = component.entries[stage.entry].inputs.values()
    values = sum(_values(spec, symbols, config) for spec in given)
    return weights * setting.weight_bytes + values * setting.activation_bytes


def _values(spec: Any, symbols: dict[str, int], config: Mapping[str, Any]) -> int:
    """Floats that an argument holds (see EntryPoint); those of a stated dtype are not counted."""
    if isinstance(spec, list):
        return math.prod(evaluate_int(size, symbols, config) for size in spec)
    for name in ("tuple", "list"):
        if name in spec:
            return sum(_values(item, symbols, config) for item in spec[name])
    if "dict" in spec:
        return sum(_values(item, symbols, config) for item in spec["dict"].values())
    if "each" in spec:
        return evaluate_int(spec["times"], symbols, config) * _values(spec["each"], symbols, config)
    for name in ("kv_cache", "cross_cache"):
        if name in spec:  # keys and values of every layer
            shapes = (spec[name]["shape"], spec[name].get("cross_shape", [0]))
            held = sum(_values(shape, symbols, config) for shape in shapes)
            return 2 * evaluate_int(spec[name]["layers"], symbols, config) * held
    return 0


def records_are_whole(models: Iterable[str]) -> Iterator[Violation]:
    """Intervals are ordered and finite, memory holds the weights, sums are their parts."""
    for model in models:
        for device, one in estimates(model).items():
            TRIES["records are whole"] += 1
            for what, before, after in _unsound(one):
                yield Violation(what, model, device, before, after)


def _unsound(one: Estimate) -> Iterator[tuple[str, float, float]]:
    for name in FIGURES:
        figure = getattr(one, name)
        if figure is None:
            continue
        finite = all(map(math.isfinite, (figure.low, figure.value, figure.high)))
        if not (finite and 0 <= figure.low <= figure.value <= figure.high):
            yield f"{name} is not ordered", figure.low, figure.high
    parts = one.memory
    if one.peak_memory_gib.low < parts.weights_gib * (1 - SAME):
        yield "memory is under the weights", parts.weights_gib, one.peak_memory_gib.low
    sums = {
        "memory parts": (sum(vars(parts).values()), one.peak_memory_gib.value),
        "stage seconds": (sum(s.latency_s.value for s in one.stages), one.latency_s.value),
        "stage FLOPs": (sum(s.flops for s in one.stages), one.flops),
    }
    for what, (total, whole) in sums.items():
        if not math.isclose(total, whole, rel_tol=1e-9) and one.latency_s.basis != "measured":
            yield f"{what} do not add up", total, whole
    if one.first_output_s.value > one.latency_s.value * (1 + SAME):
        yield "the first output comes last", one.latency_s.value, one.first_output_s.value


CHECKS = {
    "more never costs less": more_never_costs_less,
    "a better device is never slower": better_device_is_never_slower,
    "no estimate beats the roofline": nothing_beats_the_roofline,
    "records are whole": records_are_whole,
}
