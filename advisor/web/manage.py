"""What can be done with a saved assessment: run again, change, copy, rename, share, archive, undo.

Every change starts from the version that this session has seen; if somebody else was faster,
nothing is written and both versions can be looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from advisor.errors import InputError
from advisor.report.doc import Table
from advisor.store.errors import Conflict
from advisor.web import blocks, session

if TYPE_CHECKING:
    from advisor.store.records import Change, Link, Revision, Saved

_KINDS = {
    "created": "assessed",
    "imported": "imported",
    "duplicated": "copied",
    "saved": "run again",
    "renamed": "renamed",
    "archived": "archived",
    "restored": "restored",
    "undone": "undone",
}


def _seen() -> dict[str, int]:
    found: dict[str, int] = st.session_state.setdefault("seen_versions", {})
    return found


def changed_elsewhere(saved: Saved) -> None:
    """Notes the version that is looked at; says so when a later one came from somebody else."""
    seen = _seen().setdefault(saved.id, saved.version)
    if seen == saved.version:
        return
    st.warning(
        f"Changed by someone else ({session.plain(saved.changed_by)}) since you opened it: you "
        f"have version {seen}, stored is version {saved.version}. What is shown below is theirs."
    )
    if st.button("Go on from theirs", key="accept_theirs"):
        _seen()[saved.id] = saved.version
        st.rerun()


def _change(saved: Saved, change: Callable[[int], Saved], done: str) -> None:
    """One change from the version seen; a conflict is said, and nothing is lost."""
    try:
        now = change(_seen().get(saved.id, saved.version))
    except (Conflict, InputError) as error:
        session.flash(str(error), "warning")
    else:
        _seen()[saved.id] = now.version
        session.flash(done)
    st.rerun()


def actions(saved: Saved, revision: Revision) -> None:
    """The row of buttons under the title."""
    from advisor.web.page import go

    work = session.work()
    with st.container(horizontal=True):
        if st.button("Change the use case", key="change"):
            session_keys_of_form_dropped()
            go("new", change=saved.id)
        if saved.archived is None and st.button("Run again", key="again"):
            with st.spinner("Assessing with today's data"):
                answer = session.answer(revision.request_json)
            _change(saved, lambda seen: work.save(saved.id, seen, answer), "Run again and kept.")
        if st.button("Duplicate", key="duplicate"):
            copy = work.duplicate(saved.id, revision.number)
            session.flash(f"This is the copy: {copy.title}")
            go("result", a=copy.id)
        if st.button("Compare", key="compare"):
            go("compare", ids=saved.id)
        if saved.archived is None:
            if st.button("Archive", key="archive"):
                _change(saved, lambda seen: work.archive(saved.id, seen), "Archived. Undo below.")
        elif st.button("Restore", key="restore", type="primary"):
            _change(saved, lambda seen: work.restore(saved.id, seen), "Restored.")


def session_keys_of_form_dropped() -> None:
    """Forget what the form holds, so that it is filled from the address."""
    for key in [k for k in st.session_state if str(k).startswith("f_") or k == "new"]:
        del st.session_state[key]
    for key in ("draft", "draft_text", "filled_from"):
        st.session_state.pop(key, None)


def sharing(saved: Saved, revision: Revision) -> None:
    """Make a link, look at those there are, withdraw one."""
    with st.expander("Share with a link"):
        st.caption(
            "Whoever has the link sees this revision, read-only, until it ends or is withdrawn."
        )
        with st.form("share", border=False):
            days = st.number_input("Days until it ends", 1, 366, 30, key="share_days")
            if st.form_submit_button("Make a link", disabled=saved.archived is not None):
                new = session.links().share(saved.id, revision.number, int(days))
                st.session_state["new_link"] = (saved.id, new.token)
        made = st.session_state.get("new_link")
        if made and made[0] == saved.id:
            st.success("Copy the link now: it is shown here and never again.")
            st.code(shared_url(made[1]), language=None, wrap_lines=True)
        for link in session.links().of(saved.id):
            _link(link)


def shared_url(token: str) -> str:
    """The whole address of a share link, as this browser reaches the server."""
    here = st.context.url or ""
    base = here.split("?")[0].rstrip("/").removesuffix("/result")
    return f"{base}/shared?t={token}"


def _link(link: Link) -> None:
    text, button = st.columns([4, 1])
    ended = link.expires <= session.store().clock()
    state = "withdrawn" if link.withdrawn else ("ended" if ended else "open")
    text.markdown(
        f"Revision {link.number}, made {link.created:%Y-%m-%d} by {session.plain(link.by)}, "
        f"ends {link.expires:%Y-%m-%d}: **{state}**"
    )
    if state == "open" and button.button("Withdraw", key=f"withdraw_{link.id}"):
        session.links().withdraw(link.id)
        st.session_state.pop("new_link", None)
        session.flash("The link is withdrawn: it opens nothing from now on.")
        st.rerun()


def history(saved: Saved) -> None:
    """Rename, every revision, and undo."""
    work = session.work()
    with st.expander("Rename and history"):
        with st.form("rename", border=False):
            title = st.text_input("Title", saved.title, max_chars=200, key="rename_title")
            if st.form_submit_button("Rename", disabled=saved.archived is not None):
                _change(saved, lambda seen: work.rename(saved.id, seen, title), "Renamed.")
        changes = work.history(saved.id)
        blocks.show(_table(changes))
        numbers = [change.number for change in changes[::-1]]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            wanted = st.selectbox("Look at revision", numbers, key="look_at", width=200)
            if st.button("Open it", key="open_revision"):
                from advisor.web.page import go

                go("result", a=saved.id, revision=str(wanted))
            if len(changes) > 1 and st.button("Undo the last change", key="undo"):
                _change(saved, lambda seen: work.undo(saved.id, seen), "The last change is undone.")


def _table(changes: list[Change]) -> Table:
    return blocks.table(
        "Every revision, the latest first",
        [("#", 0.4), ("What", 1), ("Title", 2.4), ("By", 1), ("When (UTC)", 1.2)],
        [
            [one.number, _KINDS[one.kind], one.title, one.by, f"{one.created:%Y-%m-%d %H:%M}"]
            for one in changes[::-1]
        ],
    )
