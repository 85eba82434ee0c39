"""Fitting and judging energy: shares of the power limit that a device's work draws above idle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import lsq_linear

from advisor.auditor.rows import Case
from advisor.catalog import Catalog
from advisor.estimator.devices import device_table
from advisor.estimator.stages import run_stages
from benchmarks.fitting import Extra, Values, group_weights, rates_of
from benchmarks.held_out import SPLITS
from benchmarks.rates_model import FIT

PARTS = {"compute": "arithmetic", "memory": "traffic", "stream": "stream", "launch": "launch"}
BELIEVED = np.array([0.8, 0.7, 0.5, 0.3])  # judgement: shares before any row is seen
PULL = 0.3  # how strongly: as much as a row with 30 % error


class EnergyRows:
    """Joules per output of cases, linear in the shares: base + parts @ shares."""

    def __init__(self, cases: Sequence[Case], catalog: Catalog, values: Values) -> None:
        self.cases = [case for case in cases if case.device.power_w]
        self.measured = np.array([case.value for case in self.cases])
        rates, parts, base = rates_of(values), [], []
        for case in self.cases:
            table = device_table([case.device], rates, case.setting)
            results = run_stages(case.stages, table, catalog, rates, case.setting)
            idle = table.generations[0].idle_share.value
            limit = float(case.device.power_w or 0) / case.divide
            calls = [r.stage.calls for r in results]
            times = {
                part: sum(
                    float(getattr(r.time, part)[0]) * n for r, n in zip(results, calls, strict=True)
                )
                for part in PARTS.values()
            }
            parts.append(limit * (1 - idle) * np.array(list(times.values())))
            base.append(limit * idle * sum(float(r.seconds[0]) for r in results))
        self.parts, self.base = np.array(parts), np.array(base)

    def shares(self, chosen: np.ndarray | None = None) -> np.ndarray:
        """The shares that fit the chosen rows, between 0 and 1."""
        chosen = np.ones(len(self.cases), bool) if chosen is None else chosen
        scale = group_weights(self.cases)[chosen] / self.measured[chosen]
        left = np.concatenate([self.parts[chosen] * scale[:, None], PULL * np.eye(len(PARTS))])
        right = np.concatenate([(self.measured - self.base)[chosen] * scale, PULL * BELIEVED])
        return np.asarray(lsq_linear(left, right, bounds=(0, 1)).x)

    def joules(self, shares: np.ndarray) -> np.ndarray:
        return np.asarray(self.parts @ shares + self.base)


def energy_parameters(rows: EnergyRows) -> Extra:
    why = f"share of the power limit above idle; {FIT}"
    found = rows.shares()
    return {f"power_{n}": (float(v), why) for n, v in zip(PARTS, found, strict=True)}


def held_out_energy(
    cases: Sequence[Case], catalog: Catalog, name: str, fits: dict[Any, Values]
) -> np.ndarray:
    """Joules of every case by latency and energy parameters that saw no row of its key."""
    split, out = SPLITS[name], np.empty(len(cases))
    for key in {split.key(case) for case in cases}:
        rows = EnergyRows(cases, catalog, fits[key])
        kept = np.array([not split.out(key, case) for case in cases])
        mine = np.array([split.key(case) == key for case in cases])
        out[mine] = rows.joules(rows.shares(kept))[mine]
    return out
