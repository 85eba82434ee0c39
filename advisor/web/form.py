"""The form: four groups of questions, those that decide most in sight, the rest a click away."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from advisor.intake import QUESTIONS, Question
from advisor.usecase import Experience, Input, Latency, LatencyKind, UseCase
from advisor.web.fields import KEY, TIMES, ask, keep, widget
from advisor.web.terms import terms

# Title, questions in sight, questions behind "More". Together they are all questions, each once.
GROUPS: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = (
    ("What", (1, 13, 4), (2, 3, 5, 7)),
    ("How fast and how much", (6, 11), ()),
    ("Control and quality", (16,), (14, 15, 17, 18, 19, 20, 21, 22, 23, 24)),
    ("Money and hardware", (12, 8, 10), (9, 25, 26, 27, 28)),
)
# What an answer needs to be worth a client's time; the form counts them.
NEEDED = {
    "outputs": "what comes out",
    "error_tolerance": "tolerance for errors",
    "latency": "time limit",
    "volume_per_day": "volume",
    "placement": "where it runs",
    "data_boundary": "where data may go",
}
# Sizes that a kind of output has. The others are asked only if they hold something.
SIZES = {
    "image": ("width_px", "height_px"),
    "mask": ("width_px", "height_px"),
    "video": ("width_px", "height_px", "fps"),
    "speech": ("sample_rate_hz", "tokens_in"),
    "music": ("sample_rate_hz",),
    "effects": ("sample_rate_hz",),
    "text": ("tokens_in", "tokens_out"),
    "code": ("tokens_in", "tokens_out"),
    "label": ("tokens_in",),
    "3d": ("vertices",),
}
BUDGETS = ("budget_usd_per_item", "budget_usd_per_month")
TIMED = ("video", "speech", "music", "effects", "time-series", "action")
_HOW = {"hard": "Hard limit", "class": "An experience", "prefer": "Prefer", "free": "Do not care"}
_BY_NUMBER = {question.number: question for question in QUESTIONS}


def fields() -> dict[str, Any]:
    """All widgets; returns what was stated, ready for parse_use_case."""
    stated: dict[str, Any] = {}
    title = st.text_input("Title", key=KEY + "title", max_chars=200, placeholder="Product photos")
    stated["title"] = title.strip() or "Untitled use case"
    text = st.text_area(
        "What is it about? (optional)", key=KEY + "description", max_chars=4000, height=80
    )
    if text.strip():
        stated["description"] = text
    for name, in_sight, more in GROUPS:
        with st.container(border=True):
            st.header(name)
            for number in in_sight:
                _ask(_BY_NUMBER[number], stated)
            if name == "Control and quality":
                _quality(stated)
            if more:
                with st.expander(f"More about: {name.lower()}"):
                    for number in more:
                        _ask(_BY_NUMBER[number], stated)
            if 12 in in_sight:
                with st.expander("Terms: currency, wages, discounts, own prices and hardware"):
                    terms(stated)
    with st.expander("What weighs most"):
        widget("priorities", stated)
        st.caption("Most important first. What you prefer above is added at the end.")
    _merge_priorities(stated)
    return stated


def _ask(question: Question, stated: dict[str, Any]) -> None:
    special = {6: _time, 12: _money, 2: _inputs, 13: _sizes, 7: _length}
    if question.number in special:
        special[question.number](question, stated)
    else:
        ask(question, stated, question.fields)


def _sizes(question: Question, stated: dict[str, Any]) -> None:
    """Only the sizes that this output has, and any that holds something."""
    wanted = [name for output in stated.get("outputs", []) for name in SIZES.get(output, ())]
    held = [n for n in question.fields if st.session_state.get(KEY + n) is not None]
    names = tuple(dict.fromkeys([*wanted, *held]))
    if names:
        ask(question, stated, names)
    if any(output in TIMED for output in stated.get("outputs", [])):
        widget("duration_s", stated)


def _length(question: Question, stated: dict[str, Any]) -> None:
    if not any(output in TIMED for output in stated.get("outputs", [])):
        widget("duration_s", stated)
    widget("endless", stated)


def _how(label: str, key: str, choices: dict[str, str], why: str) -> str | None:
    """Hard limit, prefer or do not care; none of them is "I do not know"."""
    said: str | None = st.radio(
        label,
        list(choices),
        format_func=choices.get,
        index=None,
        horizontal=True,
        key=KEY + key,
        help=f"{why} Leave all empty if you do not know: no limit is assumed.",
    )
    return said


def _time(question: Question, stated: dict[str, Any]) -> None:
    how = _how(question.text, "time_how", {**_HOW, "prefer": "Prefer fast"}, question.why)
    if how == "hard":
        number, unit, kind, share = st.columns([2, 1, 2, 1])
        limit = number.number_input("Limit", value=None, key=KEY + "time_limit", format="%g")
        size = TIMES[unit.selectbox("Unit", list(TIMES), index=1, key=KEY + "time_unit")]
        what = kind.selectbox("For", get_args(LatencyKind), index=3, key=KEY + "time_kind")
        shares = get_args(Latency.model_fields["percentile"].annotation)
        part = share.selectbox("Percentile", shares, index=2, key=KEY + "time_percentile")
        if limit is not None:
            stated["latency"] = {"limit_ms": limit * size, "kind": what, "percentile": part}
    elif how == "class":
        options = get_args(Experience)
        choice = st.selectbox("Experience", options, key=KEY + "time_class")
        stated["latency"] = {"experience": choice}
    elif how == "free":
        stated["latency"] = {}


def _money(question: Question, stated: dict[str, Any]) -> None:
    choices = {"hard": "Hard limit", "prefer": "Prefer cheap", "free": "Do not care"}
    how = _how("What may it cost?", "money_how", choices, question.why)
    if how == "hard":
        for name in BUDGETS:
            widget(name, stated)
    elif how == "free":
        stated.update(dict.fromkeys(BUDGETS))


def _quality(stated: dict[str, Any]) -> None:
    choices = {"prefer": "Prefer the best", "free": "Do not care"}
    _how("How much does quality count?", "quality_how", choices, "A tier is a judgement, 1 to 5.")


def _inputs(question: Question, stated: dict[str, Any]) -> None:
    modalities = get_args(Input.model_fields["modality"].annotation)
    roles = get_args(Input.model_fields["role"].annotation)
    chosen = st.multiselect(
        question.text,
        modalities,
        key=KEY + "inputs",
        help=question.why,
        placeholder="not known: a text prompt",
    )
    items = []
    for modality in chosen:
        played = st.multiselect(
            f"{modality} is the", roles, key=f"{KEY}role_{modality}", placeholder="prompt"
        )
        items += [{"modality": modality, "role": role} for role in played or ["prompt"]]
    keep("inputs", items or None, stated)


def _merge_priorities(stated: dict[str, Any]) -> None:
    """What is preferred counts as a priority after those that were put in order."""
    order = list(stated.get("priorities", []))
    for key, name in (("time_how", "latency"), ("money_how", "cost"), ("quality_how", "quality")):
        how = st.session_state.get(KEY + key)
        if how == "prefer" and name not in order:
            order.append(name)
        if how == "free" and name in order:
            order.remove(name)
    stated.pop("priorities", None)
    if order:
        stated["priorities"] = order


def missing(stated: dict[str, Any]) -> list[str]:
    """The needed answers that nobody gave yet, in words."""
    return [words for name, words in NEEDED.items() if name not in stated]


__all__ = ["GROUPS", "NEEDED", "UseCase", "fields", "missing"]
