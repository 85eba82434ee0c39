"""What a rule is: code, title, severity, concern, source, and a function over a Case.

A rule's function returns a Finding's sentence (through `rule.says(...)`), None when it has nothing
to say, or NotApplicable with the reason. Rules read requirements, family traits and estimates;
never a model's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from advisor.estimator.record import Record

if TYPE_CHECKING:
    from advisor.catalog import Device, Family, Model
    from advisor.cost.record import ServingCost
    from advisor.estimator.record import Estimate
    from advisor.figure import Figure
    from advisor.usecase import UseCase

Severity = Literal["bar", "condition", "against", "for", "note"]
Concern = Literal[
    "modality",
    "latency",
    "edge",
    "accuracy",
    "data",
    "control",
    "privacy",
    "safety",
    "licence",
    "quality",
    "cost",
    "maturity",
    "integration",
    "team",
]


@dataclass(frozen=True)
class Case:
    """What a rule may look at. Use-case rules get no family, family rules no model, and so on.

    `shortfalls`: for each axis on which the model gives less than was asked, asked over given
    ({"width": 2.0} = half the width). `proxy`: the device stands in for one that no table holds.
    `response_s`: the time that the stated limit is about, queueing included. `usd_per_output`,
    `usd_per_month`: what `cost` says, on their own so that searches can vary them cheaply.
    """

    use_case: UseCase
    family: Family | None = None
    model: Model | None = None
    estimate: Estimate | None = None
    cost: ServingCost | None = None
    device: Device | None = None
    proxy: bool = False
    response_s: Figure | None = None
    usd_per_output: Figure | None = None
    usd_per_month: Figure | None = None
    shortfalls: Mapping[str, float] = field(default_factory=dict)


class Finding(Record):
    """What one rule says of one candidate or family.

    `weight` (0-3) is how much a `for` or `against` counts; `numbers` are the figures it rests on.
    """

    code: str
    title: str
    severity: Severity
    concern: Concern
    sentence: str
    weight: int = 0
    numbers: dict[str, float] = Field(default_factory=dict)
    verdict_cap: Literal["no-go", "go-with-human-review", "go-with-guardrails"] | None = None
    remedy: str = ""
    source: str


@dataclass(frozen=True)
class NotApplicable:
    """The rule cannot be judged here, and why."""

    reason: str


Outcome = Finding | NotApplicable | None
Scope = Literal["use-case", "family", "model", "candidate"]


@dataclass(frozen=True)
class Rule:
    """One rule. `detection`, `why` and `remedy` are its documentation page."""

    code: str  # LAT101
    title: str
    severity: Severity
    concern: Concern
    scope: Scope
    detection: str
    why: str
    remedy: str
    source: str
    check: Callable[[Rule, Case], Outcome]
    weight: int = 0
    verdict_cap: Literal["no-go", "go-with-human-review", "go-with-guardrails"] | None = None
    based_on: tuple[str, ...] = field(default=())  # R-numbers of docs/rules/evidence.md

    def says(self, sentence: str, **numbers: float) -> Finding:
        """This rule's finding with its sentence and the numbers it rests on."""
        return Finding(
            code=self.code,
            title=self.title,
            severity=self.severity,
            concern=self.concern,
            sentence=sentence,
            weight=self.weight,
            numbers=numbers,
            verdict_cap=self.verdict_cap,
            remedy=self.remedy,
            source=self.source,
        )
