"""Estimate: the sum of a model's stages on a device, each figure with interval and basis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.adapters import adapter_parameters
from advisor.catalog import Catalog, Device, Model, load_catalog
from advisor.errors import CannotEstimate
from advisor.estimator import ladder, memory, offload
from advisor.estimator.devices import DeviceTable, device_table, missing
from advisor.estimator.energy import stage_joules
from advisor.estimator.intervals import latency_interval
from advisor.estimator.measured import any_measured, measured_estimate
from advisor.estimator.optable import Array, op_table
from advisor.estimator.quantised import linear_parameters, vocabulary
from advisor.estimator.quick import made
from advisor.estimator.rates import Generation, Interval, Rates, load_rates
from advisor.estimator.record import Bound, Estimate, MemoryParts, StageEstimate
from advisor.estimator.setting import Setting
from advisor.estimator.timing import StageTime, stage_time
from advisor.figure import Basis, Figure
from advisor.plan import Stage, plan
from advisor.tracestore import trace_store

if TYPE_CHECKING:
    from advisor.traces import CallTrace
    from advisor.workload import Workload

TERA = 1e12


def estimate(
    model: str | Model,
    device: str | Device,
    workload: Workload | None = None,
    *,
    catalog: Catalog | None = None,
    basis: Basis | str | None = None,
    **axes: Any,
) -> Estimate:
    """Latency, memory and energy of `model` on `device`.

    Without a workload the model's default is taken, with `axes` (steps=25, dtype="fp16") laid over
    it. Each stage stands on the best evidence there is; `basis` (measured, scaled, calibrated,
    datasheet, published) forbids better than named, to compare. Raises UnknownName for an unknown
    model or device, InputError for an axis the model lacks, CannotEstimate where a needed figure or
    the named basis is missing: a stand-in is never made up.
    """
    catalog = catalog or load_catalog()
    rates = load_rates(catalog)
    model = catalog.models[model] if isinstance(model, str) else model
    workload = workload or model.workload(**axes)
    asked = ladder.rung(basis)
    if isinstance(device, str):
        if device not in catalog.devices and device in any_measured():
            ladder.refuse_prediction(device, asked)
            return _measured_only(device, model, workload, catalog, rates, asked)
        device = catalog.device(device)
    reason = why_not(device, rates, Setting.of(workload))
    if reason:
        raise CannotEstimate(f"{device.id} cannot be estimated: {reason}")
    if workload.offload != "none":
        offload.bus_gb_s(device)
    predicted = _estimates(model, [device], workload, catalog, rates)[0]
    return ladder.at_basis(predicted, model, catalog, asked)


def estimate_many(
    model: str | Model,
    devices: Iterable[str | Device],
    workload: Workload | None = None,
    *,
    catalog: Catalog | None = None,
    **axes: Any,
) -> dict[str, Estimate]:
    """Estimates on several devices at once, by device id.

    A device that lacks a needed figure is left out; `why_not` gives its reason. Other errors are
    those of `estimate`.
    """
    catalog = catalog or load_catalog()
    rates = load_rates(catalog)
    model = catalog.models[model] if isinstance(model, str) else model
    workload = workload or model.workload(**axes)
    setting = Setting.of(workload)
    known = [catalog.device(d) if isinstance(d, str) else d for d in devices]
    able = list(able_on(tuple(known), rates, setting)[0])
    if workload.offload != "none":
        able = [device for device in able if offload.why_no_bus(device) is None]
    all_of_them = _estimates(model, able, workload, catalog, rates) if able else []
    measured = any_measured()
    return {
        one.device: ladder.best(one, model, catalog) if one.device in measured else one
        for one in all_of_them
    }


def why_not(device: Device, rates: Rates, setting: Setting) -> str | None:
    """Why nothing can be estimated on a device at a setting, as a phrase; None if it can."""
    try:
        rates.generation_of(device)
    except CannotEstimate as error:
        return str(error)
    return missing(device, setting)


def able_on(
    devices: tuple[Device, ...], rates: Rates, setting: Setting
) -> tuple[tuple[Device, ...], DeviceTable]:
    """The devices that can be estimated at a setting, and their table; kept, for sweeps ask often.

    Known by identity: a catalog hands out the same devices, and a file the same rates.
    """
    key = (id(rates), setting, tuple(map(id, devices)))
    found = _KEPT.get(key)
    if found is None:
        able = tuple(device for device in devices if why_not(device, rates, setting) is None)
        if len(_KEPT) >= MAX_KEPT:
            _KEPT.clear()
        # Rates and devices are held as well, so that no other object takes their identity.
        found = _KEPT[key] = (able, device_table(able, rates, setting), rates, devices)
    return found[0], found[1]


MAX_KEPT = 64
_KEPT: dict[tuple[Any, ...], tuple[tuple[Device, ...], DeviceTable, Rates, tuple[Device, ...]]] = {}


@dataclass(frozen=True)
class StageResult:
    """One stage on D devices: time and energy of one call; work of all its calls."""

    stage: Stage
    trace: CallTrace
    time: StageTime
    joules: Array
    seconds: Array  # of all calls
    flops: int
    bytes_moved: int
    launches: int


def run_stages(
    stages: Sequence[Stage], table: DeviceTable, catalog: Catalog, rates: Rates, setting: Setting
) -> list[StageResult]:
    """Time and energy of stages on the devices of a table."""
    store = trace_store(catalog)
    words = {s.component: vocabulary(catalog, s.component) for s in stages if setting.linear_only}
    return [
        _run(stage, store.stage_trace(stage), table, rates, setting, words.get(stage.component))
        for stage in stages
    ]


def _run(
    stage: Stage,
    trace: CallTrace,
    table: DeviceTable,
    rates: Rates,
    setting: Setting,
    words: frozenset[int] | None,
) -> StageResult:
    ops = op_table(trace, setting, words or frozenset())
    time = stage_time(ops, table, rates, setting)
    return StageResult(
        stage=stage,
        trace=trace,
        time=time,
        joules=stage_joules(time, table, rates),
        seconds=time.total * stage.calls,
        flops=trace.flops * stage.calls,
        bytes_moved=trace.bytes_moved * stage.calls,
        launches=trace.launches * stage.calls,
    )


def _estimates(
    model: Model, devices: Sequence[Device], workload: Workload, catalog: Catalog, rates: Rates
) -> list[Estimate]:
    setting = Setting.of(workload)
    _, table = able_on(tuple(devices), rates, setting)
    stages = plan(model, workload, catalog.components)
    results = run_stages(stages, table, catalog, rates, setting)
    shared = shared_parts(model, workload, results, catalog, rates)
    return [predicted_at(shared, results, table, rates, i) for i in range(len(devices))]


@dataclass(frozen=True)
class Shared:
    """What is the same on every device."""

    model: Model
    workload: Workload
    setting: Setting
    weights: float
    live: memory.LivePeak
    parameters: int
    flops: int
    turns: offload.Turns | None = None  # where one component at a time is on the device
    notes: tuple[str, ...] = ()


def shared_parts(
    model: Model, workload: Workload, results: list[StageResult], catalog: Catalog, rates: Rates
) -> Shared:
    """Weights, live memory, parameters and work of a model at a workload."""
    setting = Setting.of(workload)
    shared = Shared(
        model=model,
        workload=workload,
        setting=setting,
        weights=memory.weight_bytes(model, catalog, setting),
        live=memory.live_peak([(r.stage, r.trace) for r in results], setting, rates),
        parameters=memory.parameter_count(model, catalog),
        flops=sum(result.flops for result in results),
    )
    if workload.variants or setting.linear_only:
        return _varied(shared, results, catalog, rates)
    return shared


def _varied(shared: Shared, results: list[StageResult], catalog: Catalog, rates: Rates) -> Shared:
    """Memory, copies and notes of the workload's variants and of a quantised format."""
    setting, notes = shared.setting, []
    if setting.linear_only:
        share = _linear_share(shared.model, catalog)
        notes.append(
            f"{setting.dtype} holds the weights of linear layers, {share:.0%} of all here; the "
            "rest stays in 16 bit"
        )
    if shared.workload.tiling and not any(result.stage.held for result in results):
        notes.append("tiling changes nothing here: one tile holds the whole")
    adapters = _adapter_parameters(results)
    extra = adapters * setting.activation_bytes
    if adapters:
        notes.append(
            f"the adapter has {adapters:,} parameters on the attention projections, in 16 bit and "
            "not fused into the weights"
        )
    turn = None
    weights, live = shared.weights + extra, shared.live
    if shared.workload.offload != "none":
        turn = offload.take_turns(
            [(r.stage, r.trace) for r in results], catalog, setting, rates, extra
        )
        weights, live = turn.weights, turn.live
        notes.append(
            f"memory is that of the component that needs most; {turn.copied / 2**30:.1f} GiB cross "
            "the host bus per request, at an assumed rate: the bus was not measured"
        )
    return replace(shared, weights=weights, live=live, turns=turn, notes=tuple(notes))


