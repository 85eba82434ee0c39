"""Reports: one document made from an Assessment, rendered as HTML, PDF and Markdown.

    render_html(answer)      self-contained page, no script, no network
    render_pdf(answer)       tagged PDF (built in PDF/UA-1 mode)
    render_markdown(answer)  the twin for issues and chats

JSON is the record itself: `answer.model_dump_json()`. The same record gives the same bytes.
`brand` comes from `read_brand("brand.yaml")`; `language` is a language of reports/labels or the
path of such a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.assessment import Assessment
    from advisor.report.doc import BrandMark

__all__ = ["render_html", "render_markdown", "render_pdf"]


def render_html(
    assessment: Assessment, *, brand: BrandMark | None = None, language: str | Path = "en"
) -> str:
    """The report as one HTML page that loads nothing."""
    from advisor.report.data import report_doc
    from advisor.report.html import html
    from advisor.report.labels import speaking

    with speaking(language):
        return html(report_doc(assessment, brand))


def render_pdf(
    assessment: Assessment, *, brand: BrandMark | None = None, language: str | Path = "en"
) -> bytes:
    """The report as a PDF with contents, bookmarks and tags."""
    from advisor.report.data import report_doc
    from advisor.report.labels import speaking
    from advisor.report.pdf import pdf

    with speaking(language):
        return pdf(report_doc(assessment, brand))


def render_markdown(
    assessment: Assessment, *, brand: BrandMark | None = None, language: str | Path = "en"
) -> str:
    """The report as Markdown, without pictures: each chart stands as its alternative text."""
    from advisor.report.data import report_doc
    from advisor.report.labels import speaking
    from advisor.report.markdown import markdown

    with speaking(language):
        return markdown(report_doc(assessment, brand))
