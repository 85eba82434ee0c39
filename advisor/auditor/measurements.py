"""`advisor audit --measurements`: predicted against measured, per row and per group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.auditor.predict import Predictor, baseline_seconds
from advisor.auditor.rows import Case, Row, Skipped, case_of, read_rows, select
from advisor.auditor.training_rows import training_prediction
from advisor.catalog import load_catalog
from advisor.errors import AdvisorError
from advisor.estimator.rates import load_rates

if TYPE_CHECKING:
    from advisor.catalog import Catalog

GROUPED_BY = ("all", "measured", "family", "model", "device", "mode", "scope", "basis")


def audit_measurements(
    path: str | Path, where: Sequence[str] = (), catalog: Catalog | None = None
) -> dict[str, Any]:
    """Every selected row of a measurement CSV against its prediction.

    Returns {"rows": [{id, predicted, low, high, measured, ratio, inside, basis, skipped}],
    "groups": [{by, key, n, median_abs_error, p90_abs_error, bias, coverage}], "baselines": {...}}.
    ratio is predicted over measured; errors are |ratio - 1|. A row that cannot be estimated has
    `skipped` set to the reason and its other results None. Raises InputError for a bad file.
    """
    catalog = catalog or load_catalog()
    predictor = Predictor(catalog, load_rates(catalog))
    results, cases = [], {}
    for row in select(read_rows(path), where):
        result, case = _result(row, predictor, catalog)
        results.append(result)
        if case is not None:
            cases[row["id"]] = case
    return {
        "rows": results,
        "groups": _groups(results, cases),
        "baselines": _baselines(cases, predictor),
    }


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
    }
    if row["measured"] in ("params", "flops"):
        return _count(row, result, catalog), None
    try:
        if row["scope"] == "train_step":
            case, made = training_prediction(row, catalog)
        else:
            case = case_of(row, catalog)
            made = predictor.predict(case)
    except (Skipped, AdvisorError) as error:
        return {**result, "skipped": str(error)}, None
    result.update(
        predicted=made.predicted,
        low=made.low,
        high=made.high,
        ratio=made.predicted / measured,
        inside=bool(made.low <= measured <= made.high),
        basis=made.basis,
    )
    return result, case


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


def _groups(results: list[dict[str, Any]], cases: dict[str, Case]) -> list[dict[str, Any]]:
    made = [result for result in results if result["ratio"] is not None and result["id"] in cases]
    groups = []
    for by in GROUPED_BY:
        parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for result in made:
            parts[_key(by, result, cases[result["id"]])].append(result)
        groups += [{"by": by, "key": key, **summary(parts[key])} for key in sorted(parts)]
    return groups


def _key(by: str, result: dict[str, Any], case: Case) -> str:
    if by == "all":
        return "all"
    if by == "basis":
        return str(result["basis"])
    own: dict[str, Callable[[], str]] = {
        "family": lambda: case.model.family,
        "model": lambda: case.model.id,
        "device": lambda: case.device.id,
    }
    return own[by]() if by in own else case.row[by]


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
    }


def _baselines(cases: dict[str, Case], predictor: Predictor) -> dict[str, Any]:
    """Simpler predictors on the latency rows, each given its best constant from the other groups.

    peak_flops: one constant for all; per_gpu: one efficiency constant per device; roofline: none.
    """
    timed = (case for case in cases.values() if case.row["measured"] == "latency_s")
    rows = [case for case in timed if case.stages]  # training steps have no such baselines
    if not rows:
        return {}
    made = [baseline_seconds(case, predictor.catalog, predictor.rates) for case in rows]
    measured = np.array([case.value for case in rows])
    peak = np.array([one["peak_flops"] for one in made])
    groups = [case.group for case in rows]
    return {
        "peak_flops_ratio": _errors(_scaled(peak, measured, groups, lambda i, j: True), measured),
        "constant_per_gpu": _errors(
            _scaled(peak, measured, groups, lambda i, j: groups[i][1] == groups[j][1]), measured
        ),
        "roofline": _errors(np.array([one["roofline"] for one in made]), measured),
    }


def _scaled(
    raw: np.ndarray,
    measured: np.ndarray,
    groups: list[tuple[str, str]],
    related: Callable[[int, int], bool],
) -> np.ndarray:
    """raw times the median measured/raw of related rows of other (model, device) groups.

    Where no related row is left, of all other groups: what one does for a GPU without rows.
    """
    out = np.empty_like(raw)
    ratio = measured / np.maximum(raw, 1e-30)
    for index, group in enumerate(groups):
        others = [j for j, other in enumerate(groups) if other != group]
        near = [j for j in others if related(index, j)] or others
        out[index] = raw[index] * (np.median(ratio[near]) if near else 1.0)
    return out


def _errors(predicted: np.ndarray, measured: np.ndarray) -> dict[str, float]:
    error = np.abs(predicted / measured - 1)
    return {
        "n": len(error),
        "median_abs_error": float(np.median(error)),
        "p90_abs_error": float(np.quantile(error, 0.9)),
    }
