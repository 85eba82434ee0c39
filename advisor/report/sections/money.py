"""Cost: the tree of the chosen option, the others, and hosted APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import charts, words
from advisor.report.doc import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Entry,
    KeyValues,
    Paragraph,
    Table,
)
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count, day, exact, figure_cell, figure_text, percent
from advisor.report.sections import economics
from advisor.report.view import View, number, option_name

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.cost.record import ApiCost, CostLine, ServingCost
    from advisor.cost.training import TrainingCost


APIS = 6  # cheapest hosted services that the body lists; the appendix has all


def cost(view: View) -> list[Block]:
    """What a month costs, line by line, and what else it could be bought from."""
    if not view.shown and not view.apis:
        return []
    blocks: list[Block] = []
    chart = charts.monthly_cost(view) if view.shown else None
    blocks += [chart] if chart else []
    one = view.chosen
    if one is not None and one.cost is not None:
        blocks += _tree(one, one.cost)
    elif one is not None:
        blocks.append(
            Paragraph(text=f"No price is known for {option_name(one)}: no cost is stated.")
        )
    blocks += economics.spread(view) + economics.ways(view)
    if view.assessment.adaptation is not None:
        blocks += _adaptation(view.assessment.adaptation)
    return blocks + _apis(view)


def _tree(one: CandidateResult, cost: ServingCost) -> list[Block]:
    """Lines of a month with their total, the offer behind it, and notes."""
    total = [
        Cell(text=label("cell.total_lines_sum"), tone="strong"),
        Cell(text=""),
        Cell(text=""),
        number(cost.usd_per_month).model_copy(update={"tone": "strong"}),
        Cell(text=words.BASES[cost.usd_per_month.basis][0], basis=None),
    ]
    rows = [_line(line) for line in cost.lines]
    blocks: list[Block] = [
        Table(
            caption=label("caption.cost_tree", option=option_name(one)),
            columns=[
                Column(label=label("column.line"), width=2.9),
                Column(label=label("column.quantity"), width=1.6, align="right"),
                Column(label=label("column.unit_price_usd"), width=1.2, align="right"),
                Column(label=label("column.usd_per_month"), width=1.9, align="right"),
                Column(label=label("column.evidence"), width=0.8),
            ],
            rows=[*rows, total],
            marked=[len(rows)],
            note="A line without a sum depends on something that nobody stated; it is not in the "
            "total. The ends of the total take every line at its low or high end at once.",
        ),
        _offer(cost),
    ]
    return blocks + ([Bullets(items=list(cost.notes))] if cost.notes else [])


def _adaptation(one: TrainingCost) -> list[Block]:
    """One run of adapting the model to own examples: the tree, and how sure it is to fit."""
    total = [
        Cell(text=label("cell.total_lines_sum_run"), tone="strong"),
        Cell(text=""),
        Cell(text=""),
        number(one.usd).model_copy(update={"tone": "strong"}),
        Cell(text=words.BASES[one.usd.basis][0], basis=None),
    ]
    rows = [_line(line) for line in one.lines]
    fits = f"It fits the device's memory with a probability of {percent(one.chance_fits)}."
    return [
        Table(
            caption=label(
                "caption.adapting",
                model=one.estimate.model,
                device=one.estimate.device,
                steps=count(round(one.steps.value)),
                time=figure_text(one.wall_h),
            ),
            columns=[
                Column(label=label("column.line"), width=2.9),
                Column(label=label("column.quantity"), width=1.6, align="right"),
                Column(label=label("column.unit_price_usd"), width=1.2, align="right"),
                Column(label=label("column.usd_run"), width=1.9, align="right"),
                Column(label=label("column.evidence"), width=0.8),
            ],
            rows=[*rows, total],
            marked=[len(rows)],
            note=f"Steps: {one.steps.source}. {fits} {one.offer.id}, as of {one.offer.as_of_text}.",
        )
    ]


def _line(line: CostLine) -> list[Cell]:
    quantity = UNKNOWN if line.quantity is None else f"{figure_cell(line.quantity)} {line.unit}"
    price = line.unit_price_usd
    dated = f"as of {day(price.as_of)}" if price and price.as_of else ""
    basis = line.usd.basis if line.usd else None
    return [
        Cell(text=line.label, sub=line.note),
        Cell(text=quantity),
        Cell(text=figure_cell(price), sub=dated),
        Cell(text=figure_cell(line.usd), sub="" if line.usd else label("cell.not_known")),
        Cell(text=words.BASES[basis][0] if basis else UNKNOWN),
    ]


def _offer(cost: ServingCost) -> KeyValues:
    offer = cost.offer
    age = "old: confirm before quoting" if offer.stale else "within its allowed age"
    items = [
        Entry(
            label=label("entry.offer"),
            value=f"{offer.provider} {offer.instance}, {offer.region}, {words.OFFERS[offer.kind]}",
        ),
        Entry(
            label=label("entry.price"),
            value=f"{exact(offer.usd_per_hour)} USD per instance-hour "
            f"({words.plural(offer.gpu_count, 'GPU')}); {words.MARKETS[offer.market]}",
        ),
        Entry(label=label("entry.dated"), value=f"{offer.as_of_text}; {age}"),
        Entry(label=label("entry.source"), value=f"{offer.source} ({offer.confidence})"),
        Entry(
            label=label("entry.per_accepted_output"),
            value=figure_text(cost.usd_per_output),
            basis=cost.usd_per_output.basis,
        ),
    ]
    if cost.scale_to_zero_usd_per_month is not None:
        month = cost.scale_to_zero_usd_per_month
        items.append(
            Entry(
                label=label("entry.billed_only_while"), value=figure_text(month), basis=month.basis
            )
        )
    return KeyValues(items=items)


def _apis(view: View) -> list[Block]:
    apis = view.apis
    if not apis:
        allowed = view.assessment.use_case.data_boundary == "anywhere"
        why = "no dated price of one that makes this is in the record"
        text = why if allowed else "data may not leave"
        return [Paragraph(text=f"None is compared: {text}.")]
    table = Table(
        caption=label("caption.apis"),
        columns=[
            Column(label=label("column.vendor_model"), width=2.0),
            Column(label=label("column.size_or_quality"), width=1.0),
            Column(label=label("column.units_per_output"), width=1.7, align="right"),
            Column(label=label("column.usd_per_output"), width=1.9, align="right"),
            Column(label=label("column.usd_per_month"), width=1.8, align="right"),
            Column(label=label("column.price_as"), width=1.0),
        ],
        rows=[_api(one) for one in apis[:APIS]],
        dense=True,
        note="Quality is the vendor's own word: an API and an option are comparable only after a "
        "test on your own cases."
        + (f" The {APIS} cheapest of {count(len(apis))}." if len(apis) > APIS else ""),
    )
    notes = _grouped_notes(apis[:APIS])
    found: list[Block] = [table]
    if any(one.stale for one in apis):
        found.append(
            Callout(
                tone="caution",
                title=label("heading.old_prices"),
                text="Marked prices are older than allowed: confirm them with the vendor.",
            )
        )
    return found + ([Bullets(items=notes)] if notes else [])


def _grouped_notes(apis: list[ApiCost]) -> list[str]:
    """Each note once, with the APIs it is about."""
    about: dict[str, list[str]] = {}
    for one in apis:
        for note in one.notes:
            about.setdefault(note, []).append(f"{one.provider} {one.model}")
    return [f"{', '.join(names)}: {note}." for note, names in about.items()]


def _units(one: ApiCost) -> str:
    """1.05 megapixel; 1,250 tokens where the price is per million."""
    million = one.unit.removeprefix("1M ")
    if million != one.unit:
        return f"{figure_cell(one.units_per_output.times(1e6))} {million}"
    unit = words.units(one.units_per_output.value, one.unit)
    return f"{figure_cell(one.units_per_output)} {unit}"


def _api(one: ApiCost) -> list[Cell]:
    dated = Cell(text=one.as_of_text, sub=label("cell.old") if one.stale else "")
    return [
        Cell(text=f"{one.provider} {one.model}"),
        Cell(text=one.quality_or_size),
        Cell(text=_units(one)),
        number(one.usd_per_output),
        number(one.usd_per_month),
        dated.model_copy(update={"tone": "caution"}) if one.stale else dated,
    ]
