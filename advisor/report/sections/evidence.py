"""Appendix A: every figure of the options shown, with its evidence and source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import Block, Cell, Column, Paragraph, Table
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, day, exact, significant
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.figure import Figure

Named = tuple[str, "Figure | None"]
DIGITS = 4


def figures(view: View) -> list[Block]:
    """Every figure of the options shown and of hosted APIs, as computed, with its evidence."""
    sources = _Sources()
    blocks: list[Block] = [
        Paragraph(
            text="Figures as computed, to four digits; the body of the report rounds to two. The "
            "interval is 90 %. A figure without an interval is a count, a price or a stated value. "
            "Numbers of sources are those of the list at the end."
        )
    ]
    for one in view.leading[:1]:
        name = label("caption.figures_first", rank=str(one.rank), option=one.id)
        blocks.append(_figure_table(name, list(_of_option(one)), sources))
    others = [
        (f"{one.rank}: {name}", figure)
        for one in view.leading[1:]
        for name, figure in _in_short(one)
    ]
    if others:
        caption = label("caption.figures_others")
        blocks.append(_figure_table(caption, others, sources))
    apis: list[Named] = [(f"{one.provider} {one.model}", one.usd_per_output) for one in view.apis]
    if apis:
        blocks.append(_figure_table(label("caption.figures_apis"), apis, sources))
    if len(blocks) == 1:
        return []
    return [*blocks, Paragraph(text=f"Sources. {sources.listed()}", tone="note")]


class _Sources:
    """Sources in the order of their first use, each with a number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, source: str) -> str:
        return str(self._numbers.setdefault(source, len(self._numbers) + 1))

    def listed(self) -> str:
        return " ".join(f"[{number}] {source}." for source, number in self._numbers.items())


def _of_option(one: CandidateResult) -> Iterator[Named]:
    """All figures of the first option: stages and lines of the cost tree too."""
    estimate, cost = one.estimate, one.cost
    yield from _in_short(one)
    yield label("figure.first_output"), estimate.first_output_s
    for stage in estimate.stages:
        calls = words.plural(stage.calls, "call")
        yield label("figure.stage", name=stage.name, calls=calls), stage.latency_s
    if cost is None:
        return
    yield label("entry.load_peak"), cost.peak_requests_per_s
    yield label("figure.utilisation"), cost.utilisation
    yield label("figure.p95"), cost.p95_s
    yield label("figure.energy_month"), cost.energy_kwh_per_month
    for line in cost.lines:
        if line.quantity is not None:
            yield label("figure.quantity", line=line.label), line.quantity
        if line.unit_price_usd is not None:
            yield label("figure.unit_price", line=line.label), line.unit_price_usd


def _in_short(one: CandidateResult) -> Iterator[Named]:
    estimate, cost = one.estimate, one.cost
    yield label("figure.response"), one.response_s
    yield label("figure.latency"), estimate.latency_s
    yield label("case.memory"), estimate.peak_memory_gib
    yield label("compared.energy"), estimate.energy_j
    yield label("figure.per_output"), cost.usd_per_output if cost else None
    yield label("case.per_month"), cost.usd_per_month if cost else None


def _figure_table(caption: str, named: list[Named], sources: _Sources) -> Table:
    return Table(
        caption=caption,
        columns=[
            Column(label=label("column.figure"), width=3.4),
            Column(label=label("column.value_interval"), width=2.8, align="right"),
            Column(label=label("column.unit"), width=1.9),
            Column(label=label("column.evidence"), width=0.9),
            Column(label=label("column.as_of"), width=1.0),
            Column(label=label("column.source"), width=0.6, align="right"),
        ],
        rows=[_figure_row(name, figure, sources) for name, figure in named],
        dense=True,
    )


def _figure_row(name: str, figure: Figure | None, sources: _Sources) -> list[Cell]:
    if figure is None:
        nothing = Cell(text=UNKNOWN, tone="muted")
        return [Cell(text=name), Cell(text=UNKNOWN, sub=label("cell.not_known")), *[nothing] * 4]
    point = figure.low == figure.high
    ends = f"{significant(figure.low, DIGITS)} to {significant(figure.high, DIGITS)}"
    value = exact(figure.value) if point else significant(figure.value, DIGITS)
    return [
        Cell(text=name),
        Cell(text=value if point else f"{value} ({ends})"),
        Cell(text=figure.unit),
        Cell(text=words.BASES[figure.basis][0]),
        Cell(text=day(figure.as_of)),
        Cell(text=sources.number(figure.source), tone="muted"),
    ]
