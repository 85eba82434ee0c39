"""One candidate walked through every rule, and why it stands above or below the pick.

explain(use_case, "sdxl-base-1.0", catalog=catalog, as_of=today) -> Explanation
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from advisor.decide import score
from advisor.decide.bench import Bench, worth_costing
from advisor.decide.judge import FamilyView, Judged, Judgement, case_of, judge, judge_option
from advisor.decide.outcome import Outcome, outcome
from advisor.decide.sources import Sources, default_sources
from advisor.errors import UnknownName
from advisor.estimator.record import Record
from advisor.rules import Case, Finding, NotApplicable

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.rules.base import Rule
    from advisor.rules.policy import Policy
    from advisor.usecase import UseCase

SHOWN_DIFFERENCES = 6
SMALLEST = 0.0005  # a difference that three decimals would not show
Standing = Literal["the pick", "below", "out"]


class Step(Record):
    """One rule's outcome. `points`: what it adds to the total of 0 to 1, before any bound."""

    code: str
    title: str
    severity: str
    scope: str
    outcome: Literal["fired", "silent", "not-applicable"]
    said: str = ""  # the finding's sentence, or why the rule is not applicable
    points: float = 0.0


class Contribution(Record):
    """One criterion: its weight here, the candidate's score, and what that adds to the total."""

    criterion: str
    weight: float
    score: float
    points: float


class Difference(Record):
    """What separates the candidate from the one it is held against; above 0 speaks for it."""

    what: str  # a rule's code or a criterion
    points: float


class Explanation(Record):
    """One family or model against every rule, its criteria, and its distance to the pick.

    `total` and `other_total` are None where nothing was scored (a barred family has no total).
    """

    subject: str
    family: str
    candidate: str | None
    why_no_candidate: str
    standing: Standing
    sentence: str
    steps: list[Step]
    criteria: list[Contribution] = Field(default=[])
    total: float | None
    other: str  # the pick, or the runner-up where the subject is the pick
    other_total: float | None
    differences: list[Difference] = Field(default=[])


@dataclass(frozen=True)
class _Seen:
    """One family or model in a judgement. `one` is its best option, barred or not; `open_one` the
    same where nothing bars it."""

    view: FamilyView
    one: Judged | None = None
    why_none: str = ""

    @property
    def open_one(self) -> Judged | None:
        return self.one if self.one and not self.one.bars and self.one.scores else None

    @property
    def label(self) -> str:
        return self.open_one.option.id if self.open_one else self.view.family.name

    @property
    def total(self) -> float:
        return self.open_one.total if self.open_one else self.view.score


def explain(
    use_case: UseCase,
    name: str,
    *,
    catalog: Catalog,
    as_of: date,
    sources: Sources | None = None,
    policy: Policy | None = None,
) -> Explanation:
    """`name` is a family or a model of the catalog. Raises UnknownName with the nearest ones."""
    bench = Bench(catalog, sources or default_sources(catalog, as_of, use_case.terms), policy)
    family, model = _family_and_model(name, catalog)
    judgement = judge(use_case, bench)
    chosen = outcome(judgement)
    seen = _seen(judgement.families[family], model, use_case, bench)
    other = _held_against(judgement, chosen, seen)
    out = judgement.is_out(seen.view) or chosen.view is None
    total = None if out or (model is not None and seen.open_one is None) else seen.total
    steps = [_step(rule, use_case, seen, bench, judgement.weights) for rule in bench.policy.rules]
    apart = [] if other is None or total is None else _apart(seen, other, judgement.weights)
    standing = _standing(total, chosen, seen)
    return Explanation(
        subject=name,
        family=family,
        candidate=seen.one.option.id if seen.one else None,
        why_no_candidate=seen.why_none,
        standing=standing,
        sentence=_out(steps, chosen) if standing == "out" else _distance(seen, other, apart),
        steps=steps,
        criteria=_criteria(seen.open_one, judgement.weights),
        total=None if total is None else round(total, 6),
        other=other.label if other else "",
        other_total=round(other.total, 6) if other else None,
        differences=apart[:SHOWN_DIFFERENCES],
    )


def _family_and_model(name: str, catalog: Catalog) -> tuple[str, str | None]:
    if name in catalog.families:
        return name, None
    if name in catalog.models:
        return catalog.models[name].family, name
    raise UnknownName("family or model", name, [*catalog.families, *catalog.models])


