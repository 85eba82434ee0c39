"""How far predictions were off on rows that their fit had not seen: the stored benchmark, shown.

Everything comes from benchmarks/accuracy.json and unseen.json, which ship with the program and
which the report's appendix reads too; nothing is computed here.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from advisor.decide.provenance import stored_benchmark
from advisor.report.doc import Table
from advisor.report.numbers import UNKNOWN, count, percent
from advisor.report.sections.appendix import bias_text
from advisor.web import blocks

# What was aimed at (docs/estimating.md): median and 90th percentile of the error.
TARGETS = {"eager end-to-end and per-step": (0.10, 0.25), "energy": (0.15, None)}
COVERAGE_TARGET = "86 to 94 %"
HARDEST = "device and model"  # the split in which a row's fit saw neither
NAMES = {
    "eager end-to-end and per-step": "Eager mode: whole requests and steps",
    "compiled": "Compiled mode",
    "engine": "Language models on serving engines",
    "engine: decode_token": "of these, one decoded token",
    "engine: llama.cpp prefill": "of these, llama.cpp reading a prompt",
    "energy": "Energy of the GPU",
}
BASELINES = {
    "one constant": "One constant over FLOPs",
    "constant per GPU": "One constant per GPU",
    "roofline": "Roofline",
}
SPLITS = {
    "group": "its own model on its own device",
    "device": "its device",
    "model": "its model",
    HARDEST: "its device and its model",
}


def show() -> None:
    """Errors by kind of row beside targets and simpler ways, by split, and how often they hold."""
    held, unseen = stored_benchmark("accuracy.json"), stored_benchmark("unseen.json")
    blocks.note(
        f"Public measurements, each predicted by a fit that saw no row of its device and none of "
        f"its model. Stored on {held['as_of']} in benchmarks/accuracy.json."
    )
    blocks.show(errors(held))
    if "families" in held:
        blocks.show(families(held["families"]))
    with st.expander("With more seen, intervals, and models added later"):
        blocks.show(splits(held), coverage(held), added_later(unseen))


def errors(held: dict[str, Any]) -> Table:
    """Kinds of rows without device and model: errors, target, and what simpler ways would give."""
    rows = []
    for kind, name in NAMES.items():
        found = held["energy"]["estimator"] if kind == "energy" else held["latency"].get(kind)
        if found is None:
            continue
        row = found[HARDEST] if kind == "energy" else found[HARDEST]["estimator"]
        others = {} if kind == "energy" else found[HARDEST]
        simpler = [_pair(others.get(way)) for way in BASELINES]
        rows.append([name, count(row["n"]), _pair(row), _target(kind), _bias(row), *simpler])
    return blocks.table(
        "Errors on unseen devices and models: half are within / nine in ten are within",
        [
            ("What is predicted", 2),
            (">Rows", 0.5),
            (">Error", 1.1),
            (">Target", 1),
            ("Bias", 1),
            *((f">{name}", 1.1) for name in BASELINES.values()),
        ],
        rows,
        below="The columns on the right are simpler ways on the same rows, their constants from "
        "what each fit may see. A dash: no target was set, or it was not measured.",
    )


def families(found: dict[str, Any]) -> Table:
    """The same by family."""
    return blocks.table(
        "The same by family: time without device and model",
        [("Family", 2), (">Rows", 0.6), (">Half within", 1), (">Nine in ten within", 1.1),
         ("Bias", 1)],
        [
            [name, count(row["n"]), percent(row["median_abs_error"]), percent(row["p90_abs_error"]),
             _bias(row)]
            for name, row in found.items()
        ],
    )  # fmt: skip


def splits(held: dict[str, Any]) -> Table:
    """Eager rows: what it is worth to have seen the device, or the model."""
    found = held["latency"]["eager end-to-end and per-step"]
    return blocks.table(
        "Eager mode, by what the fit of a row had not seen",
        [("Not seen", 2), (">Rows", 0.6), (">Half within", 1), (">Nine in ten within", 1.1)],
        [
            [name, count(row["n"]), percent(row["median_abs_error"]), percent(row["p90_abs_error"])]
            for key, name in SPLITS.items()
            for row in [found[key]["estimator"]]
        ],
    )


def coverage(held: dict[str, Any]) -> Table:
    """How often 90 % intervals held, by what bounds the row."""
    found = {**held["coverage"], "energy": held["energy"]["coverage"]}
    return blocks.table(
        "How often the 90 % interval held",
        [("Mode and what bounds them", 2), (">Rows", 0.6), (">Groups", 0.6), (">Inside", 1)],
        [
            [name.replace(".", ", bound by "), count(row["n"]), count(row["groups"]),
             percent(row["rows_inside"])]
            for name, row in found.items()
        ],
        below=f"Meant: 90 %; aimed at for all rows: {COVERAGE_TARGET}. Small groups swing widely.",
    )  # fmt: skip


def added_later(unseen: dict[str, Any]) -> Table:
    """Models that no fit and no choice of a formula had seen."""
    return blocks.table(
        "Models added later, which nothing had seen",
        [("Mode", 1.4), (">Rows", 0.6), (">Half within", 1), (">Nine in ten within", 1.1),
         ("Bias", 1), (">Inside the interval", 1.2)],
        [
            [name, count(row["n"]), percent(row["median_abs_error"]), percent(row["p90_abs_error"]),
             _bias(row), percent(row["coverage"])]
            for name in ("eager", "compiled", "optimised")
            if (row := unseen.get(name)) is not None
        ],
        below="benchmarks/unseen.json",
    )  # fmt: skip


def _pair(row: dict[str, Any] | None) -> str:
    if row is None:
        return UNKNOWN
    return f"{_share(row['median_abs_error'])} / {_share(row['p90_abs_error'])}"


def _share(value: float) -> str:
    """One decimal below 100 %, so that a target just met or missed shows."""
    return f"{value:.1%}".replace("%", " %") if value < 1 else percent(value)


def _target(kind: str) -> str:
    median, most = TARGETS.get(kind, (None, None))
    if median is None:
        return UNKNOWN
    return f"{percent(median)} / {percent(most) if most is not None else UNKNOWN}"


def _bias(row: dict[str, Any]) -> str:
    return bias_text(row["bias"])
