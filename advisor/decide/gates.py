"""Go/no-go gates before money is spent, and the pilot that would settle the open ones.

Sample sizes come from the statistics named beside them. Pass marks that nobody stated are
judgements and say so.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from advisor.assessment import Gate, Pilot, PilotMeasure
from advisor.decide.answer import MEASURED
from advisor.figure import significant
from advisor.limits import limit_s
from advisor.rules.reading import chance_text, is_generative, seconds_text, stated

if TYPE_CHECKING:
    from advisor.assessment import GateStatus, Readiness
    from advisor.decide.judge import Judged
    from advisor.decide.outcome import Outcome
    from advisor.usecase import UseCase

CONFIDENCE = 0.95
POWER = 0.8  # chance to pass when only half as many outputs fail as the mark allows
# Share of outputs that must be acceptable, by tolerance: judgements, until the client states one.
PASS_MARKS = {"zero": 0.999, "low": 0.95, "medium": 0.8, "high": 0.6}
NO_FAILURE_FROM = 0.99  # from such marks on, not one failure is allowed
TAKES_WITHIN = 0.1  # the share of rejected takes is to be known to so much, with 90 %
Z90 = 1.6448536269514722
REVIEWS = 30


def gates_of(use_case: UseCase, chosen: Outcome, readiness: list[Readiness]) -> list[Gate]:
    """Every gate with its status and what it rests on."""
    gates = [_feasible(chosen)]
    if chosen.best is not None:
        gates += [_time(use_case, chosen.best), _money(use_case, chosen.best)]
        gates.append(_licence(chosen.best))
    gates.append(_persons(use_case))
    return gates + [_area(one) for one in readiness]


def _feasible(chosen: Outcome) -> Gate:
    ok = chosen.view is not None
    said = f"verdict {chosen.verdict}"
    if chosen.deciding:
        said += f": {chosen.deciding[0].sentence} ({chosen.deciding[0].code})"
    question = "Is there an answer that no hard rule bars?"
    return Gate(
        id="feasible", question=question, status="passed" if ok else "failed", evidence=said
    )


def _time(use_case: UseCase, best: Judged) -> Gate:
    limit, basis = limit_s(use_case), best.option.estimate.latency_s.basis
    question = "Does the response hold the limit, measured on the device?"
    status: GateStatus
    if limit is None or best.chance is None:
        status, said = "open", "no time limit is stated"
    else:
        status = "failed" if best.chance < 0.05 else "open"
        if best.chance >= 0.95 and basis in MEASURED:
            status = "passed"
        chance = chance_text(best.chance)
        said = f"holds {seconds_text(limit)} with a chance of {chance}, basis {basis}"
    return Gate(id="time", question=question, status=status, evidence=said)


def _money(use_case: UseCase, best: Judged) -> Gate:
    question = "Is the cost within the budget, interval included?"
    if best.cost is None:
        return Gate(id="money", question=question, status="open", evidence="no price is known")
    pairs = (
        (use_case.budget_usd_per_item, best.cost.usd_per_output, "USD per output"),
        (use_case.budget_usd_per_month, best.cost.usd_per_month, "USD a month"),
    )
    asked = [(budget, figure, unit) for budget, figure, unit in pairs if budget is not None]
    if not asked:
        figure = best.cost.usd_per_month
        span = f"{significant(figure.low)} to {significant(figure.high)}"
        said = f"no budget is stated; it should cost {span} USD a month"
        return Gate(id="money", question=question, status="open", evidence=said)
    status: GateStatus = "passed"
    for budget, figure, _ in asked:
        if figure.low > budget:
            status = "failed"
        elif figure.high > budget and status != "failed":
            status = "open"
    said = "; ".join(
        f"{significant(f.low)} to {significant(f.high)} of {b:,g} {unit}" for b, f, unit in asked
    )
    return Gate(id="money", question=question, status=status, evidence=said)


def _licence(best: Judged) -> Gate:
    licence = best.option.model.licence
    status: GateStatus = {"yes": "passed", "no": "failed"}.get(licence.commercial, "open")  # type: ignore[assignment]
    return Gate(
        id="licence",
        question="May the model be used for this?",
        status=status,
        evidence=f"{licence.name}, commercial use {licence.commercial}: read, not legal advice",
    )


def _persons(use_case: UseCase) -> Gate:
    question = "Are the rights of persons and works settled?"
    if use_case.likeness == "third-party":
        status: GateStatus = "failed"
    else:
        status = "passed" if stated(use_case, "likeness") else "open"
    said = f"likeness: {use_case.likeness}" + ("" if stated(use_case, "likeness") else ", assumed")
    return Gate(id="persons", question=question, status=status, evidence=said)


_QUESTIONS = {
    "data": "Are the data at hand that this family needs?",
    "accuracy": "Is the tolerance for errors matched by a check?",
    "integration": "Can the output enter what it has to enter?",
    "evaluation": "Is there a plan that says when an output is good?",
    "team": "Can the team train and run it?",
    "maturity": "Is the family mature enough for the horizon?",
}


def _area(one: Readiness) -> Gate:
    status: GateStatus = "open"
    if one.level == "not-ready":
        status = "failed"
    elif one.level == "ready" and not one.missing:
        status = "passed"
    said = "; ".join(one.reasons) or "nothing is stated"
    if one.missing:
        said += f". Not answered: {' '.join(one.missing)}"
    return Gate(id=one.area, question=_QUESTIONS[one.area], status=status, evidence=said)


def pilot_of(use_case: UseCase, chosen: Outcome, gates: list[Gate]) -> Pilot | None:
    """What to measure, on how many samples, with which pass mark; None for a no-go."""
    if chosen.view is None:
        return None
    measures = [_acceptance(use_case)]
    limit = limit_s(use_case)
    if limit is not None and chosen.best is not None:
        measures.append(_response(limit, use_case.latency.percentile))
    if is_generative(chosen.view.family):
        measures.append(_takes(use_case))
    if use_case.reviewer == "human":
        measures.append(_reviews(use_case))
    unsettled = [gate.id for gate in gates if gate.status != "passed"]
    said = f"It would settle what is open: {', '.join(unsettled)}." if unsettled else "All is set."
    samples = max(one.samples for one in measures)
    return Pilot(measures=measures, sentence=f"A pilot of {samples:,} outputs. {said}")


def _acceptance(use_case: UseCase) -> PilotMeasure:
    mark = PASS_MARKS[use_case.error_tolerance]
    samples, failures = acceptance_plan(mark)
    why = f"if {mark:.1%} or fewer were acceptable, so few failures come with a chance under 5 %"
    if failures:
        why += f"; with half as many failing it passes with a chance of {POWER:.0%} (binomial)"
    return PilotMeasure(
        what="share of outputs acceptable to the people who will use them, on inputs drawn at "
        "random from real ones",
        samples=samples,
        pass_mark=f"at most {failures} of {samples:,} unacceptable "
        f"({mark:.1%} acceptable for a tolerance of {use_case.error_tolerance}: a judgement)",
        statistics=why,
    )


@lru_cache(maxsize=16)
def acceptance_plan(mark: float) -> tuple[int, int]:
    """Samples and failures allowed that show a share above `mark` with 95 % confidence.

    The smallest plan that also passes with `POWER` where the failing share is half of 1 - mark;
    near 1 the plan without any failure, whose power is lower.
    """
    if mark >= NO_FAILURE_FROM:
        return math.ceil(math.log(1 - CONFIDENCE) / math.log(mark)), 0
    samples = 5
    while True:
        failures = _most_failures(samples, 1 - mark)
        if failures >= 0 and _at_most(failures, samples, (1 - mark) / 2) >= POWER:
            return samples, failures
        samples += 1


def _most_failures(samples: int, failing: float) -> int:
    """The most failures that are still surprising at this failing share; -1 if none are."""
    failures = -1
    while _at_most(failures + 1, samples, failing) <= 1 - CONFIDENCE:
        failures += 1
    return failures


def _at_most(failures: int, samples: int, failing: float) -> float:
    """Binomial probability of at most so many failures."""
    return math.fsum(
        math.comb(samples, k) * failing**k * (1 - failing) ** (samples - k)
        for k in range(failures + 1)
    )


def samples_for_percentile(percentile: float) -> int:
    """Requests of which none may be slower than a limit, so that the percentile holds it (95 %)."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(percentile / 100))


