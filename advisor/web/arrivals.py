"""Widgets for when requests come: the shape of a day, and how many come at one moment."""

from __future__ import annotations

from typing import Any

import streamlit as st

KEY = "f_arrivals_"
_PATTERNS = {
    "busiest-hour": "only the busiest hour is known",
    "steady": "steady, day and night",
    "daily": "by the hours of a day",
    "trace": "as recorded",
}


def arrivals(stated: dict[str, Any]) -> None:
    """A pattern with its weights; `trace` comes from a use case file that names a recording."""
    held = st.session_state.get(KEY + "pattern")
    names = [name for name in _PATTERNS if name != "trace" or held == "trace"]
    found: dict[str, Any] = {}
    shape, burst = st.columns(2)
    pattern = shape.selectbox(
        "Shape of a day", names, index=None, key=KEY + "pattern", format_func=_PATTERNS.get,
        placeholder="not known: busiest hour",
    )  # fmt: skip
    at_once = burst.number_input(
        "Items asked for at one moment", value=None, format="%g", key=KEY + "burst_size",
        placeholder="not known: 1",
    )  # fmt: skip
    if pattern is not None:
        found["pattern"] = pattern
    if pattern in ("daily", "trace"):
        text = st.text_area(
            "Weight of each hour, midnight first, at any scale", key=KEY + "weights", height=80,
            placeholder="24 numbers: 0, 0, 0, 0, 0, 1, 2, 5, 9, 10, ...",
        )  # fmt: skip
        found["hourly_weights"] = _numbers(text)
    if at_once is not None:
        found["burst_size"] = float(at_once)
    if pattern == "trace" and st.session_state.get(KEY + "source"):
        found["source"] = st.session_state[KEY + "source"]
    if found:
        stated["arrivals"] = found


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        st.error("A weight is not a number: write 24 numbers with commas between them.")
        return []


def fill(stated: dict[str, Any]) -> None:
    """Put stated arrivals into their widgets."""
    for name, value in (stated.get("arrivals") or {}).items():
        if name == "hourly_weights":
            st.session_state[KEY + "weights"] = ", ".join(f"{weight!r}" for weight in value)
        else:
            st.session_state[KEY + name] = value