def _seen(view: FamilyView, model: str | None, use_case: UseCase, bench: Bench) -> _Seen:
    """The best option of the family or model, barred or not; or why there is none."""
    judged = [one for one in view.judged if model in (None, one.option.model.id)]
    options, unready = bench.options(view.family.id, use_case)
    if not judged:  # a barred family's options have not been looked at
        own = [option for option in options if model in (None, option.model.id)]
        judged = [judge_option(o, view.family, use_case, bench) for o in worth_costing(own)]
    if judged:
        return _Seen(view, min(judged, key=lambda o: (len(o.bars), -o.total, o.option.id)))
    if model is not None and bench.catalog.models[model].hosted is not None:
        return _Seen(view, None, "a hosted service is compared by its price, not served")
    reasons = [f"{u.model.name}: {u.reason}" for u in unready if model in (None, u.model.id)]
    return _Seen(view, None, reasons[0] if reasons else "the catalog holds no model of it")


def _step(
    rule: Rule, use_case: UseCase, seen: _Seen, bench: Bench, weights: dict[str, float]
) -> Step:
    said = _ask(rule, use_case, seen, bench)
    step = Step(
        code=rule.code,
        title=rule.title,
        severity=rule.severity,
        scope=rule.scope,
        outcome="silent",
    )
    if isinstance(said, NotApplicable):
        return step.model_copy(update={"outcome": "not-applicable", "said": said.reason})
    if said is None:
        return step
    worth = _worth(said, weights)
    return step.model_copy(update={"outcome": "fired", "said": said.sentence, "points": worth})


def _ask(
    rule: Rule, use_case: UseCase, seen: _Seen, bench: Bench
) -> Finding | NotApplicable | None:
    if rule.scope == "use-case":
        return rule.check(rule, Case(use_case))
    if rule.scope == "family":
        return rule.check(rule, Case(use_case, seen.view.family))
    if seen.one is None:
        return NotApplicable(f"there is no candidate: {seen.why_none}")
    return rule.check(rule, case_of(seen.one.option, seen.view.family, use_case, bench))


def _worth(finding: Finding, weights: dict[str, float]) -> float:
    """What a finding adds to the total of 0 to 1."""
    points = score.points_of(finding, weights)
    return round(score.EVIDENCE_SHARE * points / (2 * score.EVIDENCE_SPAN), 6)


def _held_against(judgement: Judgement, chosen: Outcome, seen: _Seen) -> _Seen | None:
    """The pick; for the pick itself, the next family."""
    if chosen.view is None:
        return None
    if seen.view is not chosen.view or seen.open_one is not chosen.best:
        return _Seen(chosen.view, chosen.best)
    others = [view for view in judgement.feasible if view is not chosen.view]
    if not others:
        return None
    return _Seen(others[0], others[0].open[0] if others[0].open else None)


def _standing(total: float | None, chosen: Outcome, seen: _Seen) -> Standing:
    if total is None:
        return "out"
    return "the pick" if seen.view is chosen.view and seen.open_one is chosen.best else "below"


def _criteria(one: Judged | None, weights: dict[str, float]) -> list[Contribution]:
    if one is None or not one.scores:
        return []
    share = 1 - score.EVIDENCE_SHARE
    return [
        Contribution(
            criterion=name,
            weight=round(weights[name], 6),
            score=round(one.scores[name], 6),
            points=round(share * weights[name] * one.scores[name], 6),
        )
        for name in score.CRITERIA
    ]


def _apart(seen: _Seen, other: _Seen, weights: dict[str, float]) -> list[Difference]:
    """What separates the two, the largest first."""
    mine, theirs = _parts(seen, weights), _parts(other, weights)
    apart = {what: mine.get(what, 0.0) - theirs.get(what, 0.0) for what in {*mine, *theirs}}
    ordered = sorted(apart.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [Difference(what=w, points=round(p, 6)) for w, p in ordered if abs(p) >= SMALLEST]


def _parts(seen: _Seen, weights: dict[str, float]) -> dict[str, float]:
    """Every finding and criterion with what it adds to the total."""
    option = seen.open_one.findings if seen.open_one else []
    parts = {f.code: _worth(f, weights) for f in [*seen.view.findings, *option]}
    return parts | {item.criterion: item.points for item in _criteria(seen.open_one, weights)}


def _out(steps: list[Step], chosen: Outcome) -> str:
    bars = [step for step in steps if step.outcome == "fired" and step.severity == "bar"]
    if bars:
        return "Out: " + " ".join(f"{step.said} ({step.code})" for step in bars[:3])
    stops = [f"{finding.sentence} ({finding.code})" for finding in chosen.deciding[:2]]
    return "Out: " + (" ".join(stops) or "there is no option of it.")


def _distance(seen: _Seen, other: _Seen | None, apart: list[Difference]) -> str:
    if other is None:
        return "The pick: no other family is left."
    sign = 1 if seen.total >= other.total else -1
    most = [item for item in apart if item.points * sign > 0][:3]
    because = ", ".join(f"{item.what} {item.points:+.3f}" for item in most)
    word = "Above" if sign > 0 else "Below"
    said = f"{word} {other.label}: {seen.total:.3f} against {other.total:.3f}"
    return f"{said}; mostly {because}." if because else f"{said}."
