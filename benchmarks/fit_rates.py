"""Rebuilds catalog/rates.yaml from measured rows: python -m benchmarks.fit_rates

Latency is fitted in two steps (eager rows; then, with those parameters held, compiled and engine
rows), memory and energy after it. Intervals are quantiles of measured/predicted over held-out
predictions (split conformal): of rows whose device and model no fit had seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.optimize import least_squares

from advisor.auditor.predict import memory_gib
from advisor.auditor.rows import Case
from advisor.catalog import Catalog, load_catalog
from advisor.estimator.rates import Rates
from advisor.files import write_atomic
from benchmarks.energy import EnergyRows, energy_parameters, held_out_energy
from benchmarks.fitting import NO_EXTRA, Extra, Values, evidence_of, group_weights, rates_of
from benchmarks.held_out import LatencyFits, cases_in, is_eager
from benchmarks.intervals import conformal, kinds, latency_intervals
from benchmarks.rates_model import FIT, JUDGED, document

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "benchmarks" / "data" / "measurements_calibration.csv"
BOTH = "device and model"


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
                [case.group for case in part],
                f"{len(part)} rows of scope {scope}; two parameters, in sample",
            )
    intervals["memory"] = {
        "low": min(one["low"] for one in intervals.values()),
        "high": max(one["high"] for one in intervals.values()),
        "rows": len(cases),
        "source": "the widest of the scopes: which one a reader means is not known",
    }
    return intervals


def rates_content(path: Path, catalog: Catalog) -> dict[str, Any]:
    """The content of rates.yaml from the rows of a file."""
    cases = cases_in(path, catalog, "latency_s")
    power = [c for c in cases_in(path, catalog, "energy_j") if c.device.power_w]
    fits = LatencyFits(cases, catalog)
    without = fits.held_out(BOTH, [case.group for case in power])
    unseen = fits.held_out("generation")
    measured = fits.batch.measured
    intervals = latency_intervals(
        cases,
        kinds(cases, catalog, rates_of(fits.values)),
        measured / fits.predicted(BOTH, without),
        measured / fits.predicted("generation", unseen),
    )
    extra, more = fit_memory(cases_in(path, catalog, "peak_memory_gib"), catalog, fits.values)
    intervals.update(more)
    extra.update(energy_parameters(EnergyRows(power, catalog, fits.values)))
    ratio = np.array([case.value for case in power]) / held_out_energy(
        power, catalog, BOTH, without
    )
    intervals["energy"] = conformal(
        ratio, [c.group for c in power], f"fits without device and model: {len(power)} rows"
    )
    return document(
        fits.values,
        evidence_of([c for c in cases if is_eager(c)]),
        extra,
        dict(sorted(intervals.items())),
        f"python -m benchmarks.fit_rates --measurements {path.name}: "
        f"{len(cases)} latency rows of trust 1-2, {len({c.group for c in cases})} groups",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=Path, default=DEFAULT)
    parser.add_argument("--out", type=Path, default=ROOT / "catalog" / "rates.yaml")
    options = parser.parse_args(arguments)
    content = rates_content(options.measurements, load_catalog())
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
