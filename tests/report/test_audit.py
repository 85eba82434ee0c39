"""The report of an audit says what the audit found, and loads nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from advisor.report.audit import audit_doc
from advisor.report.html import html

DAY = date(2026, 11, 29)


def row(number: int, ratio: float | None, kind: str = "latency_s") -> dict[str, Any]:
    made = ratio is not None
    return {
        "id": f"R-{number}",
        "model": "<b>model</b>",
        "device": "a100",
        "family": "image-diffusion" if made else None,
        "kind": kind,
        "measured": 2.0,
        "predicted": 2.0 * ratio if ratio is not None else None,
        "low": 1.0 if made else None,
        "high": 3.0 if made else None,
        "ratio": ratio,
        "inside": abs(ratio - 1) < 0.5 if ratio is not None else None,
        "skipped": None if made else "several devices",
        "reason": "few rows" if made else None,
        "baselines": {"roofline": 1.0} if made else {},
    }


def result() -> dict[str, Any]:
    rows = [row(0, 1.1), row(1, 0.3), row(2, None)]
    group = {
        "n": 2,
        "median_abs_error": 0.4,
        "p90_abs_error": 0.7,
        "bias": -0.3,
        "coverage": 0.5,
        "baselines": {"roofline": 0.5},
    }
    line = {
        "n": 2,
        "median_abs_error": 0.5,
        "p90_abs_error": 0.5,
        "bias": -0.5,
        "ours_median_abs_error": 0.4,
        "ours_p90_abs_error": 0.7,
    }
    return {
        "rows": rows,
        "groups": [
            {"by": "measured", "key": "latency_s", **group},
            {"by": "measured, family", "key": "latency_s, image-diffusion", **group},
        ],
        "baselines": {"roofline": line},
        "worst": [rows[1], rows[0]],
    }


def test_the_document_counts_what_is_inside_and_what_was_skipped() -> None:
    doc = audit_doc(result(), "own.csv", DAY)
    assert "1 of 2 measurements are inside" in doc.decision
    assert "1 rows were not compared" in doc.decision
    assert any("several devices" in text for text in doc.texts())
    assert len(list(doc.charts())) == 2


def test_the_page_is_static_escapes_names_and_is_the_same_twice() -> None:
    page = html(audit_doc(result(), "own.csv", DAY))
    assert "<script" not in page and "<b>model" not in page
    assert page == html(audit_doc(result(), "own.csv", DAY))


def test_an_audit_in_which_nothing_was_compared_is_a_page_too() -> None:
    empty = {"rows": [row(0, None)], "groups": [], "baselines": {}, "worst": []}
    doc = audit_doc(empty, "own.csv", DAY)
    assert doc.verdict == "nothing compared"
    assert "several devices" in html(doc)
