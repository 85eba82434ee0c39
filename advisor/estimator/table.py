"""Estimates of one model on many devices as arrays: for sweeps over a whole catalog.

    table = estimate_table("sdxl-base-1.0", catalog.devices.values(), steps=25)
    table.latency_s[0]      # value, low, high on table.devices[0]

The same numbers as `estimate(..., basis="datasheet")`, without a record per stage and figure:
making those takes most of the time of a sweep. Measurements are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog import Catalog, Device, Model, load_catalog
from advisor.errors import CannotEstimate
from advisor.estimator import memory
from advisor.estimator.intervals import device_intervals
from advisor.estimator.optable import Array
from advisor.estimator.rates import load_rates
from advisor.estimator.setting import Setting
from advisor.estimator.stages import able_on, run_stages, settings_of
from advisor.figure import Basis
from advisor.plan import plan

if TYPE_CHECKING:
    from advisor.workload import Workload


@dataclass(frozen=True)
class EstimateTable:
    """Arrays of shape (devices, 3): value, low and high. energy_j is NaN where power is unknown.

    spare_gib: memory left beside the peak's value, shape (devices,).
    """

    model: str
    workload: Workload
    devices: tuple[str, ...]
    latency_s: Array
    peak_memory_gib: Array
    energy_j: Array
    spare_gib: Array
    basis: Basis = Basis.datasheet


def estimate_table(
    model: str | Model,
    devices: Iterable[Device],
    workload: Workload | None = None,
    *,
    catalog: Catalog | None = None,
    **axes: Any,
) -> EstimateTable:
    """Predictions on all devices that have the figures needed; the others are left out.

    Raises as `estimate`; CannotEstimate too for a workload with variants.
    """
    catalog = catalog or load_catalog()
    rates = load_rates(catalog)
    model = catalog.models[model] if isinstance(model, str) else model
    workload = workload or model.workload(**axes)
    setting = Setting.of(workload)
    if workload.variants or setting.linear_only:
        raise CannotEstimate("tables are made of plain 16- and 32-bit workloads: use estimate")
    stages = plan(model, workload)
    able, table = able_on(tuple(devices), rates, settings_of(stages, setting))
    results = run_stages(stages, table, catalog, rates, setting)
    seconds = np.asarray(sum(result.seconds for result in results))
    joules = np.asarray(sum(result.joules * result.stage.calls for result in results))
    spreads = device_intervals(table, rates, setting, results)
    low, high = (np.array([getattr(one, end) for one in spreads]) for end in ("low", "high"))
    weights = memory.weight_bytes(model, catalog, setting)
    live = memory.live_peak([(r.stage, r.trace) for r in results], setting, rates)
    context = np.array([memory.context_gib(device, rates) for device in able])
    peaks = (weights + live.need(rates)) / memory.GIB + context
    held, energy = rates.interval("memory"), rates.interval("energy")
    power = np.array([device.power_w or np.nan for device in able])
    most = np.maximum(np.minimum(joules * energy.high, power * seconds * high), joules)
    least = np.maximum(peaks * held.low, np.minimum(weights / memory.GIB, peaks))
    return EstimateTable(
        model=model.id,
        workload=workload,
        devices=tuple(device.id for device in able),
        latency_s=np.stack([seconds, seconds * low, seconds * high], axis=1),
        peak_memory_gib=np.stack([peaks, least, peaks * held.high], axis=1),
        energy_j=np.stack([joules, joules * energy.low, most], axis=1),
        spare_gib=np.array([device.memory_gib for device in able]) - peaks,
    )
