"""Time and energy of a request's stages on many devices at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.errors import CannotEstimate
from advisor.estimator.devices import DeviceTable, device_table, missing
from advisor.estimator.energy import stage_joules
from advisor.estimator.optable import Array, op_table
from advisor.estimator.quantised import vocabulary
from advisor.estimator.timing import StageTime, stage_time
from advisor.tracestore import trace_store

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device
    from advisor.estimator.rates import Rates
    from advisor.estimator.setting import Setting
    from advisor.plan import Stage
    from advisor.traces import CallTrace


def settings_of(stages: Sequence[Stage], setting: Setting) -> tuple[Setting, ...]:
    """The settings that stages of a request run in, its own first."""
    return tuple(dict.fromkeys([setting, *(setting.at(stage) for stage in stages)]))


def why_not(device: Device, rates: Rates, *settings: Setting) -> str | None:
    """Why nothing can be estimated on a device at the settings, as a phrase; None if it can."""
    try:
        rates.generation_of(device)
    except CannotEstimate as error:
        return str(error)
    return next((lack for one in settings if (lack := missing(device, one))), None)


def able_on(
    devices: tuple[Device, ...], rates: Rates, settings: tuple[Setting, ...]
) -> tuple[tuple[Device, ...], DeviceTable]:
    """The devices that can be estimated at all settings, and their table at the first; kept, for
    sweeps ask often.

    Known by identity: a catalog hands out the same devices, and a file the same rates.
    """
    key = (id(rates), settings, tuple(map(id, devices)))
    found = _KEPT.get(key)
    if found is None:
        able = tuple(device for device in devices if why_not(device, rates, *settings) is None)
        if len(_KEPT) >= MAX_KEPT:
            _KEPT.clear()
        # Rates and devices are held as well, so that no other object takes their identity.
        found = _KEPT[key] = (able, device_table(able, rates, settings[0]), rates, devices)
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
    """Time and energy of stages on the devices of the setting's table."""
    store = trace_store(catalog)
    words = {s.component: vocabulary(catalog, s.component) for s in stages if setting.linear_only}
    tables = {setting: table}
    for one in settings_of(stages, setting)[1:]:
        tables[one] = device_table(table.devices, rates, one)
    return [
        _run(
            stage,
            store.stage_trace(stage),
            tables[setting.at(stage)],
            rates,
            setting.at(stage),
            words.get(stage.component),
        )
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
