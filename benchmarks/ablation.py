"""What each term of the latency model is worth: the held-out error of eager rows without it.

    python benchmarks/ablation.py       # a minute per term; kept in benchmarks/ablation.json

A term is switched off by holding its parameters at a neutral value; the rest is fitted again.
Rows are predicted without their whole device.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import rates_model
from accuracy import errors
from fit_rates import DEFAULT, KEYS, cases_in, is_eager
from fitting import Batch, fit, held_out

from advisor.catalog import load_catalog
from advisor.files import write_atomic

HERE = Path(__file__).resolve().parent
OFF = 1e-9
NEUTRAL: dict[str, dict[str, float]] = {
    "nothing (the full model)": {},
    "last wave": {"wave_share": OFF},
    "refetch per FLOP": {"refetch_bytes_per_flop": OFF},
    "clock kept under the power limit": {"throttle_exponent": OFF},
    "kernel floor": {"kernel_floor_us": OFF},
    "host time": {"host_us_server": OFF, "host_us_desktop": OFF},
    "softmax and start of attention": {"softmax_flops_per_score": OFF, "attention_ramp_keys": OFF},
    "normalisation passes": {"normalisation_passes": 1.0},
    "3-D convolutions slower": {"volume_speed": 1.0},
    "age of the stack": {"legacy_speed": 1.0},
    "overlap of arithmetic and memory": {"overlap_exponent": 50.0},
}


def held_out_errors(neutral: dict[str, float]) -> dict[str, float]:
    """Errors of eager latency rows, each predicted without its device, with terms switched off."""
    shared, fixed = dict(rates_model.SHARED), dict(rates_model.FIXED)
    try:
        for name, value in neutral.items():
            rates_model.SHARED.pop(name, None)
            rates_model.FIXED[name] = (value, "switched off")
        catalog = load_catalog()
        cases = [c for c in cases_in(DEFAULT, catalog, "latency_s") if is_eager(c)]
        full = fit(cases, catalog, "eager")
        predicted = held_out(cases, catalog, "eager", KEYS["device"], full)
        return errors(Batch(cases, catalog).measured / np.maximum(predicted, 1e-12))
    finally:
        rates_model.SHARED.clear()
        rates_model.SHARED.update(shared)
        rates_model.FIXED.clear()
        rates_model.FIXED.update(fixed)


def main() -> int:
    table = {}
    for name, neutral in NEUTRAL.items():
        table[name] = held_out_errors(neutral)
        one = table[name]
        print(
            f"without {name:36} n={one['n']} median {one['median_abs_error']:6.1%} "
            f"p90 {one['p90_abs_error']:6.1%} bias {one['bias']:+6.1%}",
            flush=True,
        )
    write_atomic(HERE / "ablation.json", json.dumps(table, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
