"""The report's audit of itself: what figures rest on, how old prices are, what nobody asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from advisor.figure import Basis, Figure
from advisor.report import words
from advisor.report.doc import Block, Bullets, Cell, Column, Paragraph, Table
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count, percent
from advisor.report.view import View

if TYPE_CHECKING:
    from datetime import date

ASKED = 6  # questions listed; the rest is counted


def audit(view: View) -> list[Block]:
    """Counts of evidence, ages of prices, and the questions that would unlock rules."""
    blocks: list[Block] = [Bullets(items=list(_counts(view))), _evidence(view)]
    prices = _prices(view)
    blocks += [prices] if prices is not None else []
    return blocks + _locked(view)


def _counts(view: View) -> Iterator[str]:
    answer = view.assessment
    families = words.plural(len(answer.families), "family", "families")
    listed = count(len(answer.candidates))
    yield (
        f"{count(answer.tried)} options of {families} were tried; rules barred "
        f"{count(answer.barred)}; {listed} are in the record."
    )
    assumed = sum(one.value not in (None, [], "", {}) for one in answer.assumed)
    stated = words.plural(len(view.stated), "field")
    yield f"{stated} stated by the client, {count(assumed)} assumed."
    missing = sum(not one.cost for one in view.ranked)
    if missing:
        yield f"{words.plural(missing, 'ranked option')} without a known price: no cost is stated."
    if view.chosen is not None and answer.accuracy is not None:
        held, kind = answer.accuracy.groups[-1], answer.accuracy.kind
        yield (
            "The times of the recommendation are predicted. On measurements that nothing had seen "
            f"({words.plural(held.rows, 'row')}), predictions of {kind} were off by "
            f"{percent(held.median_error)} in the median; see the appendix on method."
        )
    elif view.chosen is not None and words.verb(view.chosen.response_s.basis) == "takes":
        yield "The times of the recommendation were measured on this device."


def _evidence(view: View) -> Table:
    """All figures of the record, by their evidence."""
    everywhere = Counter(one.basis for one in all_figures(view.assessment))
    first = view.chosen
    chosen = Counter(one.basis for one in all_figures(first)) if first is not None else Counter()
    return Table(
        caption=label("caption.evidence"),
        columns=[
            Column(label=label("column.evidence"), width=1),
            Column(label=label("column.meaning"), width=3.2),
            Column(label=label("column.recommendation"), width=1.1, align="right"),
            Column(label=label("column.whole_record"), width=0.9, align="right"),
        ],
        rows=[
            [
                Cell(text=f"{words.BASES[basis][1]} {words.BASES[basis][0]}"),
                Cell(text=words.BASES[basis][2]),
                Cell(text=count(chosen[basis]) if first is not None else UNKNOWN),
                Cell(text=count(everywhere[basis])),
            ]
            for basis in Basis
            if everywhere[basis]
        ],
        dense=True,
        note="Figures by count. A figure has the weakest evidence of its parts.",
    )


def all_figures(node: Any) -> Iterator[Figure]:
    """Every figure within a record, in the order of its fields."""
    if isinstance(node, Figure):
        yield node
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from all_figures(getattr(node, name))
    elif isinstance(node, list):
        for one in node:
            yield from all_figures(one)


def _prices(view: View) -> Table | None:
    """The price behind each option and hosted API shown, with its age."""
    today = view.assessment.as_of
    rows: dict[str, list[Cell]] = {}
    for one in view.leading:
        if one.cost is not None and one.cost.offer.kind != "client-device":
            offer = one.cost.offer
            cells = _price(offer.id, offer.as_of, offer.as_of_text, offer.stale, today)
            rows.setdefault(offer.id, [Cell(text=str(one.rank)), *cells])
    for api in view.apis[:3]:
        dated, name = api.usd_per_output.as_of, f"{api.provider} {api.model}"
        cells = _price(name, dated, api.as_of_text, api.stale, today)
        rows.setdefault(name, [Cell(text=label("cell.api")), *cells])
    if not rows:
        return None
    old = sum(row[4].text != "fresh" for row in rows.values())
    return Table(
        caption=label("caption.prices", old=count(old), all=count(len(rows))),
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.price"), width=3),
            Column(label=label("column.dated"), width=1.5),
            Column(label=label("column.age_days"), width=0.8, align="right"),
            Column(label=label("column.state"), width=1.3),
        ],
        rows=list(rows.values()),
        header=1,
        dense=True,
    )


def _price(name: str, dated: date | None, text: str, stale: bool, today: date) -> list[Cell]:
    age = UNKNOWN if dated is None else count((today - dated).days)
    state = Cell(
        text=label("cell.confirm"),
        sub=label("cell.too_old") if dated else label("cell.no_date"),
        tone="caution",
    )
    return [
        Cell(text=name),
        Cell(text=text),
        Cell(text=age),
        state if stale else Cell(text=label("cell.fresh")),
    ]


def _locked(view: View) -> list[Block]:
    waiting = view.waiting
    if not waiting:
        return [Paragraph(text="Every rule that bears on this answer could be applied.")]
    rules = sum(len(codes) for codes in waiting.values())
    questions = {one.field: one.question for one in view.assessment.locked_rules}
    shown = list(waiting.items())[:ASKED]
    left = len(waiting) - len(shown)
    return [
        Table(
            caption=label("caption.locked", rules=words.plural(rules, "rule")),
            columns=[
                Column(label=label("column.question_nobody_answered"), width=2.6),
                Column(label=label("column.rules"), width=0.5, align="right"),
                Column(label=label("column.which"), width=3),
            ],
            rows=[
                [
                    Cell(text=questions[field]),
                    Cell(text=count(len(codes))),
                    Cell(text=", ".join(codes), tone="muted"),
                ]
                for field, codes in shown
            ],
            dense=True,
            note="Another answer than the default may make a rule speak, or show that it does not "
            "bear on this case."
            + (f" {words.plural(left, 'more question')} each unlock fewer." if left else ""),
        )
    ]
