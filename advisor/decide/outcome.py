"""From a judgement to a choice: family, verdict, and a key that tells choices apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from advisor.decide.judge import FamilyView, Judged, Judgement
from advisor.limits import is_batch, limit_s
from advisor.rules import Finding
from advisor.rules.reading import WEAK_PLACES, has_trait

if TYPE_CHECKING:
    from advisor.assessment import Verdict

NOT_FEASIBLE = "not-feasible"
_ORDER: tuple[Verdict, ...] = ("go", "go-with-guardrails", "go-with-human-review", "no-go")


@dataclass(frozen=True)
class Outcome:
    """The choice: `view` and `best` are None when nothing is feasible."""

    family: str
    verdict: Verdict
    view: FamilyView | None
    best: Judged | None
    deciding: tuple[Finding, ...]  # the findings that set the verdict

    @property
    def key(self) -> tuple[str, str, str]:
        """What a client would notice: family, verdict and model."""
        return self.family, self.verdict, self.best.option.model.id if self.best else ""


def outcome(judgement: Judgement) -> Outcome:
    """The best feasible family, capped by the findings that bind it."""
    stops = judgement.stops
    feasible = judgement.feasible
    if stops or not feasible:
        bars = tuple(stops) or _bars_of_makers(judgement)
        return Outcome(NOT_FEASIBLE, "no-go", None, None, bars)
    view = feasible[0]
    best = view.open[0] if view.open else None
    capped = [f for f in caps(judgement, view, best) if f.verdict_cap]
    verdict = max((_rank(f.verdict_cap) for f in capped), default=0)
    if best is None and (view.near_misses or view.too_large or untimed_sampler(judgement, view)):
        verdict = max(verdict, _ORDER.index("go-with-guardrails"))
    deciding = tuple(f for f in capped if _rank(f.verdict_cap) == verdict)
    return Outcome(view.family.id, _ORDER[verdict], view, best, deciding)


def untimed_sampler(judgement: Judgement, view: FamilyView) -> bool:
    """Somebody waits at a weak device for a family that takes several passes, and none of its
    models could be timed there: nothing shows that it holds."""
    use_case = judgement.use_case
    waits = limit_s(use_case) is not None and not is_batch(use_case)
    steps = has_trait(view.family, "few-step", "many-step", "optimises-per-item")
    return waits and steps and use_case.placement in WEAK_PLACES and not view.open


def caps(judgement: Judgement, view: FamilyView, best: Judged | None) -> list[Finding]:
    """All findings that bind the chosen family and its best option."""
    return [*judgement.findings, *view.findings, *(best.findings if best else [])]


def _rank(cap: Literal["no-go", "go-with-human-review", "go-with-guardrails"] | None) -> int:
    return _ORDER.index(cap) if cap else 0


def _bars_of_makers(judgement: Judgement) -> tuple[Finding, ...]:
    """Why the families that make this output at all are out."""
    found: dict[str, Finding] = {}
    for view in judgement.families.values():
        if not view.makes_it:
            continue
        for bar in [*view.bars, *(bar for one in view.judged for bar in one.bars)]:
            found.setdefault(bar.code, bar)
    return tuple(found.values())
