"""How right the estimator is on rows it was not fitted to: python -m benchmarks.accuracy

Every latency row is predicted by fits that saw nothing of its (model, device) group, of its device,
of its model, of both. Baselines get their constants from the same rows as the fits. Coverage is
nested: the interval of a row comes from the held-out residuals of other groups. Prints a table and
stores it in benchmarks/accuracy.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from advisor.auditor.predict import baseline_seconds
from advisor.auditor.rows import Case
from advisor.catalog import Catalog, load_catalog
from advisor.files import write_atomic
from benchmarks.energy import held_out_energy
from benchmarks.fit_rates import BOTH, DEFAULT
from benchmarks.fitting import Values, rates_of
from benchmarks.held_out import SPLITS, LatencyFits, cases_in, generation_of, why_not_fitted
from benchmarks.intervals import kinds, nested_inside

HERE = Path(__file__).resolve().parent
JUDGED_SPLITS = ("group", "device", "model", BOTH)
KINDS: dict[str, Callable[[Case], bool]] = {
    "eager end-to-end and per-step": lambda c: (
        not c.setting.fused and c.row["scope"] in ("end_to_end", "denoise_step")
    ),
    "eager, all scopes": lambda c: not c.setting.fused,
    "compiled": lambda c: c.setting.compiled,
    "engine": lambda c: bool(c.setting.engine),
    "engine: llama.cpp prefill": lambda c: (
        c.setting.engine == "llama.cpp" and c.row["scope"] == "prefill"
    ),
    "not fitted: tiles alone": lambda c: why_not_fitted(c) is not None,
    "engine: decode_token": lambda c: bool(c.setting.engine) and c.row["scope"] == "decode_token",
}


def errors(predicted: np.ndarray, measured: np.ndarray) -> dict[str, float]:
    """Absolute relative errors of the prediction, and its signed bias."""
    error = predicted / measured - 1
    return {
        "n": len(error),
        "median_abs_error": round(float(np.median(np.abs(error))), 4),
        "p90_abs_error": round(float(np.quantile(np.abs(error), 0.9)), 4),
        "bias": round(float(np.median(error)), 4),
    }


def baselines(
    cases: Sequence[Case], catalog: Catalog, values: Values, name: str
) -> dict[str, np.ndarray]:
    """What simpler ways predict, with constants from the rows that a split's fits may see.

    Constants come from rows of the same mode (eager, compiled, engine).
    per GPU: the median over rows of its device; where hidden, of its generation; else all.
    """
    split, rates = SPLITS[name], rates_of(values)
    raw = [baseline_seconds(case, catalog, rates) for case in cases]
    measured = np.array([case.value for case in cases])
    peak = np.array([one["peak_flops"] for one in raw])
    ratio = measured / peak
    out = {n: np.empty(len(cases)) for n in ("one constant", "constant per GPU")}
    device = np.array([case.device.id for case in cases])
    generation = np.array([generation_of(case) for case in cases])
    mode = np.array([(case.setting.compiled, case.setting.engine) for case in cases])
    for index, case in enumerate(cases):
        seen = np.array([not split.out(split.key(case), other) for other in cases])
        alike = (mode == mode[index]).all(axis=1)
        seen = seen & alike if (seen & alike).any() else seen
        near = [seen & (device == device[index]), seen & (generation == generation[index]), seen]
        own = next(mask for mask in near if mask.any())
        out["one constant"][index] = peak[index] * np.median(ratio[seen])
        out["constant per GPU"][index] = peak[index] * np.median(ratio[own])
    return {**out, "roofline": np.array([one["roofline"] for one in raw])}


def latency_table(
    cases: Sequence[Case], catalog: Catalog, fits: LatencyFits, made: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Errors by kind of row, split and predictor."""
    measured = np.array([case.value for case in cases])
    divide = np.array([case.divide for case in cases])
    table: dict[str, Any] = defaultdict(dict)
    for name, predicted in made.items():
        ways = {
            "estimator": predicted / divide,
            **baselines(cases, catalog, fits.values, name),
        }
        for kind, belongs in KINDS.items():
            mask = np.array([belongs(case) for case in cases])
            table[kind][name] = {w: errors(p[mask], measured[mask]) for w, p in ways.items()}
    return dict(table)


