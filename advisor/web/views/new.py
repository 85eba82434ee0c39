"""New: from an example, a file, a draft or nothing to a stored assessment."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import streamlit as st

from advisor.errors import AdvisorError, InputError
from advisor.paths import data_dir
from advisor.report.doc import Block, Bullets, Callout, Paragraph
from advisor.report.view import View, option_name
from advisor.report.words import VERDICTS
from advisor.store.errors import NotFound
from advisor.usecase import UseCase, parse_use_case, read_use_case
from advisor.web import blocks, session
from advisor.web.fields import KEY, fill
from advisor.web.form import NEEDED, fields, missing
from advisor.web.links import NewLink, read_link, write_link

_STATE = "new"  # what the form holds, kept while other pages are looked at


def show() -> None:
    """The form beside a live view of where it leads."""
    st.title("Which generative architecture, at what cost, and how sure?")
    st.caption(
        "Leave open what you do not know. The default that an empty field shows stands in for it, "
        "is listed as assumed, and widens the figures."
    )
    _leave_if_submitted()
    _begin()
    _starting_points()
    form, preview = st.columns([2, 1], gap="large")
    with form:
        stated = fields()
    st.session_state[_STATE] = stated
    _keep_draft(stated)
    with preview, st.container(border=True, key="preview"):
        _preview(stated)


def _begin() -> None:
    """Fill an untouched form: from what it held, from the address, from the draft it names."""
    link = read_link(NewLink)
    if KEY + "title" in st.session_state:
        if link.draft and "draft" not in st.session_state:
            _adopt(link.draft)
        return
    if link.change:
        revision = session.work().revision(link.change)
        _start(json.loads(revision.request_json))
    elif link.draft and link.draft != st.session_state.get("draft"):
        try:
            content = session.drafts().get(link.draft).content
        except NotFound:
            st.info("The draft that this address names is gone. The form starts empty.")
        else:
            st.session_state["draft"] = link.draft
            _start(content)
    elif _STATE in st.session_state:
        _start(st.session_state[_STATE])


def _adopt(draft: str) -> None:
    """After a restart of the server an open page still holds its form: go on with its draft."""
    with contextlib.suppress(NotFound):
        st.session_state["draft"] = session.drafts().get(draft).id


def _start(stated: dict[str, Any]) -> None:
    fill(stated)
    st.session_state[_STATE] = stated


def _starting_points() -> None:
    files = sorted(data_dir("examples").glob("*.yaml"))
    titles = _titles(tuple(files))
    pick, upload, draft = st.columns(3)
    chosen = pick.selectbox(
        "Start from an example", list(titles), index=None, placeholder="an empty form", key="preset"
    )
    given = upload.file_uploader("or a use case file (YAML, JSON)", type=["yaml", "yml", "json"])
    with draft:
        _drafts()
    if given is not None and st.session_state.get("uploaded") != given.file_id:
        st.session_state["uploaded"] = given.file_id
        _from_upload(given)
    elif chosen != st.session_state.get("filled_from"):
        st.session_state["filled_from"] = chosen
        if chosen is not None:
            _start(json.loads(session.stated_json(read_use_case(titles[chosen]))))
            st.rerun()


@st.cache_data(show_spinner=False)
def _titles(files: tuple[Any, ...]) -> dict[str, Any]:
    return {read_use_case(file).title: file for file in files}


def _drafts() -> None:
    """Forms that were not finished, to go on with."""
    kept = [d for d in session.drafts().latest() if d.id != st.session_state.get("draft")]
    if not kept:
        return
    names = {d.id: f"{d.content.get('title', '')[:60]}, {d.updated:%d %b %H:%M} UTC" for d in kept}
    chosen = st.selectbox(
        "or an unfinished form",
        list(names),
        index=None,
        format_func=names.get,
        placeholder=f"{len(kept)} kept for 30 days",
        key="pick_draft",
    )
    if chosen is not None:
        st.session_state["draft"] = chosen
        _start(next(d for d in kept if d.id == chosen).content)
        del st.session_state["pick_draft"]
        st.rerun()


def _from_upload(given: Any) -> None:
    from advisor.files import MAX_BYTES, parse_yaml

    try:
        raw = given.getvalue()
        if len(raw) > MAX_BYTES:
            raise InputError(f"{given.name} is larger than {MAX_BYTES // 1024} KiB")
        data, lines = parse_yaml(raw.decode("utf-8", errors="strict"), given.name)
        use_case = parse_use_case(data, given.name, lines)
    except UnicodeDecodeError:
        st.error(f"{session.plain(given.name)} is not UTF-8 text: save it as UTF-8.")
    except AdvisorError as error:
        st.error(session.plain(error))
    else:
        _start(json.loads(session.stated_json(use_case)))
        st.rerun()


def _keep_draft(stated: dict[str, Any]) -> None:
    """Keep the form in the store as soon as it says more than a title, so that a restart of the
    server loses nothing; the address names the draft."""
    if len(stated) < 2:
        return
    text = json.dumps(stated, sort_keys=True)
    if text != st.session_state.get("draft_text"):
        try:
            kept = session.drafts().save(stated, st.session_state.get("draft"))
        except NotFound:  # it was dropped elsewhere
            kept = session.drafts().save(stated)
        st.session_state.update(draft=kept.id, draft_text=text)
    write_link(draft=st.session_state["draft"])


def _preview(stated: dict[str, Any]) -> None:
    """The button, always in its place, then where the form leads and what stands in its way."""
    st.header("So far")
    use_case, fault = _asked(stated)
    ready = use_case is not None
    if st.button("Assess", type="primary", key="assess", width="stretch", disabled=not ready):
        assert use_case is not None  # a button that is off cannot be pressed
        _submit(use_case)
    if "outputs" not in stated:
        blocks.empty("Nothing yet", "Say what comes out, and the answer so far appears here.")
        return
    if use_case is not None:
        try:
            _so_far(View(session.preview(session.stated_json(use_case))))
            _still_needed(stated)
            return
        except AdvisorError as error:
            fault = str(error)
    blocks.empty("These answers do not go together", fault.removeprefix("the form: "), "caution")


def _asked(stated: dict[str, Any]) -> tuple[UseCase | None, str]:
    """The use case of the form, or None and what is wrong with it."""
    try:
        return parse_use_case(stated, "the form"), ""
    except InputError as error:
        return None, str(error)


def _so_far(view: View) -> None:
    answer = view.assessment
    verdict, tone = VERDICTS[answer.verdict]
    headline = answer.headline.removeprefix(f"{answer.use_case.title}: ")
    found: list[Block] = [Callout(tone=tone, title=verdict, text=headline)]
    said = [finding.sentence for finding in answer.findings[:4]]
    if answer.verdict == "no-go" and view.barred:
        near = view.barred[0]
        bars = " ".join(bar.sentence for bar in view.bars_of(near)[:2])
        said.append(f"Nearest: {option_name(near)}. {bars}")
    if said:
        found.append(Bullets(items=said))
    found += [Paragraph(text=text, tone="note") for text in answer.warnings[:2]]
    blocks.show(*found)


def _still_needed(stated: dict[str, Any]) -> None:
    open_ = missing(stated)
    if open_:
        blocks.note(
            f"{len(NEEDED) - len(open_)} of {len(NEEDED)} needed answers given. Not known yet: "
            f"{', '.join(open_)}. Defaults stand in."
        )
    else:
        blocks.note("All needed answers are given. Each further one narrows the answer.")


def _submit(use_case: UseCase) -> None:
    """Answer, store, and go to the result.

    Streamlit ends a script at its next call when another event comes in. Between the spinner's
    start and the id in `submitted` there is no such call: an answer is stored once, and a second
    press or any other event after that finds it and goes on to it.
    """
    submitted, work = session.submitted(), session.work()
    asked = session.stated_json(use_case)
    with st.spinner("Assessing: estimating, costing, and looking for what would change it"):
        submitted.append(work.create(session.answer(asked)).id)
    _leave_if_submitted()


def _leave_if_submitted() -> None:
    """Forget the form that was submitted and go to its result."""
    from advisor.web.page import go

    submitted = session.submitted()
    if not submitted:
        return
    draft = st.session_state.get("draft")
    if draft:
        with contextlib.suppress(NotFound):
            session.drafts().drop(draft)
    for key in ("draft", "draft_text", "filled_from", _STATE):
        st.session_state.pop(key, None)
    go("result", a=submitted[-1])
