"""From a judgement to the record that reports read: slots, sentences, conditions, confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.assessment import CandidateResult, Confidence, FamilyResult, Slot
from advisor.decide.contributions import contributions_of
from advisor.decide.judge import FamilyView, Judged, Judgement
from advisor.decide.outcome import NOT_FEASIBLE, Outcome, caps
from advisor.figure import Basis
from advisor.limits import is_batch, limit_s
from advisor.rules.reading import about_text, chance_text, is_generative, makes, seconds_text

if TYPE_CHECKING:
    from advisor.assessment import FamilyStatus, Route

MEASURED = (Basis.measured, Basis.scaled, Basis.calibrated)
LISTED = (
    40  # candidates kept in an assessment: the ranked ones, then the barred nearest to feasible
)
# Roles of families in what comes before serving: who teaches a one-pass student.
TEACHERS = {
    "image": "image-diffusion",
    "video": "image-diffusion",  # the frames are pictures; the effect is learned per frame
    "speech": "audio-ar",
}


def candidate_results(judgement: Judgement, chosen: Outcome) -> list[CandidateResult]:
    """Ranked candidates best first, then barred ones, those with the fewest bars first."""
    order = {view.family.id: place for place, view in enumerate(judgement.feasible)}
    everything = [one for view in judgement.families.values() for one in view.judged]
    ranked = [one for one in everything if not one.bars and one.family.id in order]
    ranked.sort(key=lambda one: (order[one.family.id], -one.total, one.option.id))
    barred = [one for one in everything if one.bars or one.family.id not in order]
    barred.sort(key=lambda one: (len(one.bars), -(one.chance or 0.0), -one.total, one.option.id))
    if chosen.family == NOT_FEASIBLE:
        ranked, barred = [], [*ranked, *barred]
    kept = ranked[: LISTED - 10]
    results = [_candidate(one, place, judgement) for place, one in enumerate(kept, start=1)]
    return results + [_candidate(one, None, judgement) for one in barred[: LISTED - len(kept)]]


def _candidate(one: Judged, rank: int | None, judgement: Judgement) -> CandidateResult:
    option = one.option
    return CandidateResult(
        id=option.id,
        rank=rank,
        model=option.model.id,
        model_name=option.model.name,
        family=one.family.id,
        tier=option.model.tier.value if option.model.tier else None,
        workload=option.fit.workload,
        device=option.device.id,
        device_name=option.device.name,
        estimate=option.estimate,
        cost=one.cost,
        response_s=one.response_s,
        limit_s=limit_s(judgement.use_case),
        chance_in_limit=one.chance,
        findings=one.findings,
        scores=one.scores,
        total=one.total,
        licence=option.model.licence,
        contributions=contributions_of(one, judgement),
    )


def family_results(judgement: Judgement, chosen: Outcome) -> list[FamilyResult]:
    """All families: the chosen one, candidates by score, then those that are out."""
    views = sorted(
        judgement.families.values(),
        key=lambda v: (judgement.is_out(v), not v.makes_it, -v.score, v.family.id),
    )
    return [_family(view, judgement, chosen) for view in views]


def _family(view: FamilyView, judgement: Judgement, chosen: Outcome) -> FamilyResult:
    status = status_of(view, judgement, chosen)
    return FamilyResult(
        family=view.family.id,
        name=view.family.name,
        status=status,
        score=round(view.score, 6),
        sentence=_family_sentence(view, status, judgement),
        findings=[*view.findings, *_shared_bars(view)],
        best=view.open[0].option.id if view.open else None,
        barred_candidates=sum(bool(one.bars) for one in view.judged),
        ranked_candidates=len(view.open),
    )


def status_of(view: FamilyView, judgement: Judgement, chosen: Outcome) -> FamilyStatus:
    if not view.makes_it:
        return "does-not-make-this"
    if judgement.is_out(view):
        return "barred"
    if view.family.id == chosen.family:
        return "chosen"
    return "candidate" if view.open else "nothing-to-run"


def _shared_bars(view: FamilyView) -> list:
    """One finding per code that bars options of a family without an open option."""
    if view.open:
        return []
    first = {bar.code: bar for one in view.judged for bar in one.bars}
    return list(first.values())


def _family_sentence(view: FamilyView, status: FamilyStatus, judgement: Judgement) -> str:
    if status in ("barred", "does-not-make-this"):
        bars = view.bars or _shared_bars(view)
        return " ".join(dict.fromkeys(bar.sentence for bar in bars[:2]))
    points = _strongest(view)
    if points:
        return " ".join(points)
    if status == "nothing-to-run":
        return _why_nothing(view)
    return "Nothing speaks for or against it beyond its candidates' figures."


def _strongest(view: FamilyView) -> list[str]:
    """The two weightiest findings for and the weightiest against, in sentences."""
    weighed = sorted(view.findings, key=lambda f: (-f.weight, f.code))
    good = [f.sentence for f in weighed if f.severity == "for"][:2]
    bad = [f.sentence for f in weighed if f.severity == "against"][:1]
    return [*good, *(f"Against it: {one}" for one in bad)]


def _why_nothing(view: FamilyView) -> str:
    if view.unready:
        one = view.unready[0]
        return f"No model of it can be run here: {one.model.name}: {one.reason}."
    if view.judged:
        bars = [bar for one in view.judged for bar in one.bars]
        return f"None of its published models may be used as it is: {bars[0].sentence}"
    return "The catalog holds no model of it."


def serve_slot(judgement: Judgement, chosen: Outcome, route: Route) -> Slot | None:
    """What to serve with; a family without a runnable model is a slot without a candidate.

    Where buying is recommended, the slot says what to buy first, then what would be run instead.
    """
    if chosen.view is None:
        return None
    own = _own_slot(judgement, chosen)
    if route.kind != "buy-hosted-api":
        return own
    said = f"Buy {route.provider} {route.api_model} (hosted API)."
    if own.candidate is not None:
        said += f" To run it oneself instead: {own.sentence[:1].lower()}{own.sentence[1:]}"
    return own.model_copy(update={"sentence": said})


def _own_slot(judgement: Judgement, chosen: Outcome) -> Slot:
    assert chosen.view is not None
    family, best = chosen.view.family, chosen.best
    if best is None:
        sentence = f"Serve with {family.name}."
        if is_generative(family):
            sentence += f" {_why_nothing(chosen.view)}"
        return Slot(family=family.id, family_name=family.name, candidate=None, sentence=sentence)
    option = best.option
    verb = "takes" if best.response_s.basis is Basis.measured else "should take"
    seconds = limit_s(judgement.use_case)
    subject = "a day's work" if seconds is not None and is_batch(judgement.use_case) else "it"
    sentence = (
        f"Serve with {option.model.name} on {option.device.name}: {subject} {verb} "
        f"{about_text(best.response_s.value)}."
    )
    return Slot(family=family.id, family_name=family.name, candidate=option.id, sentence=sentence)


def offline_slot(judgement: Judgement, chosen: Outcome) -> Slot | None:
    """What to prepare with offline: a teacher for a student, or batches ahead of use."""
    if chosen.view is None:
        return None
    if any(finding.code == "TEA103" for finding in chosen.view.findings):
        return _teacher(judgement)
    many = "many-step" in chosen.view.family.traits
    if many and is_batch(judgement.use_case) and chosen.best is not None:
        name = chosen.view.family.name
        offer = chosen.best.option.offer
        spare = ", on interruptible capacity" if offer and offer.kind == "spot" else ""
        return Slot(
            family=chosen.view.family.id,
            family_name=name,
            candidate=chosen.best.option.id,
            sentence=f"Nobody waits: run {name} in batches ahead of use{spare}.",
        )
    return None


def _teacher(judgement: Judgement) -> Slot | None:
    family = TEACHERS.get(judgement.use_case.outputs[0])
    view = judgement.families.get(family or "")
    if view is None:
        return None
    what = "pictures of the effect" if makes(judgement.use_case, "image", "video") else "speech"
    return Slot(
        family=view.family.id,
        family_name=view.family.name,
        candidate=None,
        sentence=f"Let {view.family.name} make pairs of {what} offline and distil from them.",
    )


def conditions_of(judgement: Judgement, chosen: Outcome) -> list[str]:
    """What a go hangs on, each once, weightiest first."""
    if chosen.view is None:
        return []
    found = [f for f in caps(judgement, chosen.view, chosen.best) if f.severity == "condition"]
    found.sort(key=lambda f: (f.verdict_cap is None, f.code))
    said = [f"{f.sentence} ({f.code})" for f in found]
    if chosen.best is None:
        said = [*_open_questions(judgement, chosen.view), *said]
    return list(dict.fromkeys(said))


def _open_questions(judgement: Judgement, view: FamilyView) -> list[str]:
    """What has to be shown before a family without an open option can be relied on."""
    if view.near_misses:
        near = view.near_misses[0]
        first = f"No published model holds the limit as it is: {near.sentence}"
        return [f"{first} Optimise it and measure before deciding. ({near.code})"]
    if view.too_large:
        large = view.too_large[0]
        first = f"No published model fits as it is: {large.sentence}"
        return [f"{first} Train or find a smaller one before deciding. ({large.code})"]
    seconds = limit_s(judgement.use_case)
    if seconds is not None and is_generative(view.family):
        return [f"No model of it could be timed here: measure one within {seconds_text(seconds)}."]
    return []


def headline(judgement: Judgement, chosen: Outcome, route: Route) -> str:
    """One sentence for the first page: the verdict, the family, and whether to run or to buy it."""
    title = judgement.use_case.title
    if chosen.view is None:
        reason = chosen.deciding[0].sentence if chosen.deciding else "No family can do this."
        return f"{title}: do not build this as specified. {reason}"
    buys = route.kind == "buy-hosted-api"
    said = "buy it" if buys else "build it"
    said += {
        "go": "",
        "go-with-guardrails": " with guardrails",
        "go-with-human-review": " with a person's review",
    }[chosen.verdict]
    if not is_generative(chosen.view.family):
        means = "retrieval, templates, rendering or a classifier"
        return f"{title}: nothing generative is needed; {said} with {means}."
    what = f"{chosen.view.family.name}"
    if buys:
        return f"{title}: {said}: {what} from {route.provider} ({route.api_model}, hosted API)."
    if chosen.best is not None:
        what += f" ({chosen.best.option.model.name} on {chosen.best.option.device.name})"
    return f"{title}: {said} with {what}."


def confidence_of(judgement: Judgement, chosen: Outcome) -> Confidence:
    """high, medium or low by a stated rule.

    A doubt is: first and second within 0.03 of each other; the response interval crosses the limit;
    figures that are assumed or stand-ins; a price too old to quote; nothing to run; more than four
    deciding fields left to defaults. Two doubts are low, one is medium. Without a doubt it is high
    only where the time was measured on this device, or predicted from rates measured on it.
    """
    if chosen.view is None:
        return Confidence(level="high", reasons=["A hard rule stops it as specified."])
    reasons: list[str] = []
    feasible = judgement.feasible
    if len(feasible) > 1 and feasible[0].score - feasible[1].score < 0.03:
        name = feasible[1].family.name
        reasons.append(
            f"{name} is close behind ({feasible[1].score:.2f} to {feasible[0].score:.2f})."
        )
    if is_generative(chosen.view.family):
        reasons += _doubts_about_figures(chosen.best, judgement)
    silent = [
        name
        for name in (
            "error_tolerance",
            "reviewer",
            "latency",
            "placement",
            "volume_per_day",
            "task",
        )
        if name not in judgement.use_case.model_fields_set
    ]
    if len(silent) > 4:
        reasons.append(f"Deciding fields are assumed: {', '.join(silent)}.")
    if len(reasons) >= 2:
        return Confidence(level="low", reasons=reasons)
    unmeasured = _not_measured(chosen)
    if reasons or unmeasured:
        return Confidence(level="medium", reasons=[*reasons, *unmeasured])
    return Confidence(level="high", reasons=["No doubt of the listed kinds applies."])


def _not_measured(chosen: Outcome) -> list[str]:
    if chosen.best is None:
        return []
    if chosen.best.option.estimate.latency_s.basis in MEASURED:
        return []
    return ["Times are predicted: nobody has measured this model on this device here."]


def _doubts_about_figures(best: Judged | None, judgement: Judgement) -> list[str]:
    if best is None:
        return ["No model of the family could be estimated for this use case."]
    doubts: list[str] = []
    if best.chance is not None and 0.05 <= best.chance < 0.95:
        doubts.append(f"The limit holds with a chance of {chance_text(best.chance)} only.")
    if best.option.proxy:
        doubts.append("A stand-in device was judged.")
    elif best.option.estimate.latency_s.basis is Basis.assumed:
        doubts.append("The latency rests on assumed rates.")
    if best.cost is not None and best.cost.offer.stale:
        doubts.append(f"The price is of {best.cost.offer.as_of_text}, too old to quote.")
    return doubts
