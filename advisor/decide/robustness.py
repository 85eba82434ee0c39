"""How often the first stays first when estimates, prices and weights vary together.

Every draw takes one place within each model's intervals, one price per offer and one set of
weights, and ranks again as the engine does. Drawn with a fixed seed, all draws at once in NumPy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.assessment import Overtaker, Robustness
from advisor.decide import score
from advisor.figure import Basis, Figure, weakest
from advisor.limits import limit_s
from advisor.rules.reading import is_generative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.decide.judge import FamilyView, Judged, Judgement
    from advisor.decide.outcome import Outcome

DRAWS, SEED = 1000, 20_261_128
Z90 = 1.6448536269514722  # standard deviations that hold 90 % to both sides
# Judgements, as factors whose range to either side holds nine draws in ten.
WEIGHT_FACTOR = 1.5  # of each criterion's weight and of each rule's points
PRICE_FACTOR, STALE_FACTOR = 1.1, 1.5  # of a price that may be quoted, and of one that is too old
PER_FAMILY = 12  # options per family that take part: the best ones
LISTED = 5


@dataclass(frozen=True)
class _Runner:
    """A candidate, or a family without one."""

    view: FamilyView
    one: Judged | None

    @property
    def key(self) -> tuple[str, str]:
        return self.view.family.id, self.one.option.model.id if self.one else ""


def robustness_of(
    judgement: Judgement, chosen: Outcome, draws: int = DRAWS, seed: int = SEED
) -> Robustness | None:
    """The share of draws in which the recommended family and model stay first; None for a no-go."""
    if chosen.view is None:
        return None
    runners = [runner for view in judgement.feasible for runner in _runners(view)]
    totals = _totals(runners, judgement, draws, np.random.default_rng(seed))
    winners = np.argmax(totals, axis=1)
    alive = np.isfinite(totals.max(axis=1))
    counts: dict[tuple[str, str], int] = {}
    for index, runner in enumerate(runners):
        won = int(np.sum(alive & (winners == index)))
        counts[runner.key] = counts.get(runner.key, 0) + won
    first = (chosen.family, chosen.best.option.model.id if chosen.best else "")
    basis = _basis(runners)
    others = sorted(
        ((won, key) for key, won in counts.items() if won and key != first),
        key=lambda item: (-item[0], item[1]),
    )
    return Robustness(
        draws=draws,
        seed=seed,
        share=_share(counts.get(first, 0), draws, basis),
        family_share=sum(won for key, won in counts.items() if key[0] == first[0]) / draws,
        nothing_left=float(np.mean(~alive)),
        overtaken_by=[
            Overtaker(family=family, model=model, share=_share(won, draws, basis))
            for won, (family, model) in others[:LISTED]
        ],
        varied=[
            "response and cost of each model within their 90 % intervals, alike on all devices",
            f"prices by a factor of {PRICE_FACTOR:g}, too old ones by {STALE_FACTOR:g} (judgement)",
            f"weights of criteria and of rules by a factor of {WEIGHT_FACTOR:g} (judgement)",
        ],
    )


def _runners(view: FamilyView) -> list[_Runner]:
    return [_Runner(view, one) for one in view.open[:PER_FAMILY]] or [_Runner(view, None)]


def _basis(runners: list[_Runner]) -> Basis:
    return weakest(r.one.response_s.basis for r in runners if r.one is not None)


def _share(won: int, draws: int, basis: Basis) -> Figure:
    """A share with the 90 % interval of its sampling (Wilson)."""
    p, z2 = won / draws, Z90**2 / draws
    centre = (p + z2 / 2) / (1 + z2)
    half = Z90 / (1 + z2) * math.sqrt(p * (1 - p) / draws + z2 / (4 * draws))
    return Figure(
        value=p,
        low=min(p, max(0.0, centre - half)),
        high=max(p, min(1.0, centre + half)),
        unit="share",
        basis=basis,
        source=f"{draws} seeded draws over the ranked candidates",
    )


def _totals(
    runners: list[_Runner], judgement: Judgement, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Totals of runners (columns) in draws (rows); minus infinity where a limit is broken."""
    weights = _weights(judgement, draws, rng)
    evidence = _evidence(runners, judgement, weights, draws, rng)
    scores, broken = _scores(runners, judgement, draws, rng)
    criteria = np.einsum("dc,drc->dr", weights, scores)
    span = score.EVIDENCE_SPAN
    totals = score.EVIDENCE_SHARE * (np.clip(evidence, -span, span) + span) / (2 * span)
    return np.where(broken, -np.inf, totals + (1 - score.EVIDENCE_SHARE) * criteria)


