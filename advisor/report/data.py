"""From an Assessment to a ReportDoc: which sections there are, in which order, and their heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import Block, BrandMark, Entry, ReportDoc, Section, Tone
from advisor.report.labels import label
from advisor.report.sections import (
    appendix,
    asked,
    audit,
    energy,
    evidence,
    executive,
    feasibility,
    money,
    options,
    plan,
    sensitivity,
    technical,
)
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import Assessment

Maker = Callable[[View], list[Block]]  # nothing: the section is left out
NUMBERS, LETTERS = [str(number) for number in range(1, 100)], "ABCDEFGHIJ"

BODY: tuple[tuple[str, Maker], ...] = (
    ("requirements", asked.requirements),
    ("options", options.options),
    ("latency", technical.latency),
    ("memory", technical.memory),
    ("cost", money.cost),
    ("energy", energy.energy),
    ("sensitivity", sensitivity.sensitivity),
    ("feasibility", feasibility.feasibility),
    ("why-not", options.why_not),
    ("licences", feasibility.licences),
    ("plan", plan.implementation),
    ("verify", plan.verify),
    ("audit", audit.audit),
)
APPENDICES: tuple[tuple[str, Maker], ...] = (
    ("figures", evidence.figures),
    ("method", appendix.method),
    ("all-options", appendix.all_options),
    ("defaults", asked.defaults),
    ("glossary", appendix.glossary),
    ("reproduce", appendix.reproduce),
)


def report_doc(assessment: Assessment, brand: BrandMark | None = None) -> ReportDoc:
    """What the report of an assessment says. Pure: the same record gives an equal document."""
    view = View(assessment)
    verdict, tone = _verdict(view)
    made = sections(view)
    kept = {section.id for section in made}
    left_out = [label(f"section.{name}") for name, _ in BODY if name not in kept]
    return ReportDoc(
        report=label("report.assessment"),
        title=assessment.use_case.title,
        verdict=verdict,
        tone=tone,
        decision=view.decision,
        meta=_meta(assessment),
        as_of=assessment.as_of,
        executive=executive.executive(view),
        reading=appendix.reading(left_out),
        sections=made,
        brand=brand,
    )


def _verdict(view: View) -> tuple[str, Tone]:
    """The verdict, and that it waits for what failed where gates did."""
    word, tone = words.VERDICTS[view.assessment.verdict]
    if not view.failed:
        return word, tone
    gates = words.plural(len(view.failed), "failed gate is", "failed gates are")
    return label("page.verdict_failed", verdict=word, gates=gates), "caution"


def _meta(assessment: Assessment) -> list[Entry]:
    return [
        Entry(label=label("meta.as_of"), value=assessment.as_of.isoformat()),
        Entry(label=label("meta.catalog"), value=assessment.data_version),
        Entry(label=label("meta.engine"), value=assessment.engine_version),
    ]


def sections(view: View) -> list[Section]:
    """The sections that have something to say, numbered, then the lettered appendices."""
    made: list[Section] = []
    for signs, makers in ((NUMBERS, BODY), (LETTERS, APPENDICES)):
        kept = [(name, blocks) for name, make in makers if (blocks := make(view))]
        made += [
            Section(id=name, number=sign, title=label(f"section.{name}"), blocks=blocks)
            for sign, (name, blocks) in zip(signs, kept, strict=False)
        ]
    return made
