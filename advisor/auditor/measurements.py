"""`advisor audit --measurements`: predicted against measured, per row and per group."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.auditor.baselines import baseline_errors, baseline_values
from advisor.auditor.predict import Prediction, Predictor
from advisor.auditor.reasons import likely_reason
from advisor.auditor.rows import Case, Row, Skipped, case_of, read_rows, select, workload_of
from advisor.auditor.training_rows import training_prediction
from advisor.catalog import load_catalog
from advisor.errors import AdvisorError
from advisor.estimator.build import estimate
from advisor.estimator.measured import any_measured
from advisor.estimator.rates import load_rates
from advisor.figure import Basis

if TYPE_CHECKING:
    from advisor.catalog import Catalog

GROUPED_BY = ("all", "measured", "family", "model", "device", "mode", "scope", "basis")
# What is measured apart, for time and memory do not mix in one median.
WITHIN = ("mode", "scope", "basis", "family", "device")
WORST = 20


def audit_measurements(
    path: str | Path, where: Sequence[str] = (), catalog: Catalog | None = None
) -> dict[str, Any]:
    """Every selected row of a measurement CSV against its prediction.

    Returns {"rows": [{id, predicted, low, high, measured, ratio, inside, basis, skipped, ...}],
    "groups": [{by, key, n, median_abs_error, p90_abs_error, bias, coverage, baselines}],
    "baselines": {name: errors}, "worst": [rows with a likely reason]}. ratio is predicted over
    measured; errors are |ratio - 1|. A row that cannot be estimated has `skipped` set to the reason
    and its other results None. A machine that only its profile knows is predicted from its own
    calibrated rates, never from the measurement itself. Baselines are judged on the rows of the
    catalog's devices. Raises InputError for a bad file or condition.
    """
    catalog = catalog or load_catalog()
    predictor = Predictor(catalog, load_rates(catalog))
    results, cases = [], {}
    for number, row in enumerate(select(read_rows(path), where)):
        result, case = _result(row, predictor, catalog)
        results.append(result)
        if case is not None:
            cases[number] = case
    simple = baseline_values(cases, predictor)
    for number, result in enumerate(results):
        result["baselines"] = simple.get(number, {})
    compared = [r for n, r in enumerate(results) if n in cases or r["basis"] == Basis.calibrated]
    return {
        "rows": results,
        "groups": _groups(compared),
        "baselines": baseline_errors(compared),
        "worst": worst(compared),
    }


def worst(compared: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that are furthest off, by factor, with the likely reason."""
    ranked = sorted(compared, key=lambda row: -abs(math.log(max(row["ratio"], 1e-12))))
    names = ("id", "model", "device", "kind", "ratio", "inside", "reason")
    return [{name: row[name] for name in names} for row in ranked[:WORST]]


def _result(row: Row, predictor: Predictor, catalog: Catalog) -> tuple[dict[str, Any], Case | None]:
    measured = float(row["value"])
    result: dict[str, Any] = {
        "id": row["id"],
        "predicted": None,
        "low": None,
        "high": None,
        "measured": measured,
        "ratio": None,
        "inside": None,
        "basis": None,
        "skipped": None,
        "model": row["model"],
        "family": None,
        "device": row["device"],
        "kind": row["measured"],
        "mode": row["mode"],
        "scope": row["scope"],
        "reason": None,
    }
    if row["measured"] in ("params", "flops"):
        return _count(row, result, catalog), None
    if row["device"] not in catalog.devices and row["device"] in any_measured():
        return _by_own_rates(row, result, catalog), None
    try:
        if row["scope"] == "train_step":
            case, made = training_prediction(row, catalog)
        else:
            case = case_of(row, catalog)
            made = predictor.predict(case)
    except (Skipped, AdvisorError) as error:
        return {**result, "skipped": str(error)}, None
    held = _held_against(result, made)
    return {**held, "family": case.model.family, "reason": likely_reason(case, made)}, case


