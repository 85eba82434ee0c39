"""Rebuilds catalog/memory.yaml from measured peaks: python -m benchmarks.fit_memory

What cuDNN's copies and the allocator add to live tensors, fitted per definition of memory on rows
of trust 1-2. Every row is then predicted without its (model, device) group, its device and its
model; intervals are quantiles of those residuals, and their coverage is measured once more with
the rows' own groups left out of the quantiles too (nested). Held-out errors, coverage and two
baselines (weights alone, weights x 1.2) go to benchmarks/results/memory.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.optimize import least_squares

from advisor.auditor.predict import Moment, memory_gib, moments, weights_gib
from advisor.auditor.rows import Case
from advisor.catalog import Catalog, load_catalog
from advisor.estimator.rates import MemoryRates, Parameter, Rates, read_rates
from advisor.files import write_atomic
from benchmarks.fit_rates import DEFAULT, ROOT
from benchmarks.fitting import group_weights
from benchmarks.held_out import cases_in
from benchmarks.rates_model import JUDGED

HERE = Path(__file__).resolve().parent
KEYS: dict[str, Callable[[Case], Any]] = {
    "group": lambda case: case.group,
    "device": lambda case: case.device.id,
    "model": lambda case: case.model.id,
}
LEVEL = 0.90
PRIOR_SPREAD = 0.3  # of a parameter, in log: a width without rows stays near the other's start
NOISE = 0.05  # of a published peak, in log
WHY = {
    "allocated_convolution": "peak over the bytes of the largest {} convolution, scope allocated",
    "reserved_convolution": "held over the bytes of the largest {} convolution, scope reserved",
    "reserved_live": "held over live tensors in {}, scope reserved",
}
START = {"allocated_convolution": 2.5, "reserved_convolution": 3.0, "reserved_live": 1.1}
NAMES = [f"{name}_{width}" for name in START for width in ("half", "full")]
SCOPES = ("allocated", "reserved", "reported")
CONTEXT = (450.0, "CUDA context and kernels, 300-600 MiB; " + JUDGED)
FIT = "benchmarks/fit_memory.py on benchmarks/data/measurements_calibration.csv, trust 1-2"
OLDER = [
    {
        "component": "cogvideox_vae",
        "entry": "decode",
        "stack": "diffusers 0.30",
        "share": 0.8587,
        "source": "traced with the attribute cache of diffusers 0.30 put back (12.655 against "
        "14.737 GiB at 49 frames of 720 x 480): huggingface/diffusers#9524 keeps old and new "
        "caches, issue 10035 reports the growth",
    }
]


@dataclass(frozen=True)
class Fit:
    """Rows of peak memory and how they are predicted with trial parameters."""

    cases: list[Case]
    catalog: Catalog
    base: Rates
    moments: list[list[Moment]]

    def rates(self, values: dict[str, float]) -> Rates:
        made = {n: Parameter(value=v, source="-") for n, v in values.items()}
        return self.base.model_copy(update={"shared": {**self.base.shared, **made}})

    def predicted(self, values: dict[str, float], index: Sequence[int]) -> np.ndarray:
        rates = self.rates(values)
        return np.array([memory_gib(self.cases[i], self.moments[i], rates) for i in index])

    def fitted(self, index: Sequence[int]) -> dict[str, float]:
        """Parameters from the rows of `index`; reported rows (no definition) move nothing."""
        used = [i for i in index if self.cases[i].row["scope"] != "reported"]
        prior = np.log([START[name.rsplit("_", 1)[0]] for name in NAMES])
        target = np.log([self.cases[i].value for i in used])
        weight = group_weights([self.cases[i] for i in used])

        def residuals(x: np.ndarray) -> np.ndarray:
            made = np.log(self.predicted(dict(zip(NAMES, np.exp(x), strict=True)), used))
            return np.concatenate([(made - target) * weight / NOISE, (x - prior) / PRIOR_SPREAD])

        found = least_squares(residuals, prior, diff_step=0.01, loss="soft_l1").x
        return dict(zip(NAMES, (float(f"{v:.4g}") for v in np.exp(found)), strict=True))

    def held_out(self, key: Callable[[Case], Any]) -> np.ndarray:
        """measured / predicted of every row, from a fit that saw no row with the same key."""
        ratio = np.empty(len(self.cases))
        keys = [key(case) for case in self.cases]
        for name in sorted(set(keys), key=str):
            test = [i for i, k in enumerate(keys) if k == name]
            values = self.fitted([i for i, k in enumerate(keys) if k != name])
            ratio[test] = [self.cases[i].value for i in test] / self.predicted(values, test)
        return ratio


def conformal(ratios: np.ndarray, weights: np.ndarray, source: str) -> dict[str, Any]:
    """An interval of ratios that holds `LEVEL` of them, with the small-sample correction.

    Rows of a group share their say (`group_weights`); one say per group, as for time, would take
    the extremes: the allocated rows are of eight groups.
    """
    n = len(ratios)
    tail = min((1 - (1 - LEVEL) / 2) * (n + 1) / n, 1.0)
    order = np.argsort(ratios)
    mass = np.cumsum(weights[order]) / weights.sum()
    high = ratios[order][min(int(np.searchsorted(mass, tail)), n - 1)]
    low = ratios[order][max(int(np.searchsorted(mass, 1 - tail, side="right")) - 1, 0)]
    return {
        "low": float(f"{min(low, 1.0):.4g}"),
        "high": float(f"{max(high, 1.0):.4g}"),
        "rows": n,
        "source": source,
    }


def errors(ratio: np.ndarray) -> dict[str, float]:
    error = 1 / ratio - 1
    return {
        "n": len(error),
        "median_abs_error": round(float(np.median(np.abs(error))), 4),
        "p90_abs_error": round(float(np.quantile(np.abs(error), 0.9)), 4),
        "bias": round(float(np.median(error)), 4),
    }


def nested_coverage(cases: Sequence[Case], ratio: np.ndarray) -> float:
    """Share of rows inside an interval made from the held-out residuals of the OTHER groups."""
    inside = []
    groups = [case.group for case in cases]
    for i, case in enumerate(cases):
        others = [j for j, group in enumerate(groups) if group != case.group]
        if len(others) < 5:
            continue
        kept = [cases[j] for j in others]
        made = conformal(ratio[others], group_weights(kept) ** 2, "-")
        inside.append(made["low"] <= ratio[i] <= made["high"])
    return round(float(np.mean(inside)), 4) if inside else float("nan")


def report(fit: Fit) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Held-out errors by scope and key with the baselines, and the intervals."""
    ratios = {key: fit.held_out(by) for key, by in KEYS.items()}
    weights = np.array([weights_gib(case, fit.catalog) for case in fit.cases])
    measured = np.array([case.value for case in fit.cases])
    table: dict[str, Any] = {}
    intervals: dict[str, dict[str, Any]] = {}
    for scope in SCOPES:
        index = np.flatnonzero([case.row["scope"] == scope for case in fit.cases])
        part = [fit.cases[i] for i in index]
        both = np.concatenate([ratios["device"][index], ratios["model"][index]])
        table[scope] = {f"without its {key}": errors(r[index]) for key, r in ratios.items()}
        table[scope]["nested coverage"] = nested_coverage([*part, *part], both)
        table[scope]["weights only"] = errors(measured[index] / weights[index])
        table[scope]["weights x 1.2"] = errors(measured[index] / (1.2 * weights[index]))
        intervals[f"memory.{scope}"] = conformal(
            both,
            np.tile(group_weights(part) ** 2, 2),
            f"held-out devices and models, {len(part)} rows of scope {scope} each",
        )
    ends = list(intervals.values())
    intervals["memory"] = {
        "low": min(one["low"] for one in ends),
        "high": max(one["high"] for one in ends),
        "rows": len(fit.cases),
        "source": "the widest of the scopes: which one a reader means is not known",
    }
    return table, intervals


