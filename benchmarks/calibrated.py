"""How right estimates from a device's own rates are: python -m benchmarks.calibrated

Every validly measured stage of the processor whose calibration is shipped is predicted from that
calibration. One number is fitted to them, what a module's call costs the host against the bare
operation that the calibration times: without the stage's model. Prints the stages and stores
benchmarks/calibrated.json. `--rates` puts the parameter and the interval into catalog/rates.yaml,
as fit_rates does with everything else.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from advisor.catalog import Catalog, load_catalog
from advisor.estimator.calibrated import machine_of
from advisor.estimator.rates import Rates
from advisor.files import read_document, write_atomic
from advisor.paths import data_dir
from advisor.plan import plan
from advisor.profiles import calibration_path, read_calibration, read_profile
from advisor.traces import CallTrace
from advisor.tracestore import trace_store
from benchmarks.intervals import conformal

HERE = Path(__file__).resolve().parent
DEVICE = "cpu-amd-epyc-2t"
CALLS = np.arange(1.0, 25.0, 0.25)  # tried for what a module's call costs


@dataclass(frozen=True)
class Measured:
    """A measured call of a stage. rates_s: by the rates alone; host_s: bare host time of it."""

    model: str
    stage: str
    seconds: float
    rates_s: float
    host_s: float

    def predicted(self, host_calls: float) -> float:
        return self.rates_s + host_calls * self.host_s


def measured_stages(catalog: Catalog) -> list[Measured]:
    """Valid stages of plain requests, with both parts of their prediction."""
    folder = data_dir("profiles")
    calibration = read_calibration(calibration_path(folder, DEVICE))
    machine = machine_of(calibration, 0.0)
    return [
        Measured(
            model,
            name,
            seconds,
            machine.seconds(trace),
            calibration.host_s_per_op * trace.launches,
        )
        for file in sorted((folder / DEVICE).glob("[!_]*.json"))
        for model, name, seconds, trace in _valid(file, catalog)
    ]


def _valid(file: Path, catalog: Catalog) -> Iterator[tuple[str, str, float, CallTrace]]:
    profile, store = read_profile(file), trace_store(catalog)
    for point in profile.points:
        if point.training or point.flavour != "full" or point.workload.dtype != "fp32":
            continue
        calls = {stage.name: stage for stage in plan(catalog.models[profile.model], point.workload)}
        for one in point.stages:
            if one.validity.valid and one.name in calls:
                trace = store.stage_trace(calls[one.name])
                yield profile.model, one.name, one.timing.median_s, trace


def host_calls(stages: Sequence[Measured]) -> float:
    """The value with the least mean absolute error in log."""
    measured = np.array([stage.seconds for stage in stages])
    error = [
        np.mean(np.abs(np.log(np.array([s.predicted(calls) for s in stages]) / measured)))
        for calls in CALLS
    ]
    return float(CALLS[int(np.argmin(error))])


def held_out_ratio(stages: Sequence[Measured]) -> np.ndarray:
    """measured / predicted of every stage, fitted without its model."""
    others = {
        name: host_calls([s for s in stages if s.model != name])
        for name in {s.model for s in stages}
    }
    return np.array([stage.seconds / stage.predicted(others[stage.model]) for stage in stages])


def calibrated_entries(catalog: Catalog) -> tuple[tuple[float, str], dict[str, Any]]:
    """The parameter and the interval of rates.yaml."""
    stages = measured_stages(catalog)
    models = [stage.model for stage in stages]
    why = (
        "host time of a module's call against a bare operation's; benchmarks.calibrated on "
        f"{len(stages)} stages measured on {DEVICE}"
    )
    interval = conformal(
        held_out_ratio(stages),
        models,
        f"fits without the model: {len(stages)} stages of {len(set(models))} models on {DEVICE}",
    )
    return (host_calls(stages), why), interval


def write_rates(catalog: Catalog) -> None:
    """Parameter and interval in rates.yaml anew; everything else there stays."""
    from benchmarks.fit_rates import HEADER

    file = HERE.parent / "catalog" / "rates.yaml"
    content, _ = read_document(file)
    (value, source), interval = calibrated_entries(catalog)
    content["shared"]["calibrated_host_calls"] = {"value": value, "source": source}
    content["intervals"]["latency.calibrated"] = interval
    Rates.model_validate(content)
    text = yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True)
    write_atomic(file, HEADER + text)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", action="store_true", help="write into catalog/rates.yaml too")
    if parser.parse_args(arguments).rates:
        write_rates(load_catalog())
    stages = measured_stages(load_catalog())
    ratio = held_out_ratio(stages)
    error = 1 / ratio - 1
    rows = [
        {"model": s.model, "stage": s.stage, "measured_s": s.seconds, "error": round(float(e), 4)}
        for s, e in zip(stages, error, strict=True)
    ]
    found = {
        "device": DEVICE,
        "n": len(stages),
        "models": len({stage.model for stage in stages}),
        "host_calls": host_calls(stages),
        "median_abs_error": round(float(np.median(np.abs(error))), 4),
        "p90_abs_error": round(float(np.quantile(np.abs(error), 0.9)), 4),
        "bias": round(float(np.median(error)), 4),
    }
    for one in rows:
        print(f"{one['model']:22}{one['stage']:15}{one['measured_s']:9.4g} s {one['error']:+6.0%}")
    print(found)
    write_atomic(HERE / "calibrated.json", json.dumps({**found, "stages": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
