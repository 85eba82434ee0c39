"""What the sections of a report share: which options to show, and lookups in the record."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from advisor.assessment import Change
from advisor.figure import Basis, Figure, weakest
from advisor.report import words
from advisor.report.doc import Cell
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, figure_cell, figure_text, significant

if TYPE_CHECKING:
    from advisor.assessment import Assessment, CandidateResult, FamilyResult, Gate
    from advisor.cost.record import ApiCost
    from advisor.rules.base import Finding

FIRST_PAGE, LISTED = 5, 8
GRAVITY: tuple[Change, ...] = get_args(Change)  # what a change does, the gravest first
MATTERS = 1.1  # a swing of cost or margin from here on is worth a question


@dataclass(frozen=True)
class View:
    """An assessment with its options sorted out. Numbers of options are their ranks."""

    assessment: Assessment

    @cached_property
    def ranked(self) -> list[CandidateResult]:
        """Options that no rule bars, best first."""
        found = [one for one in self.assessment.candidates if one.rank is not None]
        return sorted(found, key=lambda one: (one.rank or 0, one.id))

    @cached_property
    def barred(self) -> list[CandidateResult]:
        """Listed options that a rule bars, nearest to feasible first."""
        return [one for one in self.assessment.candidates if one.rank is None]

    @cached_property
    def chosen(self) -> CandidateResult | None:
        """The option to serve with; None for a no-go or where nothing is run."""
        serve = self.assessment.serve
        if serve is None or serve.candidate is None:
            return None
        return next((one for one in self.ranked if one.id == serve.candidate), None)

    @cached_property
    def decision(self) -> str:
        """The headline without the title, which stands above it."""
        said = self.assessment.headline.removeprefix(f"{self.assessment.use_case.title}: ")
        return said[:1].upper() + said[1:]

    @cached_property
    def bought(self) -> ApiCost | None:
        """The hosted API that is recommended instead of running anything."""
        route = self.assessment.route
        if route is None or route.kind != "buy-hosted-api":
            return None
        named = (route.provider, route.api_model)
        return next((one for one in self.apis if (one.provider, one.model) == named), None)

    @cached_property
    def failed(self) -> list[Gate]:
        """Gates that failed although something can be built: they come before everything else."""
        if self.assessment.verdict == "no-go":
            return []
        return [one for one in self.assessment.gates if one.status == "failed"]

    @cached_property
    def chosen_family(self) -> FamilyResult | None:
        return next((one for one in self.assessment.families if one.status == "chosen"), None)

    @cached_property
    def shown(self) -> list[CandidateResult]:
        """The best option of each model, then the next best ones; at most eight, by rank."""
        return self._spread(LISTED)

    @cached_property
    def leading(self) -> list[CandidateResult]:
        """The few options of the first page."""
        return self._spread(FIRST_PAGE)

    @cached_property
    def apis(self) -> list[ApiCost]:
        """Hosted APIs to compare with; none where nothing should be built or bought."""
        return [] if self.assessment.verdict == "no-go" else self.assessment.apis

    @cached_property
    def models(self) -> list[CandidateResult]:
        """The leading options without those that only run the same on another device."""
        first: dict[str, CandidateResult] = {}
        for one in self.leading:
            first.setdefault(f"{one.model} {one.workload.describe()}", one)
        return list(first.values())

    def _spread(self, most: int) -> list[CandidateResult]:
        first: dict[str, CandidateResult] = {}
        for one in self.ranked:
            first.setdefault(one.model, one)
        kept = list(first.values())[:most]
        kept += [one for one in self.ranked if one not in kept][: most - len(kept)]
        return sorted(kept, key=lambda one: one.rank or 0)

    @cached_property
    def limit_s(self) -> float | None:
        """The time limit that options were judged by."""
        limits = (one.limit_s for one in self.assessment.candidates)
        return next((limit for limit in limits if limit is not None), None)

    @cached_property
    def assumed(self) -> frozenset[str]:
        """Fields that nobody stated. (A record read from JSON no longer knows which were set.)"""
        return frozenset(one.field for one in self.assessment.assumed)

    @cached_property
    def stated(self) -> list[str]:
        """Fields that the user stated, in the order of the form."""
        use_case = self.assessment.use_case
        return [
            name
            for name in type(use_case).model_fields
            if name not in self.assumed and getattr(use_case, name) not in (None, [], "")
        ]

    def model_name(self, model: str) -> str:
        """The name of a model by its id; the id where the record does not list it."""
        found = (one.model_name for one in self.assessment.candidates if one.model == model)
        return next(found, model)

    @cached_property
    def effects(self) -> dict[str, str]:
        """Assumed field -> what another value would do, as far as it was tried; gravest first."""
        answer = self.assessment
        found: dict[str, tuple[int, float, str]] = {}

        def note(field: str, rank: int, size: float, text: str) -> None:
            if field in self.assumed and (field not in found or (rank, size) < found[field][:2]):
                found[field] = (rank, size, text)

        for choice in answer.choice_flips:
            rank = GRAVITY.index(choice.changes)
            note(choice.field, rank, choice.steps, f"{choice.to}: {choice.becomes}")
        for flip in answer.flip_points:
            rank = GRAVITY.index(flip.changes)
            note(flip.field, rank, flip.factor, flip.sentence)
        for bar in answer.tornado:
            if bar.swing >= MATTERS:
                text = (
                    f"half to double moves cost or margin by a factor of {significant(bar.swing)}"
                )
                note(bar.input, len(GRAVITY), 1 / bar.swing, text)
        ordered = sorted(found.items(), key=lambda item: (*item[1][:2], item[0]))
        return {field: text for field, (_, _, text) in ordered}

    @cached_property
    def waiting(self) -> dict[str, list[str]]:
        """Unanswered field -> codes of the rules that wait for it, most rules first."""
        found: dict[str, list[str]] = {}
        for one in self.assessment.locked_rules:
            found.setdefault(one.field, []).append(one.code)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))

    @cached_property
    def titles(self) -> dict[str, str]:
        """Rule code -> title, of every rule that spoke in the record."""
        return {finding.code: finding.title for finding in self.findings()}

    def title_of(self, code: str) -> str:
        """A rule's title: from the record, else from the program's own rules."""
        from advisor.errors import UnknownName
        from advisor.rules import rule

        if code in self.titles:
            return self.titles[code]
        try:
            return rule(code).title
        except UnknownName:
            return UNKNOWN

    def bars_of(self, one: CandidateResult) -> list[Finding]:
        """What bars an option: its own bars, else its family's, else those on the use case."""
        family = [f for result in self.assessment.families if result.family == one.family
                  for f in result.findings]  # fmt: skip
        for found in (one.findings, family, self.assessment.findings):
            bars = [f for f in found if f.severity == "bar" or f.verdict_cap == "no-go"]
            if bars:
                return bars
        return []

    def findings(self) -> list[Finding]:
        """All findings of the record: on the use case, on families, on options."""
        found = list(self.assessment.findings)
        for family in self.assessment.families:
            found += family.findings
        for one in self.assessment.candidates:
            found += one.findings
        return found


