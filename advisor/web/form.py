"""The form: every intake question, the few that decide most on top, the rest one click away.

Widgets are made from the UseCase model itself, so a new field appears here by itself. A widget that
is left alone leaves its field unstated; the answer then lists the default as assumed.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from advisor.errors import AdvisorError, InputError
from advisor.intake import GROUPS, QUESTIONS, Question
from advisor.paths import data_dir
from advisor.terms import Terms, device_amounts
from advisor.usecase import Input, UseCase, parse_use_case, read_use_case
from advisor.web.state import answer_for, asked_json, fill

_UNITS = {"ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}
_UNSTATED = "not stated"
# The view of where the form leads stays in sight while the form is scrolled.
_STYLE = """<style>
.stMainBlockContainer { padding-top: 2.5rem; }
@media (min-width: 900px) {
  [data-testid="stColumn"]:has(.st-key-preview) {
    position: sticky; top: 4rem; align-self: flex-start;
  }
}
</style>"""


def show_form() -> None:
    """The form beside a live view of where it leads."""
    st.header("Which generative architecture, at what cost, and how sure?")
    st.html(_STYLE)
    _presets()
    form, preview = st.columns([2, 1], gap="large")
    with form:
        stated = _fields()
    with preview:
        _preview(stated)


def _presets() -> None:
    files = sorted(data_dir("examples").glob("*.yaml"))
    titles = {read_use_case(file).title: file for file in files}
    pick, upload = st.columns([2, 1])
    chosen = pick.selectbox(
        "Start from an example", list(titles), index=None, placeholder="an empty form", key="preset"
    )
    given = upload.file_uploader("or from a file of your own", type=["yaml", "yml", "json"])
    if given is not None and st.session_state.get("uploaded") != given.file_id:
        st.session_state["uploaded"] = given.file_id
        _fill_from_upload(given)
    elif chosen != st.session_state.get("filled_from"):
        st.session_state["filled_from"] = chosen
        if chosen is not None:
            fill(read_use_case(titles[chosen]))
            st.rerun()


def _fill_from_upload(given: Any) -> None:
    from advisor.files import MAX_BYTES, parse_yaml

    try:
        raw = given.getvalue()
        if len(raw) > MAX_BYTES:
            raise InputError(f"{given.name} is larger than {MAX_BYTES // 1024} KiB")
        data, lines = parse_yaml(raw.decode("utf-8", errors="strict"), given.name)
        fill(parse_use_case(data, given.name, lines))
    except UnicodeDecodeError:
        st.error(f"{given.name} is not UTF-8 text: save it as UTF-8.")
    except AdvisorError as error:
        st.error(str(error))
    else:
        st.rerun()


def _fields() -> dict[str, Any]:
    """All widgets; returns what was stated, ready for parse_use_case."""
    stated: dict[str, Any] = {}
    title = st.text_input("Title", key="f_title", max_chars=200, placeholder="Product photos")
    stated["title"] = title.strip() or "Untitled use case"
    text = st.text_area("What is it about?", key="f_description", max_chars=4000, height=80)
    if text.strip():
        stated["description"] = text
    st.subheader("The questions that decide most")
    for question in (q for q in QUESTIONS if q.ask_first):
        _ask(question, stated)
    st.subheader("Volume and budget")
    for question in (q for q in QUESTIONS if q.number in (11, 12)):
        _ask(question, stated)
    for group in GROUPS:
        rest = [
            q
            for q in QUESTIONS
            if q.group == group and not q.ask_first and q.number not in (11, 12)
        ]
        if rest:
            with st.expander(f"More: {group.lower()}"):
                for question in rest:
                    _ask(question, stated)
    with st.expander("What weighs most"):
        _list("priorities", UseCase.model_fields["priorities"], "Most important first", "", stated)
    return stated


def _ask(question: Question, stated: dict[str, Any]) -> None:
    """One question: a single field under its text, several side by side with their own labels."""
    if len(question.fields) == 1 and question.fields[0] not in ("latency", "inputs"):
        name = question.fields[0]
        _widget(name, UseCase.model_fields[name], stated, question)
        return
    st.markdown(question.text, help=question.why)
    if question.fields == ("latency",):
        _latency(stated)
        return
    if question.fields == ("inputs",):
        _inputs(stated)
        return
    columns = st.columns(min(len(question.fields), 3))
    for index, name in enumerate(question.fields):
        with columns[index % len(columns)]:
            if name == "arrivals":
                _arrivals(stated)
                continue
            _widget(name, UseCase.model_fields[name], stated)


def _widget(
    name: str, field: FieldInfo, stated: dict[str, Any], question: Question | None = None
) -> None:
    label = _label(name, question)
    why = question.why if question else None
    kind = _without_none(field.annotation)
    hint = "" if field.is_required() else f"assumed if not stated: {_shown(field.default)}"
    if kind is Terms:
        _terms(stated)
    elif name == "reject_rate":
        _number(name, float, label, "not stated: one take is counted", stated, why)
    elif get_origin(kind) is list:
        _list(name, field, label, hint, stated, why)
    elif get_origin(kind) is Literal:
        value = st.selectbox(
            label,
            list(get_args(kind)),
            index=None,
            key=f"f_{name}",
            placeholder=hint or None,
            help=why,
        )
        _state(name, value, stated)
    elif kind is bool:
        answer = st.selectbox(
            label,
            ["yes", "no"],
            index=None,
            key=f"f_{name}",
            placeholder=hint or _UNSTATED,
            help=why,
        )
        _state(name, None if answer is None else answer == "yes", stated)
    else:
        _number(name, kind, label, hint, stated, why)


def _label(name: str, question: Question | None) -> str:
    """The question itself where it has one field, with the field's unit; else the field's name."""
    if question is None:
        return label_of(name)
    unit = label_of(name).partition(", ")[2]
    return f"{question.text} ({unit})" if unit else question.text


def _number(
    name: str, kind: Any, label: str, hint: str, stated: dict[str, Any], why: str | None
) -> None:
    whole = kind is int
    value = st.number_input(
        label,
        value=None,
        step=1 if whole else None,
        format="%d" if whole else "%g",
        key=f"f_{name}",
        placeholder=hint or None,
        help=why,
    )
    _state(name, value if value is None else kind(value), stated)


def _list(
    name: str,
    field: FieldInfo,
    label: str,
    hint: str,
    stated: dict[str, Any],
    why: str | None = None,
) -> None:
    (item,) = get_args(_without_none(field.annotation))
    if get_origin(item) is Literal:
        options = list(get_args(item))
    else:  # device ids
        from advisor import load_catalog

        options = list(load_catalog().devices)
    value = st.multiselect(label, options, key=f"f_{name}", placeholder=hint or "choose", help=why)
    _state(name, value or None, stated)


def _terms(stated: dict[str, Any]) -> None:
    """What only the client knows of money: numbers, and short texts for lists."""
    found: dict[str, Any] = {}
    with st.popover("Terms: currency, wages, discounts, own prices and hardware"):
        for name, field in Terms.model_fields.items():
            kind, key = _without_none(field.annotation), f"f_terms_{name}"
            label = label_of(name).replace("usd", "USD")
            if kind in (int, float) or get_origin(kind) is Annotated:
                number = st.number_input(label, value=None, format="%g", key=key)
                value: Any = int(number) if kind is int and number is not None else number
            else:
                text = st.text_input(label, key=key, placeholder=_TERM_TEXT.get(name))
                value = _of_text(name, text)
            _state(name, value, found)
    _state("terms", found or None, stated)


_TERM_TEXT = {
    "currency": "USD",
    "regions": "us-central1, europe-west4",
    "gpu_usd_per_hour": "l4=0.55, h100-sxm=2.9",
    "purchase_usd": "l40s=8000",
}


def _of_text(name: str, text: str) -> Any:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        return None
    if name == "regions":
        return parts
    if name not in ("gpu_usd_per_hour", "purchase_usd"):
        return text.strip()
    try:
        return device_amounts(parts)
    except InputError as error:
        st.error(str(error))
        return None


def _latency(stated: dict[str, Any]) -> None:
    how = st.radio(
        "Limit given as",
        ["none", "class", "number"],
        format_func={"none": "no limit", "class": "an experience", "number": "a time"}.get,
        horizontal=True,
        key="f_latency_how",
        label_visibility="collapsed",
    )
    fields = type(UseCase.model_fields["latency"].default).model_fields
    if how == "class":
        options = list(get_args(_without_none(fields["experience"].annotation)))
        choice = st.selectbox("Experience", options, key="f_latency_class")
        stated["latency"] = {"experience": choice}
    elif how == "number":
        number, unit, kind = st.columns(3)
        limit = number.number_input("Limit", value=None, key="f_latency_limit", format="%g")
        chosen = unit.selectbox("Unit", list(_UNITS), index=1, key="f_latency_unit")
        what = kind.selectbox(
            "For", list(get_args(fields["kind"].annotation)), key="f_latency_kind"
        )
        if limit is not None:
            stated["latency"] = {"limit_ms": limit * _UNITS[chosen], "kind": what}


def _arrivals(stated: dict[str, Any]) -> None:
    """The shape of a day and bursts. A trace comes with an uploaded file, already as weights."""
    pattern = st.selectbox(
        label_of("arrivals"),
        ["steady", "daily", "trace"],
        index=None,
        key="f_arrivals_pattern",
        placeholder="assumed if not stated: only the busiest hour is known",
    )
    text = st.text_input(
        "Weights of the hours, midnight first",
        key="f_arrivals_weights",
        placeholder="24 numbers, at any scale",
        disabled=pattern not in ("daily", "trace"),
    )
    burst = st.number_input("Items asked for at one moment", value=None, key="f_arrivals_burst")
    found: dict[str, Any] = {"pattern": pattern} if pattern else {}
    if pattern in ("daily", "trace"):
        try:
            found["hourly_weights"] = [float(each) for each in text.replace(",", " ").split()]
        except ValueError:
            st.error("The weights of the hours are not all numbers.")
    _state("burst_size", burst, found)
    _state("arrivals", found or None, stated)


def _inputs(stated: dict[str, Any]) -> None:
    modalities = list(get_args(Input.model_fields["modality"].annotation))
    roles = list(get_args(Input.model_fields["role"].annotation))
    chosen = st.multiselect(
        "What goes in", modalities, key="f_inputs", placeholder="assumed if not stated: a prompt"
    )
    items = [
        {"modality": m, "role": st.selectbox(f"{m} is the", roles, key=f"f_role_{m}")}
        for m in chosen
    ]
    _state("inputs", items or None, stated)


def _preview(stated: dict[str, Any]) -> None:
    """Where the form leads so far, and what stands in its way; then the button."""
    with st.container(border=True, key="preview"):
        st.subheader("So far")
        if "outputs" not in stated:
            st.info("Say what comes out, and the answer so far appears here.")
            return
        try:
            use_case = parse_use_case(stated, "the form")
        except InputError as error:
            st.warning(str(error).removeprefix("the form: "))
            st.button("Assess", type="primary", disabled=True, key="assess_disabled")
            return
        asked = asked_json(use_case)
        try:
            answer = answer_for(asked, date.today())
        except AdvisorError as error:
            st.error(str(error))
            return
        headline = answer.headline.removeprefix(f"{use_case.title}: ")
        st.markdown(f"**{answer.verdict.replace('-', ' ').capitalize()}**: {headline}")
        for finding in answer.findings[:4]:
            st.markdown(f"- {finding.sentence}")
        for warning in answer.warnings[:3]:
            st.caption(warning)
        st.caption(
            f"{len(answer.assumed)} answers are assumed. Each one stated narrows the answer."
        )
        if st.button("Assess", type="primary", key="assess"):
            st.session_state["asked"] = asked
            st.session_state["asked_fields"] = stated
            st.rerun()


def _state(name: str, value: Any, stated: dict[str, Any]) -> None:
    if value is not None:
        stated[name] = value


def _without_none(annotation: Any) -> Any:
    """`float | None` -> float."""
    args = [arg for arg in get_args(annotation) if arg is not type(None)]
    is_optional = type(None) in get_args(annotation)
    return args[0] if is_optional and get_origin(annotation) is not list else annotation


def _shown(value: Any) -> str:
    if value is None:
        return "no limit"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else f"{value}"


_UNIT_WORDS = {
    "_usd_per_item": ", USD per item",
    "_usd_per_month": ", USD per month",
    "_minutes_per_item": ", minutes per item",
    "_per_day": " per day",
    "_mb": ", MB",
    "_px": ", px",
    "_hz": ", Hz",
    "_s": ", s",
}


def label_of(name: str) -> str:
    """A field's label with its unit: budget_usd_per_item -> 'Budget, USD per item'."""
    for ending, words in _UNIT_WORDS.items():
        if name.endswith(ending) and not name.endswith(("_labels", "_pairs", "_examples")):
            name = name.removesuffix(ending)
            return (name.replace("_", " ") + words).capitalize().replace("usd", "USD")
    return name.replace("_", " ").capitalize().replace("gpu", "GPU")