def _linear_share(model: Model, catalog: Catalog) -> float:
    names = memory.resident(model)
    linear = sum(linear_parameters(catalog, name) * copies for name, copies in names)
    return linear / max(memory.parameter_count(model, catalog), 1)


def _adapter_parameters(results: list[StageResult]) -> int:
    """Parameters of the adapters; a component that runs in several stages has one."""
    sizes: dict[str, int] = {}
    for result in results:
        if rank := result.stage.lora_rank:
            name = result.stage.component
            sizes[name] = max(sizes.get(name, 0), adapter_parameters(result.trace, rank))
    return sum(sizes.values())


def predicted_at(
    shared: Shared, results: list[StageResult], table: DeviceTable, rates: Rates, index: int
) -> Estimate:
    """The estimate on one device of the table, before anything measured replaces it."""
    device, generation = table.devices[index], table.generations[index]
    latency = float(sum(result.seconds[index] for result in results))
    spread = latency_interval(device, generation, rates, shared.setting, results, index)
    joules = float(sum(float(r.joules[index]) * r.stage.calls for r in results))
    stages = [_stage(result, spread, table, rates, index) for result in results]
    parts = memory.memory_parts(shared.weights, shared.live, device, rates)
    peak = _figure(memory.total_gib(parts), "GiB", rates.interval("memory"), MEMORY_SOURCE)
    # The weights are certain: no peak is below them.
    peak = made(Figure, **{**vars(peak), "low": max(peak.low, min(parts.weights_gib, peak.value))})
    one = made(
        Estimate,
        model=shared.model.id,
        device=device.id,
        workload=shared.workload,
        latency_s=_figure(latency, "s", spread, LATENCY_SOURCE),
        first_output_s=_figure(_first_output(results, index), "s", spread, LATENCY_SOURCE),
        peak_memory_gib=peak,
        energy_j=_energy(joules, latency, spread, device, rates),
        flops=shared.flops,
        parameters=shared.parameters,
        stages=stages,
        memory=parts,
        device_memory_gib=device.memory_gib,
        fits=peak.value <= device.memory_gib,
        notes=_notes(shared, results, device, generation),
        published=[],
    )
    return one if shared.turns is None else _with_copies(one, shared.turns, table, index)


