"""The whole answer: one record that every report, page and command reads."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from advisor.catalog.schema import Licence
from advisor.cost.money import Money
from advisor.cost.record import ApiCost, ServingCost
from advisor.cost.training import TrainingCost
from advisor.estimator.record import Estimate, Record
from advisor.figure import Figure
from advisor.rules.base import Finding
from advisor.usecase import UseCase
from advisor.workload import Workload

# 1: first version.
SCHEMA_VERSION = 1

Verdict = Literal["go", "go-with-guardrails", "go-with-human-review", "no-go"]
FamilyStatus = Literal["chosen", "candidate", "barred", "does-not-make-this", "nothing-to-run"]


class Assumption(Record):
    """A field that nobody stated, and the default that stands in for it."""

    field: str
    value: Any
    question: str


class CandidateResult(Record):
    """A model at a workload on an offer, with everything found out about it."""

    id: str  # "sdxl-turbo on l4 (gcp g2-standard-4 us-central1 on-demand)"
    rank: int | None  # None = barred
    model: str
    model_name: str
    family: str
    tier: int | None
    workload: Workload
    device: str
    device_name: str
    estimate: Estimate
    cost: ServingCost | None
    response_s: Figure  # the latency that the use case asks about (its kind), under load
    limit_s: float | None
    chance_in_limit: float | None  # probability that the limit holds, from the interval
    findings: list[Finding]
    scores: dict[str, float]  # criterion -> 0..1
    total: float
    licence: Licence | None = None  # of the model; None = not carried over


class FamilyResult(Record):
    """How one family fared."""

    family: str
    name: str
    status: FamilyStatus
    score: float
    sentence: str
    findings: list[Finding]
    best: str | None = None  # id of its best candidate
    barred_candidates: int = 0
    ranked_candidates: int = 0


class Slot(Record):
    """What to use for a purpose: serving, or training and preparing offline."""

    family: str
    family_name: str
    candidate: str | None
    sentence: str


class FlipPoint(Record):
    """The value of one requirement at which the recommendation changes."""

    field: str
    unit: str
    current: float
    threshold: float
    direction: Literal["above", "below"]
    becomes: str  # family / model / verdict after the flip
    sentence: str
    factor: float  # how far: max(threshold/current, current/threshold)


class Confidence(Record):
    level: Literal["high", "medium", "low"]
    reasons: list[str]


class Assessment(Record):
    """One use case, answered."""

    schema_version: int = SCHEMA_VERSION
    use_case: UseCase
    assumed: list[Assumption]
    as_of: date
    data_version: str
    engine_version: str
    headline: str
    verdict: Verdict
    family: str  # a family id, or "not-feasible"
    serve: Slot | None
    offline: Slot | None
    weights: dict[str, float]  # criterion -> weight, sums to 1
    candidates: list[CandidateResult]  # best first; the barred ones nearest to feasible last
    tried: int
    barred: int
    barred_by: dict[str, int]  # rule code -> number of candidates
    families: list[FamilyResult]  # all of the catalog
    apis: list[ApiCost]
    adaptation: TrainingCost | None = None  # one run on own examples, where rules call for it
    findings: list[Finding]  # on the use case as a whole
    conditions: list[str]
    flip_points: list[FlipPoint]
    confidence: Confidence
    warnings: list[str]
    money: Money | None = None  # of the serving candidate; None where it has no cost
