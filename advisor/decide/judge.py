"""Elimination, then criteria: every family and every option against every rule, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from advisor.decide import score
from advisor.decide.bench import Bench, Option, Unready, worth_costing
from advisor.limits import limit_s, time_limit
from advisor.rules import Case, Finding, Rule
from advisor.rules.reading import WEAK_PLACES, has_trait, is_generative

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.cost.record import ServingCost
    from advisor.decide.recall import Recall
    from advisor.figure import Figure
    from advisor.rules.policy import Policy
    from advisor.usecase import UseCase


@lru_cache(maxsize=8)
def intrinsic_bars(rules: tuple[Rule, ...]) -> frozenset[str]:
    """Codes of bars that say something of the way of generating: those that rest on an estimate of
    time or money. When every option of a family meets one, the family is out. Size, licence and
    reach are those of one published model; another can be trained.
    """
    bars = (one for one in rules if one.severity == "bar" and one.scope == "candidate")
    return frozenset(one.code for one in bars if one.concern in ("latency", "cost"))


@dataclass
class Judged:
    """One option with what was found out about it."""

    option: Option
    family: Family
    findings: list[Finding]
    response_s: Figure  # under load
    alone_s: float  # the same time with the device to itself
    chance: float | None
    cost: ServingCost | None
    scores: dict[str, float] = field(default_factory=dict)
    total: float = 0.0

    @property
    def bars(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "bar"]

    @property
    def conditions(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "condition"]


OUTPUT_BAR = "MOD101"  # the family does not make the output at all
LIMIT_BAR = "LAT101"  # the only bar whose distance from the limit is a number of ours
HEADROOM = 3.0  # a judgement: what published optimisations of reference code commonly win
# A one-pass network can be made smaller as well: recorded decisions cut one by 95 % (I02) and
# shrank one about a hundredfold (I03). Ten is the cautious end of that.
HEADROOM_ONE_PASS = 10.0


def _near(bar: Finding, one: Judged) -> bool:
    """Would the option, alone on its device, hold the limit if it were some times faster?"""
    headroom = HEADROOM_ONE_PASS if has_trait(one.family, "one-pass") else HEADROOM
    return bar.code == LIMIT_BAR and one.alone_s <= headroom * bar.numbers["limit_s"]


@dataclass
class FamilyView:
    """One family with its findings, its options and its score."""

    family: Family
    findings: list[Finding]
    judged: list[Judged] = field(default_factory=list)
    unready: list[Unready] = field(default_factory=list)
    intrinsic: frozenset[str] = frozenset()  # codes that speak of the way of generating
    points: float = 0.0
    score: float = 0.0
    tried: int = 0

    @property
    def bars(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "bar"]

    @property
    def open(self) -> list[Judged]:
        """Options that no rule bars, best first."""
        left = [one for one in self.judged if not one.bars]
        return sorted(left, key=lambda one: (-one.total, one.option.id))

    @property
    def barred_by_options(self) -> bool:
        """Does every option meet a bar that speaks of the way of generating?

        Missing a time limit by less than the headroom does not: compiling, quantising and lighter
        decoders (for one-pass networks also fewer weights) win that much; it has to be measured.
        """
        return bool(self.judged) and all(
            any(bar.code in self.intrinsic and not _near(bar, one) for bar in one.bars)
            for one in self.judged
        )

    @property
    def too_large(self) -> list[Finding]:
        """Bars of published models that only lack room: smaller members could be trained."""
        return [bar for one in self.judged for bar in one.bars if bar.concern == "edge"]

    @property
    def near_misses(self) -> list[Finding]:
        """Bars of options that would hold the time limit if they were some times faster."""
        near = [
            one.bars[0]
            for one in self.judged
            if one.bars and all(_near(bar, one) for bar in one.bars)
        ]
        return sorted(near, key=lambda bar: bar.numbers["response_s"])

    @property
    def makes_it(self) -> bool:
        return not any(bar.code == OUTPUT_BAR for bar in self.bars)


@dataclass
class Judgement:
    """All families and options of one use case, judged."""

    use_case: UseCase
    weights: dict[str, float]
    findings: list[Finding]  # on the use case as a whole
    families: dict[str, FamilyView]
    barred_by: Counter[str]
    tried: int

    @property
    def stops(self) -> list[Finding]:
        """Findings that make the use case a no-go whatever is chosen."""
        return [finding for finding in self.findings if finding.verdict_cap == "no-go"]

    @property
    def feasible(self) -> list[FamilyView]:
        """Families that are not out, best first."""
        left = [view for view in self.families.values() if not self.is_out(view)]
        return sorted(left, key=lambda view: (-view.score, view.family.id))

    def is_out(self, view: FamilyView) -> bool:
        """Barred by a family rule or by all of its options.

        On a weak device the published models of an edge-sized family may all be too large while
        smaller members of it are shipped on such devices: that does not bar the family.
        """
        if view.bars:
            return True
        smaller = self.use_case.placement in WEAK_PLACES and has_trait(view.family, "edge-sized")
        return view.barred_by_options and not smaller


Shortlist = Mapping[str, frozenset[tuple[str, str]]]


def judge(
    use_case: UseCase,
    bench: Bench,
    shortlist: Shortlist | None = None,
    only: frozenset[str] = frozenset(),
) -> Judgement:
    """Every family and option of the catalog against every rule. `only`: no other families.

    `shortlist`: family -> pairs of model and device to look at again (flip searches re-run the
    engine many times); a family that is not in it is judged in full.
    """
    policy, recall = bench.policy, bench.recall
    weights = score.weights_of(use_case, policy.criteria)
    on_all = _recalled(recall, "use-case", policy.of_scope("use-case"), Case(use_case))
    result = Judgement(use_case, weights, on_all, {}, Counter(), 0)
    intrinsic = intrinsic_bars(policy.of_scope("candidate"))
    for family in bench.catalog.families.values():
        if only and family.id not in only:
            continue
        found = family_findings(use_case, family, policy, recall)
        view = FamilyView(family, found, intrinsic=intrinsic)
        result.families[family.id] = view
        view.points = score.evidence(view.findings, weights)
        if not view.bars:
            keep = (shortlist or {}).get(family.id, frozenset())
            _judge_options(view, use_case, bench, result, keep)
    _score(result)
    return result


def shortlist_of(judgement: Judgement, size: int = 4) -> dict[str, frozenset[tuple[str, str]]]:
    """Per family the options that could become its best: the best, the fastest, the cheapest."""
    chosen: dict[str, frozenset[tuple[str, str]]] = {}
    for view in judgement.families.values():
        if not view.judged:
            continue
        best = sorted(view.judged, key=lambda one: -one.total)[:size]
        best += sorted(view.open, key=lambda one: -one.total)[:size]
        best.append(min(view.judged, key=lambda one: one.response_s.value))
        priced = [one for one in view.judged if one.cost is not None]
        if priced:
            best.append(min(priced, key=_usd))
        chosen[view.family.id] = frozenset((o.option.model.id, o.option.device.id) for o in best)
    return chosen


def _usd(one: Judged) -> float:
    return one.cost.usd_per_output.value if one.cost is not None else 0.0


def family_findings(
    use_case: UseCase, family: Family, policy: Policy, recall: Recall | None
) -> list[Finding]:
    """What all rules say; of a family that does not make the output, only that it does not."""
    case, rules = Case(use_case, family), policy.of_scope("family")
    output = [one for one in rules if one.code == OUTPUT_BAR]
    says = _recalled(recall, f"{OUTPUT_BAR} {family.id}", output, case)
    return says or _recalled(recall, family.id, rules, case)


def _recalled(recall: Recall | None, key: str, rules: Sequence[Rule], case: Case) -> list[Finding]:
    """What rules find, from what is kept where something is."""
    return _found(rules, case) if recall is None else recall.findings(key, rules, case)


def _found(rules: Sequence[Rule], case: Case) -> list[Finding]:
    outcomes = (one.check(one, case) for one in rules)
    return [outcome for outcome in outcomes if isinstance(outcome, Finding)]


def _judge_options(
    view: FamilyView,
    use_case: UseCase,
    bench: Bench,
    result: Judgement,
    keep: frozenset[tuple[str, str]],
) -> None:
    only = frozenset(model for model, _ in keep)
    options, view.unready = bench.options(view.family.id, use_case, only)
    view.tried = len(options)
    result.tried += len(options)
    for option in worth_costing(options, keep):
        judged = judge_option(option, view.family, use_case, bench)
        view.judged.append(judged)
        result.barred_by.update({bar.code: 1 for bar in judged.bars})


def case_of(option: Option, family: Family, use_case: UseCase, bench: Bench) -> Case:
    """All that rules may know of one option."""
    cost = bench.cost(option, use_case)
    return Case(
        use_case,
        family,
        model=option.model,
        estimate=option.estimate,
        cost=cost,
        device=option.device,
        proxy=option.proxy,
        response_s=response_of(option, use_case, cost),
        usd_per_output=cost.usd_per_output if cost else None,
        usd_per_month=cost.usd_per_month if cost else None,
        shortfalls=option.fit.shortfalls,
    )


def judge_option(option: Option, family: Family, use_case: UseCase, bench: Bench) -> Judged:
    """One option against every rule over models and candidates; its scores come later."""
    case, seconds = case_of(option, family, use_case, bench), limit_s(use_case)
    assert case.response_s is not None
    rules = (*bench.policy.of_scope("model"), *bench.policy.of_scope("candidate"))
    return Judged(
        option=option,
        family=family,
        findings=_found(rules, case),
        response_s=case.response_s,
        alone_s=_alone(option, use_case).value,
        chance=None if seconds is None else case.response_s.chance_at_most(seconds),
        cost=case.cost,
    )


def response_of(option: Option, use_case: UseCase, cost: ServingCost | None) -> Figure:
    """The time that the limit is about: under load where a cost says so, else alone."""
    if cost is not None and cost.response_s is not None:
        return cost.response_s
    return _alone(option, use_case)


def _alone(option: Option, use_case: UseCase) -> Figure:
    limit = time_limit(use_case)
    kind = limit[0] if limit else "total"
    if kind == "first-output":
        return option.estimate.first_output_s
    whole = option.estimate.latency_s
    frames = option.fit.workload.frames
    if kind == "per-frame" and frames:
        return whole.times(1 / frames)
    return whole.times(option.fit.pieces)


def _score(result: Judgement) -> None:
    """Scores need the cheapest of all options, so they come last."""
    costs = [
        one.cost.usd_per_output.value
        for view in result.families.values()
        for one in view.open
        if one.cost is not None and one.cost.offer.kind != "client-device"
    ]
    cheapest = min(costs, default=None)
    for view in result.families.values():
        for one in view.judged:
            _score_option(one, view, result, cheapest)
        best = view.open[0].total if view.open else _without_options(view, result)
        view.score = best


def _score_option(one: Judged, view: FamilyView, result: Judgement, cheapest: float | None) -> None:
    use_case, model = result.use_case, one.option.model
    own = one.cost is not None and one.cost.offer.kind == "client-device"
    usd = one.cost.usd_per_output.value if one.cost else None
    one.scores = {
        "latency": score.latency_score(use_case, one.response_s, one.chance),
        "cost": 1.0 if own else score.cost_score(usd, cheapest),
        "quality": score.quality_score(model, one.option.fit.shortfalls),
        "control": score.control_score(use_case, view.family, model),
        "risk": score.risk_score(
            view.family,
            model,
            len(one.conditions),
            one.option.estimate.latency_s,
            one.cost is not None and one.cost.offer.stale,
        ),
    }
    against = score.evidence(one.findings, result.weights)
    one.total = score.total_of(view.points + against, score.weighted(one.scores, result.weights))


def _without_options(view: FamilyView, result: Judgement) -> float:
    """A family with nothing to run here: its findings count, its criteria are unknown.

    Where a limit is stated, nothing shows that the family holds it: that counts against it.
    """
    unverified = limit_s(result.use_case) is not None and is_generative(view.family)
    points = view.points - (score.UNVERIFIED_POINTS if unverified else 0.0)
    scores = dict.fromkeys(score.CRITERIA, score.UNKNOWN)
    if not is_generative(view.family):
        scores |= score.without_generation(result.use_case, view.family)
    scores["risk"] = score.risk_score(view.family, None, 0)
    return score.total_of(points, score.weighted(scores, result.weights))