def _with_copies(one: Estimate, turn: offload.Turns, table: DeviceTable, index: int) -> Estimate:
    """The estimate with the copies of taking turns as its last stage."""
    device, idle_share = table.devices[index], table.generations[index].idle_share.value
    stage, seconds, joules = offload.copying(turn, device, idle_share)
    energy = one.energy_j.plus(joules) if one.energy_j and joules else None
    changes = {
        "stages": [*one.stages, stage],
        "latency_s": one.latency_s.plus(seconds),
        "first_output_s": one.first_output_s.plus(seconds),
        "energy_j": energy,
    }
    return one.model_copy(update=changes)


LATENCY_SOURCE = "operations of the traced stages over the device's datasheet rates"
MEMORY_SOURCE = "weights and live tensors of the traced stages"
ENERGY_SOURCE = "predicted time and the board's power limit"


def _figure(
    value: float, unit: str, spread: Interval, source: str, high: float | None = None
) -> Figure:
    # Constructed, not validated: tens of thousands are made at once, and Interval keeps the order.
    return made(
        Figure,
        value=value,
        low=value * spread.low,
        high=value * (high or spread.high),
        unit=unit,
        basis=Basis.datasheet,
        source=source,
        as_of=None,
    )


def _energy(
    joules: float, latency: float, spread: Interval, device: Device, rates: Rates
) -> Figure | None:
    """Energy with its interval; never more than the power limit over the longest likely time."""
    if not np.isfinite(joules) or device.power_w is None:
        return None
    held = rates.interval("energy")
    most = device.power_w * latency * spread.high
    high = max(1.0, min(held.high, most / joules))
    return _figure(joules, "J", held, ENERGY_SOURCE, high)


