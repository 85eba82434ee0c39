"""Options compared, and why every other family was set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import charts, words
from advisor.report.doc import Block, Cell, Column, Paragraph, Table
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count, exact, percent, significant
from advisor.report.sections.tables import nearest_table, options_table
from advisor.report.view import View, number, option_cell, with_unit

if TYPE_CHECKING:
    from advisor.assessment import Composite, FamilyResult

_OUT = ("barred", "does-not-make-this")


def options(view: View) -> list[Block]:
    """Chart and table of ranked options, scores, and the tally of what barred the rest."""
    blocks: list[Block] = []
    if view.shown:
        chart = charts.pareto(view)
        blocks += [chart] if chart else []
        caption = label("caption.shown")
        blocks.append(options_table(view, view.shown, caption))
        blocks.append(_scores(view))
    elif view.barred:
        blocks.append(nearest_table(view, label("caption.nearest")))
    if view.assessment.barred_by:
        blocks.append(_bars(view))
    return blocks + [_chain(one) for one in view.assessment.composites]


def _chain(one: Composite) -> Table:
    """Several families in turn, where practice makes such things so."""
    least = "" if one.complete else "at least "
    return Table(
        caption=label("caption.chain", name=one.name),
        columns=[
            Column(label=label("column.step"), width=1.6),
            Column(label=label("column.made_by"), width=2.2),
            Column(label=label("column.per_item"), width=0.7, align="right"),
            Column(label=label("column.time"), width=1.5),
            Column(label=label("column.usd_per_output"), width=1.5, align="right"),
        ],
        rows=[
            *(
                [
                    Cell(text=part.purpose),
                    Cell(text=part.model or part.family, sub=part.device or part.note),
                    Cell(text=exact(part.per_item)),
                    with_unit(part.latency_s),
                    number(part.usd_per_output),
                ]
                for part in one.parts
            ),
            [
                Cell(text=f"Together, one after the other {least}".strip(), tone="strong"),
                Cell(text=""),
                Cell(text=""),
                with_unit(one.latency_s),
                number(one.usd_per_item),
            ],
        ],
        note=f"{one.sentence} Source: {one.source}",
        dense=True,
    )


def _scores(view: View) -> Table:
    weights = view.assessment.weights
    names = [name for name in words.CRITERIA if name in weights]
    rows = [
        [
            Cell(text=str(one.rank)),
            option_cell(one, settings=False),
            *(Cell(text=_score(one.scores.get(name))) for name in names),
            Cell(text=_score(one.total), tone="strong"),
        ]
        for one in view.shown
    ]
    weigh = [Cell(text=percent(weights[name]), tone="muted") for name in names]
    first = [Cell(text=""), Cell(text=label("cell.weight_criterion")), *weigh, Cell(text="")]
    return Table(
        caption=label("caption.scores"),
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.option"), width=2.6),
            *(Column(label=words.CRITERIA[name], align="right") for name in names),
            Column(label=label("column.total"), align="right", width=0.8),
        ],
        rows=[first, *rows],
        header=1,
        note="Scores and weights are judgements; they order what the rules left. The total also "
        "counts the findings for and against the family.",
        dense=True,
    )


def _score(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"


def _bars(view: View) -> Table:
    tally = sorted(view.assessment.barred_by.items(), key=lambda item: (-item[1], item[0]))
    return Table(
        caption=label("caption.bars"),
        columns=[
            Column(label=label("column.rule"), width=0.8),
            Column(label=label("column.said"), width=4),
            Column(label=label("column.options_barred"), width=1, align="right"),
        ],
        rows=[
            [
                Cell(text=code),
                Cell(text=view.title_of(code)),
                Cell(text=count(barred)),
            ]
            for code, barred in tally
        ],
        dense=True,
    )


def why_not(view: View) -> list[Block]:
    """Every family with how it fared; those set aside with each rule that did it."""
    families = view.assessment.families
    kept = [one for one in families if one.status not in _OUT]
    out = [one for one in families if one.status == "barred"]
    other = [one for one in families if one.status == "does-not-make-this"]
    blocks: list[Block] = []
    if kept:
        blocks.append(_kept(kept))
    if out:
        blocks.append(_barred(out))
    if other:
        codes = ", ".join(dict.fromkeys(_codes(one) for one in other))
        names = ", ".join(one.name for one in other)
        text = f"Set aside because they make other outputs ({codes}): {names}."
        blocks.append(Paragraph(text=text))
    return blocks or [Paragraph(text="The catalog holds no family.")]


def _kept(families: list[FamilyResult]) -> Table:
    return Table(
        caption=label("caption.families_kept"),
        columns=[
            Column(label=label("column.family"), width=1.4),
            Column(label=label("column.status"), width=0.9),
            Column(label=label("column.score"), width=0.6, align="right"),
            Column(label=label("column.options"), width=0.7, align="right"),
            Column(label=label("column.speaks_against"), width=3.4),
        ],
        rows=[
            [
                Cell(text=one.name),
                Cell(text=words.STATUSES[one.status]),
                Cell(text=significant(one.score, 2) if one.score else "0"),
                Cell(text=count(one.ranked_candidates)),
                Cell(text=one.sentence),
            ]
            for one in families
        ],
    )


def _codes(one: FamilyResult) -> str:
    bars = [finding.code for finding in one.findings if finding.severity == "bar"]
    return ", ".join(dict.fromkeys(bars)) or UNKNOWN


def _barred(families: list[FamilyResult]) -> Table:
    rows = []
    for one in families:
        bars = [finding for finding in one.findings if finding.severity == "bar"]
        said = " ".join(dict.fromkeys(bar.sentence for bar in bars)) or one.sentence
        cure = " ".join(dict.fromkeys(bar.remedy for bar in bars if bar.remedy))
        rows.append(
            [
                Cell(text=one.name),
                Cell(text=_codes(one)),
                Cell(text=said),
                Cell(text=cure or UNKNOWN, tone="muted"),
            ]
        )
    return Table(
        caption=label("caption.families_barred"),
        columns=[
            Column(label=label("column.family"), width=1.3),
            Column(label=label("column.rule"), width=0.9),
            Column(label=label("column.why_not"), width=3),
            Column(label=label("column.remedy"), width=2.2),
        ],
        rows=rows,
        dense=True,
    )
