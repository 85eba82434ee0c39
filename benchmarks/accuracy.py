"""How right the estimator is on rows it was not fitted to: python benchmarks/accuracy.py

Latency is predicted three times for every row: without the rows of its (model, device) group,
without its whole device, without its whole model. Memory and energy parameters are few (see
catalog/rates.yaml); energy is held out by model. Baselines get their constants from other groups.
Prints a table and stores it in benchmarks/accuracy.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fit_rates import DEFAULT, KEYS, cases_in, fit_all, held_out_ratios

from advisor.auditor.measurements import audit_measurements
from advisor.auditor.rows import Case
from advisor.catalog import load_catalog
from advisor.files import write_atomic

HERE = Path(__file__).resolve().parent
KINDS: dict[str, Callable[[Case], bool]] = {
    "eager end-to-end and per-step": lambda c: (
        not c.setting.fused and c.row["scope"] in ("end_to_end", "denoise_step")
    ),
    "eager, all scopes": lambda c: not c.setting.fused,
    "compiled": lambda c: c.setting.compiled,
    "engine": lambda c: bool(c.setting.engine),
}


def errors(ratio: np.ndarray) -> dict[str, float]:
    """Of measured / predicted: absolute relative errors of the prediction, and its bias."""
    error = 1 / ratio - 1
    return {
        "n": len(error),
        "median_abs_error": round(float(np.median(np.abs(error))), 4),
        "p90_abs_error": round(float(np.quantile(np.abs(error), 0.9)), 4),
        "bias": round(float(np.median(error)), 4),
    }


def latency_table(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Errors by kind and by what was held out; and the worst groups."""
    catalog = load_catalog()
    cases = cases_in(path, catalog, "latency_s")
    full = fit_all(cases, catalog)
    table: dict[str, Any] = defaultdict(dict)
    worst: dict[str, Any] = {}
    for key in KEYS:
        ratio = held_out_ratios(cases, catalog, full, key)
        for kind, chosen in KINDS.items():
            mask = np.array([chosen(case) for case in cases])
            table[kind][f"without its {key}"] = errors(ratio[mask])
        worst[key] = _worst(cases, ratio)
    return dict(table), worst


def _worst(cases: Sequence[Case], ratio: np.ndarray) -> list[dict[str, Any]]:
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for case, one in zip(cases, ratio, strict=True):
        groups[*case.group, case.row["mode"], case.row["scope"]].append(1 / one - 1)
    rows = [
        {"group": " ".join(name), "n": len(e), "bias": round(float(np.median(e)), 3)}
        for name, e in groups.items()
    ]
    return sorted(rows, key=lambda row: -abs(row["bias"]))[:12]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=Path, default=DEFAULT)
    parser.add_argument("--out", type=Path, default=HERE / "accuracy.json")
    options = parser.parse_args(arguments)
    table, worst = latency_table(options.measurements)
    audit = audit_measurements(options.measurements, ["trust<=2"])
    for kind, row in table.items():
        for held, error in row.items():
            print(
                f"{kind:32}{held:22}n={error['n']:4} median {error['median_abs_error']:6.1%} "
                f"p90 {error['p90_abs_error']:6.1%} bias {error['bias']:+6.1%}"
            )
    in_sample = [g for g in audit["groups"] if g["by"] in ("measured", "scope", "mode")]
    for group in in_sample:
        print(
            f"shipped rates, {group['by']:9}{group['key']:24}n={group['n']:4} "
            f"median {group['median_abs_error']:6.1%} p90 {group['p90_abs_error']:6.1%} "
            f"coverage {group['coverage']:4.0%}"
        )
    for name, error in audit["baselines"].items():
        print(
            f"baseline {name:24}n={error['n']:4} median {error['median_abs_error']:6.1%} "
            f"p90 {error['p90_abs_error']:6.1%}"
        )
    stored = {
        "measurements": options.measurements.name,
        "held_out": table,
        "worst": worst,
        "shipped_rates": in_sample,
        "baselines": audit["baselines"],
    }
    write_atomic(options.out, json.dumps(stored, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
