"""What the use case asks of a service, in plain floats: volume, peak, limit, generations per item.

An *item* is one accepted output of the use case (what `volume_per_day` counts). A *generation* is
one output that the model makes: an item needs `samples_per_input` x takes of them. Takes count
only where the user stated them: the default of the intake form is a budget, not an expectation.
A *request* is what the estimate times: one batch. A *job* is what a GPU does in one go for one
queue place: one request, or all requests of one generation where it needs several.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.errors import InputError
from advisor.figure import Basis
from advisor.limits import time_limit

if TYPE_CHECKING:
    from advisor.usecase import UseCase

SECONDS_PER_DAY = 86_400.0
BATCH_FROM_S = 3600.0  # from such limits on, a day's work is run in one go and the machines stopped


@dataclass(frozen=True, slots=True)
class Demand:
    """Floats that a fleet is sized for. Rates per day, times in seconds.

    hourly: the rate of each hour against the mean, where the use case tells; whole days. burst:
    items asked for at one moment.
    """

    volume_per_day: float
    generations_per_item: float
    peak_factor: float
    peak_concurrent: int | None
    limit_s: float | None
    latency_kind: str
    percentile: float
    hourly: tuple[float, ...] = ()
    burst: float = 1.0

    def at_volume(self, volume_per_day: float) -> Demand:
        """The same demand at another volume. Concurrency is kept: it is a separate requirement."""
        if not 0 < volume_per_day < float("inf"):
            raise InputError(f"volume_per_day {volume_per_day:g} is out of range: give more than 0")
        return replace(self, volume_per_day=volume_per_day)

    @property
    def batch_window_s(self) -> float | None:
        """Seconds in which a day's work must be done; None where requests are served as they come.

        Only a stated limit of an hour or more on the whole makes a batch: no limit at all says
        nothing about who waits.
        """
        if self.limit_s is None or self.limit_s < BATCH_FROM_S:
            return None
        if self.latency_kind not in ("total", "per-item"):
            return None
        return min(self.limit_s, SECONDS_PER_DAY)

    @property
    def generations_per_s(self) -> float:
        """Mean rate over the day."""
        return self.volume_per_day * self.generations_per_item / SECONDS_PER_DAY


def demand_of(use_case: UseCase) -> Demand:
    """The demand of a use case; the limit of an experience class is the one that the rules read."""
    kind, limit_s = time_limit(use_case) or (use_case.latency.kind, None)
    hourly = use_case.arrivals.hourly
    return Demand(
        volume_per_day=use_case.volume_per_day,
        generations_per_item=generations_per_item(use_case),
        peak_factor=max(hourly) if hourly else use_case.peak_factor,
        peak_concurrent=use_case.peak_concurrent,
        limit_s=limit_s,
        latency_kind=kind,
        percentile=use_case.latency.percentile,
        hourly=hourly,
        burst=use_case.arrivals.burst_size,
    )


def generations_per_item(use_case: UseCase) -> float:
    return takes_per_item(use_case)[1] * use_case.samples_per_input


def takes_per_item(use_case: UseCase) -> tuple[float, float, float]:
    """Takes per accepted item, with the ends of their range: 1 / (1 - reject rate), or as stated.

    Each take is accepted with the same chance, so the mean number of takes is that of a geometric
    distribution.
    """
    rate = use_case.reject_rate
    if rate is not None:
        return 1 / (1 - rate.low), 1 / (1 - rate.value), 1 / (1 - rate.high)
    takes = use_case.takes_per_item if "takes_per_item" in use_case.model_fields_set else 1
    return float(takes), float(takes), float(takes)


def takes_are_stated(use_case: UseCase) -> bool:
    return use_case.reject_rate is not None or "takes_per_item" in use_case.model_fields_set


def peak_basis(use_case: UseCase) -> Basis:
    """Of the busiest hour: stated as a factor or by the shape of a day, else assumed."""
    return Basis.asked if use_case.arrivals.hourly else basis_of(use_case, "peak_factor")[0]


def basis_of(use_case: UseCase, *names: str) -> list[Basis]:
    """`asked` for each named field that the user stated, else `assumed`."""
    stated = use_case.model_fields_set
    return [Basis.asked if name in stated else Basis.assumed for name in names]