def option_cell(one: CandidateResult, *, settings: bool = True) -> Cell:
    """An option's name with its settings below."""
    return Cell(text=one.model_name, sub=one.workload.describe() if settings else "")


def device_cell(one: CandidateResult) -> Cell:
    """A device with the vendor and kind of price below."""
    offer = one.cost.offer if one.cost else None
    if offer is None:
        return Cell(text=one.device_name, sub=label("cell.no_price_known"))
    kind = words.OFFERS[offer.kind]
    own = offer.kind in ("client-device", "owned")
    return Cell(text=one.device_name, sub=kind if own else f"{offer.provider}, {kind}")


def brief_device(one: CandidateResult) -> Cell:
    """A device and its kind of price on one line, for dense tables."""
    offer = one.cost.offer if one.cost else None
    kind = words.OFFERS[offer.kind] if offer else "no price known"
    return Cell(text=f"{one.device_name}, {kind}")


def with_unit(figure: Figure | None, note: str = "") -> Cell:
    """A figure with unit and interval, and its basis."""
    if figure is None:
        return Cell(text=UNKNOWN, sub=note or label("cell.not_known"), tone="muted")
    return Cell(text=figure_text(figure), sub=note, basis=figure.basis)


def number(figure: Figure | None, note: str = "") -> Cell:
    """A figure without its unit, for a column whose head has it."""
    if figure is None:
        return Cell(text=UNKNOWN, sub=note or label("cell.not_known"), tone="muted")
    return Cell(text=figure_cell(figure), sub=note)


def evidence(*figures: Figure | None) -> Basis:
    """The weakest basis of some figures."""
    return weakest(figure.basis for figure in figures if figure is not None)


def option_name(one: CandidateResult) -> str:
    return f"{one.model_name} on {one.device_name}"
