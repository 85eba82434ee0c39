"""Requirements as understood: what was stated, what was assumed, what stayed open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.figure import Basis
from advisor.intake import GROUPS, question_of
from advisor.report import words
from advisor.report.doc import Block, Cell, Column, Paragraph, Table
from advisor.report.labels import label
from advisor.report.numbers import count
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import Assumption

_HEAD = ("title", "description")
MOST = 8  # assumptions to confirm that the body lists
EMPTY: tuple[object, ...] = (None, [], "", {})  # what counts as no default


def requirements(view: View) -> list[Block]:
    """Stated fields, and the assumed ones that matter; the others stand in an appendix."""
    use_case = view.assessment.use_case
    blocks: list[Block] = []
    if use_case.description:
        blocks.append(Paragraph(text=use_case.description))
    blocks.append(_stated(view, [name for name in view.stated if name not in _HEAD]))
    assumed = _filled(view)
    if not assumed:
        return [*blocks, Paragraph(text="Nothing was assumed: every field was stated.")]
    matter = _to_confirm(view, assumed)
    if matter:
        blocks.append(_confirm(view, matter))
    left = len(assumed) - len(matter)
    if left > 0:
        blocks.append(
            Paragraph(
                text=f"{words.plural(left, 'more default')} stand in for answers that nobody gave: "
                "see the appendix on assumed defaults."
            )
        )
    return blocks


def defaults(view: View) -> list[Block]:
    """Every assumed field with its default, and the fields that have none."""
    assumed = sorted(_filled(view), key=lambda one: _place(one.field))
    blocks: list[Block] = []
    if assumed:
        blocks.append(
            Table(
                caption=label("caption.assumed"),
                columns=[
                    Column(label=label("column.requirement"), width=1.5),
                    Column(label=label("column.default"), width=1.2),
                    Column(label=label("column.question_answer"), width=3.0),
                ],
                rows=[
                    [
                        Cell(text=field_name(one.field)),
                        Cell(text=words.plain_value(one.field, one.value)),
                        Cell(text=one.question or _question(one.field), tone="muted"),
                    ]
                    for one in assumed
                ],
                dense=True,
                note=f"{count(len(assumed))} defaults that nobody has confirmed.",
            )
        )
    empty = [one.field for one in view.assessment.assumed if one.value in EMPTY]
    if empty:
        names = ", ".join(sorted(_lower(field_name(name)) for name in empty))
        text = f"Not stated, and no default stands in: {names}."
        blocks.append(Paragraph(text=text, tone="note"))
    return blocks or [Paragraph(text="Nothing was assumed: every field was stated.")]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _filled(view: View) -> list[Assumption]:
    return [one for one in view.assessment.assumed if one.value not in EMPTY]


def _to_confirm(view: View, assumed: list[Assumption]) -> list[Assumption]:
    """Assumptions whose change was seen to do something, then those that most rules wait for."""
    order = [*view.effects, *(name for name in view.waiting if name not in view.effects)]
    known = {one.field: one for one in assumed}
    return [known[name] for name in order if name in known][:MOST]


def _confirm(view: View, matter: list[Assumption]) -> Table:
    return Table(
        caption=label("caption.confirm"),
        columns=[
            Column(label=label("column.requirement"), width=1.3),
            Column(label=label("column.default"), width=1.0),
            Column(label=label("column.another_answer_would"), width=2.2),
            Column(label=label("column.question"), width=2.0),
        ],
        rows=[
            [
                Cell(text=field_name(one.field)),
                Cell(text=words.plain_value(one.field, one.value), basis=Basis.assumed),
                Cell(text=_effect(view, one.field)),
                Cell(text=one.question or _question(one.field), tone="muted"),
            ]
            for one in matter
        ],
        dense=True,
    )


def _effect(view: View, field: str) -> str:
    if field in view.effects:
        return view.effects[field]
    waiting = len(view.waiting.get(field, []))
    return f"{words.plural(waiting, 'rule')} could not be applied without it"


def _stated(view: View, names: list[str]) -> Table:
    use_case = view.assessment.use_case
    data = use_case.model_dump(mode="json")
    rows = []
    for name in sorted(names, key=_place):
        value = words.limit_text(use_case, view.limit_s) if name == "latency" else None
        rows.append(
            [
                Cell(text=field_name(name)),
                Cell(text=value or words.plain_value(name, data[name])),
                Cell(text=_why_asked(name), tone="muted"),
            ]
        )
    return Table(
        caption=label("caption.stated"),
        columns=[
            Column(label=label("column.requirement"), width=1.3),
            Column(label=label("column.value"), width=1.8),
            Column(label=label("column.why_matters"), width=3.2),
        ],
        rows=rows,
        dense=True,
    )


def field_name(name: str) -> str:
    """A field of the use case in the words of the form."""
    return words.FIELDS.get(name, name)


def _place(name: str) -> tuple[int, int]:
    """Order of the intake: by group, then by question."""
    question = question_of(name)
    if question is None:
        return (len(GROUPS) * 100, 0)
    rank = GROUPS.index(question.group) * 100 + question.number
    return (rank, question.fields.index(name))


def _question(name: str) -> str:
    question = question_of(name)
    return question.text if question else ""


def _why_asked(name: str) -> str:
    question = question_of(name)
    return question.why if question else ""
