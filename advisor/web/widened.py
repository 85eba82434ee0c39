"""Intervals that also cover what nobody stated: "I do not know" is never as certain as an answer.

Each number that nobody stated and that figures rest on is halved and doubled, one at a time, and
the option is estimated and costed again by the engine. The factor is a judgement. Choices (where it
runs, which licence) cannot be doubled: they are listed as assumed, and the report says what another
choice would change. Takes per item are not among the numbers: one is counted until somebody states
a number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from advisor.decide.fit import DEFAULT_FPS
from advisor.decide.judge import response_of
from advisor.errors import AdvisorError
from advisor.report.words import FIELDS
from advisor.web.session import ENGINE

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.decide.bench import Option
    from advisor.figure import Figure
    from advisor.usecase import UseCase
    from advisor.web.whatif import Desk

SPREAD = 2.0  # half and double
DEMAND = ("volume_per_day", "peak_factor")
SIZES = ("width_px", "duration_s", "tokens_in", "tokens_out", "vertices")
Figures = dict[str, "Figure"]


@dataclass(frozen=True)
class Widened:
    """Figures of one option whose intervals were widened, and the fields that nobody stated."""

    figures: Figures = field(default_factory=dict)
    fields: tuple[str, ...] = ()


def widened(one: CandidateResult, at: Desk, assumed: frozenset[str]) -> Widened:
    """The option's figures over every number that nobody stated; nothing is widened where all was
    stated, or where today's data no longer give the stored figures."""
    with ENGINE:
        return _widened(one, at, assumed)


def _widened(one: CandidateResult, at: Desk, assumed: frozenset[str]) -> Widened:
    now = _figures(one, at, {})
    stored = one.cost.usd_per_month if one.cost else None
    if now.get("usd_per_month") != stored or now.get("response_s") != one.response_s:
        return Widened()
    found: list[Figures] = []
    names = []
    for name in (*DEMAND, *SIZES):
        ends = [_figures(one, at, change) for change in _ends(name, one, at, assumed)]
        if ends and all(ends):
            names.append(name)
            found += ends
    hull = {
        name: _over(figure, [f[name] for f in found if name in f]) for name, figure in now.items()
    }
    moved = {name: figure for name, figure in hull.items() if figure != now[name]}
    return Widened(moved, tuple(names) if moved else ())


def listed(names: tuple[str, ...]) -> str:
    """Fields in words: "volume (items a day), width and height"."""
    words = {**FIELDS, "width_px": "width and height (as pixels)"}
    return ", ".join(words[name][:1].lower() + words[name][1:] for name in names)


def _ends(
    name: str, one: CandidateResult, at: Desk, assumed: frozenset[str]
) -> list[dict[str, Any]]:
    """What to change for half and for double; empty where the field is stated or plays no part."""
    if name not in assumed:
        return []
    if name == "width_px":
        return _sizes(one)
    value = getattr(at.use_case, name) if name in DEMAND else _default(name, one, at)
    if value is None:
        return []
    ends = (value / SPREAD, value * SPREAD)
    if name in ("tokens_in", "tokens_out", "vertices"):
        ends = tuple(max(1, round(end)) for end in ends)  # type: ignore[assignment]
    least = 1.0 if name == "peak_factor" else 0.0
    return [{name: max(least, end)} for end in ends]


def _sizes(one: CandidateResult) -> list[dict[str, Any]]:
    """Half and double the pixels at the same shape."""
    width, height = one.workload.width, one.workload.height
    if width is None or height is None:
        return []
    sides = [math.sqrt(factor) for factor in (1 / SPREAD, SPREAD)]
    return [{"width_px": round(width * s), "height_px": round(height * s)} for s in sides]


def _default(name: str, one: CandidateResult, at: Desk) -> float | None:
    """What the option was estimated at, where nobody stated a size."""
    load = one.workload
    if name == "duration_s":
        if at.use_case.endless:
            return None
        if load.seconds is not None or load.frames is None:
            return load.seconds
        output = at.bench.catalog.models[one.model].output
        fps = at.use_case.fps or (output.fps if output else None) or DEFAULT_FPS
        return load.frames / fps
    return {"tokens_in": load.tokens_in, "tokens_out": load.tokens_out, "vertices": load.points}[
        name
    ]


def _figures(one: CandidateResult, at: Desk, changes: dict[str, Any]) -> Figures:
    """The option's figures under a change; empty where it cannot be estimated there."""
    try:
        found = at.option(one, changes)
    except AdvisorError:
        return {}
    return {} if found is None else _of(*found, at)


def _of(option: Option, use_case: UseCase, at: Desk) -> Figures:
    cost = at.bench.cost(option, use_case)
    found = {
        "response_s": response_of(option, use_case, cost),
        "peak_memory_gib": option.estimate.peak_memory_gib,
    }
    if cost is not None:
        found["usd_per_month"] = cost.usd_per_month
        found["usd_per_1000_outputs"] = cost.usd_per_1000_outputs
        if cost.energy_kwh_per_month is not None:
            found["energy_kwh_per_month"] = cost.energy_kwh_per_month
    return found


def _over(figure: Figure, others: list[Figure]) -> Figure:
    """A figure with an interval over all of them; its value stays."""
    low = min([figure.low, *(other.low for other in others)])
    high = max([figure.high, *(other.high for other in others)])
    return figure.model_copy(update={"low": low, "high": high})
