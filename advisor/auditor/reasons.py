"""The likely reason of a row's error, derived from the row and its estimate. A guess, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.auditor.predict import Prediction
    from advisor.auditor.rows import Case

UNKNOWN = "no likely reason found"


def likely_reason(case: Case, made: Prediction) -> str:
    """What most likely stands between prediction and measurement, the strongest reason first."""
    return next(_reasons(case, made), UNKNOWN)


def _reasons(case: Case, made: Prediction) -> Iterator[str]:
    row, words = case.row, case.row["framework"]
    if row["scope"] == "train_step":
        yield "training: few published steps, and none states all that memory and time depend on"
    if row["measured"] == "peak_memory_gib":
        yield from _memory_reasons(case)
    if noted := _not_stated(words):
        yield f"the source does not state all settings: {noted}"
    if row["trust"] == "3":
        yield "the row is loose (trust 3)"
    yield from made.hints
    if case.setting.engine:
        yield "an engine with kernels of its own, seen as one average of all engines"
    if case.setting.legacy:
        yield "a PyTorch 1.x stack, seen as one factor"
    if case.setting.quantised:
        yield "quantised weights: how they are unpacked differs between libraries"
    if not re.search(r"\d+\.\d+", words):
        yield "the age of the software is not stated"


def _not_stated(words: str) -> str:
    """The note on a setting that a row's maker assumed or inferred; not the board's form factor."""
    notes = re.findall(r"[^\[\];]*(?:assumed|inferred)[^\];]*", words)
    return next((n.strip() for n in notes if "form factor" not in n and "SXM" not in n), "")


def _memory_reasons(case: Case) -> Iterator[str]:
    scope = case.row["scope"]
    if scope == "reported":
        yield "the source does not say which memory it counts"
    if case.setting.engine:
        yield "an engine holds workspace and weights in its own way"
    if case.setting.compiled:
        yield "compiling tries kernels, and what they needed may be counted"
    if scope == "reserved":
        yield "what the allocator keeps depends on the order of the sizes it was asked for"
