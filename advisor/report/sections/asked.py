"""Requirements as understood: what was stated, what was assumed, what stayed open."""

from __future__ import annotations

from advisor.figure import Basis
from advisor.intake import GROUPS, question_of
from advisor.report import words
from advisor.report.doc import Block, Cell, Column, Paragraph, Table
from advisor.report.view import View

_HEAD = ("title", "description")


def requirements(view: View) -> list[Block]:
    """Stated fields, assumed fields, and fields that nobody filled."""
    use_case = view.assessment.use_case
    blocks: list[Block] = []
    if use_case.description:
        blocks.append(Paragraph(text=use_case.description))
    blocks.append(_stated(view, [name for name in view.stated if name not in _HEAD]))
    filled = [one for one in view.assessment.assumed if one.value not in (None, [], "")]
    blocks += _assumed([(one.field, one.value, one.question) for one in filled])
    empty = [one.field for one in view.assessment.assumed if one.value in (None, [], "")]
    if empty:
        names = ", ".join(sorted(label(name)[0].lower() + label(name)[1:] for name in empty))
        blocks.append(
            Paragraph(text=f"Not stated, and no default stands in: {names}.", tone="note")
        )
    return blocks


def _stated(view: View, names: list[str]) -> Table:
    use_case = view.assessment.use_case
    data = use_case.model_dump(mode="json")
    rows = []
    for name in sorted(names, key=_place):
        value = words.limit_text(use_case, view.limit_s) if name == "latency" else None
        rows.append(
            [
                Cell(text=label(name)),
                Cell(text=value or words.plain_value(name, data[name]), basis=Basis.asked),
                Cell(text=_why_asked(name), tone="muted"),
            ]
        )
    return Table(
        caption="What was stated",
        columns=[
            Column(label="Requirement", width=1.5),
            Column(label="Value", width=1.8),
            Column(label="Why it matters", width=2.6),
        ],
        rows=rows,
        dense=True,
    )


def _assumed(found: list[tuple[str, object, str]]) -> list[Block]:
    if not found:
        return [Paragraph(text="Nothing was assumed: every field was stated.")]
    rows = [
        [
            Cell(text=label(name)),
            Cell(text=words.plain_value(name, value), basis=Basis.assumed),
            Cell(text=question or _question(name), tone="muted"),
        ]
        for name, value, question in sorted(found, key=lambda item: _place(item[0]))
    ]
    return [
        Paragraph(
            text="These defaults stand in for answers that nobody gave. Each may change the "
            "result: please confirm or correct them."
        ),
        Table(
            caption="What was assumed",
            columns=[
                Column(label="Requirement", width=1.5),
                Column(label="Default", width=1.2),
                Column(label="Question to answer", width=3.0),
            ],
            rows=rows,
            dense=True,
        ),
    ]


def label(name: str) -> str:
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
