"""What a session keeps, and answers that sessions share.

Answers are cached by the use case's JSON and the date, so that nothing of one user's session is
visible to another but the answer to the same question.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from advisor import Assessment, assess
from advisor.files import parse_json
from advisor.usecase import UseCase, parse_use_case


@st.cache_data(max_entries=256, ttl=3600, show_spinner=False)
def _answer(asked_json: str, as_of: date) -> Assessment:
    use_case = parse_use_case(parse_json(asked_json, "the form"), "the form")
    return assess(use_case, as_of=as_of)


def answer_for(asked_json: str, as_of: date) -> Assessment:
    """The assessment of a use case in JSON."""
    return _answer(asked_json, as_of)


def asked_json(use_case: UseCase) -> str:
    """The stated fields only, so that assumptions stay assumptions."""
    return use_case.model_dump_json(exclude_unset=True)


def fill(use_case: UseCase) -> None:
    """Put a use case's stated fields into the form's widgets."""
    for key in [key for key in st.session_state if str(key).startswith("f_")]:
        del st.session_state[key]
    for name in use_case.model_fields_set:
        _fill_field(name, getattr(use_case, name))


def _fill_field(name: str, value: Any) -> None:
    state = st.session_state
    if name == "latency":
        state["f_latency_how"] = "class" if value.experience else "number"
        state["f_latency_class"] = value.experience
        if value.limit_ms is not None:
            state["f_latency_limit"], state["f_latency_unit"] = in_best_unit(value.limit_ms)
        else:
            state["f_latency_how"] = "class" if value.experience else "none"
        state["f_latency_kind"] = value.kind
    elif name == "terms":
        for term in value.model_fields_set:
            state[f"f_terms_{term}"] = _term_text(getattr(value, term))
    elif name == "reject_rate":
        state["f_reject_rate"] = value.value
    elif name == "arrivals":
        state["f_arrivals_pattern"] = None if value.pattern == "busiest-hour" else value.pattern
        state["f_arrivals_weights"] = " ".join(f"{weight:g}" for weight in value.hourly_weights)
        state["f_arrivals_burst"] = value.burst_size if value.burst_size != 1 else None
    elif name == "inputs":
        state["f_inputs"] = list(dict.fromkeys(item.modality for item in value))
        for item in value:
            state[f"f_role_{item.modality}"] = item.role
    elif isinstance(value, bool):
        state[f"f_{name}"] = "yes" if value else "no"
    else:
        state[f"f_{name}"] = list(value) if isinstance(value, list) else value


def _term_text(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{device}={usd:g}" for device, usd in value.items())
    return ", ".join(value) if isinstance(value, list) else value


def in_best_unit(milliseconds: float) -> tuple[float, str]:
    """A duration as a number and the unit that reads best."""
    for unit, size in (("h", 3.6e6), ("min", 6e4), ("s", 1e3)):
        if milliseconds >= size:
            return milliseconds / size, unit
    return milliseconds, "ms"
