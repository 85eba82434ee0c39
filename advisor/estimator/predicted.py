"""The prediction on one device of a table: figures with interval and basis, and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.estimator import memory, offload
from advisor.estimator.quick import made
from advisor.estimator.record import Bound, Estimate, StageEstimate
from advisor.figure import Basis, Figure

if TYPE_CHECKING:
    from advisor.catalog import Device
    from advisor.estimator.devices import DeviceTable
    from advisor.estimator.rates import Generation, Interval, Rates
    from advisor.estimator.shared import Shared
    from advisor.estimator.stages import StageResult
    from advisor.estimator.timing import StageTime

TERA = 1e12


def predicted_at(
    shared: Shared,
    results: list[StageResult],
    table: DeviceTable,
    rates: Rates,
    spread: Interval,
    index: int,
) -> Estimate:
    """The estimate on one device of the table, before anything measured replaces it."""
    device, generation = table.devices[index], table.generations[index]
    latency = float(sum(result.seconds[index] for result in results))
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
