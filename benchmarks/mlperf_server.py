"""A published server run, reproduced from its published service rate alone, and compared.

    python -m benchmarks.mlperf_server        prints, and writes results/mlperf_server.json

The run: MLPerf Inference v4.1, closed, NVIDIA, 8 x H200 SXM 141 GB, SDXL 1024 x 1024, 20 steps.
Requests come singly, Poisson, for ten minutes; the submitter's batcher makes batches of 8 and
holds a part-filled one for at most 5 s. From the offline rate follows the time of a batch: 8 GPUs
x 8 images / 17.4186 images a second = 3.674 s. That, the batching policy and the rate of arrivals
are all that goes in; the percentiles come out and are held against the published ones.

Four runs: 50 of random arrivals; the run's own, remade from its printed seed (LoadGen draws
from std::mt19937 with libstdc++'s exponential distribution; the remade schedule has the printed
rate of 17.12 a second); and the own ones with the shortest published response as a batch's time,
because the server run's batches were slower than the offline run's; and with the batch's time that
gives the published mean (fitted, so only its other percentiles say anything).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.cost.queueing import Load, response_percentile_s
from advisor.cost.simulation import Pool, Requests, Simulated, simulate

RESULT = Path(__file__).parent / "results" / "mlperf_server.json"
FOLDER = "closed/NVIDIA/results/H200-SXM-141GBx8_TRT/stable-diffusion-xl"
SOURCE = f"mlcommons/inference_results_v4.1@a2f5d66d: {FOLDER}/{{Offline,Server}}/performance/run_1"
POLICY_SOURCE = "the same, closed/NVIDIA/configs/stable-diffusion-xl/Server/__init__.py"
OFFLINE_PER_S = 17.4186
GPUS, BATCH, MAX_WAIT_S = 8, 8, 5.0
TARGET_PER_S = 17.1  # target_qps that LoadGen draws arrivals with
SECONDS = 600.0  # min_duration
SCHEDULE_SEED = 14962580496156340209
PERCENTILES = (50, 90, 95, 97, 99, 99.9)
PUBLISHED = {
    "completed_per_s": 16.78, "scheduled_per_s": 17.12, "min_s": 3.715416460,
    "mean_s": 7.387626795, "p50_s": 6.641170496, "p90_s": 12.054027409, "p95_s": 13.508633424,
    "p97_s": 14.768043838, "p99_s": 15.427761647, "p99.9_s": 16.050343643, "max_s": 16.522177352,
}  # fmt: skip
RUNS = 50


def own_schedule() -> NDArray[np.float64]:
    """Arrival times of the published run: seconds, until the first after ten minutes."""
    bits = np.random.RandomState(SCHEDULE_SEED & 0xFFFFFFFF)._bit_generator  # init_genrand
    words = np.array([bits.random_raw() for _ in range(40_000)], dtype=np.float64)
    uniform = (words[0::2] + words[1::2] * 2.0**32) / 2.0**64  # generate_canonical, 53 bits
    at = np.cumsum(-np.log(1 - uniform) / TARGET_PER_S)
    return at[: int(np.searchsorted(at, SECONDS)) + 1]


def random_schedule(seed: int) -> NDArray[np.float64]:
    """Poisson arrivals of the published rate over ten minutes."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(PUBLISHED["scheduled_per_s"] * SECONDS)
    return np.sort(rng.random(count)) * SECONDS


def played(arrival_s: NDArray[np.float64], batch_s: float) -> dict[str, float]:
    """The published figures of one simulated run; no warm-up is left out, as in MLPerf."""
    requests = Requests(arrival_s, np.ones(len(arrival_s)))
    run = simulate(requests, Pool(GPUS, (batch_s,) * BATCH, MAX_WAIT_S), warm_up=0.0)
    return _figures(run, arrival_s)


def _figures(run: Simulated, arrival_s: NDArray[np.float64]) -> dict[str, float]:
    end = float((arrival_s + run.response_s).max())
    return {
        "completed_per_s": len(arrival_s) / end,
        "scheduled_per_s": len(arrival_s) / float(arrival_s[-1]),
        "min_s": float(run.response_s.min()),
        "mean_s": float(run.response_s.mean()),
        **{f"p{p}_s": run.percentile_s(p) for p in PERCENTILES},
        "max_s": float(run.response_s.max()),
    }


def result() -> dict[str, Any]:
    """All that is stored: what went in, what came out, and how far off it is."""
    batch_s = GPUS * BATCH / OFFLINE_PER_S
    runs = [played(random_schedule(seed), batch_s) for seed in range(RUNS)]
    spread = {
        name: [round(float(np.percentile([run[name] for run in runs], p)), 3) for p in (5, 50, 95)]
        for name in PUBLISHED
    }
    own = played(own_schedule(), batch_s)
    slower = played(own_schedule(), PUBLISHED["min_s"])
    fitted_s = _fitted_batch_s()
    # The closed form knows single Poisson arrivals only: each batch as a customer.
    load = Load(batch_s, PUBLISHED["scheduled_per_s"] / BATCH, GPUS)
    return {
        "source": SOURCE,
        "policy": f"batches of {BATCH}, held at most {MAX_WAIT_S:g} s ({POLICY_SOURCE})",
        "batch_s": round(batch_s, 4),
        "utilisation": round(load.utilisation, 4),
        "published": PUBLISHED,
        "random_arrivals_p5_p50_p95": spread,
        "own_arrivals": _compared(own),
        "own_arrivals_batch_as_slow_as_the_fastest_response": _compared(slower),
        "fitted_batch_s": round(fitted_s, 4),
        "own_arrivals_fitted_batch": _compared(played(own_schedule(), fitted_s)),
        "closed_form_of_full_batches_p99_s": round(response_percentile_s(load, 99), 2),
    }


def _fitted_batch_s() -> float:
    """The time of a batch that gives the published mean: how little of a difference is enough."""
    low, high = GPUS * BATCH / OFFLINE_PER_S, 1.05 * GPUS * BATCH / OFFLINE_PER_S
    for _ in range(12):
        middle = (low + high) / 2
        short = played(own_schedule(), middle)["mean_s"] < PUBLISHED["mean_s"]
        low, high = (middle, high) if short else (low, middle)
    return high


def _compared(figures: dict[str, float]) -> dict[str, dict[str, float]]:
    return {
        name: {"simulated": round(value, 3), "error": round(value / PUBLISHED[name] - 1, 4)}
        for name, value in figures.items()
        if math.isfinite(value)
    }


def main() -> None:
    found = result()
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    own = found["own_arrivals"]
    slower = found["own_arrivals_batch_as_slow_as_the_fastest_response"]
    print(f"batch of {BATCH}: {found['batch_s']} s, busy {found['utilisation']:.1%}")
    fitted = found["own_arrivals_fitted_batch"]
    heads = ("own arrivals", "and 3.715 s", f"fitted {found['fitted_batch_s']} s")
    columns = "".join(f"{head:>22}" for head in heads)
    print(f"{'':<16}{'published':>10}{columns}{'50 random runs':>25}")
    for name, value in PUBLISHED.items():
        low, middle, high = found["random_arrivals_p5_p50_p95"][name]
        row = f"{name:<16}{value:>10.2f}"
        for one in (own[name], slower[name], fitted[name]):
            row += f"{one['simulated']:>13.2f} {one['error']:>+7.1%} "
        print(row + f"{middle:>10.2f} ({low:.2f} to {high:.2f})")
    print(f"closed form, full batches: p99 {found['closed_form_of_full_batches_p99_s']} s")


if __name__ == "__main__":
    main()
