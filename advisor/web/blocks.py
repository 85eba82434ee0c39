"""Blocks of a report on a page: the same words, tables and pictures as in the HTML and the PDF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from advisor.paths import data_dir
from advisor.report.doc import Block, Callout, Cell, Column, Paragraph, Table
from advisor.report.html import fragment
from advisor.report.numbers import UNKNOWN

if TYPE_CHECKING:
    from advisor.report.doc import Tone


@lru_cache(maxsize=1)
def _css() -> str:
    """The report's own rules, within `.blocks` alone, then what the web form adds to them."""
    report = (data_dir("reports") / "html" / "report.css").read_text(encoding="utf-8")
    own = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    return f"<style>.blocks {{ {report} }}\n{own}</style>"


def style() -> None:
    """The page's style; colours follow Streamlit's light or dark theme by themselves."""
    st.html(_css())


def show(*blocks: Block, level: int = 3) -> None:
    """Blocks, one under the other. Every text in them is escaped. `level` of their headings."""
    if blocks:
        html(fragment(blocks), level=level)


def html(ready: str, *, level: int = 3) -> None:
    """What `fragment` made. Its texts are escaped, so only our own headings can match."""
    if ready:
        shown = ready.replace("<h3>", f"<h{level}>").replace("</h3>", f"</h{level}>")
        st.html(f'<div class="blocks">{shown}</div>')


def note(text: str) -> None:
    """A small grey line."""
    show(Paragraph(text=text, tone="note"))


def empty(title: str, text: str, tone: Tone = "info") -> None:
    """What stands where there is nothing to show (yet): what that means and what to do."""
    show(Callout(tone=tone, title=title, text=text))


def table(
    caption: str,
    columns: Sequence[str | tuple[str, float]],
    rows: Iterable[Sequence[Any]],
    *,
    header: int = 0,
    marked: Sequence[int] = (),
    below: str = "",
    dense: bool = True,
) -> Table:
    """A table of texts: a column is a label or (label, width); ">" sets it to the right."""
    named = [(one, 1.0) if isinstance(one, str) else one for one in columns]
    return Table(
        caption=caption,
        columns=[
            Column(
                label=label.removeprefix(">"),
                width=width,
                align="right" if label.startswith(">") else "left",
            )
            for label, width in named
        ],
        rows=[[cell(value) for value in row] for row in rows],
        header=header,
        marked=list(marked),
        note=below,
        dense=dense,
    )


def cell(value: Any) -> Cell:
    """A value as a table's cell; None is unknown."""
    if isinstance(value, Cell):
        return value
    if value is None or value == "":
        return Cell(text=UNKNOWN, tone="muted")
    if isinstance(value, bool):
        return Cell(text="yes" if value else "no")
    return Cell(text=f"{value:,}" if isinstance(value, int) else str(value))
