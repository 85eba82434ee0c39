"""Widgets for the fields of a UseCase: one per kind of field, made from the model itself.

A widget that is left alone leaves its field unstated: "I do not know". Its default is shown, stands
in for it and is listed as assumed. `fill` is the way back, from stated fields to widgets.
"""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from advisor.intake import Question
from advisor.report import words
from advisor.usecase import UseCase
from advisor.web import arrivals, terms

KEY = "f_"  # every widget of the form has a key that begins so
# Units that may be picked, with their size in the field's own unit; the first one is that unit.
UNITS: dict[str, dict[str, float]] = {
    "volume_per_day": {"a day": 1.0, "an hour": 24.0, "a month": 1 / 30.4375},
    "duration_s": {"s": 1.0, "min": 60.0, "h": 3600.0},
    "memory_limit_mb": {"MB": 1.0, "GB": 1e3, "GiB": 1073.741824},
    "budget_usd_per_item": {"USD per item": 1.0, "USD per 1,000 items": 1e-3},
    "budget_usd_per_month": {"USD a month": 1.0, "USD a year": 1 / 12},
    "horizon_months": {"months": 1.0, "years": 12.0},
}
# Fields with fields of their own, which have widgets of their own.
COMPOUND = ("latency", "terms", "reject_rate", "arrivals")
TIMES = {"ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6}


def ask(question: Question, stated: dict[str, Any], names: tuple[str, ...]) -> None:
    """One question: a single field under its text, several side by side with their own labels."""
    if len(names) == 1 and len(question.fields) == 1:
        widget(names[0], stated, question)
        return
    st.markdown(f"**{question.text}**", help=question.why)
    wide = [name for name in names if name in UNITS or name in COMPOUND]
    narrow = [name for name in names if name not in wide]
    for group, most in ((wide, 2), (narrow, 3)):
        columns = st.columns(most if len(group) > 1 else 1) if group else []
        for index, name in enumerate(group):
            with columns[index % len(columns)]:
                widget(name, stated)


def widget(name: str, stated: dict[str, Any], question: Question | None = None) -> None:
    """The widget of one field; puts what it says into `stated`."""
    field = UseCase.model_fields[name]
    label = label_of(name, question)
    why = question.why if question else None
    kind = _without_none(field.annotation)
    if name == "reject_rate":
        terms.reject_rate(stated)
    elif name == "arrivals":
        arrivals.arrivals(stated)
    elif get_origin(kind) is list:
        _list(name, field, label, stated, why)
    elif get_origin(kind) is Literal:
        value = st.selectbox(
            label,
            list(get_args(kind)),
            index=None,
            key=KEY + name,
            placeholder=hint(field),
            help=why,
        )
        keep(name, value, stated)
    elif kind is bool:
        said = st.selectbox(
            label, ["yes", "no"], index=None, key=KEY + name, placeholder=hint(field), help=why
        )
        keep(name, None if said is None else said == "yes", stated)
    else:
        _number(name, field, kind, label, stated, why)


def _number(
    name: str, field: FieldInfo, kind: Any, label: str, stated: dict[str, Any], why: str | None
) -> None:
    whole = kind is int
    units = UNITS.get(name)
    place, beside = st.columns([3, 2], vertical_alignment="bottom") if units else (st, None)
    value = place.number_input(
        label,
        value=None,
        step=1 if whole else None,
        format="%d" if whole else "%g",
        key=KEY + name,
        placeholder=hint(field),
        help=why,
    )
    factor = 1.0
    if units and beside is not None:
        unit = beside.selectbox(
            f"{words.FIELDS[name]}: unit",
            list(units),
            key=f"{KEY}unit_{name}",
            label_visibility="hidden",
        )
        factor = units[unit]
    keep(name, value if value is None else kind(value * factor if units else value), stated)


def _list(name: str, field: FieldInfo, label: str, stated: dict[str, Any], why: str | None) -> None:
    (item,) = get_args(_without_none(field.annotation))
    if get_origin(item) is Literal:
        options = list(get_args(item))
    else:  # device ids
        from advisor import load_catalog

        options = list(load_catalog().devices)
    shown = "choose" if field.is_required() else hint(field)
    value = st.multiselect(label, options, key=KEY + name, placeholder=shown, help=why)
    keep(name, value or None, stated)


def hint(field: FieldInfo) -> str | None:
    """What stands in an empty widget: what is assumed if nobody knows."""
    if field.is_required():
        return None
    default = "none" if field.default in (None, [], "") else words.plain_value("", field.default)
    return f"not known: {default}"


def keep(name: str, value: Any, stated: dict[str, Any]) -> None:
    if value is not None:
        stated[name] = value


def label_of(name: str, question: Question | None = None) -> str:
    """A field's label; a question with one field is its label, with the unit where there is one."""
    label = words.FIELDS[name]
    if question is None or len(question.fields) > 1:
        return label
    unit = label[label.index("(") :] if label.endswith(")") else ""
    return f"{question.text} {unit}".strip()


def _without_none(annotation: Any) -> Any:
    """`float | None` -> float."""
    args = [arg for arg in get_args(annotation) if arg is not type(None)]
    is_optional = type(None) in get_args(annotation)
    return args[0] if is_optional and get_origin(annotation) is not list else annotation


def fill(stated: dict[str, Any]) -> None:
    """Put stated fields (plain data) into the form's widgets; the others become empty."""
    state = st.session_state
    for key in [key for key in state if str(key).startswith(KEY)]:
        del state[key]
    priorities = stated.get("priorities") or []
    state[KEY + "quality_how"] = "prefer" if "quality" in priorities else None
    _fill_limits(stated, priorities)
    terms.fill(stated)
    arrivals.fill(stated)
    for name, value in stated.items():
        if name in UseCase.model_fields and name not in COMPOUND:
            _fill_field(name, value)


def _fill_limits(stated: dict[str, Any], priorities: list[str]) -> None:
    """The two limits that can be hard, a preference, or none."""
    state, latency = st.session_state, stated.get("latency")
    state[KEY + "time_how"] = "prefer" if "latency" in priorities else None
    if latency is not None:
        how = "hard" if latency.get("limit_ms") is not None else "class"
        if how == "class" and latency.get("experience") is None:
            how = "prefer" if "latency" in priorities else "free"
        state[KEY + "time_how"] = how
        if latency.get("limit_ms") is not None:
            number, unit = in_best_unit(milliseconds(latency["limit_ms"]))
            state[KEY + "time_limit"], state[KEY + "time_unit"] = number, unit
        state[KEY + "time_class"] = latency.get("experience")
        state[KEY + "time_kind"] = latency.get("kind", "total")
        state[KEY + "time_percentile"] = latency.get("percentile", 95)
    budgets = [n for n in ("budget_usd_per_item", "budget_usd_per_month") if n in stated]
    if any(stated[name] is not None for name in budgets):
        state[KEY + "money_how"] = "hard"
    elif budgets:
        state[KEY + "money_how"] = "free"
    else:
        state[KEY + "money_how"] = "prefer" if "cost" in priorities else None


def _fill_field(name: str, value: Any) -> None:
    state = st.session_state
    if name == "inputs":
        items = [{"modality": i} if isinstance(i, str) else i for i in value]
        state[KEY + name] = list(dict.fromkeys(item["modality"] for item in items))
        for item in items:
            state.setdefault(f"{KEY}role_{item['modality']}", []).append(item.get("role", "prompt"))
    elif isinstance(value, bool):
        state[KEY + name] = "yes" if value else "no"
    else:
        state[KEY + name] = value


def milliseconds(value: float | str) -> float:
    """A limit as files may write it ("2 s") in milliseconds."""
    from advisor.usecase import Latency

    return Latency.model_validate({"limit_ms": value}).limit_ms or 0.0


def in_best_unit(milliseconds: float) -> tuple[float, str]:
    """A duration as a number and the unit that reads best."""
    for unit in ("h", "min", "s"):
        if milliseconds >= TIMES[unit]:
            return milliseconds / TIMES[unit], unit
    return milliseconds, "ms"
