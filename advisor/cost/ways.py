"""Hosted against rented against owned against serverless, over volume."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from advisor.cost.fleet import Service, serving_numbers
from advisor.cost.money import BreakEven, Crossing, Way, WayKind
from advisor.cost.record import DAYS_PER_MONTH, ApiCost, Offer
from advisor.cost.serverless import scale_to_zero
from advisor.cost.serving import ServingCase
from advisor.figure import Basis, Figure, weakest

DECADES = 3  # of volume to either side of the use case's own
PER_DECADE = 5
LEAST_PER_DAY, MOST_PER_DAY = 0.01, 1e10
Ends = tuple[float, float, float]  # USD a month: low, value, high
Curve = NDArray[np.float64]


@dataclass(frozen=True)
class _Way:
    """A way with its cost as a function of items a day."""

    kind: WayKind
    label: str
    usd: Callable[[float], Ends]
    basis: Basis
    source: str
    stale: bool
    note: str = ""


def break_even(
    cases: Sequence[tuple[Offer, ServingCase]],
    api: ApiCost | None,
    volume_per_day: float,
    operations_usd: float = 0.0,
) -> BreakEven:
    """Cost curves of every way and where they cross.

    cases: offers of one device with the service on each. api: the hosted service to compare with.
    operations_usd: a month, of owned hardware.
    """
    hours = _SharedHours()
    ways = [_machines(offer, case, hours, operations_usd) for offer, case in cases]
    ways += [] if api is None else [_hosted(api)]
    volumes = _grid(volume_per_day)
    curves = [np.array([way.usd(volume) for volume in volumes]) for way in ways]
    crossings, never = [], []
    for a, b in combinations(range(len(ways)), 2):
        found = _crossing(ways[a], ways[b], curves[a], curves[b], volumes)
        if isinstance(found, str):
            never.append(found)
        else:
            crossings.append(found)
    return BreakEven(
        volumes_per_day=volumes,
        ways=[_record(way, curve) for way, curve in zip(ways, curves, strict=True)],
        crossings=sorted(crossings, key=lambda one: one.volume_per_day.value),
        never=never,
    )


def _grid(volume_per_day: float) -> list[float]:
    """Volumes at equal steps of the logarithm; the use case's own is one of them."""
    steps = range(-DECADES * PER_DECADE, DECADES * PER_DECADE + 1)
    volumes = (volume_per_day * 10 ** (step / PER_DECADE) for step in steps)
    return [float(f"{v:.6g}") for v in volumes if LEAST_PER_DAY <= v <= MOST_PER_DAY]


class _SharedHours:
    """Hours of a fleet by volume: the same for all offers of one instance size.

    `end` is 0, 1, 2 for the low, central and high service; all offers differ in price only.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, bool, float], float] = {}

    def of(self, end: int, service: Service, case: ServingCase, volume: float) -> float:
        key = (end, service.gpu_count, service.stoppable, volume)
        if key not in self._known:
            demand = case.demand.at_volume(volume)
            self._known[key] = serving_numbers(service, demand, case.policy).instance_hours
        return self._known[key]


def _machines(offer: Offer, case: ServingCase, hours: _SharedHours, operations_usd: float) -> _Way:
    if offer.market == "serverless":
        return _serverless(offer, case)
    fixed = operations_usd if offer.kind == "owned" else 0.0

    def usd(volume: float) -> Ends:
        ends = [
            hours.of(end, one, case, volume) * one.usd_per_hour * (1 + one.overhead) + fixed
            for end, one in enumerate((case.low, case.value, case.high))
        ]
        return ends[0], ends[1], ends[2]

    notes = {
        "spot": "can be taken away at any time",
        "owned": "" if fixed else "operations are not in it: nobody stated them",
        "committed": "paid all month, used or not",
    }
    kind: WayKind = "rented" if offer.kind == "on-demand" else offer.kind  # type: ignore[assignment]
    note = notes.get(offer.kind, "")
    return _Way(kind, offer.id, usd, case.basis, offer.source, offer.stale, note)


def _serverless(offer: Offer, case: ServingCase) -> _Way:
    def usd(volume: float) -> Ends:
        found = scale_to_zero(
            replace(case, demand=case.demand.at_volume(volume)), offer, case.basis
        )
        if found is None:
            raise ValueError(f"{offer.id} is not billed by use")
        return found.low, found.value, found.high

    note = "billed while busy, idle time-out and cold starts included; a cold start delays"
    return _Way("serverless", offer.id, usd, case.basis, offer.source, offer.stale, note)


def _hosted(api: ApiCost) -> _Way:
    price = api.usd_per_output

    def usd(volume: float) -> Ends:
        items = volume * DAYS_PER_MONTH
        return items * price.low, items * price.value, items * price.high

    label = f"{api.provider} {api.model}"
    note = "another model: quality is not compared"
    return _Way("hosted", label, usd, price.basis, api.source, api.stale, note)


def _record(way: _Way, curve: Curve) -> Way:
    rounded = [[float(f"{value:.6g}") for value in column] for column in curve.T]
    low, value, high = rounded
    return Way(kind=way.kind, label=way.label, usd_per_month=value, usd_per_month_low=low,
               usd_per_month_high=high, source=way.source, stale=way.stale,
               note=way.note)  # fmt: skip


def _crossing(a: _Way, b: _Way, of_a: Curve, of_b: Curve, volumes: list[float]) -> Crossing | str:
    """Where one way gets cheaper for good, or a sentence that they do not cross here.

    The ends: one way at its low curve against the other at its high one, and the reverse.
    """
    step = _last_change(of_a[:, 1], of_b[:, 1])
    if step is None:
        cheap, dear = (a, b) if of_a[-1, 1] <= of_b[-1, 1] else (b, a)
        span = f"{volumes[0]:,.3g} to {volumes[-1]:,.3g} items a day"
        return f"{cheap.label} costs no more than {dear.label} at every volume from {span}."
    above, below = (a, b) if of_a[-1, 1] < of_b[-1, 1] else (b, a)
    high_side, low_side = (of_a, of_b) if above is a else (of_b, of_a)
    value = _bisected(above, below, volumes[step], volumes[step + 1])
    early = _last_change(high_side[:, 0], low_side[:, 2])
    late = _last_change(high_side[:, 2], low_side[:, 0])
    low = volumes[0] if early is None else volumes[early]
    high = volumes[-1] if late is None else volumes[late + 1]
    notes = []
    if early is None:
        notes.append("at its favourable end it is cheaper at every volume shown")
    if late is None:
        notes.append("at its unfavourable end it never gets cheaper")
    return Crossing(
        cheaper_below=below.label,
        cheaper_above=above.label,
        volume_per_day=Figure(
            value=value,
            low=min(low, value),
            high=max(high, value),
            unit="outputs/day",
            basis=weakest([a.basis, b.basis]),
            source=f"{above.label} against {below.label}",
        ),
        note="; ".join(notes),
    )


def _last_change(a: Curve, b: Curve) -> int | None:
    """Index of the last step in which the cheaper of two curves changes."""
    sign = a < b
    changes = np.flatnonzero(sign[1:] != sign[:-1])
    return int(changes[-1]) if len(changes) else None


def _bisected(above: _Way, below: _Way, low: float, high: float) -> float:
    while high / low > 1.01:
        middle = math.sqrt(low * high)
        dearer = above.usd(middle)[1] >= below.usd(middle)[1]
        low, high = (middle, high) if dearer else (low, middle)
    return float(f"{high:.4g}")
