"""What a claim is, and what its check gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from advisor.catalog.base import Entry, Identifier, Text
from advisor.catalog.load import read_entry
from advisor.errors import DataError
from advisor.estimator.record import Record
from advisor.figure import Basis, Figure
from advisor.paths import data_dir

Verdict = Literal["holds", "holds in part", "does not hold", "cannot be checked here"]
Outcome = Literal["holds", "in part", "does not hold", "not checked"]


class CheckSpec(Entry):
    """One thing that a claim says, and the range of a figure in which it holds.

    `low`, `high`: the check holds inside; `part_low`, `part_high`: outside those but inside these
    it holds in part. `why`: where the limits come from. A check without limits can only be open:
    it names what cannot be checked here.
    """

    id: Identifier
    states: Text
    low: float | None = None
    high: float | None = None
    part_low: float | None = None
    part_high: float | None = None
    why: Text


class Fact(Entry):
    """A number from outside that a check uses, with its source."""

    value: float
    low: float | None = None
    high: float | None = None
    unit: Text
    source: Text
    as_of: date | None = None
    basis: Literal["published", "assumed"] = "published"
    confirmed: bool = True

    def figure(self) -> Figure:
        """The fact as a figure; what was not looked up says so."""
        doubt = "" if self.confirmed else " (recalled, not looked up)"
        return Figure(
            value=self.value,
            low=self.value if self.low is None else self.low,
            high=self.value if self.high is None else self.high,
            unit=self.unit,
            basis=Basis(self.basis),
            source=self.source + doubt,
            as_of=self.as_of,
        )


class Claim(Entry):
    """A claim in our own words."""

    id: Identifier
    claim: Text
    attributed_to: str = ""
    how: Text
    checks: list[CheckSpec] = Field(min_length=1)
    facts: dict[str, Fact] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_each(self) -> Claim:
        ids = [check.id for check in self.checks]
        if len(set(ids)) < len(ids):
            raise ValueError(f"claim {self.id} has two checks of one id")
        return self

    def fact(self, name: str) -> Figure:
        """A fact as a figure. Raises DataError if the catalog lacks it."""
        if name not in self.facts:
            raise DataError(f"catalog/claims.yaml: {self.id} lacks the fact '{name}': add it")
        return self.facts[name].figure()


class ClaimsFile(Entry):
    """catalog/claims.yaml."""

    article: Text
    claims: list[Claim] = Field(min_length=1)


class Number(Record):
    """A labelled figure."""

    label: str
    figure: Figure


class CheckResult(Record):
    """What one check gave. `sure`: the whole interval of the figure is on the outcome's side."""

    id: str
    states: str
    figure: Figure | None
    limits: str
    outcome: Outcome
    sure: bool
    why: str  # of the limits; for a check not made, why not


class ClaimResult(Record):
    """A claim with its verdict."""

    id: str
    claim: str
    attributed_to: str
    source: str
    how: str
    verdict: Verdict
    sentence: str
    checks: list[CheckResult]
    numbers: list[Number]
    notes: list[str]
    command: str
    as_of: date

    @property
    def verdict_text(self) -> str:
        """The verdict; where a check could not be made, a no is only as far as was checked."""
        unmade = any(check.outcome == "not checked" for check in self.checks)
        limited = unmade and self.verdict == "does not hold"
        return f"{self.verdict}, as far as checked" if limited else self.verdict


@dataclass(frozen=True)
class Evidence:
    """What a claim's function found: a figure per check (or why there is none), and more numbers.

    `sentence`: what was found, in one or two sentences of plain words and numbers.
    """

    figures: dict[str, Figure | str]
    sentence: str
    numbers: list[Number] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def claims_path() -> Path:
    return data_dir("catalog") / "claims.yaml"


@lru_cache(maxsize=1)
def load_claims() -> ClaimsFile:
    """The claims of catalog/claims.yaml. Raises DataError with file, line and field."""
    return read_entry(ClaimsFile, claims_path())