def _stage(
    result: StageResult, spread: Interval, table: DeviceTable, rates: Rates, index: int
) -> StageEstimate:
    seconds = float(result.seconds[index])
    stage, trace = result.stage, result.trace
    joules = float(result.joules[index]) * stage.calls
    return made(
        StageEstimate,
        name=stage.name,
        component=stage.component,
        calls=stage.calls,
        batch=stage.batch,
        latency_s=_figure(seconds, "s", spread, LATENCY_SOURCE),
        energy_j=_energy(joules, seconds, spread, table.devices[index], rates),
        flops=result.flops,
        bytes_moved=result.bytes_moved,
        launches=result.launches,
        peak_activation_gib=trace.peak_activation_bytes / memory.GIB,
        bound=bound(result.time, index),
        achieved_tflops=result.flops / seconds / TERA if seconds else 0.0,
        note=trace.note,
    )


def bound(time: StageTime, index: int) -> Bound:
    """What decides a stage's time: the host, or the largest part of the device's time."""
    if time.host[index] >= time.device[index]:
        return "host"
    parts: dict[Bound, float] = {
        "compute": float(time.compute[index]),
        "memory": float(time.memory[index]),
        "launch": float(time.launch[index]),
    }
    return max(parts, key=parts.__getitem__)


def _first_output(results: list[StageResult], index: int) -> float:
    """Seconds until something exists: stages that must finish first, one call of each other."""
    return float(
        sum(r.time.total[index] * (r.stage.calls if r.stage.first_output else 1) for r in results)
    )


def _notes(
    shared: Shared, results: list[StageResult], device: Device, generation: Generation
) -> list[str]:
    notes = [f"{result.stage.name}: {result.trace.note}" for result in results if result.trace.note]
    dtype = shared.setting.dtype
    if dtype == "bf16" and device.bf16_tflops is None and device.fp16_tflops is not None:
        notes.append(
            f"{device.name} has no bf16 units: estimated as fp16, which the model must bear"
        )
    if dtype in ("bf16", "fp16") and device.fp16_tflops is None:
        notes.append(f"{device.name} has no fast 16-bit units: estimated at its fp32 rate")
    if dtype == "fp8" and device.fp8_tflops is None:
        notes.append(f"{device.name} has no fp8 units: only memory is saved")
    elif dtype == "fp8" and not shared.setting.compiled:
        notes.append("fp8 in eager mode saves memory, not time: conversions are not fused")
    if device.memory_gib_is_nominal:
        notes.append("device memory is the vendor's figure; the usable size is not known")
    if generation.evidence == "none":
        notes.append(
            f"no measurement of any {device.architecture} device backs this: the interval is wide"
        )
    return [*notes, *shared.notes]


def _measured_only(
    device: str,
    model: Model,
    workload: Workload,
    catalog: Catalog,
    rates: Rates,
    asked: Basis | None,
) -> Estimate:
    """An estimate for a device that the catalog lacks, from its profile alone.

    Memory is that of the traced stages. Raises CannotEstimate where a stage was not measured.
    """
    setting = Setting.of(workload)
    store = trace_store(catalog)
    traces = [(stage, store.stage_trace(stage)) for stage in plan(model, workload)]
    live = memory.live_peak(traces, setting, rates)
    weights = memory.weight_bytes(model, catalog, setting)
    parts = MemoryParts(
        weights_gib=weights / memory.GIB,
        activations_gib=live.activations / memory.GIB,
        workspace_gib=(live.need(rates) - live.activations) / memory.GIB,
        context_gib=0.0,
    )
    return measured_estimate(device, model, workload, catalog, traces, parts, rates, asked)
