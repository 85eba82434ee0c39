"""Reports: one document made from an Assessment, rendered as HTML, PDF and Markdown.

    render_html(answer)      self-contained page, no script, no network
    render_pdf(answer)       tagged PDF (built in PDF/UA-1 mode)
    render_markdown(answer)  the twin for issues and chats

JSON is the record itself: `answer.model_dump_json()`. The same record gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.assessment import Assessment

__all__ = ["render_html", "render_markdown", "render_pdf"]


def render_html(assessment: Assessment) -> str:
    """The report as one HTML page that loads nothing."""
    from advisor.report.data import report_doc
    from advisor.report.html import html

    return html(report_doc(assessment))


def render_pdf(assessment: Assessment) -> bytes:
    """The report as a PDF with contents, bookmarks and tags."""
    from advisor.report.data import report_doc
    from advisor.report.pdf import pdf

    return pdf(report_doc(assessment))


def render_markdown(assessment: Assessment) -> str:
    """The report as Markdown, without pictures: each chart stands as its alternative text."""
    from advisor.report.data import report_doc
    from advisor.report.markdown import markdown

    return markdown(report_doc(assessment))
