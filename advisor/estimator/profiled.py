"""Estimates of a device that the catalog lacks, from its own profile and calibration alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.errors import CannotEstimate, DataError
from advisor.estimator import memory
from advisor.estimator.calibrated import (
    Machine,
    calibrated_machine,
    calibrated_stage,
    stored_calibration,
)
from advisor.estimator.measured import (
    measured_devices,
    measured_points,
    measured_stage,
    with_whole,
)
from advisor.estimator.record import Estimate, MemoryParts, StageEstimate
from advisor.estimator.setting import Setting
from advisor.figure import Basis, Figure
from advisor.plan import Stage, plan
from advisor.tracestore import trace_store

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.estimator.rates import Rates
    from advisor.traces import CallTrace
    from advisor.workload import Workload


def profiled_estimate(
    device: str,
    model: Model,
    workload: Workload,
    catalog: Catalog,
    rates: Rates,
    asked: Basis | None,
) -> Estimate:
    """Stages as measured on the device, the others from its measured rates.

    Memory is that of the traced stages. Raises CannotEstimate, which says why, where a stage can be
    had from neither.
    """
    setting, store = Setting.of(workload), trace_store(catalog)
    traces = [(stage, store.stage_trace(stage)) for stage in plan(model, workload)]
    points = list(measured_points(device, model, workload, catalog))
    if asked is Basis.scaled:
        points = [point for point in points if point.workload != workload]
    if asked is Basis.measured:
        points = [point for point in points if point.workload == workload]
    if asked is Basis.calibrated:
        points = []
    measured = {
        (found.component, found.key, found.batch): (found, point)
        for point in points
        for found in point.stages
    }
    exact = next((p for p in reversed(points) if p.workload == workload), None)
    basis = Basis.measured if exact is not None else Basis.scaled
    lacking = [
        stage for stage, _ in traces if (stage.component, stage.key, stage.batch) not in measured
    ]
    machine = _machine(device, lacking, setting, rates, asked, model)
    stages = []
    for stage, trace in traces:
        blank = _blank(stage, trace)
        found = measured.get((stage.component, stage.key, stage.batch))
        if found is not None:
            stages.append(measured_stage(blank, found, basis))
        elif machine is not None:
            stages.append(calibrated_stage(blank, trace, machine, rates))
    estimate = _summed(device, model, workload, catalog, rates, traces, stages)
    if machine is None:
        return with_whole(estimate, stages, exact, basis)
    return estimate


def _machine(
    device: str,
    lacking: list[Stage],
    setting: Setting,
    rates: Rates,
    asked: Basis | None,
    model: Model,
) -> Machine | None:
    """The device's rates where a stage lacks a measurement; CannotEstimate if they do not help."""
    if not lacking:
        return None
    names = ", ".join(stage.name for stage in lacking)
    if asked in (Basis.measured, Basis.scaled):
        reason = f"ask for another basis than '{asked}'"
    else:
        try:
            return calibrated_machine(device, setting, rates)
        except CannotEstimate as error:
            reason = str(error)
    raise CannotEstimate(
        f"{device} is not in the catalog and {names} of {model.id} was not validly measured on it "
        f"like this: run `advisor profile {model.id}` with these sizes ({reason})"
    )


def _summed(
    device: str,
    model: Model,
    workload: Workload,
    catalog: Catalog,
    rates: Rates,
    traces: list[tuple[Stage, CallTrace]],
    stages: list[StageEstimate],
) -> Estimate:
    """The stages as one estimate, with memory as traced."""
    whole = stages[0].latency_s
    for one in stages[1:]:
        whole = whole.plus(one.latency_s)
    parts = _memory(model, traces, Setting.of(workload), catalog, rates)
    needed = parts.weights_gib + parts.activations_gib + parts.workspace_gib
    spread = rates.interval("memory")
    room = _memory_gib(device)
    return Estimate(
        model=model.id,
        device=device,
        workload=workload,
        latency_s=whole,
        first_output_s=_first_calls(traces, stages, whole),
        peak_memory_gib=Figure(
            value=needed,
            low=max(needed * spread.low, min(parts.weights_gib, needed)),
            high=needed * spread.high,
            unit="GiB",
            basis=Basis.datasheet,
            source="weights and live tensors of the traced stages",
        ),
        energy_j=None,
        flops=sum(stage.flops for stage in stages),
        parameters=memory.parameter_count(model, catalog),
        stages=stages,
        memory=parts,
        device_memory_gib=room,
        fits=needed <= room,
    )


def _memory(
    model: Model,
    traces: list[tuple[Stage, CallTrace]],
    setting: Setting,
    catalog: Catalog,
    rates: Rates,
) -> MemoryParts:
    live = memory.live_peak(traces, setting, rates)
    return MemoryParts(
        weights_gib=memory.weight_bytes(model, catalog, setting) / memory.GIB,
        activations_gib=live.activations / memory.GIB,
        workspace_gib=(live.need(rates) - live.activations) / memory.GIB,
        context_gib=0.0,
    )


def _first_calls(
    traces: list[tuple[Stage, CallTrace]], stages: list[StageEstimate], whole: Figure
) -> Figure:
    """All of the stages that must finish first, one call of each other."""
    seconds = sum(
        one.latency_s.value / (1 if stage.first_output else one.calls)
        for (stage, _), one in zip(traces, stages, strict=True)
    )
    return whole.times(seconds / whole.value)


def _blank(stage: Stage, trace: CallTrace) -> StageEstimate:
    """A stage before its time is filled in."""
    return StageEstimate(
        name=stage.name,
        component=stage.component,
        calls=stage.calls,
        batch=stage.batch,
        latency_s=Figure.exact(0.0, "s", Basis.measured, ""),
        energy_j=None,
        flops=trace.flops * stage.calls,
        bytes_moved=trace.bytes_moved * stage.calls,
        launches=trace.launches * stage.calls,
        peak_activation_gib=trace.peak_activation_bytes / memory.GIB,
        bound="measured",
        achieved_tflops=0.0,
        note=trace.note,
    )


def _memory_gib(device: str) -> float:
    """Memory of a profiled device, from the environment that its files name."""
    from advisor.profiles import all_profiles, profile_folders

    folders = [folder for folder in profile_folders() if device in measured_devices(folder)]
    for _, profile in all_profiles(folders):
        if not isinstance(profile, DataError) and profile.device == device:
            environments = list(profile.environments.values())
            if environments:
                return float(environments[-1].memory_gib)
    if calibration := stored_calibration(device):
        return float(calibration.environment.memory_gib)
    raise CannotEstimate(f"no profile of {device} can be read: run `advisor profiles check`")
