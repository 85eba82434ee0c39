"""Rebuilds catalog/rates.yaml from measured rows: python -m benchmarks.fit_rates

Latency is fitted in two steps (eager rows; then, with those parameters held, compiled and engine
rows), energy after it, then what a processor's own rates lack (calibrated.py); memory has a fit of
its own (fit_memory.py). Intervals are quantiles of measured/predicted over held-out predictions
(split conformal): of rows whose device and model no fit had seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from advisor.catalog import Catalog, load_catalog
from advisor.estimator.rates import Rates
from advisor.files import write_atomic
from benchmarks.calibrated import calibrated_entries
from benchmarks.energy import EnergyRows, energy_parameters, held_out_energy
from benchmarks.fitting import evidence_of, rates_of
from benchmarks.held_out import LatencyFits, cases_in, is_eager, why_not_fitted
from benchmarks.intervals import conformal, kinds, latency_intervals
from benchmarks.rates_model import document

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "benchmarks" / "data" / "measurements_calibration.csv"
BOTH = "device and model"


def rates_content(path: Path, catalog: Catalog) -> dict[str, Any]:
    """The content of rates.yaml from the rows of a file."""
    cases = cases_in(path, catalog, "latency_s")
    power = [c for c in cases_in(path, catalog, "energy_j") if c.device.power_w]
    fits = LatencyFits(cases, catalog)
    without = fits.held_out(BOTH, [case.group for case in power])
    unseen = fits.held_out("generation")
    measured = fits.batch.measured
    sets = np.array([why_not_fitted(case) is None for case in cases])
    fitted = [case for case, may in zip(cases, sets, strict=True) if may]
    intervals = latency_intervals(
        fitted,
        kinds(fitted, catalog, rates_of(fits.values)),
        (measured / fits.predicted(BOTH, without))[sets],
        (measured / fits.predicted("generation", unseen))[sets],
    )
    extra = energy_parameters(EnergyRows(power, catalog, fits.values))
    ratio = np.array([case.value for case in power]) / held_out_energy(
        power, catalog, BOTH, without
    )
    intervals["energy"] = conformal(
        ratio, [c.group for c in power], f"fits without device and model: {len(power)} rows"
    )
    (calls, why), intervals["latency.calibrated"] = calibrated_entries(catalog)
    extra["calibrated_host_calls"] = (calls, why)
    return document(
        fits.values,
        evidence_of([c for c in fitted if is_eager(c)]),
        extra,
        dict(sorted(intervals.items())),
        f"python -m benchmarks.fit_rates --measurements {path.name}: "
        f"{len(fitted)} latency rows of trust 1-2, {len({c.group for c in fitted})} groups",
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
