"""Simpler predictors, on the same rows as the estimator: what it has to beat.

Time: FLOPs over peak with one constant, with one constant per GPU, and the plain roofline; the
constants come from other (model, device) groups, as the estimator's would have to. Memory: the
weights, and 1.2 times the weights. Energy: the board's power limit over the predicted time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.auditor.predict import baseline_seconds, predicted_seconds, weights_gib

if TYPE_CHECKING:
    from advisor.auditor.predict import Predictor
    from advisor.auditor.rows import Case

OVERHEAD = 1.2  # a common rule of thumb for inference: weights and a fifth


def baseline_values(cases: Mapping[int, Case], predictor: Predictor) -> dict[int, dict[str, float]]:
    """What each baseline predicts of each row, by row number; training steps have none."""
    rows = {name: case for name, case in cases.items() if case.stages}
    timed = {name: case for name, case in rows.items() if case.row["measured"] == "latency_s"}
    found = _times(timed, predictor)
    for name, case in rows.items():
        if case.row["measured"] == "peak_memory_gib":
            weights = weights_gib(case, predictor.catalog)
            found[name] = {"weights_only": weights, "weights_x_1.2": OVERHEAD * weights}
        if case.row["measured"] == "energy_j" and case.device.power_w:
            joules = case.device.power_w * predicted_seconds(case, predictor) / case.divide
            found[name] = {"power_limit_x_latency": joules}
    return found


def _times(cases: Mapping[int, Case], predictor: Predictor) -> dict[int, dict[str, float]]:
    if not cases:
        return {}
    rows = list(cases.values())
    made = [baseline_seconds(case, predictor.catalog, predictor.rates) for case in rows]
    measured = np.array([case.value for case in rows])
    peak = np.array([one["peak_flops"] for one in made])
    groups = [case.group for case in rows]
    one_constant = scaled(peak, measured, groups, lambda mine, other: True)
    per_gpu = scaled(peak, measured, groups, lambda mine, other: mine[1] == other[1])
    return {
        name: {"peak_flops_ratio": one, "constant_per_gpu": gpu, "roofline": raw["roofline"]}
        for name, one, gpu, raw in zip(
            cases, one_constant.tolist(), per_gpu.tolist(), made, strict=True
        )
    }


Group = tuple[str, str]


def scaled(
    raw: np.ndarray,
    measured: np.ndarray,
    groups: Sequence[Group],
    related: Callable[[Group, Group], bool],
) -> np.ndarray:
    """raw times the median measured/raw of related rows of other (model, device) groups.

    Where no related row is left, of all other groups: what one does for a GPU without rows.
    """
    ratio = measured / np.maximum(raw, 1e-30)
    constant: dict[Group, float] = {}
    for group in set(groups):
        others = [i for i, other in enumerate(groups) if other != group]
        near = [i for i in others if related(group, groups[i])] or others
        constant[group] = float(np.median(ratio[near])) if near else 1.0
    return np.asarray(raw * np.array([constant[group] for group in groups]))


def baseline_errors(results: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Errors of every baseline on the rows that have it."""
    names = dict.fromkeys(name for row in results for name in row["baselines"])
    return {
        name: _errors([row for row in results if name in row["baselines"]], name) for name in names
    }


def _errors(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    ratio = np.array([row["baselines"][name] / row["measured"] for row in rows])
    own = np.array([row["ratio"] for row in rows])
    return {
        "n": len(rows),
        "median_abs_error": float(np.median(np.abs(ratio - 1))),
        "p90_abs_error": float(np.quantile(np.abs(ratio - 1), 0.9)),
        "bias": float(np.median(ratio - 1)),
        "ours_median_abs_error": float(np.median(np.abs(own - 1))),
        "ours_p90_abs_error": float(np.quantile(np.abs(own - 1), 0.9)),
    }