def document(values: dict[str, float], intervals: dict[str, Any], rows: str) -> dict[str, Any]:
    """The content of memory.yaml."""
    shared: dict[str, Any] = {}
    for name, value in values.items():
        stem, width = name.rsplit("_", 1)
        why = WHY[stem].format("16-bit" if width == "half" else "fp32")
        shared[name] = {"value": value, "source": f"{why}; {FIT}", "fitted": True}
    shared["context_mib"] = {"value": CONTEXT[0], "source": CONTEXT[1]}
    return {
        "schema_version": 1,
        "made_by": f"python -m benchmarks.fit_memory: {rows}",
        "shared": shared,
        "intervals": intervals,
        "older_peaks": OLDER,
    }


HEADER = """\
# What memory needs beside weights and live tensors. Made by one command (made_by); review the
# difference, do not edit. What each means: docs/estimating.md and advisor/estimator/memory.py.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=Path, default=DEFAULT)
    parser.add_argument("--out", type=Path, default=ROOT / "catalog" / "memory.yaml")
    options = parser.parse_args(arguments)
    catalog = load_catalog()
    cases = [
        case
        for case in cases_in(options.measurements, catalog, "peak_memory_gib")
        if case.row["scope"] in SCOPES
    ]
    base = read_rates(ROOT / "catalog" / "rates.yaml").with_memory(
        MemoryRates.model_validate(document(dict.fromkeys(NAMES, 1.0), {}, "start"))
    )
    fit = Fit(cases, catalog, base, [moments(case, catalog, base) for case in cases])
    values = fit.fitted(range(len(cases)))
    table, intervals = report(fit)
    for scope, lines in table.items():
        for name, line in lines.items():
            print(f"{scope:10} {name:20} {line}")
    rows = f"{len(cases)} rows of trust 1-2, {len({case.group for case in cases})} groups"
    content = document(values, intervals, rows)
    MemoryRates.model_validate(content)
    text = HEADER + yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True)
    write_atomic(options.out, text)
    write_atomic(HERE / "results" / "memory.json", json.dumps(table, indent=1) + "\n")
    print(f"wrote {options.out}: {values}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
