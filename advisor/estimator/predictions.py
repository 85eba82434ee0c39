"""Estimates of one model on many devices, each record made when somebody asks for it.

A decision looks at the time and the fit of all devices and at the records of a few: making a
record takes ten times as long as the numbers behind its first line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.estimator import ladder, memory, offload
from advisor.estimator.intervals import device_intervals
from advisor.estimator.measured import any_measured
from advisor.estimator.predicted import predicted_at
from advisor.estimator.rates import load_rates
from advisor.estimator.record import Estimate
from advisor.estimator.setting import Setting
from advisor.estimator.shared import shared_parts
from advisor.estimator.stages import able_on, run_stages, settings_of
from advisor.plan import plan

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model
    from advisor.estimator.optable import Array
    from advisor.estimator.rates import Interval
    from advisor.workload import Workload


class Predictions(Mapping[str, Estimate]):
    """What `estimate_many` returns, by device id, made lazily. The same values, by a test."""

    def __init__(
        self, model: Model, devices: Sequence[Device], workload: Workload, catalog: Catalog
    ) -> None:
        setting, self._rates, self._catalog = Setting.of(workload), load_rates(catalog), catalog
        stages = plan(model, workload, catalog.components)
        settings = settings_of(stages, setting)
        able = list(able_on(tuple(devices), self._rates, settings)[0])
        if workload.offload != "none":
            able = [one for one in able if offload.why_no_bus(one) is None]
        self._index = {one.id: index for index, one in enumerate(able)}
        self._made: dict[str, Estimate] = {}
        if not able:
            return
        self._table = able_on(tuple(able), self._rates, settings)[1]
        results = run_stages(stages, self._table, catalog, self._rates, setting)
        self._shared = shared_parts(model, workload, results, catalog, self._rates)
        # The operations have been summed: thousands of them are not kept.
        self._results = [replace(one, trace=replace(one.trace, ops=())) for one in results]
        # nothing is measured with variants
        self._measured = frozenset() if workload.variants else any_measured()

    def __getitem__(self, device_id: str) -> Estimate:
        if device_id not in self._made:
            index = self._index[device_id]
            spread = self._spreads[index]
            one = predicted_at(self._shared, self._results, self._table, self._rates, spread, index)
            if device_id in self._measured:
                one = ladder.best(one, self._shared.model, self._catalog)
            self._made[device_id] = one
        return self._made[device_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __contains__(self, device_id: object) -> bool:
        return device_id in self._index  # a Mapping's own would make the record

    def __len__(self) -> int:
        return len(self._index)

    @cached_property
    def _spreads(self) -> list[Interval]:
        return device_intervals(self._table, self._rates, self._shared.setting, self._results)

    @cached_property
    def _latency_s(self) -> Array:
        return np.sum([result.seconds for result in self._results], axis=0)

    def glance(self, device_id: str) -> tuple[float, bool]:
        """Seconds of a request, and whether it fits; no record is made where it can be spared."""
        if device_id in self._measured or self._shared.turns is not None:
            return self[device_id].latency_s.value, self[device_id].fits
        index, shared = self._index[device_id], self._shared
        device = self._table.devices[index]
        parts = memory.memory_parts(shared.weights, shared.live, device, self._rates)
        return float(self._latency_s[index]), memory.total_gib(parts) <= device.memory_gib


def glance(estimates: Mapping[str, Estimate], device_id: str) -> tuple[float, bool]:
    """Seconds and fit on a device, from whatever holds the estimates."""
    if isinstance(estimates, Predictions):
        return estimates.glance(device_id)
    return estimates[device_id].latency_s.value, estimates[device_id].fits
