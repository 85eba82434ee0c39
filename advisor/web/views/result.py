"""Result: a saved assessment of one's own, and everything that can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from advisor import load_catalog
from advisor.decide import data_version, engine_version
from advisor.report.doc import Callout
from advisor.web import blocks, downloads, manage, session
from advisor.web.links import ResultLink, read_link
from advisor.web.present import desk_of, details, lead, sheet_of
from advisor.web.sliders import what_if

if TYPE_CHECKING:
    from advisor.store.records import Revision, Saved


def show() -> None:
    """The assessment that the address names; else the way to one."""
    link = read_link(ResultLink)
    if link.a is None:
        _none()
        return
    saved = session.work().get(link.a)
    session.submitted().clear()
    number = int(link.revision) if link.revision else None
    revision = session.work().revision(link.a, number)
    st.title(session.plain(revision.title))
    manage.changed_elsewhere(saved)
    _standing(saved, revision)
    sheet = sheet_of(revision)
    desk = desk_of(revision)
    manage.actions(saved, revision)
    lead(sheet, desk)
    if desk is not None:
        what_if(sheet.assessment, desk)
    details(sheet, "result_section")
    st.header("Take it with you")
    downloads.show(
        sheet.assessment, lambda: session.work().export(saved.id, revision.number), "download"
    )
    manage.sharing(saved, revision)
    manage.history(saved)


def _none() -> None:
    from advisor.web.page import go

    st.title("Result")
    blocks.empty("No assessment is open", "Fill in the form, or open one that is saved.")
    with st.container(horizontal=True):
        if st.button("New assessment", type="primary"):
            go("new")
        if st.button("Saved assessments"):
            go("saved")


def _standing(saved: Saved, revision: Revision) -> None:
    """What a reader must know before the figures: old, imported, earlier, archived."""
    notes = []
    if revision.number != saved.version:
        notes.append(
            ("caution", f"Revision {revision.number} of {saved.version}", "A later one exists.")
        )
    if revision.imported:
        notes.append(
            (
                "caution",
                "Imported",
                "This answer came from a file. Nobody here has seen this program make it: run it "
                "again to have it made here.",
            )
        )
    if saved.archived is not None:
        notes.append(("info", "Archived", "It is off the list and its share links are closed."))
    old = revision.outdated(
        data_version=data_version(load_catalog()), engine_version=engine_version()
    )
    if old:
        notes.append(("caution", "Newer data exists", old))
    blocks.show(*(Callout(tone=tone, title=title, text=text) for tone, title, text in notes))
