"""Estimate of one training step: time, memory by part and energy, full or with LoRA adapters.

    estimate_training("sd-1.5", "rtx-4090", method="lora", rank=16).step_s.value

Mixed precision, as ZeRO counts it (arXiv 1910.02054, section 3.1): 16-bit weights and gradients,
and fp32 master weights and two moments in the optimiser's state, 2 + 2 + 12 bytes per trained
parameter. torch's autocast over fp32 weights and gradients holds the same 16 bytes (4 + 4 + 8).
Adapters are trained in fp32 (4 + 4 + 8 bytes), as diffusers and PEFT do; the base stays frozen.
8-bit AdamW holds a moment in 1 byte and a scale per 256 (bitsandbytes, arXiv 2110.02861).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from advisor.catalog import Catalog, Device, Model, load_catalog
from advisor.errors import CannotEstimate, InputError
from advisor.estimator.devices import DeviceTable, device_table
from advisor.estimator.energy import stage_joules
from advisor.estimator.optable import op_table
from advisor.estimator.rates import Interval, Rates, load_rates
from advisor.estimator.record import Record
from advisor.estimator.setting import Setting
from advisor.estimator.stages import why_not
from advisor.estimator.timing import StageTime, call_time, stage_time
from advisor.estimator.training_memory import TrainingMemory, training_memory
from advisor.estimator.training_step import TrainingStep
from advisor.figure import Basis, Figure
from advisor.traces import CallTrace, Op
from advisor.workload import Workload

Method = Literal["full", "lora"]
Optimiser = Literal["adamw", "adamw8bit"]

# FlashAttention's backward has five products where forward has two (arXiv 2205.14135).
ATTENTION_BACKWARD = 2.5
STEP_SOURCE = (
    "operations of the traced training step over the device's datasheet rates; the interval "
    "was set to hold 9 published steps, in sample"
)
PEAK_SOURCE = (
    "weights, gradients, optimiser state and saved tensors of the traced training step; the "
    "interval was set to hold 6 published peaks, in sample"
)
# Ratios measured/predicted that hold all published training rows that can be estimated (9 of time,
# 6 of memory; benchmarks/data/measurements_calibration.csv, scope train_step, 2026-11-25). They are
# too few to hold any out, so this is the spread seen, not a tested 90 %.
STEP_INTERVAL = Interval(low=0.45, high=2.8, rows=9, source="published training steps")
PEAK_INTERVAL = Interval(low=0.55, high=2.5, rows=6, source="published training steps")


class TrainingEstimate(Record):
    """One training step of `batch` samples on one device.

    energy_j: per step, the device only; None where its power is not known. flops: of the step with
    the optimiser's products left out (it has none).
    """

    model: str
    device: str
    workload: Workload
    method: Method
    rank: int | None
    optimiser: Optimiser
    checkpointing: bool
    step_s: Figure
    samples_per_s: Figure
    peak_memory_gib: Figure
    energy_j: Figure | None
    flops: int
    trained_parameters: int
    memory: TrainingMemory
    device_memory_gib: float
    fits: bool
    notes: list[str]


def estimate_training(
    model: str | Model,
    device: str | Device,
    *,
    method: Method = "full",
    rank: int = 16,
    batch: int = 1,
    dtype: str = "bf16",
    optimiser: Optimiser = "adamw",
    checkpointing: bool = False,
    all_resident: bool = False,
    on_demand: bool = True,
    catalog: Catalog | None = None,
    setting: Setting | None = None,
    **axes: Any,
) -> TrainingEstimate:
    """Time, memory and energy of a training step.

    dtype: fp32, bf16, fp16; for LoRA also the width that the frozen base is stored in (nf4, int8,
    fp8). all_resident: text encoders and VAE stay in memory; else their outputs are made
    beforehand. on_demand: a step that is not stored is traced now, where torch is. Raises
    UnknownName, InputError for an unusable setting, CannotEstimate where the model has no training
    step or the device lacks a figure.
    """
    catalog = catalog or load_catalog()
    model = catalog.models[model] if isinstance(model, str) else model
    device = catalog.device(device) if isinstance(device, str) else device
    workload = model.workload(batch=batch, dtype=dtype, **axes)
    _check(method, rank, dtype)
    rates = load_rates(catalog)
    setting = setting or Setting.of(workload)
    if reason := why_not(device, rates, setting):
        raise CannotEstimate(f"{device.id} cannot be estimated: {reason}")
    step = TrainingStep.of(model, workload, method, rank, checkpointing, catalog, on_demand)
    table = device_table([device], rates, setting)
    time = _time(step, table, rates, setting, optimiser)
    parts = training_memory(step, setting, optimiser, device, rates, catalog, all_resident)
    seconds = _figure(float(time.total[0]), "s", _step_interval(table, rates), STEP_SOURCE)
    total = parts.total_gib
    peak = _figure(total, "GiB", PEAK_INTERVAL, PEAK_SOURCE)
    certain = parts.weights_gib + parts.optimiser_gib
    peak = peak.model_copy(update={"low": min(max(peak.low, certain), total)})
    return TrainingEstimate(
        model=model.id,
        device=device.id,
        workload=workload,
        method=method,
        rank=rank if method == "lora" else None,
        optimiser=optimiser,
        checkpointing=checkpointing,
        step_s=seconds,
        samples_per_s=Figure(
            value=batch / seconds.value,
            low=batch / seconds.high,
            high=batch / seconds.low,
            unit="1/s",
            basis=seconds.basis,
            source=STEP_SOURCE,
        ),
        peak_memory_gib=peak,
        energy_j=_energy(time, table, rates, seconds),
        flops=step.flops,
        trained_parameters=step.trained,
        memory=parts,
        device_memory_gib=device.memory_gib,
        fits=total <= device.memory_gib,
        notes=_notes(step, setting, all_resident),
    )


def _check(method: str, rank: int, dtype: str) -> None:
    if method not in ("full", "lora"):
        raise InputError(f"method '{method}' is not known: use full or lora")
    if not 1 <= rank <= 4096:
        raise InputError(f"rank {rank} is not between 1 and 4096")
    if method == "full" and dtype not in ("fp32", "bf16", "fp16"):
        raise InputError(f"weights in {dtype} cannot be trained in full: use --method lora")


def _time(
    step: TrainingStep, table: DeviceTable, rates: Rates, setting: Setting, optimiser: str
) -> StageTime:
    """Forward, backward and update as one queue of work: the larger of host and device time.

    Autograd launches backward operations from C++, without a module's Python code, so each costs
    the host as little as a pointwise operation does (host_light_share; a judgement).
    """
    light = rates.get("host_light_share")
    names = ("host", "device", "compute", "memory", "launch", "arithmetic", "traffic", "stream")
    total = {name: np.zeros(len(table.devices)) for name in names}
    for forward in (True, False):
        for ops, calls, batch in step.ops(forward=forward):
            if not ops:
                continue
            timed, launches = _timed(ops, batch, table, rates, setting)
            for name in names[1:]:
                total[name] += calls * getattr(timed, name)
            total["host"] += calls * (timed.host if forward else launches * light * table.host)
    moved, launches = step.optimiser_bytes(optimiser)
    update, floor = moved / table.reach, launches * table.floor
    total["memory"] += update
    total["traffic"] += update
    total["launch"] += floor
    total["device"] += update + floor
    total["host"] += launches * light * table.host
    whole = call_time(total["host"], total["device"], rates)
    return StageTime(total=whole, **total)


def _timed(
    ops: tuple[Op, ...], batch: int, table: DeviceTable, rates: Rates, setting: Setting
) -> tuple[StageTime, float]:
    """The time of operations at a batch, and their launches."""
    call = CallTrace("", "", 1, ops, 0, 0, 0).at_batch(batch)
    made = op_table(call, setting)
    back = np.array([ATTENTION_BACKWARD if op.kind == "sdpa_backward" else 1.0 for op in call.ops])
    made = replace(made, tiled_queries=made.tiled_queries * back, scores=made.scores * back)
    return stage_time(made, table, rates, setting), float(made.count.sum())


def _figure(value: float, unit: str, spread: Interval, source: str) -> Figure:
    return Figure(
        value=value,
        low=value * spread.low,
        high=value * spread.high,
        unit=unit,
        basis=Basis.datasheet,
        source=source,
    )


def _step_interval(table: DeviceTable, rates: Rates) -> Interval:
    """That of training steps; where no device of the kind was measured, no narrower than such."""
    if table.generations[0].evidence != "none":
        return STEP_INTERVAL
    unseen = rates.interval("latency.no-evidence")
    low, high = min(unseen.low, STEP_INTERVAL.low), max(unseen.high, STEP_INTERVAL.high)
    return unseen.model_copy(update={"low": low, "high": high})


def _energy(time: StageTime, table: DeviceTable, rates: Rates, seconds: Figure) -> Figure | None:
    joules = float(stage_joules(time, table, rates)[0])
    power = table.devices[0].power_w
    if not np.isfinite(joules) or power is None:
        return None
    made = _figure(joules, "J", STEP_INTERVAL, "predicted step time and the board's power limit")
    most = max(power * seconds.high, joules)
    return made.model_copy(update={"high": min(made.high, most)})


def _notes(step: TrainingStep, setting: Setting, all_resident: bool) -> list[str]:
    notes = []
    frozen = {part.component for part in step.model.components} - set(step.networks)
    if frozen and not all_resident:
        notes.append(
            "outputs of frozen parts are made beforehand and these are not in memory: "
            + ", ".join(sorted(frozen))
        )
    if frozen and all_resident:
        notes.append("frozen parts are in memory; the time of running them is not counted")
    if any(call.does == "through" for call, _ in step.calls):
        notes.append("both networks' turns; gradient penalties and other regularisers left out")
    elif step.model.family == "vae":
        notes.append("encoder and decoder; a critic or perceptual loss, where used, is left out")
    if step.method == "full" and setting.dtype != "fp32":
        notes.append("mixed precision: 16 bytes per parameter, of them 12 in the optimiser's state")
    if not setting.fused_attention:
        notes.append("the memory of unfused attention's scores is not counted")
    if step.checkpointing:
        left = {call.part.component for call, trace in step.calls if trace.recomputed is None}
        notes += [f"{name} offers no checkpointing" for name in sorted(left)]
    return notes