def _held_against(result: dict[str, Any], made: Prediction) -> dict[str, Any]:
    """A row's result with what was predicted of it."""
    return {
        **result,
        "predicted": made.predicted,
        "low": made.low,
        "high": made.high,
        "ratio": made.predicted / result["measured"],
        "inside": bool(made.low <= result["measured"] <= made.high),
        "basis": made.basis,
    }


def _by_own_rates(row: Row, result: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A whole request on a machine that no table holds, from the rates calibrated on it."""
    if (row["measured"], row["scope"], row["mode"]) != ("latency_s", "end_to_end", "eager"):
        return {**result, "skipped": "a machine's own rates predict times of eager requests only"}
    try:
        model = catalog.models[row["model"]]
        asked = workload_of(row, model)
        made = estimate(model, row["device"], asked, catalog=catalog, basis=Basis.calibrated)
    except AdvisorError as error:
        return {**result, "skipped": str(error)}
    except ValueError as error:
        told = str(error).splitlines()[0]
        return {**result, "skipped": f"its settings are not a workload: {told}"}
    found = made.latency_s
    held = _held_against(result, Prediction(found.value, found.low, found.high, str(found.basis)))
    reason = "rates of single operations, measured on the machine, say little of a whole model"
    return {**held, "family": model.family, "reason": reason}


def _count(row: Row, result: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Parameters are counted, not predicted: equal to the published figure within its rounding."""
    if row["measured"] == "flops":
        return {**result, "skipped": "FLOPs are checked against sources by the trace's own tests"}
    try:
        model = catalog.models[row["model"]]
    except AdvisorError as error:
        return {**result, "skipped": str(error)}
    parts = [catalog.components[part.component].parameters for part in model.components]
    if not parts:
        return {**result, "skipped": f"{model.id} has no components to count"}
    count = float(max(parts) if "denoiser only" in row["framework"] else _nearest(parts, row))
    measured = result["measured"]
    result.update(
        predicted=count,
        low=count,
        high=count,
        ratio=count / measured,
        basis="scaled",
        inside=bool(abs(count - measured) <= _rounding(row["value"])),
    )
    return result


def _nearest(parts: list[int], row: Row) -> int:
    """The whole model, unless the source counts its largest part alone."""
    return max(parts) if "alone" in row["framework"] else sum(parts)


def _rounding(text: str) -> float:
    """Half of the last digit that a printed count gives: 2570000000.0 -> 5,000,000."""
    digits = text.split(".")[0].rstrip("0")
    return 0.5 * 10.0 ** (len(text.split(".")[0]) - len(digits))


def _groups(compared: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    keys: dict[str, Callable[[dict[str, Any]], str]] = {by: _key(by) for by in GROUPED_BY}
    for by in WITHIN:
        keys[f"measured, {by}"] = _pair(by)
    groups = []
    for by, key in keys.items():
        parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in compared:
            parts[key(row)].append(row)
        groups += [{"by": by, "key": name, **summary(parts[name])} for name in sorted(parts)]
    return groups


def _key(by: str) -> Callable[[dict[str, Any]], str]:
    if by == "all":
        return lambda row: "all"
    field = "kind" if by == "measured" else by
    return lambda row: str(row[field])


def _pair(by: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: f"{row['kind']}, {row[by]}"


def summary(results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Errors of a group: absolute ones by median and 90th percentile, bias signed, coverage."""
    rows = list(results)
    errors = np.array([row["ratio"] for row in rows]) - 1
    return {
        "n": len(rows),
        "median_abs_error": float(np.median(np.abs(errors))),
        "p90_abs_error": float(np.quantile(np.abs(errors), 0.9)),
        "bias": float(np.median(errors)),
        "coverage": float(np.mean([row["inside"] for row in rows])),
        "baselines": {
            name: line["median_abs_error"] for name, line in baseline_errors(rows).items()
        },
    }
