"""An answer and its report's parts as HTML, each made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable

from advisor.assessment import Assessment
from advisor.report import charts
from advisor.report.data import APPENDICES, BODY
from advisor.report.doc import Block, Paragraph
from advisor.report.html import fragment
from advisor.report.labels import label
from advisor.report.sections.executive import executive
from advisor.report.view import View

_MAKERS = dict((*BODY, *APPENDICES))
SECTIONS: dict[str, str] = {name: label(f"section.{name}") for name in _MAKERS}


class Sheet:
    """Shared between the sessions that look at one answer: nothing in it ever changes."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment, self.view = assessment, View(assessment)
        self._made: dict[str, str] = {}

    def lead(self) -> str:
        """Options, reasons, what would change it and confidence, without the cards."""
        return self._part(
            "lead", lambda: [one for one in executive(self.view) if one.kind != "kpis"]
        )

    def chart(self) -> str:
        """The options against time (or cost) and quality; empty where there is one or none."""
        return self._part("chart", lambda: [c for c in [charts.pareto(self.view)] if c is not None])

    def section(self, name: str) -> str:
        """A section of the report, by its id."""
        nothing: list[Block] = [Paragraph(text=label("page.nothing_to_say"))]
        return self._part(name, lambda: _MAKERS[name](self.view) or nothing)

    def _part(self, name: str, make: Callable[[], list[Block]]) -> str:
        if name not in self._made:
            self._made[name] = fragment(make())
        return self._made[name]
