"""Fitting the estimator's parameters to measured rows: all operations at once, robustly.

A fit minimises the soft absolute log error of all rows plus the squared distance of the parameters
from what is believed before (rates_model.py), by damped Gauss-Newton steps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from advisor.auditor.predict import copies_s
from advisor.auditor.rows import Case
from advisor.catalog import Catalog, load_catalog
from advisor.estimator.devices import device_table
from advisor.estimator.optable import OpTable, op_table
from advisor.estimator.rates import Rates, load_rates
from advisor.estimator.setting import Setting
from advisor.estimator.timing import Reach, call_time, op_time
from advisor.figure import Figure
from advisor.plan import Stage
from advisor.tracestore import trace_store
from benchmarks.rates_model import (
    GENERATIONS,
    document,
    limits,
    parameter_names,
    spreads,
    start_values,
)

# Of a prediction against a published figure, in log. Independent groups agree within 1-8 %; the
# rest is what the model's form misses. Larger = closer to the priors.
NOISE = 0.10
GROUP_POWER = 0.75  # rows of a group say as much together as rows**(1 - power): 1 = one row
STEP = 1e-3  # of a parameter, in log
Values = dict[tuple[str, str], float]
Extra = dict[str, tuple[float, str]]
# Parameters that latency does not read, while it is fitted.
NO_EXTRA: Extra = dict.fromkeys(
    (
        "power_compute",
        "power_memory",
        "power_stream",
        "power_launch",
    ),
    (0.0, "-"),
)


class Batch:
    """Cases as tables of distinct operations, one table per software setting.

    copies: seconds that offloaded cases copy weights, which no parameter moves.
    """

    def __init__(self, cases: Sequence[Case], catalog: Catalog) -> None:
        self.cases = list(cases)
        self.measured = np.array([case.value * case.divide for case in cases])
        self.copies = np.array(
            [0.0 if case.workload.offload == "none" else copies_of(case).value for case in cases]
        )
        by_setting: dict[Setting, list[tuple[int, Stage]]] = defaultdict(list)
        for number, case in enumerate(cases):
            for stage in case.stages:
                by_setting[case.setting.at(stage)].append((number, stage))
        self.parts = [
            _Part(setting, called, self.cases, catalog) for setting, called in by_setting.items()
        ]

    def seconds(self, rates: Rates) -> np.ndarray:
        """Predicted seconds of every case."""
        out = self.copies.copy()
        for part in self.parts:
            out += part.seconds(rates)
        return out


def copies_of(case: Case) -> Figure:
    """Seconds that an offloaded case copies weights, with what is assumed of the bus."""
    catalog = load_catalog()
    store = trace_store(catalog)
    called = [(stage, store.stage_trace(stage)) for stage in case.stages]
    return copies_s(case, called, catalog, load_rates(catalog))


class _Part:
    """Stages of one setting: each distinct operation on a device is timed once.

    sums: (stages, operations) how often a stage has an operation; calls: (cases, stages).
    """

    def __init__(
        self,
        setting: Setting,
        called: list[tuple[int, Stage]],
        cases: list[Case],
        catalog: Catalog,
    ) -> None:
        store = trace_store(catalog)
        self.setting = setting
        self.devices = list({cases[n].device.id: cases[n].device for n, _ in called}.values())
        index = {device.id: i for i, device in enumerate(self.devices)}
        seen: dict[Any, int] = {}
        tables: list[OpTable] = []
        device_of: list[int] = []
        entries = []  # case, stage, calls
        for number, stage in called:
            device = index[cases[number].device.id]
            key = (stage.component, stage.key, stage.batch, device)
            if key not in seen:
                seen[key] = len(tables)
                tables.append(op_table(store.stage_trace(stage), setting))
                device_of.append(device)
            entries.append((number, seen[key], float(stage.calls)))
        case_of, stage_of, calls = (np.array(x) for x in zip(*entries, strict=True))
        self.calls = csr_matrix((calls, (case_of, stage_of)), (len(cases), len(tables)))
        self.device_of = np.array(device_of)
        self._distinct(tables)

    def _distinct(self, tables: list[OpTable]) -> None:
        joined = OpTable.joined(tables)
        stage_of = np.repeat(np.arange(len(tables)), [len(t.count) for t in tables])
        names = [name for name in vars(joined) if name != "count"]
        columns = [self.device_of[stage_of], *(vars(joined)[name] for name in names)]
        _, first, which = np.unique(
            np.column_stack(columns), axis=0, return_index=True, return_inverse=True
        )
        shape = (len(tables), len(first))
        self.sums = csr_matrix((joined.count, (stage_of, which.ravel())), shape)
        kept = {name: vars(joined)[name][first] for name in names}
        self.ops = OpTable(**kept, count=np.ones(len(first)))
        self.device = columns[0][first]
        light = self.ops.of_class("elementwise", "memory").astype(float)
        self.light, self.heavy = self.sums @ light, self.sums @ (1 - light)

    def seconds(self, rates: Rates) -> np.ndarray:
        table = device_table(self.devices, rates, self.setting)
        on = Reach.of_pairs(table, self.ops.op_class, self.device)
        busy = self.sums @ op_time(self.ops, on, rates, self.setting).total
        launches = self.heavy + self.light * rates.get("host_light_share")
        host = launches * table.host[self.device_of]
        return np.asarray(self.calls @ call_time(host, busy, rates))


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


def group_weights(cases: Sequence[Case], power: float = 0.5) -> np.ndarray:
    """Rows of one (model, device) group share their say: weight rows ** (-power / 2) per row."""
    count = Counter(case.group for case in cases)
    weight = np.array([count[case.group] ** (-power / 2) for case in cases])
    return weight / np.sqrt(np.mean(weight**2))


class Fit:
    """Rows of one kind ("eager" or "other"), the parameters that they move, and their fits.

    A point is the log of the parameters `names`. `base` holds the values of all other parameters.
    """

    def __init__(self, cases: Sequence[Case], catalog: Catalog, rows: str, base: Values) -> None:
        self.cases = list(cases)
        self.batch = Batch(cases, catalog)
        self.weight = group_weights(cases, GROUP_POWER)
        self.fast = FastRates(base)
        generations = sorted({self.fast.rates.generation_of(case.device) for case in cases})
        self.names = parameter_names(generations, rows)
        self.spread = spreads(self.names)
        believed = start_values()
        self.low, self.high = limits(self.names)
        self.prior = np.log([believed[name] for name in self.names])

    def based_on(self, base: Values) -> Fit:
        """The same rows and parameters with other values of the parameters that stay."""
        fit = copy(self)
        fit.fast = FastRates(base)
        return fit

    def values(self, point: np.ndarray) -> Values:
        return dict(zip(self.names, np.exp(point), strict=True))

    def log_error(self, point: np.ndarray) -> np.ndarray:
        """log(predicted / measured) of every row."""
        rates = self.fast.set(self.values(point))
        return np.asarray(np.log(self.batch.seconds(rates) / self.batch.measured))

    def residuals(self, point: np.ndarray) -> np.ndarray:
        return self.log_error(point) * self.weight / NOISE

    def cost(self, point: np.ndarray, chosen: np.ndarray) -> float:
        rows = self.residuals(point)[chosen]
        distance = (point - self.prior) / self.spread
        return float(2 * np.sum(np.sqrt(1 + rows**2) - 1) + np.sum(distance**2))

    def slopes(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals at a point and their derivatives (rows, parameters)."""
        base = self.residuals(point)
        slopes = np.empty((len(base), len(point)))
        for index in range(len(point)):
            step = STEP if point[index] + STEP < self.high[index] else -STEP
            moved = point.copy()
            moved[index] += step
            slopes[:, index] = (self.residuals(moved) - base) / step
        return base, slopes

    def run(
        self,
        begin: np.ndarray | None = None,
        chosen: np.ndarray | None = None,
        slopes: tuple[np.ndarray, np.ndarray] | None = None,
        steps: int = 25,
        enough: float = 0.05,
    ) -> np.ndarray:
        """The best point for the chosen rows; `slopes` are those at `begin` if they are known."""
        begin = np.clip(self.prior if begin is None else begin, self.low, self.high)
        chosen = np.ones(len(self.cases), bool) if chosen is None else chosen
        point, cost, damping = begin, self.cost(begin, chosen), 0.3
        for _ in range(steps):
            base, slope = slopes or self.slopes(point)
            slopes = None
            for _ in range(9):
                trial = self._step(point, base[chosen], slope[chosen], damping)
                new = self.cost(trial, chosen)
                if new < cost:
                    break
                damping *= 10
            else:
                return point
            gained, point, cost = cost - new, trial, new
            damping = max(damping / 5, 1e-2)
            if gained < enough:
                break
        return point

    def _step(
        self, point: np.ndarray, base: np.ndarray, slope: np.ndarray, damping: float
    ) -> np.ndarray:
        """The minimum of the linearised problem: least squares, reweighted until it settles."""
        found = point.copy()
        calm = np.full(len(point), np.sqrt(damping))
        for _ in range(20):
            weight = (1 + (base + slope @ (found - point)) ** 2) ** -0.25
            left = np.vstack([slope * weight[:, None], np.diag(1 / self.spread), np.diag(calm)])
            right = np.concatenate(
                [(slope @ point - base) * weight, self.prior / self.spread, calm * point]
            )
            new = _bounded(left, right, self.low, self.high)
            moved, found = np.abs(new - found).max(), new
            if moved < 1e-4:
                break
        return found


def _bounded(left: np.ndarray, right: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Least squares within limits: whatever leaves them is held there and the rest solved again."""
    held = np.zeros(left.shape[1], bool)
    found = np.zeros(left.shape[1])
    for _ in range(6):
        rest = right - left[:, held] @ found[held]
        found[~held] = np.linalg.lstsq(left[:, ~held], rest, rcond=None)[0]
        outside = (found < low) | (found > high)
        found = np.clip(found, low, high)
        if not (outside & ~held).any():
            break
        held |= outside
    return found


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
