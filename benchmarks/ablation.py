"""What each term of the latency model is worth: the held-out error of eager rows without it.

    python -m benchmarks.ablation       # minutes per term; kept in benchmarks/ablation.json

A term is switched off by holding its parameters at a neutral value (or, for the decoder that runs
in fp32, by taking it for 16 bit); the rest is fitted again.
Rows are predicted without their device and model.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.auditor.rows import Case
from advisor.catalog import load_catalog
from advisor.files import write_atomic
from benchmarks import rates_model
from benchmarks.accuracy import KINDS, errors
from benchmarks.fit_rates import BOTH, DEFAULT
from benchmarks.held_out import LatencyFits, cases_in, is_eager

HERE = Path(__file__).resolve().parent
OFF = 1e-9
UPCAST = "decoders in fp32 in fp16 pipelines"
NEUTRAL: dict[str, dict[str, float]] = {
    "nothing (the full model)": {},
    "last wave": {"wave_share": OFF},
    "refetch per FLOP": {"refetch_bytes_per_flop": OFF},
    "clock kept under the power limit": {"throttle_exponent": OFF},
    "kernel floor": {"kernel_floor_us": OFF},
    "host time": {"host_us_server": OFF, "host_us_desktop": OFF},
    "softmax on vector units": {"softmax_vector_flops": OFF},
    "start and end of attention": {"attention_ramp_keys": OFF},
    "Winograd form": {"winograd_speed": 1.0},
    "age of the stack, host": {"legacy_host": 1.0},
    "normalisation passes": {"normalisation_passes": 1.0},
    "3-D convolutions slower": {"volume_speed": 1.0},
    "age of the stack, kernels": {"legacy_speed": 1.0},
    "overlap of arithmetic and memory": {"overlap_exponent": 50.0},
    UPCAST: {},
}


def in_one_dtype(case: Case) -> Case:
    """The case with every stage in the request's dtype."""
    return replace(case, stages=tuple(replace(stage, upcast=False) for stage in case.stages))


def held_out_errors(term: str) -> dict[str, float]:
    """Errors of eager rows, each predicted without device and model, with a term switched off."""
    neutral = NEUTRAL[term]
    shared, fixed = dict(rates_model.SHARED), dict(rates_model.FIXED)
    try:
        for name, value in neutral.items():
            rates_model.SHARED.pop(name, None)
            rates_model.FIXED[name] = (value, "switched off")
        catalog = load_catalog()
        judged = KINDS["eager end-to-end and per-step"]
        cases = [c for c in cases_in(DEFAULT, catalog, "latency_s") if is_eager(c)]
        if term == UPCAST:
            cases = [in_one_dtype(case) for case in cases]
        fits = LatencyFits(cases, catalog)
        predicted = fits.predicted(BOTH, fits.held_out(BOTH))
        mask = np.array([judged(case) for case in cases])
        return errors(np.maximum(predicted, OFF)[mask], fits.batch.measured[mask])
    finally:
        rates_model.SHARED.clear()
        rates_model.SHARED.update(shared)
        rates_model.FIXED.clear()
        rates_model.FIXED.update(fixed)


def main(names: Sequence[str] = ()) -> int:
    """All terms, or those named; results are added to the file."""
    file = HERE / "ablation.json"
    table = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for name in names or NEUTRAL:
        table[name] = held_out_errors(name)
        one = table[name]
        print(
            f"without {name:36} n={one['n']} median {one['median_abs_error']:6.1%} "
            f"p90 {one['p90_abs_error']:6.1%} bias {one['bias']:+6.1%}",
            flush=True,
        )
        write_atomic(file, json.dumps(table, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
