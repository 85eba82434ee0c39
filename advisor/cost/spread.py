"""From the intervals of what goes in to the interval of what comes out: seeded draws.

Latency, takes per accepted item, planned utilisation, price, interruptions and the other lines of
the tree are drawn independently; a 90 % interval is read as a log-normal with one spread on each
side of its value, as `Figure.chance_at_most` reads it. Draws are stratified (each column is a
permutation of the same normal scores) and the same for every use case, so that two answers differ
by what was asked and not by luck.

A fleet is whole instances under a queueing rule, which is slow: it is sized anew for FLEETS of the
draws and paired with several draws of everything else. Every fleet counted is one that the sizing
itself gave; none is interpolated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from advisor.cost.demand import takes_per_item
from advisor.cost.fleet import serving_numbers
from advisor.cost.money import Driver, Spread
from advisor.cost.policy import CAPS
from advisor.cost.record import DAYS_PER_MONTH, ServingCost
from advisor.cost.serving import ServingCase
from advisor.figure import Basis, Figure, weakest
from advisor.usecase import UseCase

Draws = NDArray[np.float64]

FLEETS, PER_FLEET = 128, 16
DRAWS = FLEETS * PER_FLEET
SEED = 7
_EDGE = NormalDist().inv_cdf(0.95)  # a 90 % interval ends here
_OF_FLEET = ("latency", "takes", "utilisation")
_OTHERS = ("price", "interruptions", "other")
UTILISATION_MARGIN = 0.1  # around an assumed planned utilisation (judgement)

_WORDS = {
    "latency": "seconds per request",
    "takes": "takes per accepted item (reject rate)",
    "utilisation": "planned utilisation at the peak",
    "price": "price per instance-hour",
    "interruptions": "share of hours lost to interruptions",
    "other": "other lines of the tree",
}


@dataclass(frozen=True, slots=True)
class Uncertain:
    """One quantity with its 90 % interval; a point has no spread and is no driver."""

    low: float
    value: float
    high: float
    unit: str
    basis: Basis
    source: str

    @property
    def varies(self) -> bool:
        return self.low < self.high

    def drawn(self, scores: Draws) -> Draws:
        """Values at normal scores; the median is the value, 5 % lie beyond each end."""
        if not self.varies or self.value <= 0:
            return np.full(len(scores), self.value)
        up = math.log(self.high / self.value) / _EDGE
        above = self.value * np.exp(np.maximum(scores, 0.0) * up)
        if self.low > 0:
            down = math.log(self.value / self.low) / _EDGE
            return np.asarray(above * np.exp(np.minimum(scores, 0.0) * down))
        fall = np.minimum(scores, 0.0) * (self.value - self.low) / _EDGE
        return np.maximum(above + fall, 0.0)

    def figure(self) -> Figure:
        return Figure(low=self.low, value=self.value, high=self.high, unit=self.unit,
                      basis=self.basis, source=self.source)  # fmt: skip


@lru_cache(maxsize=1)
def normal_scores() -> dict[str, Draws]:
    """One column of normal scores per quantity: the same in every run and process."""
    generator = np.random.default_rng(SEED)

    def strata(count: int) -> Draws:
        return np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])

    fleet, every = strata(FLEETS), strata(DRAWS)
    columns = {name: np.repeat(generator.permutation(fleet), PER_FLEET) for name in _OF_FLEET}
    columns |= {name: generator.permutation(every) for name in _OTHERS}
    for column in columns.values():
        column.flags.writeable = False
    return columns


@dataclass(frozen=True, slots=True)
class Sample:
    """Draws of the month: all lines, the machines alone, and generations a month.

    one_fleet: every draw needs the same hours, so that nothing about the load matters.
    """

    month: Draws
    machines: Draws
    generations: Draws
    one_fleet: bool
    quantities: dict[str, Uncertain]


def sample_month(case: ServingCase, cost: ServingCost, use_case: UseCase) -> Sample:
    """The month's total in DRAWS draws, USD."""
    quantities = _quantities(case, cost, use_case)
    scores = normal_scores()
    drawn = {name: one.drawn(scores[name]) for name, one in quantities.items()}
    drawn["takes"] = np.maximum(drawn["takes"], use_case.samples_per_input)
    drawn["utilisation"] = np.clip(drawn["utilisation"], *CAPS)  # 5 % lie beyond the high end
    hours = _instance_hours(case, drawn)
    machines = hours * drawn["price"] * (1 + drawn["interruptions"])
    items = case.demand.volume_per_day * DAYS_PER_MONTH
    return Sample(
        month=machines + drawn["other"],
        machines=machines,
        generations=items * drawn["takes"],
        one_fleet=bool(np.ptp(hours) == 0),
        quantities=quantities,
    )


