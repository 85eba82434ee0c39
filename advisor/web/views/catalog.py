"""Catalog: families and models, filterable; a page for each model (advisor.web.model)."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pandas as pd
import streamlit as st

from advisor import load_catalog
from advisor.catalog.schema import Modality
from advisor.report.doc import Bullets, Entry, KeyValues, Paragraph, Subheading
from advisor.report.words import COMMERCIAL
from advisor.web import blocks, model, session
from advisor.web.links import CatalogLink, read_link, write_link

if TYPE_CHECKING:
    from advisor.catalog import Family, Model

ALL = "all"


def show() -> None:
    """Filters, then one model, one family or the list."""
    st.title("Catalog")
    known = load_catalog()
    link = read_link(CatalogLink)
    families = {one.id: one.name for one in known.families.values()}
    _seed("cat_family", link.family, families)
    _seed("cat_output", link.output, get_args(Modality))
    _seed("cat_commercial", link.commercial, COMMERCIAL)
    st.session_state.setdefault("cat_search", link.search)
    if "cat_model" not in st.session_state:
        st.session_state["cat_model"] = link.model if link.model in known.models else None
    family_at, output_at, licence_at, find_at = st.columns(4)
    family = family_at.selectbox(
        "Family", [ALL, *families], key="cat_family", format_func=lambda f: families.get(f, f)
    )
    output = output_at.selectbox("Makes", [ALL, *get_args(Modality)], key="cat_output")
    commercial = licence_at.selectbox(
        "Commercial use",
        [ALL, *COMMERCIAL],
        key="cat_commercial",
        format_func=lambda c: COMMERCIAL.get(c, c),
    )
    search = find_at.text_input("Search", key="cat_search", max_chars=100)
    found = [
        m
        for m in known.models.values()
        if family in (ALL, m.family)
        and (output == ALL or output in m.outputs)
        and commercial in (ALL, m.licence.commercial)
        and search.casefold() in _prose(m)
    ]
    names = {m.id: m.name for m in found}
    if st.session_state["cat_model"] not in names:
        st.session_state["cat_model"] = None
    chosen = st.selectbox(
        "Open a model",
        list(names),
        index=None,
        key="cat_model",
        placeholder="choose one of those found",
        format_func=lambda m: f"{names[m]} ({m})",
    )
    given = {"family": family, "output": output, "commercial": commercial}
    write_link(
        model=chosen, search=search, **{k: v if v != ALL else None for k, v in given.items()}
    )
    if chosen is not None:
        model.show(known, known.models[chosen])
        return
    if family != ALL:
        _family(known.families[family])
    _list(found, len(known.models))


def _seed(key: str, value: str | None, known: object) -> None:
    st.session_state.setdefault(key, value if value in known else ALL)  # type: ignore[operator]


def _prose(model: Model) -> str:
    words = [model.id, model.name, model.family, model.summary, model.licence.name, *model.tasks]
    return " ".join([*words, *model.controls]).casefold()


def _family(family: Family) -> None:
    st.header(session.plain(family.name))
    blocks.show(
        Paragraph(text=family.summary),
        Paragraph(text=family.how_it_works),
        Subheading(text="Strengths"),
        Bullets(items=[f"{one.text} ({one.source})" for one in family.strengths]),
        Subheading(text="Weaknesses"),
        Bullets(items=[f"{one.text} ({one.source})" for one in family.weaknesses]),
        Subheading(text="How it fails"),
        Bullets(items=[f"{one.text} ({one.source})" for one in family.failure_modes]),
        KeyValues(
            items=[
                Entry(label="Control", value=family.control_notes),
                Entry(label="Training", value=f"{family.training.text} ({family.training.source})"),
                Entry(label="Maturity", value=f"{family.maturity}: {family.maturity_notes.text}"),
            ]
        ),
    )


def _list(found: list[Model], of: int) -> None:
    st.header(f"{len(found)} of {of} models")
    if not found:
        blocks.empty("No model fits", "Take away a filter or try fewer words.")
        return
    rows = sorted(found, key=lambda m: (m.family, model.parameters(load_catalog(), m) or 0))
    st.dataframe(
        pd.DataFrame(
            {
                "Model": [m.name for m in rows],
                "Id": [m.id for m in rows],
                "Family": [m.family for m in rows],
                "Takes": [", ".join(m.inputs) for m in rows],
                "Makes": [", ".join(m.outputs) for m in rows],
                "Parameters, million": [_millions(m) for m in rows],
                "Commercial use": [COMMERCIAL[m.licence.commercial] for m in rows],
                "Tier": [m.tier.value if m.tier else None for m in rows],
                "Runs here": ["yes" if m.runnable else "no" for m in rows],
                "Released": [m.released.isoformat() if m.released else "" for m in rows],
            }
        ),
        hide_index=True,
        column_config={"Parameters, million": st.column_config.NumberColumn(format="localized")},
    )
    st.caption("Tier is a judgement of the catalog's authors, from 1 (demonstration) to 5.")


def _millions(one: Model) -> float | None:
    count = model.parameters(load_catalog(), one)
    return None if count is None else round(count / 1e6, 1)
