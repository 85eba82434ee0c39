"""Widgets for what only the client knows about money: terms, and the share of takes rejected."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

import streamlit as st

from advisor.errors import InputError
from advisor.terms import Terms, device_amounts
from advisor.web import session

KEY = "f_terms_"
REJECT = "f_reject_"
_TEXTS = {
    "currency": "USD",
    "regions": "us-central1, europe-west4",
    "gpu_usd_per_hour": "l4=0.55, h100-sxm=2.9",
    "purchase_usd": "l40s=8000",
    "grid": "fra",
}
_PER_DEVICE = ("gpu_usd_per_hour", "purchase_usd")


def terms(stated: dict[str, Any]) -> None:
    """Numbers, and short texts for lists; what is left empty is the program's own default."""
    found: dict[str, Any] = {}
    columns = st.columns(3)
    for index, (name, field) in enumerate(Terms.model_fields.items()):
        kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
        kind = kinds[0] if kinds and get_origin(field.annotation) not in (list, dict) else None
        with columns[index % 3]:
            if name in _TEXTS:
                value = _of_text(name, st.text_input(label_of(name), key=KEY + name,
                                                     placeholder=_TEXTS[name]))  # fmt: skip
            else:
                number = st.number_input(label_of(name), value=None, format="%g", key=KEY + name)
                whole = kind is int or (get_origin(kind) is Annotated and get_args(kind)[0] is int)
                value = int(number) if whole and number is not None else number
        if value is not None:
            found[name] = value
    if found:
        stated["terms"] = found


def label_of(name: str) -> str:
    """units_per_usd -> "Units per USD"."""
    text = name.replace("_", " ").capitalize()
    for word in ("usd", "kwh", "gpu", "gb", "mb", "pue"):
        text = " ".join(word.upper() if part.lower() == word else part for part in text.split(" "))
    return text.replace("KWH", "kWh")


def _of_text(name: str, text: str) -> Any:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        return None
    if name == "regions":
        return parts
    if name not in _PER_DEVICE:
        return text.strip()
    try:
        return device_amounts(parts)
    except InputError as error:
        st.error(session.plain(error))
        return None


def reject_rate(stated: dict[str, Any]) -> None:
    """The share of takes that is thrown away, with the range that the client holds possible."""
    names = {"value": "Share of takes rejected", "low": "at least", "high": "at most"}
    found = {}
    for column, (name, label) in zip(st.columns(3), names.items(), strict=True):
        value = column.number_input(
            label, value=None, format="%g", key=REJECT + name,
            placeholder="not known" if name == "value" else "the same",
        )  # fmt: skip
        found[name] = value
    if found["value"] is not None:
        ends = {name: found["value"] if found[name] is None else found[name] for name in found}
        same = len(set(ends.values())) == 1
        stated["reject_rate"] = found["value"] if same else ends


def fill(stated: dict[str, Any]) -> None:
    """Put stated terms and a reject rate into their widgets."""
    for name, value in (stated.get("terms") or {}).items():
        st.session_state[KEY + name] = _text(value)
    rate = stated.get("reject_rate")
    if isinstance(rate, dict):
        point = len({rate["value"], rate["low"], rate["high"]}) == 1
        for name, value in rate.items():
            st.session_state[REJECT + name] = None if point and name != "value" else value
    elif rate is not None:
        st.session_state[REJECT + "value"] = rate


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{device}={usd:g}" for device, usd in value.items())
    return ", ".join(value) if isinstance(value, list) else value
