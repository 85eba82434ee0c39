"""ReportDoc -> Markdown for issues and chats. Text is escaped; nothing in it becomes markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from advisor.report import words
from advisor.report.labels import label

if TYPE_CHECKING:
    from advisor.figure import Basis
    from advisor.report.doc import Cell, ReportDoc, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "#": "&#35;", "!": "&#33;"}
_ENTITY = re.compile("[" + "".join(_ENTITIES) + "]")
_LINK = re.compile(r"(?i)(:)(//)|(\bwww)(\.)")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s|$)")


def markdown(doc: ReportDoc) -> str:
    """The document as GitHub-flavoured Markdown; a chart stands as its title and its words."""
    parts = [f"# {escaped(doc.title)}", f"**{escaped(doc.verdict)}.** {escaped(doc.decision)}"]
    parts.append(" · ".join(f"{escaped(one.label)}: {escaped(one.value)}" for one in doc.meta))
    if doc.brand:
        parts.append(f"{escaped(doc.brand.client)} · {escaped(doc.report)}")
    parts += [_block(one) for one in doc.executive]
    parts.append(f"## {label('page.contents')}")
    parts.append("\n".join(f"- {one.number} {escaped(one.title)}" for one in doc.sections))
    parts += [_block(one) for one in doc.reading]
    for section in doc.sections:
        parts.append(f"## {section.number} {escaped(section.title)}")
        parts += [_block(one) for one in section.blocks]
    if doc.brand and doc.brand.disclaimer:
        parts.append(f"**{label('page.disclaimer')}.** {escaped(doc.brand.disclaimer)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Text that renders as itself: no markup, no link, no mention, no list or heading."""
    text = _ENTITY.sub(lambda match: _ENTITIES[match[0]], text)
    text = _SPECIAL.sub(r"\\\1", text)
    text = _LINK.sub(lambda m: f"{m[1]}&#47;&#47;" if m[1] else f"{m[3]}&#46;", text)
    return _LINE_START.sub(_guarded, text)


def _guarded(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2][:-1]}\\{match[2][-1]}"


def _block(block: Any) -> str:
    return _RENDER[block.kind](block)


def _badge(basis: Basis | None) -> str:
    return f" _{words.BASES[basis][0]}_" if basis is not None else ""


def _kpis(block: Any) -> str:
    lines = []
    for item in block.items:
        interval = f" ({escaped(item.interval)})" if item.interval else ""
        note = f": {escaped(item.note)}" if item.note else ""
        value = f"**{escaped(item.value)}**{interval}"
        lines.append(f"- {escaped(item.label)} {value}{_badge(item.basis)}{note}")
    return "\n".join(lines)


def _table(block: Table) -> str:
    head = " | ".join(escaped(column.label) for column in block.columns)
    rule = " | ".join("---:" if column.align == "right" else "---" for column in block.columns)
    rows = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in block.rows]
    table = "\n".join([f"| {head} |", f"| {rule} |", *rows])
    note = f"\n\n_{escaped(block.note)}_" if block.note else ""
    return f"**{escaped(block.caption)}**\n\n{table}{note}"


def _cell(cell: Cell) -> str:
    text = escaped(cell.text) + _badge(cell.basis)
    return f"{text}<br>{escaped(cell.sub)}" if cell.sub else text


def _chart(block: Any) -> str:
    note = f" {escaped(block.note)}" if block.note else ""
    return (
        f"**{escaped(block.title)}**\n\n_{label('page.chart_in_words')}_ {escaped(block.alt)}{note}"
    )


def _commands(block: Any) -> str:
    text = "\n".join(block.lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{escaped(block.label)}\n\n{fence}\n{text}\n{fence}"


def _columns(block: Any) -> str:
    return "\n\n".join(_block(one) for one in [*block.left, *block.right])


def _pairs(block: Any) -> str:
    return "\n".join(
        f"- **{escaped(one.label)}**: {escaped(one.value)}{_badge(one.basis)}"
        for one in block.items
    )


_RENDER = {
    "kpis": _kpis,
    "paragraph": lambda block: escaped(block.text),
    "subheading": lambda block: f"### {escaped(block.text)}",
    "bullets": lambda block: "\n".join(f"- {escaped(item)}" for item in block.items),
    "table": _table,
    "chart": _chart,
    "callout": lambda block: f"> **{escaped(block.title)}.** {escaped(block.text)}",
    "keyvalues": _pairs,
    "commands": _commands,
    "columns": _columns,
}
