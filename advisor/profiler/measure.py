"""Measuring one call: cold, warm-up until stable, repeated windows, statistics, verdict.

    |cold| warm-up ...... | window | window | window | ...   until the median is known well enough
                            n calls   n calls  n calls         or the time is used up

A window is long enough (20 ms) that the clock's own resolution does not matter. Python collects no
garbage within one: a collection walks everything that was ever imported, and would be charged to
whichever call it fell into. The median's confidence interval comes from order statistics, which
assumes no distribution.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from advisor.profiler.clock import Call, Clock, Watch
from advisor.profiler.record import Timing, Validity

VALID_SPREAD = 0.05  # half-width of the median's interval, relative: above it the point is unstable
VALID_DRIFT = 0.05  # medians of the first and last third may differ by this much
FULL_INTERVAL = 6  # windows from which the median's interval reaches 95 %


@dataclass(frozen=True)
class Budget:
    """How much time one measurement may take, and when it may stop early.

    It never stops before `min_windows` windows AND `min_s` seconds of them, or a quiet moment would
    be taken for a quiet machine; only a used-up budget stops it at `least_windows`.
    """

    seconds: float = 10.0
    min_s: float = 0.5
    min_windows: int = 10
    least_windows: int = 3
    max_windows: int = 200
    window_s: float = 0.02
    warm_spread: float = 0.02  # warm when three warm-up windows in a row agree this well
    warm_share: float = 0.3  # of the budget
    enough: float = 0.005  # stop when the median's half-width is this small


def measure(
    run: Call,
    clock: Clock,
    budget: Budget | None = None,
    now: Callable[[], float] = time.monotonic,
    watch: Watch = lambda: None,
) -> tuple[Timing, Validity]:
    """Time `run`. The first call is kept apart as `cold_s`; `watch` is called in every window."""
    budget = budget or Budget()
    cold_s = clock.seconds(run, 1)
    start = now()  # compiling in the first call is not at the cost of the rest
    calls, warm_calls, steady = _warm_up(run, clock, budget, start, now)
    values: list[float] = []
    while len(values) < budget.max_windows:
        with no_collection():
            values.append(clock.seconds(run, calls, watch) / calls)
        if _settled(values, calls, budget):
            break
        if now() - start > budget.seconds and len(values) >= budget.least_windows:
            break
    timing = statistics_of(values, calls, cold_s, warm_calls)
    return timing, verdict(values, steady)


@contextmanager
def no_collection() -> Iterator[None]:
    """Within it Python collects no garbage; between two windows it may catch up."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _warm_up(
    run: Call, clock: Clock, budget: Budget, start: float, now: Callable[[], float]
) -> tuple[int, int, bool]:
    """(calls per window, warm-up calls, whether it became steady)."""
    calls, done = 1, 0
    recent: list[float] = []
    while True:
        with no_collection():
            each = clock.seconds(run, calls) / calls
        done += calls
        recent = [*recent[-2:], each]
        calls = max(1, math.ceil(budget.window_s / max(each, 1e-9)))
        steady = len(recent) == 3 and max(recent) / max(min(recent), 1e-12) - 1 < budget.warm_spread
        if steady or now() - start > budget.seconds * budget.warm_share:
            return calls, done, steady


def _settled(values: Sequence[float], calls: int, budget: Budget) -> bool:
    if len(values) < budget.min_windows or sum(values) * calls < budget.min_s:
        return False
    low, high = median_interval(values)
    return (high - low) / 2 <= budget.enough * median(values)


def statistics_of(values: Sequence[float], calls: int, cold_s: float, warmup_calls: int) -> Timing:
    """The record of a measurement from its window means."""
    low, high = median_interval(values)
    return Timing(
        calls=calls * len(values),
        median_s=median(values),
        median_low_s=low,
        median_high_s=high,
        min_s=min(values),
        p95_s=quantile(values, 0.95),
        p99_s=quantile(values, 0.99),
        cold_s=cold_s,
        warmup_calls=warmup_calls,
        values_s=[rounded(value) for value in values],
    )


def verdict(values: Sequence[float], steady: bool = True) -> Validity:
    """Valid, or the reasons why not."""
    reasons: list[str] = []
    notes: list[str] = []
    middle = median(values)
    low, high = median_interval(values)
    half_width = (high - low) / 2
    if middle <= 0:
        reasons.append("the clock did not move")
    elif half_width > VALID_SPREAD * middle:
        reasons.append(f"unstable: the median is known to {half_width / middle:.0%} only")
    drift = _drift(values)
    if abs(drift) > VALID_DRIFT:
        reasons.append(f"drifted by {drift:+.0%} while it was measured")
    if not steady:
        (reasons if reasons else notes).append("the warm-up ended before it was steady")
    if len(values) < FULL_INTERVAL:
        notes.append(f"{len(values)} windows: the interval is their range")
    return Validity(valid=not reasons, reasons=reasons, notes=notes)


def _drift(values: Sequence[float]) -> float:
    third = len(values) // 3
    before = median(values[:third]) if third >= 2 else 0.0
    return median(values[-third:]) / before - 1 if before > 0 else 0.0


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between order statistics (the usual definition, type 7)."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    if ordered[below] == ordered[above]:
        return ordered[below]
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Distribution-free interval of the median: order statistics by the binomial distribution.

    With fewer than six values no pair of them reaches 95 %; the range is given.
    """
    ordered = sorted(values)
    n = len(ordered)
    tail, k = 0.0, 0
    while k < n // 2:
        tail += math.comb(n, k) / 2**n  # P(at most k of n values lie below the median)
        if tail > (1 - confidence) / 2:
            break
        k += 1
    return ordered[max(k - 1, 0)], ordered[n - max(k, 1)]


def rounded(value: float) -> float:
    """Five significant digits: more than any clock here gives, few enough to review."""
    return float(f"{value:.5g}")
