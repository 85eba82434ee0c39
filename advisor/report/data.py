"""From an Assessment to a ReportDoc: which sections there are, in which order, and their heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import Block, Entry, ReportDoc, Section
from advisor.report.sections import (
    appendix,
    asked,
    executive,
    feasibility,
    money,
    options,
    technical,
)
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import Assessment

Maker = Callable[[View], list[Block]]

BODY: tuple[tuple[str, str, Maker], ...] = (
    ("requirements", "Requirements as understood", asked.requirements),
    ("options", "Options compared", options.options),
    ("latency", "Latency by stage", technical.latency),
    ("memory", "Memory and compute", technical.memory),
    ("cost", "Cost", money.cost),
    ("energy", "Energy", money.energy),
    ("sensitivity", "What would change the answer", feasibility.sensitivity),
    ("feasibility", "Feasibility, conditions and risks", feasibility.feasibility),
    ("why-not", "Why not the others", options.why_not),
    ("licences", "Licences", feasibility.licences),
    ("verify", "Check it on your own machine", feasibility.verify),
)
APPENDICES: tuple[tuple[str, str, Maker], ...] = (
    ("figures", "Every figure and its evidence", appendix.figures),
    ("all-options", "All options in the record", appendix.all_options),
    ("method", "Method", appendix.method),
    ("glossary", "Glossary", appendix.glossary),
    ("reproduce", "Reproduce this report", appendix.reproduce),
)


def report_doc(assessment: Assessment) -> ReportDoc:
    """What the report of an assessment says. Pure: the same record gives an equal document."""
    view = View(assessment)
    verdict, tone = words.VERDICTS[assessment.verdict]
    numbered = zip((str(n) for n in range(1, 1 + len(BODY))), BODY, strict=True)
    lettered = zip("ABCDEFG", APPENDICES, strict=False)
    return ReportDoc(
        title=assessment.use_case.title,
        verdict=verdict,
        tone=tone,
        decision=assessment.headline,
        meta=_meta(assessment),
        as_of=assessment.as_of,
        executive=executive.executive(view),
        reading=appendix.reading(),
        sections=[
            Section(id=name, number=number, title=title, blocks=make(view))
            for number, (name, title, make) in [*numbered, *lettered]
        ],
    )


def _meta(assessment: Assessment) -> list[Entry]:
    return [
        Entry(label="As of", value=assessment.as_of.isoformat()),
        Entry(label="Catalog", value=assessment.data_version),
        Entry(label="Engine", value=assessment.engine_version),
    ]
