"""Which interval an estimate of latency gets: by mode, what bounds it, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from advisor.estimator.rates import Generation, Interval, Rates

if TYPE_CHECKING:
    from advisor.catalog import Device
    from advisor.estimator.devices import DeviceTable
    from advisor.estimator.setting import Setting
    from advisor.estimator.timing import StageTime
    from advisor.plan import Stage
    from advisor.traces import CallTrace


class Timed(Protocol):
    """A stage with the time of one of its calls (stages.StageResult)."""

    @property
    def stage(self) -> Stage: ...
    @property
    def trace(self) -> CallTrace: ...
    @property
    def time(self) -> StageTime: ...


def mixes(setting: Setting, results: Sequence[Timed]) -> list[str]:
    """The kind of estimate that intervals are kept by, per device: 'eager.host', 'engine.memory'.

    host: more than half of the time is the host's; else compute or memory (launch floors with it),
    whichever takes more of the device's time. Compiled calls with quantised weights are a kind of
    their own: whether the unpacking is fused depends on the kernel library.
    """
    calls = [result.stage.calls for result in results]
    times = [result.time for result in results]
    total, host, compute, rest = (
        np.sum([n * part(time) for n, time in zip(calls, times, strict=True)], axis=0)
        for part in (
            lambda time: time.total,
            lambda time: time.host,
            lambda time: time.compute,
            lambda time: time.memory + time.launch,
        )
    )
    if setting.compiled:
        return ["compiled-quantised" if setting.quantised else "compiled"] * len(total)
    mode = "engine" if setting.engine else "eager"
    bound = np.where(host > total / 2, "host", np.where(compute > rest, "compute", "memory"))
    return [f"{mode}.{one}" for one in bound.tolist()]


def device_intervals(
    devices: DeviceTable, rates: Rates, setting: Setting, results: Sequence[Timed]
) -> list[Interval]:
    """The interval of latency on every device; a scaled trace widens whatever is found.

    Generations that no row was measured on have their own, from generations left out of the fit;
    makers that no row was measured on a judged one.
    """
    kinds = mixes(setting, results)
    scaled = any(result.trace.note.startswith("scaled") for result in results)
    asked = zip(devices.devices, devices.generations, kinds, strict=True)
    found = [_interval(*one, rates, setting) for one in asked]
    if not scaled:
        return found
    extra = rates.interval("latency.scaled-trace")
    return [
        one.model_copy(update={"low": one.low * extra.low, "high": one.high * extra.high})
        for one in found
    ]


def _interval(
    device: Device, generation: Generation, kind: str, rates: Rates, setting: Setting
) -> Interval:
    if generation.evidence == "none" and not setting.engine:
        unseen = "latency.unseen-generation" if device.vendor == "NVIDIA" else "latency.no-evidence"
        return rates.interval(unseen, "latency.no-evidence")
    return rates.interval(f"latency.{kind}", f"latency.{kind.split('.')[0]}", "latency.compiled")
