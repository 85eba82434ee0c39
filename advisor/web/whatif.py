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
    from advisor.decide.bench import Option


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

    def option(
        self, candidate: CandidateResult, changes: dict[str, Any]
    ) -> tuple[Option, UseCase] | None:
        """One option under a change, with the changed use case; None where the bench has it not."""
        variant = self._variant(changes)
        with ENGINE:
            only = frozenset({candidate.model})
            options, _ = self.bench.options(candidate.family, variant, only)
        found = next((one for one in options if one.id == candidate.id), None)
        return None if found is None else (found, variant)

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
