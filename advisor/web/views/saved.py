"""Saved: the list, with search, archive and undo, import, and the way to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from advisor import load_catalog
from advisor.decide import data_version, engine_version
from advisor.errors import AdvisorError
from advisor.report.words import VERDICTS
from advisor.web import blocks, session
from advisor.web.links import SavedLink, read_link, write_link

if TYPE_CHECKING:
    from advisor.store.records import Saved

PAGE = 20
COMPARED = 4


def show() -> None:
    """One page of the list at a time, the latest change first."""
    st.title("Saved assessments")
    link = read_link(SavedLink)
    st.session_state.setdefault("saved_search", link.search)
    st.session_state.setdefault("saved_archived", link.archived == "yes")
    find, which = st.columns([3, 1], vertical_alignment="bottom")
    search = find.text_input("Search in titles", key="saved_search", max_chars=100)
    archived = which.toggle("Archived ones", key="saved_archived")
    write_link(search=search, archived="yes" if archived else None)
    _undo()
    first = st.session_state.get("saved_first", 0)
    page = session.work().page(search, archived=archived, limit=PAGE, offset=first)
    if page.total <= first and first:
        first = st.session_state["saved_first"] = 0
        page = session.work().page(search, archived=archived, limit=PAGE)
    if not page.items:
        _none(search, archived)
    for saved in page.items:
        _line(saved)
    _turn(first, page.total)
    _compare()
    _import()


def _none(search: str, archived: bool) -> None:
    from advisor.web.page import go

    if search:
        blocks.empty(
            "Nothing found", "No title holds these words. Try fewer, or look in the other list."
        )
    elif archived:
        blocks.empty("Nothing is archived", "What you archive is kept here and can be restored.")
    else:
        blocks.empty("Nothing is saved yet", "Every assessment is kept here as soon as it is made.")
        if st.button("New assessment", type="primary"):
            go("new")


def _line(saved: Saved) -> None:
    from advisor.web.page import go

    with st.container(border=True):
        text, buttons = st.columns([4, 2], vertical_alignment="center")
        verdict, _ = VERDICTS[saved.verdict]  # type: ignore[index]
        marks = [f"version {saved.version}", f"{saved.updated:%Y-%m-%d %H:%M} UTC"]
        marks.append(f"by {saved.changed_by}")
        if saved.imported:
            marks.append("imported")
        old = saved.outdated(
            data_version=data_version(load_catalog()), engine_version=engine_version()
        )
        if old:
            marks.append("newer data exists")
        text.markdown(f"**{session.plain(saved.title)}**  \n{session.plain(verdict)}")
        text.caption(session.plain(", ".join(marks)))
        with buttons, st.container(horizontal=True):
            if st.button("Open", key=f"open_{saved.id}", help=f"Open {session.plain(saved.title)}"):
                go("result", a=saved.id)
            if saved.archived is None:
                if st.button("Archive", key=f"archive_{saved.id}"):
                    _archive(saved)
            elif st.button("Restore", key=f"restore_{saved.id}"):
                session.work().restore(saved.id, saved.version)
                session.flash(f"Restored: {saved.title}")
                st.rerun()
            st.checkbox("Compare", key=f"pick_{saved.id}", on_change=_picked, args=(saved.id,))


def _archive(saved: Saved) -> None:
    try:
        now = session.work().archive(saved.id, saved.version)
    except AdvisorError as error:
        session.flash(str(error), "warning")
    else:
        st.session_state["archived_last"] = (now.id, now.version, now.title)
    st.rerun()


def _undo() -> None:
    """The last archiving of this session can be taken back."""
    last = st.session_state.get("archived_last")
    if last is None:
        return
    text, button = st.columns([4, 1], vertical_alignment="center")
    text.info(f"Archived: {session.plain(last[2])}. Its share links are closed.")
    if button.button("Undo", key="undo_archive"):
        del st.session_state["archived_last"]
        try:
            session.work().restore(last[0], last[1])
        except AdvisorError as error:
            session.flash(str(error), "warning")
        st.rerun()


def _turn(first: int, total: int) -> None:
    if total <= PAGE:
        return
    st.caption(f"{first + 1} to {min(first + PAGE, total)} of {total}")
    with st.container(horizontal=True):
        if st.button("Later ones", disabled=first == 0):
            st.session_state["saved_first"] = max(0, first - PAGE)
            st.rerun()
        if st.button("Earlier ones", disabled=first + PAGE >= total):
            st.session_state["saved_first"] = first + PAGE
            st.rerun()


def _picked(id: str) -> None:
    """Keeps the order in which assessments were picked."""
    chosen: list[str] = st.session_state.setdefault("picked", [])
    if id in chosen:
        chosen.remove(id)
    else:
        chosen.append(id)


def _compare() -> None:
    from advisor.web.page import go

    chosen = st.session_state.get("picked", [])
    if not chosen:
        return
    ready = 2 <= len(chosen) <= COMPARED
    if st.button(f"Compare the {len(chosen)} picked", type="primary", disabled=not ready):
        st.session_state["picked"] = []
        go("compare", ids=".".join(chosen))
    if not ready:
        st.caption(f"Pick two to {COMPARED} to compare.")


def _import() -> None:
    from advisor.web.page import go

    with st.expander("Import an assessment"):
        st.caption(
            "A JSON file that Advisor exported or that `advisor assess --json` wrote. It stays "
            "marked as imported until it is run again here."
        )
        given = st.file_uploader("JSON file", type=["json"], key="import_file")
        if given is not None and st.button("Import", key="import"):
            try:
                saved = session.work().import_text(given.getvalue().decode("utf-8"))
            except UnicodeDecodeError:
                st.error("The file is not UTF-8 text: export it again.")
            except AdvisorError as error:
                st.error(session.plain(error))
            else:
                go("result", a=saved.id)
