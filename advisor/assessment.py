"""The whole answer: one record that every report, page and command reads."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from advisor.catalog.schema import Licence
from advisor.cost.money import Money
from advisor.cost.record import ApiCost, LoadCurve, ServingCost
from advisor.cost.training import TrainingCost
from advisor.estimator.record import Estimate, Record
from advisor.figure import Figure
from advisor.rules.base import Finding
from advisor.usecase import UseCase
from advisor.workload import Workload

# 1: first version. 2: contributions, robustness, choices that flip, tornado, route, composites,
# readiness, gates, pilot, accuracy, roof, load curve, locked rules and digests.
SCHEMA_VERSION = 2

Verdict = Literal["go", "go-with-guardrails", "go-with-human-review", "no-go"]
FamilyStatus = Literal["chosen", "candidate", "barred", "does-not-make-this", "nothing-to-run"]
# What a change of one requirement does to the answer, the gravest first.
Change = Literal["feasibility", "family", "verdict", "model", "serve-or-buy"]
RouteKind = Literal["run-it", "buy-hosted-api", "nothing-generative", "do-not-build"]
ReadinessArea = Literal["data", "accuracy", "integration", "evaluation", "team", "maturity"]
GateStatus = Literal["passed", "open", "failed"]


class Assumption(Record):
    """A field that nobody stated, and the default that stands in for it."""

    field: str
    value: Any
    question: str


class Contribution(Record):
    """One part of a candidate's total: a criterion, a finding, or where evidence starts.

    `contribution` = `score` x `weight`; the contributions of a candidate add up to its `total`.
    """

    part: str  # a criterion, a rule's code, "start" or "bound"
    kind: Literal["criterion", "evidence"]
    raw: str  # what was scored: "0.84 s of 2 s", "+3 for it"
    score: float  # criterion: 0..1; finding: its points, signed, scaled by its criterion's weight
    weight: float
    contribution: float


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
    contributions: list[Contribution] = Field(default_factory=list)  # they add up to `total`


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
    changes: Change = "family"


class ChoiceFlip(Record):
    """Another choice for one requirement, with which the recommendation changes."""

    field: str
    current: str
    to: str
    steps: int  # places between the two in the field's order of strictness; 1 where it has none
    changes: Change
    becomes: str
    sentence: str


class LeastChange(Record):
    """One limit, or two, given up so that a no-go becomes feasible; less of it would not do."""

    changes: dict[str, str]  # field -> its new value, in words
    becomes: str
    verdict: Verdict
    factor: float  # how much a number has to give (threshold over stated); 1 for choices
    sentence: str


class TornadoBar(Record):
    """What one input does to the cost and the margin of the chosen option, at its two ends.

    `margin` is the time limit over the response: above 1 it holds. None: no limit, or no cost.
    """

    input: str
    unit: str
    low: float
    high: float
    ends: str  # what the ends are: "the 90 % interval", "half and double (judgement)"
    usd_per_output_at_low: float | None
    usd_per_output_at_high: float | None
    margin_at_low: float | None
    margin_at_high: float | None
    swing: float  # the larger of the two ratios between the ends; 1 = it does not matter


class Overtaker(Record):
    """What comes first in the draws in which the recommended one does not."""

    family: str
    model: str  # "" = a family without a model here
    share: Figure


class Robustness(Record):
    """How often the first stays first when estimates, prices and weights vary together."""

    draws: int
    seed: int
    share: Figure  # of draws in which family and model stay first; interval of the sampling only
    family_share: float  # of draws in which at least the family stays first
    nothing_left: float  # of draws in which every candidate breaks the time limit
    overtaken_by: list[Overtaker]
    varied: list[str]  # what was varied, and within what


class Route(Record):
    """How to get it: run a model, buy a hosted API, use nothing generative, or do not build."""

    kind: RouteKind
    sentence: str
    provider: str | None = None
    api_model: str | None = None
    own_usd_per_output: Figure | None = None
    api_usd_per_output: Figure | None = None
    conditions: list[str] = Field(default_factory=list)


class CompositePart(Record):
    """One step of a composite: who does it, how often per item, how long, at which cost."""

    purpose: str
    family: str
    model: str | None  # None = not estimated; `note` says why
    device: str | None
    per_item: float
    latency_s: Figure | None
    usd_per_output: Figure | None
    note: str = ""


class Composite(Record):
    """An answer of several families in turn, where practice makes such things so."""

    id: str
    name: str
    parts: list[CompositePart]
    latency_s: Figure | None  # of all estimated parts, one after the other
    usd_per_item: Figure | None
    complete: bool  # False: a part is not estimated, so that the sums are lower bounds
    sentence: str
    source: str


class Readiness(Record):
    """One area of feasibility beyond the model, scored from what was stated."""

    area: ReadinessArea
    score: float | None  # 0..1 over the stated answers; None = nothing stated
    level: Literal["ready", "partly", "not-ready", "unknown"]
    reasons: list[str]
    missing: list[str]  # questions nobody answered


class Gate(Record):
    """One thing that has to be true before money is spent."""

    id: str
    question: str
    status: GateStatus
    evidence: str


class PilotMeasure(Record):
    """What to measure in a pilot, on how many samples, and when it has passed."""

    what: str
    samples: int
    pass_mark: str
    statistics: str  # why so many


class Pilot(Record):
    """A pilot that would settle what is open."""

    measures: list[PilotMeasure]
    sentence: str


class HeldOut(Record):
    """How far predictions of this kind were off on rows that their fit had not seen.

    Errors are shares of the measured value; `inside` is the share of rows within the 90 % interval.
    """

    left_out: str  # what the fit had not seen: "the device and the model"
    rows: int
    median_error: float
    p90_error: float
    bias: float  # median signed error: above 0, predictions are too slow
    inside: float | None  # None: not recorded for this split


class Accuracy(Record):
    """The estimator's record on the kind of workload that is recommended, best known first."""

    kind: str  # "eager mode"
    groups: list[HeldOut]
    source: str


class LockedRule(Record):
    """A rule that could not be applied, and the unanswered field that it looked at last."""

    code: str
    title: str
    reason: str
    field: str
    question: str


class Roof(Record):
    """What a device can do at most, from its datasheet, at the dtype of the recommendation."""

    device: str
    dtype: str
    peak_tflops: float
    bandwidth_gb_s: float
    power_w: float | None
    source: str


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
    route: Route | None = None
    robustness: Robustness | None = None  # None: nothing to rank
    choice_flips: list[ChoiceFlip] = Field(default_factory=list)
    flip_summary: str = ""  # "Feasible from 1.4 s, or at 768 px, or on an L40S."
    least_changes: list[LeastChange] = Field(default_factory=list)  # of a no-go
    tornado: list[TornadoBar] = Field(default_factory=list)  # largest swing first
    composites: list[Composite] = Field(default_factory=list)
    readiness: list[Readiness] = Field(default_factory=list)
    gates: list[Gate] = Field(default_factory=list)
    pilot: Pilot | None = None
    accuracy: Accuracy | None = None  # None: nothing is predicted
    roof: Roof | None = None  # of the recommended option's device
    load_curve: LoadCurve | None = None  # None: nothing queues
    locked_rules: list[LockedRule] = Field(default_factory=list)
    digests: dict[str, str] = Field(default_factory=dict)  # what the answer was made from: SHA-256
