"""Fitting the estimator's parameters to measured rows: all operations at once, robustly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from rates_model import GENERATIONS, document, limits, parameter_names, spreads, start_values
from scipy.optimize import least_squares

from advisor.auditor.rows import Case
from advisor.catalog import Catalog, Device
from advisor.estimator.devices import device_table
from advisor.estimator.optable import OpTable, op_table
from advisor.estimator.rates import Rates
from advisor.estimator.setting import Setting
from advisor.estimator.timing import call_time, op_time
from advisor.tracestore import trace_store

NOISE = 0.06  # of a published figure, in log: independent groups agree within 1-8 %
Values = dict[tuple[str, str], float]
Extra = dict[str, tuple[float, str]]
# Parameters that latency does not read, while it is fitted.
NO_EXTRA: Extra = dict.fromkeys(
    (
        "peak_per_convolution",
        "reserved_per_convolution",
        "reserved_per_activation",
        "context_mib",
        "power_compute",
        "power_memory",
        "power_launch",
    ),
    (0.0, "-"),
)


class Batch:
    """Cases with their operations joined into one table per software setting."""

    def __init__(self, cases: Sequence[Case], catalog: Catalog) -> None:
        self.cases = list(cases)
        self.measured = np.array([case.value * case.divide for case in cases])
        self.devices: list[Device] = list({c.device.id: c.device for c in cases}.values())
        self._index = {device.id: i for i, device in enumerate(self.devices)}
        store = trace_store(catalog)
        by_setting: dict[Setting, list[int]] = defaultdict(list)
        for number, case in enumerate(cases):
            by_setting[case.setting].append(number)
        self.parts = [
            (setting, *self._join(setting, numbers, store))
            for setting, numbers in by_setting.items()
        ]

    def _join(self, setting: Setting, numbers: list[int], store: Any) -> tuple[Any, ...]:
        tables, device_of, stage_of, calls, case_of = [], [], [], [], []
        for number in numbers:
            case = self.cases[number]
            for stage in case.stages:
                table = op_table(store.stage_trace(stage), setting)
                device_of += [self._index[case.device.id]] * len(table.count)
                stage_of += [len(calls)] * len(table.count)
                tables.append(table)
                calls.append(stage.calls)
                case_of.append(number)
        joined = OpTable.joined(tables)
        light = joined.of_class("elementwise", "memory")
        arrays = (np.array(x) for x in (device_of, stage_of, calls, case_of))
        return (joined, *arrays, light)

    def seconds(self, rates: Rates) -> np.ndarray:
        """Predicted seconds of every case."""
        out = np.zeros(len(self.cases))
        for setting, ops, device, stage, calls, case, light in self.parts:
            table = device_table(self.devices, rates, setting)
            cls = ops.op_class
            time = op_time(
                ops,
                table.rate[cls, device],
                table.core[cls, device],
                table.reach[device],
                table.stream[device],
                table.floor[device],
                table.fused[device],
                rates,
                setting,
            )
            busy = np.bincount(stage, time.total * ops.count, minlength=len(calls))
            weighted = ops.count * np.where(light, rates.get("host_light_share"), 1.0)
            launches = np.bincount(stage, weighted, minlength=len(calls))
            host = launches * table.host[self._device_of_stage(device, stage, len(calls))]
            out += np.bincount(case, call_time(host, busy, rates) * calls, minlength=len(out))
        return out

    @staticmethod
    def _device_of_stage(device: np.ndarray, stage: np.ndarray, n: int) -> np.ndarray:
        first = np.zeros(n, dtype=int)
        first[stage[::-1]] = device[::-1]
        return first


def rates_of(values: Values, extra: Extra | None = None) -> Rates:
    """Rates for the given parameter values, without intervals (a fit needs none)."""
    given = {name: (value, why or "-") for name, (value, why) in (extra or NO_EXTRA).items()}
    return Rates.model_validate(document(values, {}, given, {}, "fit"))


class FastRates:
    """Rates whose values can be set without validating the whole file each time."""

    def __init__(self, values: Values) -> None:
        self.rates = rates_of(values)

    def set(self, values: Values) -> Rates:
        for (place, name), value in values.items():
            holder: Any = (
                self.rates.shared[name]
                if place == "shared"
                else getattr(self.rates.generations[place], name)
            )
            holder.__dict__["value"] = value
        return self.rates


def group_weights(cases: Sequence[Case]) -> np.ndarray:
    """Rows of one (model, device) group share their say: weight 1 / sqrt(rows) per row."""
    count = Counter(case.group for case in cases)
    weight = np.array([count[case.group] ** -0.25 for case in cases])
    return weight / np.sqrt(np.mean(weight**2))


def fit(
    cases: Sequence[Case],
    catalog: Catalog,
    rows: str,
    start: Values | None = None,
    evaluations: int = 25,
) -> Values:
    """Parameter values that fit the cases; those that `rows` do not move keep their start."""
    values = {**start_values(), **(start or {})}
    believed = {**values, **start_values()} if rows == "eager" else values
    fast = FastRates(values)
    generations = sorted({fast.rates.generation_of(case.device) for case in cases})
    names = parameter_names(generations, rows)
    prior = np.log([believed[n] for n in names])
    spread = spreads(names)
    batch, weight = Batch(cases, catalog), group_weights(cases)

    def at(x: np.ndarray) -> Rates:
        return fast.set(dict(zip(names, np.exp(x), strict=True)))

    def residuals(x: np.ndarray) -> np.ndarray:
        error = np.log(batch.seconds(at(x)) / batch.measured)
        return np.concatenate([error * weight / NOISE, (x - prior) / spread])

    low, high = limits(names)
    begin = np.clip(np.log([values[n] for n in names]), low + 1e-3, high - 1e-3)
    found = least_squares(
        residuals, begin, bounds=(low, high), loss="soft_l1", max_nfev=evaluations
    )
    return {**values, **dict(zip(names, np.exp(found.x), strict=True))}


def held_out(
    cases: Sequence[Case],
    catalog: Catalog,
    rows: str,
    key: Any,
    full: Values,
    evaluations: int = 8,
) -> np.ndarray:
    """Predicted seconds of each case from a fit that saw no case with the same key."""
    predicted = np.zeros(len(cases))
    for name in sorted({key(case) for case in cases}):
        test = [i for i, case in enumerate(cases) if key(case) == name]
        rest = [case for case in cases if key(case) != name]
        seen = {rates_of(full).generation_of(case.device) for case in rest}
        start = {
            (place, n): v for (place, n), v in full.items() if place == "shared" or place in seen
        }
        values = fit(rest, catalog, rows, start, evaluations)
        predicted[test] = Batch([cases[i] for i in test], catalog).seconds(rates_of(values))
    return predicted


def evidence_of(cases: Sequence[Case]) -> dict[str, str]:
    """Rows behind each generation, in words."""
    rates = rates_of(start_values())
    count = Counter(rates.generation_of(case.device) for case in cases)
    devices = defaultdict(set)
    for case in cases:
        devices[rates.generation_of(case.device)].add(case.device.id)
    return {
        name: f"{count[name]} latency rows on {', '.join(sorted(devices[name]))}"
        for name in GENERATIONS
        if count[name]
    }
