"""Energy of the options, and carbon of the recommended one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report.doc import Block, Cell, Column, Entry, KeyValues, Paragraph, Table
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, figure_text
from advisor.report.view import View, option_cell, option_name, with_unit

if TYPE_CHECKING:
    from advisor.cost.money import Carbon


def energy(view: View) -> list[Block]:
    """Energy of the leading options; a plain sentence where the record has none."""
    if not view.leading:
        return []
    if all(one.estimate.energy_j is None for one in view.leading):
        return [Paragraph(text="No energy is stated: the record holds no figure for it.")]
    rows = [
        [
            Cell(text=str(one.rank)),
            option_cell(one, settings=False),
            Cell(text=one.device_name),
            with_unit(one.estimate.energy_j),
            with_unit(one.cost.energy_kwh_per_month if one.cost else None),
        ]
        for one in view.leading
    ]
    table = Table(
        caption=label("caption.energy"),
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.option"), width=1.8),
            Column(label=label("column.device"), width=1.9),
            Column(label=label("column.per_request"), width=2.1),
            Column(label=label("column.month"), width=2.6),
        ],
        rows=rows,
        header=1,
        dense=True,
        note="Idle time, host and cooling are not in it.",
    )
    money = view.assessment.money
    if money is None or view.chosen is None:
        text = "Carbon is not stated: the record names no electricity grid."
        return [table, Paragraph(text=text, tone="note")]
    return [table, *_carbon(option_name(view.chosen), money.carbon)]


def _carbon(name: str, found: Carbon) -> list[Block]:
    """Energy with host and cooling, and what it emits, where the grid is known."""
    whole, emitted = found.kwh_per_month, found.kg_co2_per_month
    items = [
        Entry(label=label("entry.host_cooling"), value=figure_text(whole),
              basis=whole.basis if whole else None),
        Entry(label=label("entry.carbon_dioxide"), value=figure_text(emitted) if emitted else
              f"{UNKNOWN} not known", basis=emitted.basis if emitted else None),
        Entry(label=label("entry.electricity_grid"), value=found.grid.upper() if found.grid
              else f"{UNKNOWN} not known"),
        Entry(label=label("entry.counted"), value=found.note),
    ]  # fmt: skip
    return [Paragraph(text=f"A month of {name}:"), KeyValues(items=items)]
