"""What would change the answer: which input moves cost most, thresholds, other choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import charts, words
from advisor.report.charts.tornado import bar_name
from advisor.report.doc import Block, Cell, Column, Paragraph, Table
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, amount, exact, significant, time_scale
from advisor.report.sections.certainty import robustness_sentence
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
    chart = charts.tornado(view)
    blocks += [chart] if chart else []
    if answer.tornado:
        blocks.append(_tornado(answer.tornado))
    if answer.flip_points:
        blocks.append(_thresholds(answer.flip_points))
    if answer.choice_flips:
        blocks.append(_choices(view))
    if answer.least_changes:
        blocks.append(_least(view))
    return blocks


def _tornado(bars: list[TornadoBar]) -> Table:
    return Table(
        caption=label("caption.tornado"),
        columns=[
            Column(label=label("column.input"), width=1.7),
            Column(label=label("column.moved"), width=2.2),
            Column(label=label("column.range"), width=2.2),
            Column(label=label("column.usd_per_output"), width=1.6, align="right"),
            Column(label=label("column.limit_over_response"), width=1.3, align="right"),
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
        caption=label("caption.thresholds"),
        columns=[
            Column(label=label("column.requirement"), width=1.4),
            Column(label=label("column.now"), width=1.2, align="right"),
            Column(label=label("column.changes"), width=1.5, align="right"),
            Column(label=label("column.factor"), width=0.7, align="right"),
            Column(label=label("column.answer_becomes"), width=2.8),
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
        caption=label("caption.choices"),
        columns=[
            Column(label=label("column.requirement"), width=1.5),
            Column(label=label("column.now"), width=1.0),
            Column(label=label("column.instead"), width=1.2),
            Column(label=label("column.changes"), width=1.2),
            Column(label=label("column.answer_becomes"), width=2.8),
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
        caption=label("caption.least"),
        columns=[
            Column(label=label("column.change"), width=2.4),
            Column(label=label("column.factor"), width=0.6, align="right"),
            Column(label=label("column.answer_becomes"), width=1.8),
            Column(label=label("column.verdict"), width=1.2),
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
