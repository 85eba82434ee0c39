"""An answer on a page, for its owner and for whoever opens a share link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from advisor.errors import AdvisorError
from advisor.report import charts
from advisor.report.doc import Callout
from advisor.report.view import View
from advisor.report.words import VERDICTS
from advisor.web import blocks, session, whatif
from advisor.web.cards import cards

if TYPE_CHECKING:
    from advisor import Assessment
    from advisor.report.doc import ReportDoc
    from advisor.store.records import Revision
    from advisor.web.whatif import Desk


def answer_of(revision: Revision) -> tuple[Assessment, ReportDoc]:
    """The record and report of a revision. DataError if this program can no longer read it."""
    if revision.schema_version != _schema_version():
        revision.answer()  # says in a sentence what cannot be read
    return session.document(revision.answer_json)


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


def lead(answer: Assessment, doc: ReportDoc, desk: Desk | None) -> None:
    """Sentence, cards, leading options, reasons, what would change it, and the chart."""
    view = View(answer)
    verdict, tone = VERDICTS[answer.verdict]
    headline = answer.headline.removeprefix(f"{answer.use_case.title}: ")
    wider = {}
    if desk is not None and view.chosen is not None:
        wider = whatif.unconfirmed(view.chosen, desk, view.assumed)
    blocks.show(Callout(tone=tone, title=verdict, text=headline), cards(view, wider))
    blocks.show(*(block for block in doc.executive if block.kind != "kpis"), level=2)
    chart = charts.pareto(view) if view.shown else None
    if chart is not None:
        blocks.show(chart)


def details(doc: ReportDoc, key: str) -> None:
    """One section of the report at a time."""
    st.header("Look closer")
    titles = {section.id: section.title for section in doc.sections}
    chosen = st.pills(
        "Section of the report",
        list(titles),
        format_func=titles.get,
        default="why-not",
        key=key,
        label_visibility="collapsed",
    )
    section = next((one for one in doc.sections if one.id == chosen), None)
    if section is None:
        blocks.empty("Nothing chosen", "Choose a section above.")
        return
    blocks.show(*section.blocks)
