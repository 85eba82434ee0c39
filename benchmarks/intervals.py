"""Intervals from held-out residuals (split conformal), and how often they hold, nested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from advisor.auditor.predict import baseline_seconds
from advisor.auditor.rows import Case
from advisor.catalog import Catalog
from advisor.estimator.devices import device_table
from advisor.estimator.intervals import mixes
from advisor.estimator.rates import Rates
from advisor.estimator.stages import run_stages
from benchmarks.held_out import generation_of, is_eager
from benchmarks.rates_model import JUDGED

LEVEL = 0.90
CONTRADICTED = "contradicted"
FEWEST_GROUPS = 8  # with fewer, rows go to the wider kind (eager, engine)


def quantiles(ratios: np.ndarray, groups: Sequence[Hashable]) -> tuple[float, float]:
    """The interval of ratios that holds `LEVEL` of them; each group has one say.

    Half of what may miss goes to each tail. With G groups the quantile is taken at (G + 1) / G of
    its level (a new group is one more than were seen), which with few groups is the extreme.
    """
    count = Counter(groups)
    tail = min((1 - (1 - LEVEL) / 2) * (len(count) + 1) / len(count), 1.0)
    order = np.argsort(ratios)
    mass = np.array([1 / count[groups[i]] for i in order]) / len(count)
    below, above = np.cumsum(mass), np.cumsum(mass[::-1])
    high = ratios[order][min(int(np.searchsorted(below, tail - 1e-9)), len(order) - 1)]
    low = ratios[order][::-1][min(int(np.searchsorted(above, tail - 1e-9)), len(order) - 1)]
    return min(float(low), 1.0), max(float(high), 1.0)


def conformal(ratios: np.ndarray, groups: Sequence[Hashable], source: str) -> dict[str, Any]:
    """An entry of rates.yaml: ratios measured / predicted that hold 90 % of held-out groups."""
    low, high = quantiles(ratios, groups)
    return {
        "low": float(f"{low:.4g}"),
        "high": float(f"{high:.4g}"),
        "rows": len(ratios),
        "source": source,
    }


def kinds(cases: Sequence[Case], catalog: Catalog, rates: Rates) -> list[str]:
    """The operation mix of every case; mixes of few groups are joined to their mode.

    A row that took less than half of what its stated units need at their peak ran on others (fp32
    that was TF32) and is `CONTRADICTED`: it sets no interval, and counts as outside of all.
    """
    found = []
    for case in cases:
        table = device_table([case.device], rates, case.setting)
        results = run_stages(case.stages, table, catalog, rates, case.setting)
        least = baseline_seconds(case, catalog, rates)["peak_flops"]
        contradicted = case.value < least / 2 and not case.setting.engine
        found.append(CONTRADICTED if contradicted else mixes(case.setting, results)[0])
    groups = {
        kind: {c.group for c, k in zip(cases, found, strict=True) if k == kind} for kind in found
    }
    # Only kinds with a dot have a mode to go to.
    return [k if len(groups[k]) >= FEWEST_GROUPS else k.split(".")[0] for k in found]


def latency_intervals(
    cases: Sequence[Case], kind: Sequence[str], ratio: np.ndarray, unseen: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Intervals by mix. ratio: measured / predicted without device and model; unseen: without the
    generation."""
    groups = [case.group for case in cases]
    found = {}
    for name in sorted({*kind, *(k.split(".")[0] for k in kind)} - {CONTRADICTED}):
        index = [i for i, k in enumerate(kind) if k == name or k.split(".")[0] == name]
        found[f"latency.{name}"] = conformal(
            ratio[index],
            [groups[i] for i in index],
            f"fits without device and model: {len(index)} rows, "
            f"{len({groups[i] for i in index})} groups",
        )
    eager = [i for i, case in enumerate(cases) if is_eager(case) and kind[i] != CONTRADICTED]
    generations = [generation_of(cases[i]) for i in eager]
    wide = conformal(
        unseen[eager],
        generations,
        f"fits without the generation: {len(eager)} eager rows, "
        f"{len(set(generations))} generations",
    )
    # What no fit has seen is not surer than what it has.
    known = [one for name, one in found.items() if name.startswith("latency.eager")]
    wide["low"] = min(wide["low"], *(one["low"] for one in known))
    wide["high"] = max(wide["high"], *(one["high"] for one in known))
    return {**found, "latency.unseen-generation": wide, **JUDGEMENTS}


JUDGEMENTS: dict[str, dict[str, Any]] = {
    "latency.no-evidence": {
        "low": 0.5,
        "high": 2.0,
        "rows": 0,
        "source": f"{JUDGED} of any device of the generation; twice either way",
    },
    "latency.scaled-trace": {
        "low": 0.85,
        "high": 1.2,
        "rows": 0,
        "source": "judgement: a scaled trace misses what does not grow with the size",
    },
}


def nested_inside(
    ratio: np.ndarray,
    kind: Sequence[str],
    groups: Sequence[tuple[str, str]],
    sets: np.ndarray,
) -> np.ndarray:
    """Whether each row lies in the interval that the OTHER groups of its kind give.

    sets: which rows may set an interval; all are tested.
    """
    inside = np.zeros(len(ratio), bool)
    for name in set(kind) - {CONTRADICTED}:
        mine = [i for i, k in enumerate(kind) if k == name]
        for group in {groups[i] for i in mine}:
            test = [i for i in mine if groups[i] == group]
            pool = (i for i, k in enumerate(kind) if sets[i] and name in (k, k.split(".")[0]))
            rest = [i for i in pool if groups[i] != group]
            if not rest:
                continue
            low, high = quantiles(ratio[rest], [groups[i] for i in rest])
            inside[test] = (low <= ratio[test]) & (ratio[test] <= high)
    return inside
