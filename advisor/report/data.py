"""From an Assessment to a ReportDoc: which sections there are, in which order, and their heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import Block, BrandMark, Entry, ReportDoc, Section
from advisor.report.labels import label
from advisor.report.sections import (
    appendix,
    asked,
    audit,
    energy,
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

Maker = Callable[[View], list[Block]]

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
    ("figures", appendix.figures),
    ("method", appendix.method),
    ("all-options", appendix.all_options),
    ("defaults", asked.defaults),
    ("glossary", appendix.glossary),
    ("reproduce", appendix.reproduce),
)


def report_doc(assessment: Assessment, brand: BrandMark | None = None) -> ReportDoc:
    """What the report of an assessment says. Pure: the same record gives an equal document."""
    view = View(assessment)
    verdict, tone = words.VERDICTS[assessment.verdict]
    numbered = zip((str(n) for n in range(1, 1 + len(BODY))), BODY, strict=True)
    lettered = zip("ABCDEFG", APPENDICES, strict=False)
    return ReportDoc(
        report=label("report.assessment"),
        title=assessment.use_case.title,
        verdict=verdict,
        tone=tone,
        decision=assessment.headline,
        meta=_meta(assessment),
        as_of=assessment.as_of,
        executive=executive.executive(view),
        reading=appendix.reading(),
        sections=[
            Section(
                id=name,
                number=number,
                title=label(f"section.{name}"),
                blocks=make(view),
            )
            for number, (name, make) in [*numbered, *lettered]
        ],
        brand=brand,
    )


def _meta(assessment: Assessment) -> list[Entry]:
    return [
        Entry(label=label("meta.as_of"), value=assessment.as_of.isoformat()),
        Entry(label=label("meta.catalog"), value=assessment.data_version),
        Entry(label=label("meta.engine"), value=assessment.engine_version),
    ]