def _factors(rng: np.random.Generator, factor: float, shape: tuple[int, ...]) -> Any:
    return np.exp(rng.standard_normal(shape) * (math.log(factor) / Z90))


def _weights(judgement: Judgement, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    base = np.array([judgement.weights[name] for name in score.CRITERIA])
    drawn = base * _factors(rng, WEIGHT_FACTOR, (draws, len(base)))
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _evidence(
    runners: list[_Runner],
    judgement: Judgement,
    weights: NDArray[np.float64],
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Points for minus points against; a rule's points vary alike wherever it speaks."""
    speaking = [
        [f for f in _findings(runner) if f.severity in ("for", "against") and f.weight]
        for runner in runners
    ]
    codes = sorted({(f.code, f.concern) for found in speaking for f in found})
    column = {code: index for index, (code, _) in enumerate(codes)}
    signed = np.zeros((len(runners), len(codes)))
    for row, found in enumerate(speaking):
        for finding in found:
            sign = 1 if finding.severity == "for" else -1
            signed[row, column[finding.code]] += sign * finding.weight
    criterion = [score.CRITERIA.index(score.CRITERION[concern]) for _, concern in codes]
    scale = np.clip(weights[:, criterion] * len(score.CRITERIA), 0.5, 1.5)
    points = (scale * _factors(rng, WEIGHT_FACTOR, (draws, len(codes)))) @ signed.T
    if limit_s(judgement.use_case) is not None:
        unshown = [r.one is None and is_generative(r.view.family) for r in runners]
        points -= score.UNVERIFIED_POINTS * np.array(unshown, dtype=float)
    return np.asarray(points)


def _findings(runner: _Runner) -> list[Any]:
    return [*runner.view.findings, *(runner.one.findings if runner.one else [])]


def _scores(
    runners: list[_Runner], judgement: Judgement, draws: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Criteria of runners in draws: draws x runners x criteria; and where a limit is broken."""
    names, count = score.CRITERIA, len(runners)
    scores = np.empty((draws, count, len(names)))
    broken = np.zeros((draws, count), dtype=bool)
    models = [runner.key for runner in runners]  # a model's estimates err alike on all devices
    column = [sorted(set(models)).index(model) for model in models]
    noise = rng.standard_normal((draws, len(set(models))))[:, column]
    prices = rng.standard_normal((draws, count))
    usd = np.full((draws, count), np.nan)
    limit = limit_s(judgement.use_case)
    for index, runner in enumerate(runners):
        scores[:, index, :] = [_fixed(runner, name) for name in names]
        if runner.one is None:
            continue
        if limit is not None:
            response = _drawn(runner.one.response_s, noise[:, index])
            room = np.clip(np.log2(limit / np.maximum(response, 1e-12)), 0.0, 1.0)
            broken[:, index] = response > limit
            scores[:, index, names.index("latency")] = 0.5 + 0.5 * room
        cost = runner.one.cost
        if cost is not None and cost.offer.kind != "client-device":
            factor = STALE_FACTOR if cost.offer.stale else PRICE_FACTOR
            moved = np.exp(prices[:, index] * (math.log(factor) / Z90))
            usd[:, index] = _drawn(cost.usd_per_output, noise[:, index]) * moved
    _score_costs(scores[:, :, names.index("cost")], np.where(broken, np.nan, usd), usd)
    return scores, broken


def _fixed(runner: _Runner, name: str) -> float:
    """A criterion as the engine scored it."""
    if runner.one is not None:
        return runner.one.scores[name]
    return score.risk_score(runner.view.family, None, 0) if name == "risk" else score.UNKNOWN


def _score_costs(
    scores: NDArray[np.float64], open_usd: NDArray[np.float64], usd: NDArray[np.float64]
) -> None:
    """The engine's cost score against the cheapest of each draw, where there is a cost."""
    cheapest = np.min(np.where(np.isfinite(open_usd), open_usd, np.inf), axis=1, keepdims=True)
    known = np.isfinite(usd) & np.isfinite(cheapest) & (cheapest > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        scored = np.clip(1.0 - np.log10(usd / cheapest) / 3.0, 0.0, 1.0)
    scores[known] = scored[known]


def _drawn(figure: Figure, noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a figure: log-normal with one spread to each side, as `chance_at_most` reads it."""
    if figure.low <= 0 or figure.value <= 0:
        spread = np.where(noise > 0, figure.high - figure.value, figure.value - figure.low)
        return np.maximum(figure.value + noise * spread / Z90, 0.0)
    up, down = math.log(figure.high / figure.value), math.log(figure.value / figure.low)
    return np.asarray(figure.value * np.exp(noise * np.where(noise > 0, up, down) / Z90))
