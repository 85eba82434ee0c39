"""Conditions, gates, readiness and risks; licences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from advisor.report import words
from advisor.report.doc import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Paragraph,
    Subheading,
    Table,
)
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count, percent
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult, Gate, Readiness
    from advisor.rules.base import Finding


def feasibility(view: View) -> list[Block]:
    """Verdict with its conditions, gates, readiness, risks, and warnings about the data."""
    answer = view.assessment
    word, tone = words.VERDICTS[answer.verdict]
    blocks: list[Block] = [Callout(tone=tone, title=word, text=view.decision)]
    risks = _risks(view)
    conditions = _conditions(view, risks)
    if conditions:
        no_go = answer.verdict == "no-go"
        head = label("heading.would_make_feasible" if no_go else "heading.conditions")
        blocks += [Subheading(text=head), Bullets(items=conditions)]
    if answer.gates:
        blocks.append(_gates(answer.gates))
    if answer.readiness:
        blocks.append(_readiness(answer.readiness, answer.gates))
    blocks.append(_risk_table(risks) if risks else Paragraph(text="No rule names a risk."))
    if answer.warnings:
        blocks += [
            Subheading(text=label("heading.about_data")),
            Bullets(items=list(answer.warnings)),
        ]
    return blocks


def _conditions(view: View, risks: list[Finding]) -> list[str]:
    """Conditions that are not among the findings of the table below."""
    codes = tuple(f"({one.code})" for one in risks)
    return [one for one in view.assessment.conditions if not one.endswith(codes)]


_ADDRESS = re.compile(r"\s*\([^()]*https?://[^()]*\)")  # `advisor rules CODE` has them whole
TONES: dict[str, Literal["good", "caution", "stop"]] = {
    "passed": "good",
    "open": "caution",
    "failed": "stop",
}


def _status(gate: Gate | None) -> Cell:
    if gate is None:
        return Cell(text=UNKNOWN)
    return Cell(text=words.GATES[gate.status], tone=TONES[gate.status])


def _gates(gates: list[Gate]) -> Table:
    """The gates that are no area of readiness: those stand in the next table with their status."""
    passed = sum(one.status == "passed" for one in gates)
    own = [one for one in gates if one.id not in words.AREAS]
    return Table(
        caption=label("caption.gates", passed=count(passed), all=count(len(gates))),
        columns=[
            Column(label=label("column.question"), width=3.0),
            Column(label=label("column.gate"), width=0.7),
            Column(label=label("column.evidence"), width=3.4),
        ],
        rows=[[Cell(text=one.question), _status(one), Cell(text=one.evidence)] for one in own],
        dense=True,
        note="The areas of the next table are gates as well. A prediction alone never passes the "
        "gate on time: that takes a measurement.",
    )


def _readiness(areas: list[Readiness], gates: list[Gate]) -> Table:
    by_id = {one.id: one for one in gates}
    return Table(
        caption=label("caption.readiness"),
        columns=[
            Column(label=label("column.area"), width=0.9),
            Column(label=label("column.gate"), width=0.6),
            Column(label=label("column.level"), width=0.9),
            Column(label=label("column.score"), width=0.5, align="right"),
            Column(label=label("column.from"), width=1.9),
            Column(label=label("column.not_answered"), width=2.4),
        ],
        rows=[
            [
                Cell(text=words.AREAS[one.area]),
                _status(by_id.get(one.area)),
                Cell(text=words.LEVELS[one.level]),
                Cell(text=UNKNOWN if one.score is None else percent(one.score)),
                Cell(text="; ".join(one.reasons) or UNKNOWN),
                Cell(text=" ".join(one.missing) or UNKNOWN, tone="muted"),
            ]
            for one in areas
        ],
        dense=True,
        note="Scores are judgements: shares of points over the answered checks of an area.",
    )


def _risks(view: View) -> list[Finding]:
    """Findings against or with a condition, on the use case, the chosen family and option."""
    found = list(view.assessment.findings)
    found += view.chosen_family.findings if view.chosen_family else []
    found += view.chosen.findings if view.chosen else []
    unique = {(one.code, one.sentence): one for one in found if one.severity != "for"}
    return list(unique.values())


def _risk_table(risks: list[Finding]) -> Table:
    return Table(
        caption=label("caption.risks"),
        columns=[
            Column(label=label("column.rule"), width=0.8),
            Column(label=label("column.finding"), width=2.6),
            Column(label=label("column.remedy_of"), width=2.1),
            Column(label=label("column.source"), width=2.5),
        ],
        rows=[
            [
                Cell(text=one.code, sub=words.SEVERITIES[one.severity]),
                Cell(text=one.sentence, sub=one.title),
                Cell(text=one.remedy or UNKNOWN),
                Cell(text=_ADDRESS.sub("", one.source), tone="muted"),
            ]
            for one in risks
        ],
        dense=True,
    )


def licences(view: View) -> list[Block]:
    """Licence of each model shown, or that the record does not hold it."""
    first: dict[str, CandidateResult] = {}
    for one in view.shown or view.barred:
        first.setdefault(one.model, one)
    if not first:
        return []
    if all(one.licence is None for one in first.values()):
        return _licence_findings(list(first.values()))
    return [
        Table(
            caption=label("caption.licences"),
            columns=[
                Column(label=label("column.model"), width=1.7),
                Column(label=label("column.licence"), width=1.5),
                Column(label=label("column.commercial_use"), width=1.0),
                Column(label=label("column.conditions"), width=2.2),
                Column(label=label("column.source"), width=2.2),
            ],
            rows=_licence_rows(list(first.values())),
            note="A reading of public licence texts, not legal advice.",
            dense=True,
        )
    ]


def _licence_rows(models: list[CandidateResult]) -> list[list[Cell]]:
    """One row for the models that share a licence."""
    rows: dict[tuple[str, ...], list[Cell]] = {}
    for one in models:
        cells = _licence(one)
        key = tuple(f"{cell.text} {cell.sub}" for cell in cells[1:])
        if key in rows:
            names = f"{rows[key][0].text}, {one.model_name}"
            cells = [Cell(text=names), *cells[1:]]
        rows[key] = cells
    return list(rows.values())


def _licence_findings(models: list[CandidateResult]) -> list[Block]:
    """What the licence rules say, where the record has no licences."""
    said = [" ".join(f.sentence for f in one.findings if f.concern == "licence") for one in models]
    rows = [
        [Cell(text=one.model_name), Cell(text=text or label("cell.no_licence_rule"))]
        for one, text in zip(models, said, strict=True)
    ]
    return [
        Paragraph(text="The record does not hold the licences themselves, only what rules say."),
        Table(
            caption=label("caption.licence_rules"),
            columns=[
                Column(label=label("column.model")),
                Column(label=label("column.finding"), width=3),
            ],
            rows=rows,
            note="Read the licence itself before relying on a model; this is not legal advice.",
        ),
    ]


def _licence(one: CandidateResult) -> list[Cell]:
    licence = one.licence
    if licence is None:
        said = " ".join(f.sentence for f in one.findings if f.concern == "licence")
        missing = Cell(text=UNKNOWN, sub=label("cell.not_record"), tone="muted")
        return [Cell(text=one.model_name), missing, missing, Cell(text=said or UNKNOWN), missing]
    doubt = "" if licence.confirmed else "not confirmed"
    return [
        Cell(text=one.model_name),
        Cell(text=licence.name),
        Cell(text=words.COMMERCIAL[licence.commercial]),
        Cell(text=licence.conditions or UNKNOWN),
        Cell(text=licence.source, sub=doubt, tone="muted"),
    ]
