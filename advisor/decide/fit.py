"""What is asked, fitted to what a model can be set to; and what is missing then."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.limits import frame_limit_s, time_limit

if TYPE_CHECKING:
    from advisor.catalog import Model
    from advisor.catalog.schema import Axis
    from advisor.usecase import UseCase
    from advisor.workload import Workload

DISTILLED_STEPS = 8  # a sampler with at most so many steps by default was distilled
CONCURRENT = (8, 32)  # requests under way at once that are tried for language models
DEFAULT_FPS = 24.0  # cinema's rate, where neither the user nor the model states one


@dataclass(frozen=True)
class Fit:
    """A workload for one request, and how far it falls short of what was asked.

    shortfalls: axis -> asked over given, only where above 1. pieces: requests that make one output
    (a length in excess of the model's longest is made piece by piece).
    """

    workload: Workload
    shortfalls: dict[str, float]
    pieces: int
    slots: int = 1  # requests of the batch that start and end each on their own

    @property
    def outputs_per_request(self) -> float:
        return self.workload.batch / self.pieces


def fit(use_case: UseCase, model: Model) -> Fit:
    """The model's workload nearest to what the use case asks for."""
    asked = {name: value for name, value in _asked(use_case, model).items() if name in model.axes}
    chosen = {name: nearest(model.axes[name], value) for name, value in asked.items()}
    shortfalls = {
        name: asked[name] / chosen[name]
        for name in asked
        if chosen[name] > 0 and asked[name] > chosen[name] * 1.01
    }
    mode = "compiled" if frame_limit_s(use_case) is not None else "eager"
    workload = model.workload(**chosen, mode=mode)
    return Fit(workload, shortfalls, _pieces(shortfalls))


def batched(fitted: Fit, model: Model, use_case: UseCase, shared: bool) -> list[Fit]:
    """The fit, and for token-by-token text on shared devices the same with more under way.

    One request alone reads all weights for each token; serving engines run many at once.
    """
    if not shared or model.mechanism != "autoregressive" or "tokens_out" not in model.axes:
        return [fitted]
    if frame_limit_s(use_case) is not None:
        return [fitted]
    more = [fitted.workload.model_copy(update={"batch": slots}) for slots in CONCURRENT]
    return [fitted, *(replace(fitted, workload=w, slots=w.batch) for w in more)]


def nearest(axis: Axis, value: float) -> float:
    """The allowed value nearest to `value`; of two equally near ones the larger."""
    inside = min(max(value, axis.min), axis.max)
    if axis.multiple <= 1:
        return inside
    steps = math.floor((inside - axis.offset) / axis.multiple + 0.5)
    allowed = steps * axis.multiple + axis.offset
    while allowed > axis.max:
        allowed -= axis.multiple
    while allowed < axis.min:
        allowed += axis.multiple
    return allowed


def _asked(use_case: UseCase, model: Model) -> dict[str, float]:
    """The axes that the use case speaks of, in the model's terms."""
    asked: dict[str, float | None] = {
        "width": use_case.width_px,
        "height": use_case.height_px,
        "tokens_in": use_case.tokens_in,
        "tokens_out": use_case.tokens_out,
        "points": use_case.vertices if _makes_points(model) else None,
        "steps": _live_steps(use_case, model),
    }
    if use_case.endless:
        asked["seconds"] = _chunk_s(use_case)
    else:
        asked["seconds"] = use_case.duration_s
        if use_case.duration_s is not None and "frames" in model.axes:
            asked["frames"] = max(1, round(use_case.duration_s * _fps(use_case, model)))
    return {name: float(value) for name, value in asked.items() if value is not None}


def _makes_points(model: Model) -> bool:
    """Points are what comes out, not where a field is asked for its values."""
    return model.output is not None and model.output.kind == "point-cloud"


def _live_steps(use_case: UseCase, model: Model) -> float | None:
    """Live frames take a distilled sampler at its fewest steps; its quality falls with them."""
    steps = model.axes.get("steps")
    distilled = steps is not None and steps.default <= DISTILLED_STEPS
    return 1.0 if distilled and frame_limit_s(use_case) is not None else None


def _chunk_s(use_case: UseCase) -> float | None:
    """A stream's piece: no longer than the time in which it has to react."""
    limit = time_limit(use_case)
    return limit[1] if limit and limit[0] in ("first-output", "total") else None


def _fps(use_case: UseCase, model: Model) -> float:
    if use_case.fps is not None:
        return use_case.fps
    if model.output is not None and model.output.fps is not None:
        return model.output.fps
    return DEFAULT_FPS


def _pieces(shortfalls: dict[str, float]) -> int:
    """Only length can be made in pieces; size cannot."""
    longest = max(
        (shortfalls[axis] for axis in ("seconds", "frames", "tokens_out") if axis in shortfalls),
        default=1.0,
    )
    return max(1, math.ceil(longest - 1e-9))
