"""What if: the engine itself, run again on a prepared bench, so that a slider answers at once.

A desk holds the bench of one question: its estimates are made once and only rules and costs run
again. Sessions with the same question share a desk; one at a time uses the engine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from advisor import load_catalog
from advisor.decide import Bench, Outcome, judge, outcome
from advisor.decide.judge import Shortlist, shortlist_of
from advisor.decide.sources import default_sources
from advisor.files import parse_json
from advisor.usecase import UseCase, parse_use_case
from advisor.web.session import ENGINE

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.cost.record import ServingCost
    from advisor.decide.bench import Option
    from advisor.figure import Figure

# Unconfirmed numbers that costs rest on: half and double of each is covered (a judgement). Takes
# per item are not among them: one is counted until somebody states a number.
SPREAD = 2.0
UNCONFIRMED = ("volume_per_day", "peak_factor")


@dataclass
class Desk:
    """One question and the bench that its variants are judged on."""

    use_case: UseCase
    bench: Bench
    short: Shortlist
    base: Outcome

    def at(self, changes: dict[str, Any]) -> Outcome:
        """The answer with some fields changed. Raises InputError for values out of range."""
        variant = self._variant(changes)
        with ENGINE:
            return outcome(judge(variant, self.bench, self.short))

    def costs(self, candidate: CandidateResult, changes: dict[str, Any]) -> ServingCost | None:
        """What one option costs under a change; None where the option is not on this bench."""
        variant = self._variant(changes)
        with ENGINE:
            option = self._option(candidate)
            return None if option is None else self.bench.cost(option, variant)

    def _option(self, candidate: CandidateResult) -> Option | None:
        options, _ = self.bench.options(candidate.family, self.use_case)
        return next((one for one in options if one.id == candidate.id), None)

    def _variant(self, changes: dict[str, Any]) -> UseCase:
        stated = json.loads(self.use_case.model_dump_json(exclude_unset=True))
        return parse_use_case({**stated, **changes}, "what if")


@st.cache_resource(max_entries=24, ttl=3600, show_spinner=False)
def _desk(asked: str, as_of: date, evidence: str) -> Desk:
    use_case = parse_use_case(parse_json(asked, "what if"), "what if")
    catalog = load_catalog()
    with ENGINE:
        bench = Bench(catalog, default_sources(catalog, as_of, use_case.terms))
        short = shortlist_of(judge(use_case, bench))
        return Desk(use_case, bench, short, outcome(judge(use_case, bench, short)))


def desk(asked: str, as_of: date, evidence: str) -> Desk:
    """The desk of a question: today's data and prices."""
    return _desk(asked, as_of, evidence)


def unconfirmed(candidate: CandidateResult, at: Desk, assumed: frozenset[str]) -> dict[str, Figure]:
    """Cost a month and per 1,000 with intervals that also cover half and double of what nobody
    stated; empty where all was stated, or where today's data no longer give the stored cost."""
    names = [name for name in UNCONFIRMED if name in assumed]
    if candidate.cost is None or not names:
        return {}
    now = at.costs(candidate, {})
    if now is None or now.usd_per_month != candidate.cost.usd_per_month:
        return {}
    found = [candidate.cost]
    for name in names:
        for factor in (1 / SPREAD, SPREAD):
            cost = at.costs(candidate, {name: _turned(at.use_case, name, factor)})
            if cost is None:
                return {}
            found.append(cost)
    return {
        name: _over([getattr(cost, name) for cost in found])
        for name in ("usd_per_month", "usd_per_1000_outputs")
    }


def _turned(use_case: UseCase, name: str, factor: float) -> float:
    value = getattr(use_case, name)
    return max(1.0 if name == "peak_factor" else 0.01, value * factor)


def _over(figures: list[Figure]) -> Figure:
    """The first figure with an interval over all of them."""
    low, high = min(f.low for f in figures), max(f.high for f in figures)
    return figures[0].model_copy(update={"low": low, "high": high})
