"""Rebuilds catalog/rates.yaml from measured rows: python benchmarks/fit_rates.py --measurements CSV

Latency is fitted in two steps (eager rows; then, with those parameters held, compiled and engine
rows), memory and energy after it. Intervals are quantiles of measured/predicted over held-out
predictions (split conformal): of rows whose whole device, and whose whole model, no fit had seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from fitting import (
    NO_EXTRA,
    Batch,
    Extra,
    Values,
    evidence_of,
    fit,
    group_weights,
    held_out,
    rates_of,
)
from rates_model import FIT, JUDGED, document
from scipy.optimize import least_squares, lsq_linear

from advisor.auditor.predict import memory_gib
from advisor.auditor.rows import Case, Skipped, case_of, read_rows, select
from advisor.catalog import Catalog, load_catalog
from advisor.errors import AdvisorError
from advisor.estimator.build import run_stages, why_not
from advisor.estimator.devices import device_table
from advisor.estimator.rates import Rates
from advisor.files import write_atomic
from advisor.tracestore import trace_store

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "benchmarks" / "data" / "measurements_calibration.csv"
LEVEL = 0.90


def cases_in(path: Path, catalog: Catalog, measured: str) -> list[Case]:
    """Rows of trust 1-2 that can be estimated from a stored (not merely scaled) trace."""
    store, rates = trace_store(catalog), rates_of({**_start()})
    cases = []
    for row in select(read_rows(path), [f"measured={measured}", "trust<=2"]):
        try:
            case = case_of(row, catalog)
            notes = [store.stage_trace(stage).note for stage in case.stages]
        except (Skipped, AdvisorError):
            continue
        if why_not(case.device, rates, case.setting) is None and not any(
            note.startswith("scaled") for note in notes
        ):
            cases.append(case)
    return cases


def _start() -> Values:
    from rates_model import start_values

    return start_values()


def is_eager(case: Case) -> bool:
    return not case.setting.fused


def fit_all(cases: Sequence[Case], catalog: Catalog) -> Values:
    """Parameters from eager rows, then those of compiled and engine rows on top."""
    values = fit([c for c in cases if is_eager(c)], catalog, "eager")
    return fit([c for c in cases if not is_eager(c)], catalog, "other", values)


def generation_of(case: Case) -> str:
    return rates_of(_start()).generation_of(case.device)


KEYS: dict[str, Callable[[Case], Any]] = {
    "device": lambda case: case.device.id,
    "model": lambda case: case.model.id,
    "group": lambda case: case.group,
}


def held_out_ratios(cases: Sequence[Case], catalog: Catalog, full: Values, key: str) -> np.ndarray:
    """measured / predicted of every case, predicted without the rows of its device (or model)."""
    ratio = np.empty(len(cases))
    for rows, chosen in (("eager", True), ("other", False)):
        index = [i for i, case in enumerate(cases) if is_eager(case) is chosen]
        part = [cases[i] for i in index]
        predicted = held_out(part, catalog, rows, KEYS[key], full)
        ratio[index] = Batch(part, catalog).measured / predicted
    return ratio


def conformal(ratios: np.ndarray, weights: np.ndarray, source: str) -> dict[str, Any]:
    """An interval of ratios that holds `LEVEL` of them, with the small-sample correction.

    Each tail gets half of what may miss; the quantile is taken at (n + 1) / n of its level.
    """
    n = len(ratios)
    tail = min((1 - (1 - LEVEL) / 2) * (n + 1) / n, 1.0)
    order = np.argsort(ratios)
    mass = np.cumsum(weights[order]) / weights.sum()
    high = ratios[order][min(np.searchsorted(mass, tail), n - 1)]
    low = ratios[order][max(np.searchsorted(mass, 1 - tail, side="right") - 1, 0)]
    return {
        "low": float(f"{min(low, 1.0):.4g}"),
        "high": float(f"{max(high, 1.0):.4g}"),
        "rows": n,
        "source": source,
    }


def latency_intervals(
    cases: Sequence[Case], catalog: Catalog, values: Values
) -> dict[str, dict[str, Any]]:
    """Intervals by mode, and for eager estimates that the host decides."""
    by_key = {key: held_out_ratios(cases, catalog, values, key) for key in ("device", "model")}
    bound = host_bound(cases, catalog, rates_of(values))
    kinds = {
        "latency.eager": [is_eager(c) and not h for c, h in zip(cases, bound, strict=True)],
        "latency.eager.host": [is_eager(c) and bool(h) for c, h in zip(cases, bound, strict=True)],
        "latency.compiled": [c.setting.compiled for c in cases],
        "latency.engine": [bool(c.setting.engine) for c in cases],
    }
    weights = group_weights(cases)
    intervals = {}
    for name, mask in kinds.items():
        index = np.flatnonzero(mask)
        if len(index) < 10:
            continue
        ratios = np.concatenate([by_key[key][index] for key in by_key])
        intervals[name] = conformal(
            ratios,
            np.tile(weights[index] ** 2, 2),
            f"held-out devices and models, {len(index)} rows each",
        )
    eager = np.flatnonzero([is_eager(c) for c in cases])
    part = [cases[i] for i in eager]
    unseen = held_out(part, catalog, "eager", generation_of, values)
    intervals["latency.unseen-generation"] = conformal(
        Batch(part, catalog).measured / unseen,
        group_weights(part) ** 2,
        f"held-out generations, {len(part)} eager rows",
    )
    wide, known = intervals["latency.unseen-generation"], intervals["latency.eager"]
    # What no fit has seen is not surer than what it has.
    wide.update(low=min(wide["low"], known["low"]), high=max(wide["high"], known["high"]))
    intervals["latency.no-evidence"] = {
        "low": 0.5,
        "high": 2.0,
        "rows": 0,
        "source": f"{JUDGED} of any device of the generation; twice either way",
    }
    intervals["latency.scaled-trace"] = {
        "low": 0.85,
        "high": 1.2,
        "rows": 0,
        "source": "judgement: a scaled trace misses what does not grow with the size",
    }
    return intervals


def host_bound(cases: Sequence[Case], catalog: Catalog, rates: Rates) -> np.ndarray:
    """Whether more than half of a case's time is host time."""
    out = []
    for case in cases:
        results = run_stages(
            case.stages,
            device_table([case.device], rates, case.setting),
            catalog,
            rates,
            case.setting,
        )
        host = sum(float(r.time.host[0]) * r.stage.calls for r in results)
        out.append(host > sum(float(r.seconds[0]) for r in results) / 2)
    return np.array(out)


