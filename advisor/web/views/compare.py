"""Compare: two to four saved assessments side by side, with what differs marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from advisor.report import words
from advisor.report.doc import Cell
from advisor.report.numbers import figure_text
from advisor.report.view import View
from advisor.store.errors import NotFound
from advisor.web import blocks, session
from advisor.web.links import CompareLink, read_link, write_link
from advisor.web.present import sheet_of

if TYPE_CHECKING:
    from advisor import Assessment
    from advisor.figure import Figure
    from advisor.store.records import Revision

MOST = 4
Row = tuple[str, list[Cell]]


def show() -> None:
    """What each one says, then what was asked of it; rows that differ carry a mark."""
    st.title("Compare")
    link = read_link(CompareLink)
    chosen = _chosen(link.ids.split(".") if link.ids else [])
    if len(chosen) < 2:
        blocks.empty(
            "Choose two to four",
            "Pick saved assessments above; a further one appears beside the first.",
        )
        return
    revisions = [session.work().revision(id) for id in chosen]
    answers = [sheet_of(one).assessment for one in revisions]
    if st.toggle("Only what differs", key="compare_differing"):
        keep = lambda rows: [row for row in rows if differs(row)]  # noqa: E731
    else:
        keep = list
    _table("What they say", revisions, keep(said(answers, revisions)))
    _table("What was asked", revisions, keep(asked(answers)))


def _chosen(from_link: list[str]) -> list[str]:
    page = session.work().page(limit=200)
    names = {one.id: f"{one.title} ({one.updated:%d %b %H:%M})" for one in page.items}
    for id in from_link:
        if id not in names:
            try:
                names[id] = session.work().get(id).title
            except NotFound:
                st.warning("The link had values that can not be used: an assessment is not there.")
    if "compare_ids" not in st.session_state:
        st.session_state["compare_ids"] = [id for id in from_link if id in names]
    chosen: list[str] = st.multiselect(
        "Assessments",
        list(names),
        format_func=names.get,
        max_selections=MOST,
        key="compare_ids",
        placeholder="choose two to four" if names else "nothing is saved yet",
    )
    write_link(ids=".".join(chosen))
    return chosen


def said(answers: Sequence[Assessment], revisions: Sequence[Revision]) -> list[Row]:
    """The answers, row by row."""
    views = [View(one) for one in answers]
    first = [view.chosen for view in views]
    costs = [one.cost if one else None for one in first]
    return [
        ("Verdict", [Cell(text=words.VERDICTS[one.verdict][0]) for one in answers]),
        ("Family", [blocks.cell(view.chosen_family and view.chosen_family.name) for view in views]),
        ("Model", [blocks.cell(one and one.model_name) for one in first]),
        ("Settings", [blocks.cell(one and one.workload.describe()) for one in first]),
        ("Device", [blocks.cell(one and one.device_name) for one in first]),
        ("Response time", [figure(one.response_s if one else None) for one in first]),
        (
            "Time limit",
            [blocks.cell(words.limit_text(v.assessment.use_case, v.limit_s)) for v in views],
        ),
        ("Peak memory", [figure(one.estimate.peak_memory_gib if one else None) for one in first]),
        ("Cost per 1,000", [figure(c.usd_per_1000_outputs if c else None) for c in costs]),
        ("Cost a month", [figure(c.usd_per_month if c else None) for c in costs]),
        ("Energy a month", [figure(c.energy_kwh_per_month if c else None) for c in costs]),
        ("Confidence", [blocks.cell(words.CONFIDENCE[one.confidence.level]) for one in answers]),
        ("Barred of tried", [blocks.cell(f"{one.barred:,} of {one.tried:,}") for one in answers]),
        ("Assumed answers", [blocks.cell(len(one.assumed)) for one in answers]),
        ("Data", [blocks.cell(f"{one.data_version}, {one.as_of}") for one in revisions]),
    ]


def asked(answers: Sequence[Assessment]) -> list[Row]:
    """Every field that one of them states, as each has it."""
    views = [View(one) for one in answers]
    names = list(dict.fromkeys(name for view in views for name in view.stated))
    data = [view.assessment.use_case.model_dump(mode="json") for view in views]
    rows = []
    for name in names:
        cells = []
        for view, values in zip(views, data, strict=True):
            use_case = view.assessment.use_case
            text = words.plain_value(name, values[name])
            if name == "latency":
                text = words.limit_text(use_case, view.limit_s)
            cells.append(Cell(text=text, sub="assumed" if name in view.assumed else ""))
        rows.append((words.FIELDS.get(name, name), cells))
    return rows


def figure(value: Figure | None) -> Cell:
    return blocks.cell(None) if value is None else Cell(text=figure_text(value), basis=value.basis)


def differs(row: Row) -> bool:
    return len({cell.text for cell in row[1]}) > 1


def _table(caption: str, revisions: Sequence[Revision], rows: list[Row]) -> None:
    if not rows:
        blocks.empty(caption, "Nothing differs.")
        return
    heads = [(f"{one.title} (version {one.number})", 1.6) for one in revisions]
    marks = [index for index, row in enumerate(rows) if differs(row)]
    blocks.show(
        blocks.table(
            caption,
            [("What", 1.1), *heads],
            [
                [f"≠ {name}" if index in marks else name, *cells]
                for index, (name, cells) in enumerate(rows)
            ],
            marked=marks,
            below="Rows marked with ≠ differ.",
        )
    )
