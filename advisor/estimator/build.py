"""Estimate: the sum of a model's stages on a device, each figure with interval and basis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from advisor.catalog import Catalog, Device, Model, load_catalog
from advisor.errors import CannotEstimate
from advisor.estimator import ladder, offload
from advisor.estimator.intervals import device_intervals
from advisor.estimator.measured import any_measured
from advisor.estimator.predicted import predicted_at
from advisor.estimator.profiled import profiled_estimate
from advisor.estimator.rates import Rates, load_rates
from advisor.estimator.record import Estimate
from advisor.estimator.setting import Setting
from advisor.estimator.shared import shared_parts
from advisor.estimator.stages import able_on, run_stages, settings_of, why_not
from advisor.plan import plan

if TYPE_CHECKING:
    from advisor.figure import Basis
    from advisor.workload import Workload


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
            return profiled_estimate(device, model, workload, catalog, rates, asked)
        device = catalog.device(device)
    setting = Setting.of(workload)
    settings = settings_of(plan(model, workload, catalog.components), setting)
    reason = why_not(device, rates, *settings)
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
    stages = plan(model, workload, catalog.components)
    able = list(able_on(tuple(known), rates, settings_of(stages, setting))[0])
    if workload.offload != "none":
        able = [device for device in able if offload.why_no_bus(device) is None]
    all_of_them = _estimates(model, able, workload, catalog, rates) if able else []
    measured = any_measured()
    return {
        one.device: ladder.best(one, model, catalog) if one.device in measured else one
        for one in all_of_them
    }


def _estimates(
    model: Model, devices: Sequence[Device], workload: Workload, catalog: Catalog, rates: Rates
) -> list[Estimate]:
    setting = Setting.of(workload)
    stages = plan(model, workload, catalog.components)
    _, table = able_on(tuple(devices), rates, settings_of(stages, setting))
    results = run_stages(stages, table, catalog, rates, setting)
    shared = shared_parts(model, workload, results, catalog, rates)
    spreads = device_intervals(table, rates, setting, results)
    return [
        predicted_at(shared, results, table, rates, spread, index)
        for index, spread in enumerate(spreads)
    ]
