"""Predictions for cases: time, memory or energy of a row, with its interval."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.auditor.rows import Case
from advisor.errors import AdvisorError
from advisor.estimator import memory, offload
from advisor.estimator.devices import device_table
from advisor.estimator.intervals import device_intervals
from advisor.estimator.stages import StageResult, run_stages, settings_of, why_not
from advisor.tracestore import trace_store

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.estimator.rates import Generation, Rates
    from advisor.figure import Figure
    from advisor.plan import Stage
    from advisor.traces import CallTrace


FEW_ROWS = 10  # of a generation; fewer do not tell its rates from a model's quirks


@dataclass(frozen=True)
class Prediction:
    """What is predicted of a row, with its 90 % interval, in the row's unit."""

    predicted: float
    low: float
    high: float
    basis: str = "datasheet"
    hints: tuple[str, ...] = ()  # what makes it less sure than its kind, in words


class Predictor:
    """Predicts cases with one catalog and one set of rates."""

    def __init__(self, catalog: Catalog, rates: Rates) -> None:
        self.catalog, self.rates = catalog, rates

    def predict(self, case: Case) -> Prediction:
        """Raises AdvisorError if the case cannot be estimated."""
        reason = why_not(case.device, self.rates, *settings_of(case.stages, case.setting))
        if reason:
            raise AdvisorError(reason)
        if case.row["measured"] == "peak_memory_gib":
            return self._memory(case)
        table = device_table([case.device], self.rates, case.setting)
        results = run_stages(case.stages, table, self.catalog, self.rates, case.setting)
        seconds = float(sum(r.seconds[0] for r in results))
        host = float(sum(r.time.host[0] * r.stage.calls for r in results))
        generation, bound = table.generations[0], host > seconds / 2
        if case.row["measured"] == "energy_j":
            return replace(self._energy(case, results), hints=_hints(generation, results, bound))
        spread = device_intervals(table, self.rates, case.setting, results)[0]
        value = seconds / case.divide
        made = Prediction(
            value,
            value * spread.low,
            value * spread.high,
            hints=_hints(generation, results, bound),
        )
        return made if case.workload.offload == "none" else self._copied(made, case, results)

    def _copied(self, made: Prediction, case: Case, results: list[StageResult]) -> Prediction:
        """With the copies of taking turns, whose speed is an assumption."""
        called = [(r.stage, r.trace) for r in results]
        copies = copies_s(case, called, self.catalog, self.rates)
        return Prediction(
            made.predicted + copies.value,
            made.low + copies.low,
            made.high + copies.high,
            str(copies.basis),
            ("the speed of the host bus is assumed", *made.hints),
        )

    def _energy(self, case: Case, results: list[StageResult]) -> Prediction:
        joules = float(sum(r.joules[0] * r.stage.calls for r in results)) / case.divide
        if not np.isfinite(joules):
            raise AdvisorError(f"the power limit of {case.device.id} is not known")
        spread = self.rates.interval("energy")
        return Prediction(joules, joules * spread.low, joules * spread.high)

    def _memory(self, case: Case) -> Prediction:
        value = memory_gib(case, moments(case, self.catalog, self.rates), self.rates)
        spread = self.rates.interval(f"memory.{case.row['scope']}", "memory")
        certain = 0.0 if case.workload.offload != "none" else weights_gib(case, self.catalog)
        return Prediction(value, max(value * spread.low, min(certain, value)), value * spread.high)


def _hints(
    generation: Generation, results: Sequence[StageResult], host_bound: bool
) -> tuple[str, ...]:
    """Why a prediction of time or energy is less sure than its kind."""
    found = []
    if any(result.trace.note.startswith(("scaled", "extrapolated")) for result in results):
        found.append("no call of this size was traced: a stored one was scaled")
    if host_bound:
        found.append("the host decides the time, and its processor is not known")
    rows = re.match(r"(\d+) latency rows", generation.evidence)
    if rows is None:
        found.append("no measurement of the device's generation backs its rates")
    elif int(rows[1]) < FEW_ROWS:
        found.append(f"few measured rows of the device's generation ({rows[1]})")
    return tuple(found)


def copies_s(
    case: Case, called: Sequence[tuple[Stage, CallTrace]], catalog: Catalog, rates: Rates
) -> Figure:
    """Seconds that an offloaded case copies weights; the rate of the bus is an assumption."""
    turn = offload.take_turns(called, catalog, case.setting, rates)
    return offload.copying(turn, case.device, 0.0)[1]


def predicted_seconds(case: Case, predictor: Predictor) -> float:
    """Seconds of a case's whole batch, whatever the row measured."""
    table = device_table([case.device], predictor.rates, case.setting)
    results = run_stages(case.stages, table, predictor.catalog, predictor.rates, case.setting)
    return float(sum(r.seconds[0] for r in results))


Moment = tuple[float, memory.LivePeak]  # bytes of weights on the device, and what a stage adds


def moments(case: Case, catalog: Catalog, rates: Rates) -> list[Moment]:
    """Every stage of a case with the weights that are on the device while it runs."""
    store = trace_store(catalog)
    called = [(stage, store.stage_trace(stage)) for stage in case.stages]
    held = weights_gib(case, catalog) * memory.GIB
    held += memory.fused_projections(called, case.setting)
    found = []
    for stage, trace in called:
        alone = case.workload.offload != "none"
        own = sum(memory.component_bytes(stage.component, catalog, case.setting)) if alone else held
        found.append((own, memory.stage_peak(stage, trace, case.setting, rates)))
    return found


def memory_gib(case: Case, found: Sequence[Moment], rates: Rates) -> float:
    """Peak memory in the definition of the row's scope.

    allocated: tensors and workspace; reserved: the allocator's total; reported: not defined by the
    source, taken as the allocator's total, which rows whose definition can be guessed agree with.
    """
    if case.row["scope"] == "allocated":
        return max(weights + live.need(rates) for weights, live in found) / memory.GIB
    return max(memory.reserved_gib(weights, live, rates, case.device) for weights, live in found)


def weights_gib(case: Case, catalog: Catalog) -> float:
    """Weights that the row's run holds on the device."""
    held = memory.weight_bytes(case.model, catalog, case.setting)
    for name in case.on_host:
        held -= sum(memory.component_bytes(name, catalog, case.setting))
    return held / memory.GIB


def baseline_seconds(case: Case, catalog: Catalog, rates: Rates) -> dict[str, float]:
    """What simpler ways predict, before their one constant is fitted to the other rows.

    peak_flops: FLOPs over the device's peak. roofline: per operation the larger of FLOPs over peak
    and bytes over bandwidth, nothing lost.
    """
    from advisor.estimator.optable import op_table

    store = trace_store(catalog)
    flops_s = roofline = 0.0
    for stage in case.stages:
        setting = case.setting.at(stage)
        table = device_table([case.device], rates, setting)
        ops = op_table(store.stage_trace(stage), setting)
        arithmetic = ops.flops / table.peak[ops.op_class, 0]
        traffic = (ops.activation_bytes + ops.weight_bytes) / table.bandwidth[0]
        flops_s += stage.calls * float((arithmetic * ops.count).sum())
        roofline += stage.calls * float((np.maximum(arithmetic, traffic) * ops.count).sum())
    return {"peak_flops": flops_s / case.divide, "roofline": roofline / case.divide}