def coverage(
    ratio: np.ndarray,
    kind: Sequence[str],
    groups: Sequence[tuple[str, str]],
    sets: np.ndarray | None = None,
) -> dict[str, Any]:
    """How often nested intervals hold, by kind: share of rows, and mean over groups.

    sets: which rows set intervals (all, if not given); the others are a line of their own as well.
    """
    sets = np.ones(len(ratio), bool) if sets is None else sets
    inside = nested_inside(ratio, kind, groups, sets)
    table = {}
    for name in ["all", *sorted(set(kind)), *(["not fitted"] if not sets.all() else [])]:
        mine = [i for i, k in enumerate(kind) if name in ("all", k)]
        if name == "not fitted":
            mine = list(np.flatnonzero(~sets))
        by_group: dict[Any, list[bool]] = defaultdict(list)
        for i in mine:
            by_group[groups[i]].append(bool(inside[i]))
        table[name] = {
            "n": len(mine),
            "groups": len(by_group),
            "rows_inside": round(float(np.mean(inside[mine])), 4),
            "groups_inside": round(float(np.mean([np.mean(g) for g in by_group.values()])), 4),
        }
    return table


def worst_groups(cases: Sequence[Case], predicted: np.ndarray) -> list[dict[str, Any]]:
    """The twelve groups with the largest median error."""
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for case, one in zip(cases, predicted, strict=True):
        key = (*case.group, case.row["dtype"], case.row["mode"], case.row["scope"])
        groups[key].append(one / (case.value * case.divide) - 1)
    rows: list[dict[str, Any]] = [
        {"group": " ".join(name), "n": len(e), "bias": round(float(np.median(e)), 3)}
        for name, e in groups.items()
    ]
    return sorted(rows, key=lambda row: -abs(row["bias"]))[:12]


def energy_table(
    power: Sequence[Case], catalog: Catalog, fits: dict[str, dict[Any, Values]]
) -> dict[str, Any]:
    """Errors by split, and nested coverage without device and model."""
    measured = np.array([case.value for case in power])
    made = {name: held_out_energy(power, catalog, name, fits[name]) for name in JUDGED_SPLITS}
    groups = [case.group for case in power]
    return {
        "estimator": {name: errors(joules, measured) for name, joules in made.items()},
        "power limit x predicted time": errors(
            np.array([_at_the_limit(c, catalog, fits[BOTH][c.group]) for c in power]), measured
        ),
        "coverage": coverage(measured / made[BOTH], ["energy"] * len(power), groups)["all"],
    }


def _at_the_limit(case: Case, catalog: Catalog, values: Values) -> float:
    """The naive way: predicted time at the board's power limit."""
    from benchmarks.fitting import Batch

    seconds = Batch([case], catalog).seconds(rates_of(values))[0]
    return float((case.device.power_w or 0) * seconds / case.divide)


def accuracy(path: Path) -> dict[str, Any]:
    """Everything that is stored, from the rows of a file."""
    catalog = load_catalog()
    cases = cases_in(path, catalog, "latency_s")
    power = [c for c in cases_in(path, catalog, "energy_j") if c.device.power_w]
    fits = LatencyFits(cases, catalog)
    held = {
        name: fits.held_out(name, [SPLITS[name].key(c) for c in power]) for name in JUDGED_SPLITS
    }
    made = {name: fits.predicted(name, held[name]) for name in JUDGED_SPLITS}
    kind = kinds(cases, catalog, rates_of(fits.values))
    groups = [case.group for case in cases]
    sets = np.array([why_not_fitted(case) is None for case in cases])
    return {
        "measurements": path.name,
        "in_sample": {
            name: errors(fits.batch.seconds(rates_of(fits.values))[mask], fits.batch.measured[mask])
            for name, belongs in KINDS.items()
            if (mask := np.array([belongs(case) for case in cases])).any()
        },
        "latency": latency_table(cases, catalog, fits, made),
        "coverage": coverage(fits.batch.measured / made[BOTH], kind, groups, sets),
        "energy": energy_table(power, catalog, held),
        "worst": worst_groups(cases, made[BOTH]),
    }


def show(found: dict[str, Any]) -> None:
    """The tables, for people."""
    for kind, splits in found["latency"].items():
        for split, ways in splits.items():
            words = "; ".join(
                f"{way} {e['median_abs_error']:.1%} / {e['p90_abs_error']:.1%}"
                for way, e in ways.items()
            )
            print(f"{kind}, without its {split}, n={ways['estimator']['n']}: {words}")
    for split, e in found["energy"]["estimator"].items():
        words = f"{e['median_abs_error']:.1%} / {e['p90_abs_error']:.1%}"
        print(f"energy, without its {split}, n={e['n']}: {words}")
    for kind, c in {**found["coverage"], "energy": found["energy"]["coverage"]}.items():
        print(
            f"90 % interval, {kind}: holds {c['rows_inside']:.1%} of {c['n']} rows, "
            f"{c['groups_inside']:.1%} by group ({c['groups']} groups)"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=Path, default=DEFAULT)
    parser.add_argument("--out", type=Path, default=HERE / "accuracy.json")
    options = parser.parse_args(arguments)
    found = {"as_of": date.today().isoformat(), **accuracy(options.measurements)}
    show(found)
    write_atomic(options.out, json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
