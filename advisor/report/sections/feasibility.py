"""What changes the answer, conditions and risks, licences, and how to check it yourself."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Commands,
    Paragraph,
    Subheading,
    Table,
)
from advisor.report.numbers import UNKNOWN, amount, significant
from advisor.report.view import View, option_name

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult, FlipPoint
    from advisor.rules.base import Finding


def sensitivity(view: View) -> list[Block]:
    """Flip points, nearest first."""
    flips = view.assessment.flip_points
    if not flips:
        return [
            Paragraph(
                text="The record holds no flip point: no single limit, volume or budget in the "
                "range searched changes the recommendation, or none was searched for."
            )
        ]
    return [
        Table(
            caption="The value of one requirement at which the answer changes, nearest first",
            columns=[
                Column(label="Requirement", width=1.4),
                Column(label="Now", width=1.2, align="right"),
                Column(label="Changes", width=1.5, align="right"),
                Column(label="Factor", width=0.7, align="right"),
                Column(label="The answer becomes", width=2.8),
            ],
            rows=[_flip(one) for one in flips],
            note="Each is found by answering the use case again; the threshold is located to 2 %.",
        )
    ]


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
    """To two digits: it is located to 2 %."""
    return amount(float(f"{flip.threshold:.1e}"), flip.unit)


def feasibility(view: View) -> list[Block]:
    """Verdict with its conditions, risks of the choice, and warnings about the data."""
    answer = view.assessment
    word, tone = words.VERDICTS[answer.verdict]
    blocks: list[Block] = [Callout(tone=tone, title=word, text=answer.headline)]
    if answer.conditions:
        no_go = answer.verdict == "no-go"
        head = "What would make it feasible" if no_go else "Conditions"
        blocks += [Subheading(text=head), Bullets(items=list(answer.conditions))]
    risks = _risks(view)
    blocks.append(_risk_table(risks) if risks else Paragraph(text="No rule names a risk."))
    if answer.warnings:
        blocks += [Subheading(text="About the data"), Bullets(items=list(answer.warnings))]
    return blocks


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


def verify(view: View) -> list[Block]:
    """Commands that repeat the figures, and measure them."""
    one = view.chosen or next(iter(view.ranked), None)
    if one is None:
        return [
            Paragraph(text="Nothing is run, so there is nothing to measure. Look at the rules:"),
            Commands(label="Rules", lines=_rule_commands(view)),
        ]
    settings = workload_options(one)
    # Quantised weights are estimated, not profiled: the profiler takes its own default type.
    quantised = one.workload.dtype in ("fp8", "int8", "nf4")
    dtype = f" --dtype {one.workload.dtype}"
    measurable = settings.replace(dtype, "" if quantised else dtype)
    device = shlex.quote(one.device)
    model = shlex.quote(one.model)
    return [
        Paragraph(text=f"The figures of {option_name(one)} come from this estimate:"),
        Commands(
            label="Repeat the estimate",
            lines=[f"advisor estimate {model} --device {device} {settings} --json"],
        ),
        Paragraph(
            text="On a machine with that device, measure it and compare with the figures above:"
        ),
        Commands(
            label="Measure it",
            lines=["pip install 'advisor[profile]'", f"advisor profile {model} {measurable}"],
        ),
        Commands(label="Look up the rules that decided", lines=_rule_commands(view)),
    ]


def workload_options(one: CandidateResult) -> str:
    """The workload as options of `advisor estimate`."""
    workload = one.workload
    asked = {**workload.axes(), "batch": workload.batch}
    given = [f"--{name.replace('_', '-')} {_option(value)}" for name, value in asked.items()]
    return " ".join([*given, f"--dtype {workload.dtype}", f"--mode {workload.mode}"])


def _option(value: float) -> str:
    """Whole numbers in full, others without idle zeros."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rule_commands(view: View) -> list[str]:
    codes = [one.code for one in view.assessment.findings]
    codes += [one.code for one in (view.chosen_family.findings if view.chosen_family else [])]
    codes += [one.code for one in (view.chosen.findings if view.chosen else [])]
    found = [f"advisor rules {shlex.quote(code)}" for code in dict.fromkeys(codes)][:6]
    return found or ["advisor rules"]
