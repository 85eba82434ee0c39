"""One use case of a portfolio on one short page: answer, figures, conditions, risks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Entry,
    KeyValues,
    Kpi,
    Kpis,
    Paragraph,
    Subheading,
    Table,
    Tone,
)
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count, seconds
from advisor.report.sections.cards import figure_card

if TYPE_CHECKING:
    from advisor.portfolio import Risk, Row

LISTED = 6  # risks and conditions of one use case; its own report has all


def case(row: Row) -> list[Block]:
    """All blocks of one use case's page."""
    word, tone = verdict_of(row)
    blocks: list[Block] = [Callout(tone=tone, title=word, text=row.headline)]
    if row.way:
        blocks.append(Paragraph(text=row.way))
    if row.model:
        blocks.append(Kpis(items=_figures(row)))
    blocks.append(KeyValues(items=_facts(row)))
    codes = tuple(f"({one.code})" for one in row.risks)
    conditions = [one for one in row.conditions if not one.endswith(codes)]
    if conditions:
        blocks.append(Subheading(text=label("case.conditions")))
        blocks.append(Bullets(items=_cut(conditions)))
    if row.risks:
        blocks.append(_risks(row.risks))
    return blocks


def verdict_of(row: Row) -> tuple[str, Tone]:
    return words.VERDICTS[row.verdict]  # type: ignore[index]  # a row keeps it as plain text


def _figures(row: Row) -> list[Kpi]:
    said = words.against_limit(row.chance_in_limit, row.response_s.basis) if row.response_s else ""
    limit = f"{said}: {seconds(row.limit_s)}" if row.limit_s is not None else "no limit stated"
    own = "the users' own devices do the work" if row.offer_kind == "client-device" else ""
    return [
        figure_card("case.response", row.response_s, limit),
        figure_card("case.per_1000", row.usd_per_1000_outputs, own),
        figure_card("case.per_month", row.usd_per_month, own),
        figure_card("case.memory", row.peak_memory_gib, ""),
    ]


def _facts(row: Row) -> list[Entry]:
    told = [
        ("case.file", row.file),
        ("case.model", ", ".join(one for one in (row.model, row.settings) if one)),
        ("case.device", row.device),
        ("case.confidence", row.confidence),
        ("case.assumed", count(row.assumed)),
    ]
    return [Entry(label=label(key), value=value) for key, value in told if value]


def _cut(items: list[str]) -> list[str]:
    more = len(items) - LISTED
    return items[:LISTED] + ([f"{count(more)} more in its own report"] if more > 0 else [])


def _risks(risks: list[Risk]) -> Table:
    more = len(risks) - LISTED
    return Table(
        caption=label("case.risks"),
        columns=[
            Column(label=label("column.rule"), width=0.7),
            Column(label=label("column.kind"), width=0.8),
            Column(label=label("column.said"), width=3),
            Column(label=label("column.remedy"), width=2),
        ],
        rows=[
            [
                Cell(text=one.code),
                Cell(text=words.SEVERITIES[one.severity]),
                Cell(text=one.sentence),
                Cell(text=one.remedy or UNKNOWN, tone="muted"),
            ]
            for one in risks[:LISTED]
        ],
        note=f"{count(more)} more in its own report." if more > 0 else "",
        dense=True,
    )
