"""Conditions, gates, readiness and risks; licences."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from advisor.report.numbers import UNKNOWN, percent
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult, Gate, Readiness
    from advisor.rules.base import Finding


def feasibility(view: View) -> list[Block]:
    """Verdict with its conditions, gates, readiness, risks, and warnings about the data."""
    answer = view.assessment
    word, tone = words.VERDICTS[answer.verdict]
    blocks: list[Block] = [Callout(tone=tone, title=word, text=answer.headline)]
    if answer.conditions:
        no_go = answer.verdict == "no-go"
        head = "What would make it feasible" if no_go else "Conditions"
        blocks += [Subheading(text=head), Bullets(items=list(answer.conditions))]
    if answer.gates:
        blocks.append(_gates(answer.gates))
    if answer.readiness:
        blocks.append(_readiness(answer.readiness))
    risks = _risks(view)
    blocks.append(_risk_table(risks) if risks else Paragraph(text="No rule names a risk."))
    if answer.warnings:
        blocks += [Subheading(text="About the data"), Bullets(items=list(answer.warnings))]
    return blocks


def _gates(gates: list[Gate]) -> Table:
    passed = sum(one.status == "passed" for one in gates)
    tones = {"passed": "good", "open": "caution", "failed": "stop"}
    return Table(
        caption=f"Gates before money is spent: {passed} of {len(gates)} passed",
        columns=[
            Column(label="Question", width=2.4),
            Column(label="Status", width=0.7),
            Column(label="Evidence", width=3.4),
        ],
        rows=[
            [
                Cell(text=one.question),
                Cell(text="", sub=words.GATES[one.status], tone=tones[one.status]),
                Cell(text=one.evidence),
            ]
            for one in gates
        ],
        dense=True,
        note="A prediction alone never passes the gate on time: that takes a measurement.",
    )


def _readiness(areas: list[Readiness]) -> Table:
    return Table(
        caption="Readiness beyond the model, from what was stated",
        columns=[
            Column(label="Area", width=0.9),
            Column(label="Level", width=0.9),
            Column(label="Score", width=0.5, align="right"),
            Column(label="From", width=2.0),
            Column(label="Not answered", width=2.2),
        ],
        rows=[
            [
                Cell(text=words.AREAS[one.area]),
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
        caption="Risks and remedies: findings that bear on the choice",
        columns=[
            Column(label="Rule", width=0.8),
            Column(label="Finding", width=2.6),
            Column(label="Remedy", width=2.1),
            Column(label="Source", width=2.5),
        ],
        rows=[
            [
                Cell(text=one.code, sub=words.SEVERITIES[one.severity]),
                Cell(text=one.sentence, sub=one.title),
                Cell(text=one.remedy or UNKNOWN),
                Cell(text=one.source, tone="muted"),
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
        return [Paragraph(text="No model is shown, so no licence applies.")]
    if all(one.licence is None for one in first.values()):
        return _licence_findings(list(first.values()))
    return [
        Table(
            caption="Licences of the models shown",
            columns=[
                Column(label="Model", width=1.6),
                Column(label="Licence", width=1.6),
                Column(label="Commercial use", width=1.1),
                Column(label="Conditions", width=2.4),
                Column(label="Source", width=1.6),
            ],
            rows=[_licence(one) for one in first.values()],
            note="A reading of public licence texts, not legal advice.",
        )
    ]


def _licence_findings(models: list[CandidateResult]) -> list[Block]:
    """What the licence rules say, where the record has no licences."""
    said = [" ".join(f.sentence for f in one.findings if f.concern == "licence") for one in models]
    rows = [
        [Cell(text=one.model_name), Cell(text=text or "no licence rule speaks")]
        for one, text in zip(models, said, strict=True)
    ]
    return [
        Paragraph(text="The record does not hold the licences themselves, only what rules say."),
        Table(
            caption="What licence rules say of the models shown",
            columns=[Column(label="Model"), Column(label="Finding", width=3)],
            rows=rows,
            note="Read the licence itself before relying on a model; this is not legal advice.",
        ),
    ]


def _licence(one: CandidateResult) -> list[Cell]:
    licence = one.licence
    if licence is None:
        said = " ".join(f.sentence for f in one.findings if f.concern == "licence")
        missing = Cell(text=UNKNOWN, sub="not in the record", tone="muted")
        return [Cell(text=one.model_name), missing, missing, Cell(text=said or UNKNOWN), missing]
    doubt = "" if licence.confirmed else "not confirmed"
    return [
        Cell(text=one.model_name),
        Cell(text=licence.name),
        Cell(text=words.COMMERCIAL[licence.commercial]),
        Cell(text=licence.conditions or UNKNOWN),
        Cell(text=licence.source, sub=doubt, tone="muted"),
    ]