MEMORY_SCOPES = {
    "allocated": ("peak_per_convolution",),
    "reserved": ("reserved_per_convolution", "reserved_per_activation"),
}


def fit_memory(
    cases: Sequence[Case], catalog: Catalog, values: Values
) -> tuple[Extra, dict[str, dict[str, Any]]]:
    """What convolutions and the allocator add to live tensors; intervals per scope."""
    extra: Extra = {
        **NO_EXTRA,
        "context_mib": (450.0, "CUDA context and kernels, 300-600 MiB; " + JUDGED),
    }
    for scope, names in MEMORY_SCOPES.items():
        part = [case for case in cases if case.row["scope"] == scope]
        target, weight = np.log([case.value for case in part]), group_weights(part)

        def residuals(
            x: np.ndarray,
            part: Any = part,
            names: Any = names,
            target: Any = target,
            weight: Any = weight,
        ) -> np.ndarray:
            trial = {**extra, **dict(zip(names, ((v, "") for v in x), strict=True))}
            rates = rates_of(values, trial)
            made = np.log([memory_gib(case, catalog, rates) for case in part])
            return np.asarray((made - target) * weight)

        bounds = ([0.0] * len(names), [8.0, 2.0][: len(names)])
        found = least_squares(
            residuals,
            [2.5, 1.2][: len(names)],
            bounds=bounds,
            diff_step=0.01,  # values are kept to four digits
            loss="soft_l1",
            f_scale=0.05,
        ).x
        why = MEMORY_WORDS[scope]
        extra.update({n: (float(v), f"{why}; {FIT}") for n, v in zip(names, found, strict=True)})
    return extra, _memory_intervals(cases, catalog, rates_of(values, extra))


MEMORY_WORDS = {
    "allocated": "peak over the bytes of the largest convolution, rows of scope allocated",
    "reserved": "what the allocator holds, per byte, rows of scope reserved",
}


