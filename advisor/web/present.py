"""An answer on a page, for its owner and for whoever opens a share link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from advisor.errors import AdvisorError
from advisor.report.doc import Callout
from advisor.report.words import VERDICTS
from advisor.web import blocks, session, whatif
from advisor.web.cards import cards
from advisor.web.sheet import SECTIONS
from advisor.web.widened import Widened, listed, widened

if TYPE_CHECKING:
    from advisor.store.records import Revision
    from advisor.web.sheet import Sheet
    from advisor.web.whatif import Desk


def sheet_of(revision: Revision) -> Sheet:
    """A revision's answer. DataError if this program can no longer read it."""
    if revision.schema_version != _schema_version():
        revision.answer()  # says in a sentence what cannot be read
    return session.sheet(revision.answer_json)


def _schema_version() -> int:
    from advisor.assessment import SCHEMA_VERSION

    return SCHEMA_VERSION


def desk_of(revision: Revision) -> Desk | None:
    """The bench for what-if questions; None where this program cannot ask the question again."""
    try:
        return whatif.desk(revision.request_json, session.today(), session.evidence_stamp())
    except AdvisorError as error:
        blocks.note(f"What-if questions cannot be asked here: {error}")
        return None


def lead(sheet: Sheet, desk: Desk | None) -> None:
    """Sentence, cards, leading options, reasons, what would change it, and the chart."""
    answer, view = sheet.assessment, sheet.view
    verdict, tone = VERDICTS[answer.verdict]
    headline = answer.headline.removeprefix(f"{answer.use_case.title}: ")
    wider = Widened()
    if desk is not None and view.chosen is not None:
        wider = widened(view.chosen, desk, view.assumed)
    blocks.show(Callout(tone=tone, title=verdict, text=headline), cards(view, wider.figures))
    if wider.fields:
        blocks.note(
            "The intervals above also cover half and double of what nobody stated, one at a time: "
            f"{listed(wider.fields)}. The factor is a judgement."
        )
    blocks.html(sheet.lead(), level=2)
    blocks.html(sheet.chart() if view.shown else "")


def details(sheet: Sheet, key: str) -> None:
    """One section of the report at a time."""
    st.header("Look closer")
    chosen = st.pills(
        "Section of the report",
        list(SECTIONS),
        format_func=SECTIONS.get,
        default="why-not",
        key=key,
        label_visibility="collapsed",
    )
    if chosen is None:
        blocks.empty("Nothing chosen", "Choose a section above.")
        return
    blocks.html(sheet.section(chosen))