def _response(limit: float, percentile: float) -> PilotMeasure:
    samples = samples_for_percentile(percentile)
    return PilotMeasure(
        what="response time on the intended device under the intended load",
        samples=samples,
        pass_mark=f"none of {samples} requests takes longer than {seconds_text(limit)}",
        statistics=f"if p{percentile:g} were above the limit, {samples} requests within it would "
        "come with a chance under 5 % (order statistics)",
    )


def _takes(use_case: UseCase) -> PilotMeasure:
    samples = math.ceil(Z90**2 * 0.25 / TAKES_WITHIN**2)
    planned = use_case.takes_per_item if stated(use_case, "takes_per_item") else 1
    return PilotMeasure(
        what="takes per accepted item (what the cost is multiplied by)",
        samples=samples,
        pass_mark=f"at most {planned:g} {'take' if planned == 1 else 'takes'} per accepted item "
        "on average",
        statistics=f"the accepted share is then known to {TAKES_WITHIN:.0%} with 90 % (binomial, "
        "at a share of one half)",
    )


def _reviews(use_case: UseCase) -> PilotMeasure:
    minutes = use_case.review_minutes_per_item
    half = Z90 / math.sqrt(REVIEWS)
    mark = f"a mean of at most {minutes:g} minutes" if minutes else "a mean that can be staffed"
    return PilotMeasure(
        what="minutes that a person needs to check one output",
        samples=REVIEWS,
        pass_mark=mark,
        statistics=f"the mean is then known to {half:.0%} with 90 % if times vary as much as their "
        "mean",
    )
