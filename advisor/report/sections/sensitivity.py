"""What would change the answer: which input moves cost most, thresholds, other choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import charts, words
from advisor.report.charts.tornado import bar_name
from advisor.report.doc import Block, Cell, Column, Paragraph, Table
from advisor.report.numbers import UNKNOWN, amount, exact, significant, time_scale
from advisor.report.sections.executive import robustness_sentence
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import FlipPoint, TornadoBar


def sensitivity(view: View) -> list[Block]:
    """Robustness, tornado, flip points nearest first, other choices, least changes."""
    answer = view.assessment
    blocks: list[Block] = []
    if answer.robustness is not None and view.chosen is not None:
        varied = "; ".join(answer.robustness.varied)
        text = f"{robustness_sentence(view)} Varied were {varied}."
        blocks.append(Paragraph(text=text))
    if answer.tornado:
        blocks.append(_tornado(answer.tornado))
    chart = charts.tornado(view)
    blocks += [chart] if chart else []
    if answer.flip_points:
        blocks.append(_thresholds(answer.flip_points))
    if answer.choice_flips:
        blocks.append(_choices(view))
    if answer.least_changes:
        blocks.append(_least(view))
    return blocks or [
        Paragraph(
            text="The record holds no flip point: no single limit, volume or budget in the "
            "range searched changes the recommendation, or none was searched for."
        )
    ]


def _tornado(bars: list[TornadoBar]) -> Table:
    return Table(
        caption="Each input moved alone, the largest effect first",
        columns=[
            Column(label="Input", width=1.7),
            Column(label="Moved from, to", width=2.2),
            Column(label="Range is", width=2.2),
            Column(label="USD per output", width=1.6, align="right"),
            Column(label="Limit over response", width=1.3, align="right"),
        ],
        rows=[
            [
                Cell(text=bar_name(bar)),
                Cell(text=_range(bar)),
                Cell(text=bar.ends, tone="muted"),
                Cell(text=_pair(bar.usd_per_output_at_low, bar.usd_per_output_at_high)),
                Cell(text=_pair(bar.margin_at_low, bar.margin_at_high)),
            ]
            for bar in bars
        ],
        dense=True,
        note="At the low end, then at the high end. Above 1 the time limit holds.",
    )


def _pair(low: float | None, high: float | None) -> str:
    if low is None or high is None or low == high == 0:
        return UNKNOWN
    return f"{significant(low)} to {significant(high)}"


def _range(bar: TornadoBar) -> str:
    """Ends of an interval to two digits, other ends as they are."""
    low, high = bar.low, bar.high
    if "interval" in bar.ends:
        low, high = (float(f"{end:.1e}") for end in (low, high))
    return f"{amount(low, bar.unit)} to {amount(high, bar.unit)}".replace("  ", " ").strip()


def _thresholds(flips: list[FlipPoint]) -> Table:
    return Table(
        caption="The value of one requirement at which the answer changes, nearest first",
        columns=[
            Column(label="Requirement", width=1.4),
            Column(label="Now", width=1.2, align="right"),
            Column(label="Changes", width=1.5, align="right"),
            Column(label="Factor", width=0.7, align="right"),
            Column(label="The answer becomes", width=2.8),
        ],
        rows=[_flip(one) for one in flips],
        dense=True,
        note="Each is found by answering the use case again; the threshold is located to 2 %, a "
        "size on a ladder of tried values.",
    )


def _flip(flip: FlipPoint) -> list[Cell]:
    way = "or more" if flip.direction == "above" else "or less"
    return [
        Cell(text=words.FIELDS.get(flip.field, flip.field)),
        Cell(text=amount(flip.current, flip.unit)),
        Cell(text=f"{_threshold(flip)} {way}"),
        Cell(text=significant(flip.factor)),
        Cell(text=flip.becomes),
    ]


def _threshold(flip: FlipPoint) -> str:
    """To three digits in the unit shown, as its sentence says it."""
    if flip.unit != "s":
        return amount(float(f"{flip.threshold:.2e}"), flip.unit)
    factor, unit = time_scale(flip.threshold)
    return f"{exact(float(f'{flip.threshold * factor:.2e}'))} {unit}"


def _choices(view: View) -> Table:
    return Table(
        caption="Other choices that change the answer, nearest first",
        columns=[
            Column(label="Requirement", width=1.5),
            Column(label="Now", width=1.0),
            Column(label="Instead", width=1.2),
            Column(label="Changes", width=1.2),
            Column(label="The answer becomes", width=2.8),
        ],
        rows=[
            [
                Cell(text=words.FIELDS.get(one.field, one.field)),
                Cell(text=one.current),
                Cell(text=one.to),
                Cell(text=words.CHANGES[one.changes]),
                Cell(text=one.becomes),
            ]
            for one in view.assessment.choice_flips
        ],
        dense=True,
    )


def _least(view: View) -> Table:
    return Table(
        caption="The least that would have to give for it to become feasible",
        columns=[
            Column(label="Change", width=2.4),
            Column(label="Factor", width=0.6, align="right"),
            Column(label="The answer becomes", width=1.8),
            Column(label="Verdict", width=1.2),
        ],
        rows=[
            [
                Cell(text=one.sentence),
                Cell(text=exact(one.factor) if one.factor == 1 else significant(one.factor)),
                Cell(text=one.becomes),
                Cell(text=words.VERDICTS[one.verdict][0]),
            ]
            for one in view.assessment.least_changes
        ],
        dense=True,
        note="Factor: how far a stated number has to give; 1 for another choice.",
    )
