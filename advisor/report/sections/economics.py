"""Unit costs with their spread, and the ways of buying over the volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.cost.currency import converted
from advisor.report import charts, words
from advisor.report.charts.breakeven import at_volume
from advisor.report.doc import Block, Bullets, Cell, Column, Table
from advisor.report.labels import label
from advisor.report.numbers import count, exact, figure_text, percent, significant, span
from advisor.report.view import View, with_unit

if TYPE_CHECKING:
    from advisor.cost.money import BreakEven, Crossing, Money, Way
    from advisor.figure import Figure

CROSSINGS = 4  # listed, those of the recommended way first
SMALL_SHARE = 0.03  # of the spread: with 128 fleets, smaller ones are noise (docs/cost.md)


def spread(view: View) -> list[Block]:
    """Unit costs drawn over everything uncertain, and which uncertainty moves the month most."""
    money = view.assessment.money
    if money is None or money.unit_costs.per_month.high == 0:
        return []
    blocks: list[Block] = [_units(view, money)]
    drivers = [one for one in money.spread.drivers if one.share >= SMALL_SHARE]
    if drivers:
        rows = [
            [
                Cell(text=one.words[:1].upper() + one.words[1:]),
                with_unit(one.range),
                Cell(text=percent(one.share)),
            ]
            for one in drivers
        ]
        blocks.append(
            Table(
                caption=label("caption.spread"),
                columns=[
                    Column(label=label("column.quantity"), width=2.2),
                    Column(label=label("column.drawn_within"), width=2.6),
                    Column(label=label("column.share_spread"), width=1.2, align="right"),
                ],
                rows=rows,
                dense=True,
                note="Squared rank correlation with the month's total over the sum of all; shares "
                f"under {percent(SMALL_SHARE)} are noise and left out.",
            )
        )
    return blocks


def _units(view: View, money: Money) -> Table:
    costs = money.unit_costs
    months = significant(costs.run_months.value)
    named: list[tuple[str, Figure | None]] = [
        (label("unit.generation"), costs.per_generation),
        (label("unit.item"), costs.per_item),
        (label("unit.1000_items"), costs.per_1000_items),
        (label("unit.minute_of_audio"), costs.per_minute_of_audio),
        (label("unit.second_of_video"), costs.per_second_of_video),
        (label("unit.month"), costs.per_month),
        (label("unit.run", months=months), costs.per_run),
        (label("unit.upfront"), costs.upfront),
    ]
    terms = view.assessment.use_case.terms
    rows = []
    for name, figure in named:
        if figure is None:
            continue
        own = converted(figure, terms)
        sub = figure_text(own) if own.unit != figure.unit else ""
        cell = Cell(text=figure_text(figure), sub=sub, basis=figure.basis)
        rows.append([Cell(text=name), cell])
    drawn = money.spread
    held = [
        f"{percent(chance)} of the draws stay within the budget {of}"
        for chance, of in (
            (drawn.chance_in_month_budget, "of the month"),
            (drawn.chance_in_item_budget, "of an item"),
        )
        if chance is not None
    ]
    said = f"Over {count(drawn.draws)} draws of everything uncertain (seed {drawn.seed})."
    return Table(
        caption=label("caption.unit_costs"),
        columns=[
            Column(label=label("column.unit"), width=1.4),
            Column(label=label("column.cost"), width=3),
        ],
        rows=rows,
        dense=True,
        note=" ".join([said, *(f"{one}." for one in held), *(_sentence(n) for n in money.notes)]),
    )


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def ways(view: View) -> list[Block]:
    """The same work rented, owned, serverless or hosted, over six decades of volume."""
    money = view.assessment.money
    curves = money.break_even if money is not None else None
    if curves is None:
        return []
    chart = charts.break_even(view)
    blocks: list[Block] = [chart] if chart else []
    blocks.append(_ways_table(view, curves))
    numbers = {way.label: f"way {place}" for place, way in enumerate(curves.ways, start=1)}
    own = curves.ways[0].label
    order = sorted(
        curves.crossings, key=lambda one: own not in (one.cheaper_below, one.cheaper_above)
    )
    meeting = [_crossing(one, numbers) for one in order[:CROSSINGS]]
    if not meeting:
        meeting = ["No two ways cross for good between the volumes shown."]
    return [*blocks, Bullets(items=meeting)]


def _ways_table(view: View, curves: BreakEven) -> Table:
    volume = view.assessment.use_case.volume_per_day
    return Table(
        caption=label("caption.ways", volume=exact(volume)),
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.way"), width=1.2),
            Column(label=label("column.offer"), width=2.6),
            Column(label=label("column.usd_per_month"), width=1.9, align="right"),
            Column(label=label("column.note"), width=2.2),
        ],
        rows=[_way(place, one, curves, volume) for place, one in enumerate(curves.ways, start=1)],
        header=1,
        dense=True,
    )


def _way(place: int, one: Way, curves: BreakEven, volume: float) -> list[Cell]:
    near = at_volume(curves, volume)
    money = span(one.usd_per_month_low[near], one.usd_per_month_high[near], one.usd_per_month[near])
    return [
        Cell(text=str(place)),
        Cell(text=words.WAYS[one.kind]),
        Cell(text=one.label),
        Cell(text=money),
        Cell(text=one.note, sub=label("cell.old_price") if one.stale else "", tone="muted"),
    ]


def _crossing(one: Crossing, numbers: dict[str, str]) -> str:
    below, above = (numbers.get(way, way) for way in (one.cheaper_below, one.cheaper_above))
    said = f"Below {figure_text(one.volume_per_day)} {below} is cheaper, above it {above}"
    return f"{said}; {one.note}." if one.note else f"{said}."
