"""Tables of options that the first page and the body share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import Cell, Column, Table
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count
from advisor.report.view import (
    View,
    brief_device,
    device_cell,
    number,
    option_cell,
    with_unit,
)

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult


def options_table(
    view: View, options: list[CandidateResult], caption: str, *, brief: bool = False
) -> Table:
    """Ranked options with their figures; the number is the rank.

    `brief`: without the settings of the recommended one; those of all stand in an appendix.
    """
    return Table(
        caption=caption,
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.option"), width=1.85),
            Column(label=label("column.device"), width=1.85),
            Column(label=label("column.response_interval"), width=2.6),
            Column(label=label("column.usd_per_1000"), width=1.45, align="right"),
            Column(label=label("column.memory_gib"), width=1.3, align="right"),
            Column(label=label("column.tier"), width=0.4, align="right"),
        ],
        rows=[_row(one, brief, one is view.chosen) for one in options],
        header=1,
        dense=True,
        marked=[index for index, one in enumerate(options) if one is view.chosen],
        note=_tally(view) + _ends_note(options),
    )


def _ends_note(options: list[CandidateResult]) -> str:
    if not any(one.cost and one.cost.usd_per_month.low < one.cost.usd_per_month.high
               for one in options):  # fmt: skip
        return ""
    return " The ends of a cost take every part at its low or high end at once."


def _row(one: CandidateResult, brief: bool, chosen: bool) -> list[Cell]:
    said = words.against_limit(one.chance_in_limit, one.response_s.basis)
    response = with_unit(one.response_s, said if one.limit_s is not None else "")
    tone = words.limit_tone(one.chance_in_limit)
    return [
        Cell(text=str(one.rank)),
        option_cell(one, settings=chosen and not brief),
        brief_device(one) if brief else device_cell(one),
        response.model_copy(update={"tone": tone}),
        number(one.cost.usd_per_1000_outputs if one.cost else None),
        number(one.estimate.peak_memory_gib),
        Cell(text=UNKNOWN if one.tier is None else str(one.tier)),
    ]


def _tally(view: View) -> str:
    answer = view.assessment
    most = sorted(answer.barred_by.items(), key=lambda item: (-item[1], item[0]))[:4]
    why = ", ".join(f"{code} {count(number)}" for code, number in most)
    tried = f"{count(answer.tried)} options tried, {count(answer.barred)} barred"
    return f"{tried} ({why})." if why else f"{tried}."


def nearest_table(view: View, caption: str) -> Table:
    """Barred options with the sentences that bar them."""
    rows = []
    for one in view.barred[:5]:
        said = " ".join(f"{bar.sentence} ({bar.code})" for bar in view.bars_of(one)[:3])
        rows.append([option_cell(one), device_cell(one), Cell(text=said or UNKNOWN)])
    return Table(
        caption=caption,
        columns=[
            Column(label=label("column.option"), width=2),
            Column(label=label("column.device"), width=1.8),
            Column(label=label("column.bars"), width=3),
        ],
        rows=rows,
        note=_tally(view),
    )