def _quantities(case: ServingCase, cost: ServingCost, use_case: UseCase) -> dict[str, Uncertain]:
    """Everything that is drawn, by column."""
    low, value, high, policy = case.low, case.value, case.high, case.policy
    service, offer = cost.service_s, cost.offer
    overhead = (policy.basis("spot_overhead"), policy.source("spot_overhead"))
    request_s = (low.request_s, value.request_s, high.request_s)
    usd_per_hour = (low.usd_per_hour, value.usd_per_hour, high.usd_per_hour)
    lost = (low.overhead, value.overhead, high.overhead)
    return {
        "latency": Uncertain(*request_s, "s", service.basis, service.source),
        "takes": _takes(use_case),
        "utilisation": _utilisation(case),
        "price": Uncertain(*usd_per_hour, "USD/instance-hour", offer.basis, offer.source),
        "interruptions": Uncertain(*lost, "share", *overhead),
        "other": _other_lines(cost),
    }


def _takes(use_case: UseCase) -> Uncertain:
    samples = use_case.samples_per_input
    low, value, high = (takes * samples for takes in takes_per_item(use_case))
    return Uncertain(low, value, high, "generations/item", Basis.asked, "as given by you")


def _utilisation(case: ServingCase) -> Uncertain:
    """The planned share: a point where it was asked for, else a margin to either side."""
    cap, basis = case.policy.utilisation_cap, case.policy.basis("utilisation_cap")
    margin = 0.0 if basis is Basis.asked else UTILISATION_MARGIN
    low, high = max(CAPS[0], round(cap - margin, 6)), min(CAPS[1], round(cap + margin, 6))
    return Uncertain(low, cap, high, "share", basis, case.policy.source("utilisation_cap"))


def _other_lines(cost: ServingCost) -> Uncertain:
    others = [line.usd for line in cost.lines if line.kind != "machines" and line.usd is not None]
    low, value, high = (
        math.fsum(getattr(usd, end) for usd in others) for end in ("low", "value", "high")
    )
    basis = weakest(usd.basis for usd in others)
    return Uncertain(low, value, high, "USD/month", basis, "lines beside the machines")


def _instance_hours(case: ServingCase, drawn: dict[str, Draws]) -> Draws:
    """Hours a month of the fleet that each draw needs; sized once where the extremes agree."""
    columns = [drawn[name][::PER_FLEET] for name in _OF_FLEET]
    latency, takes, cap = columns
    least = _hours(case, latency.min(), takes.min(), cap.max())
    if least == _hours(case, latency.max(), takes.max(), cap.min()):
        return np.full(DRAWS, least)
    each = [_hours(case, *point) for point in zip(latency, takes, cap, strict=True)]
    return np.repeat(np.array(each), PER_FLEET)


def _hours(case: ServingCase, request_s: float, takes: float, cap: float) -> float:
    value = case.value
    slower = request_s / value.request_s
    service = replace(value, request_s=request_s, first_output_s=value.first_output_s * slower)
    demand = replace(case.demand, generations_per_item=takes)
    return serving_numbers(
        service, demand, replace(case.policy, utilisation_cap=cap)
    ).instance_hours


def spread_of(sample: Sample, cost: ServingCost, use_case: UseCase) -> Spread:
    """Percentiles, chances of staying in budget, and what drives the spread."""
    items = use_case.volume_per_day * DAYS_PER_MONTH
    month, item = use_case.budget_usd_per_month, use_case.budget_usd_per_item
    return Spread(
        draws=DRAWS,
        seed=SEED,
        usd_per_month=percentiles(sample.month, cost.usd_per_month),
        usd_per_item=percentiles(sample.month / items, cost.usd_per_output),
        chance_in_month_budget=None if month is None else _chance(sample.month, month),
        chance_in_item_budget=None if item is None else _chance(sample.month / items, item),
        drivers=_drivers(sample),
    )


def percentiles(draws: Draws, central: Figure) -> Figure:
    """The central figure with the 5th and 95th percentile of its draws as ends."""
    low, high = np.percentile(draws, [5, 95])
    return central.model_copy(
        update={"low": min(float(low), central.value), "high": max(float(high), central.value)}
    )


def _chance(draws: Draws, budget: float) -> float:
    return float(np.mean(draws <= budget))


def _drivers(sample: Sample) -> list[Driver]:
    fixed = _OF_FLEET if sample.one_fleet else ()
    varying = {n: one for n, one in sample.quantities.items() if one.varies and n not in fixed}
    if not varying or np.ptp(sample.month) <= 1e-12 * abs(float(sample.month[0])):
        return []
    total = _ranks(sample.month)
    scores = normal_scores()
    found = {name: _correlation(_ranks(scores[name]), total) for name in varying}
    whole = math.fsum(value**2 for value in found.values())
    drivers = [
        Driver(
            name=name,
            words=_WORDS[name],
            range=varying[name].figure(),
            rank_correlation=round(value, 3),
            share=round(value**2 / whole, 3),
        )
        for name, value in found.items()
    ]
    return sorted(drivers, key=lambda one: (-one.share, one.name))


def _ranks(values: Draws) -> Draws:
    """Ranks, ties at their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place])


def _correlation(a: Draws, b: Draws) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / math.sqrt(float(a @ a) * float(b @ b)))