def _memory_intervals(
    cases: Sequence[Case], catalog: Catalog, rates: Rates
) -> dict[str, dict[str, Any]]:
    intervals = {}
    for scope in ("allocated", "reserved", "reported"):
        part = [case for case in cases if case.row["scope"] == scope]
        ratios = np.array([c.value / memory_gib(c, catalog, rates) for c in part])
        error = abs(1 / ratios - 1)
        print(
            f"memory {scope}: n={len(part)} median |error| {np.median(error):.3f} "
            f"p90 {np.quantile(error, 0.9):.3f}"
        )
        if len(part) >= 5:
            intervals[f"memory.{scope}"] = conformal(
                ratios,
                group_weights(part) ** 2,
                f"{len(part)} rows of scope {scope}; two parameters, in sample",
            )
    intervals["memory"] = {
        "low": min(one["low"] for one in intervals.values()),
        "high": max(one["high"] for one in intervals.values()),
        "rows": len(cases),
        "source": "the widest of the scopes: which one a reader means is not known",
    }
    return intervals


def fit_energy(
    cases: Sequence[Case], catalog: Catalog, rates: Rates
) -> tuple[Extra, dict[str, dict[str, Any]]]:
    """Shares of the power limit that arithmetic, memory and launches draw above idle."""
    design, target, idle = [], [], []
    kept = [case for case in cases if case.device.power_w]
    for case in kept:
        results = run_stages(
            case.stages,
            device_table([case.device], rates, case.setting),
            catalog,
            rates,
            case.setting,
        )
        share = rates.generations[rates.generation_of(case.device)].idle_share.value
        parts = np.array(
            [
                sum(float(getattr(r.time, name)[0]) * r.stage.calls for r in results)
                for name in ("compute", "memory", "launch")
            ]
        )
        total = sum(float(r.seconds[0]) for r in results)
        limit = float(case.device.power_w or 0)
        design.append(limit * (1 - share) * parts / case.divide)
        idle.append(limit * share * total / case.divide)
        target.append(case.value)
    rows, measured, base = np.array(design), np.array(target), np.array(idle)
    weight = group_weights(kept)

    def solve(mask: np.ndarray) -> np.ndarray:
        scale = weight[mask] / measured[mask]
        left = np.concatenate([rows[mask] * scale[:, None], 0.3 * np.eye(3)])
        right = np.concatenate(
            [(measured[mask] - base[mask]) * scale, 0.3 * np.array([0.8, 0.5, 0.3])]
        )
        return lsq_linear(left, right, bounds=(0, 1)).x

    everything = np.ones(len(kept), bool)
    found = solve(everything)
    ratios = np.empty(len(kept))
    for name in {case.model.id for case in kept}:
        mine = np.array([case.model.id == name for case in kept])
        ratios[mine] = measured[mine] / (rows[mine] @ solve(~mine) + base[mine])
    error = abs(1 / ratios - 1)
    print(
        f"energy, leaving a model out: n={len(kept)} median |error| {np.median(error):.3f} "
        f"p90 {np.quantile(error, 0.9):.3f}"
    )
    why = f"share of the power limit above idle; {FIT}"
    extra = {
        f"power_{n}": (float(v), why)
        for n, v in zip(("compute", "memory", "launch"), found, strict=True)
    }
    return extra, {"energy": conformal(ratios, weight**2, f"held-out models, {len(kept)} rows")}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=Path, default=DEFAULT)
    parser.add_argument("--out", type=Path, default=ROOT / "catalog" / "rates.yaml")
    options = parser.parse_args(arguments)
    catalog = load_catalog()
    cases = cases_in(options.measurements, catalog, "latency_s")
    print(f"{len(cases)} latency rows")
    values = fit_all(cases, catalog)
    intervals = latency_intervals(cases, catalog, values)
    extra, more = fit_memory(
        cases_in(options.measurements, catalog, "peak_memory_gib"), catalog, values
    )
    intervals.update(more)
    energy, more = fit_energy(
        cases_in(options.measurements, catalog, "energy_j"), catalog, rates_of(values)
    )
    intervals.update(more)
    content = document(
        values,
        evidence_of([c for c in cases if is_eager(c)]),
        {**extra, **energy},
        dict(sorted(intervals.items())),
        f"python benchmarks/fit_rates.py --measurements {options.measurements.name}: "
        f"{len(cases)} latency rows of trust 1-2, {len({c.group for c in cases})} groups",
    )
    Rates.model_validate(content)
    text = HEADER + yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True)
    write_atomic(options.out, text)
    print(f"wrote {options.out}")
    return 0


HEADER = """\
# Parameters of the estimator. Made by one command (made_by); review the difference, do not edit.
# What each means: docs/estimating.md and advisor/estimator/rates.py.
"""

if __name__ == "__main__":
    sys.exit(main())
