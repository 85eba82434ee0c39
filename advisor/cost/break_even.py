"""At which volume running it yourself gets cheaper than a hosted API."""

from __future__ import annotations

import math
from collections.abc import Callable

from advisor.cost.demand import Demand
from advisor.cost.fleet import Service, serving_numbers
from advisor.cost.record import DAYS_PER_MONTH, ApiCost
from advisor.cost.serving import ServingCase
from advisor.figure import Figure, weakest

MIN_PER_DAY, MAX_PER_DAY = 0.01, 1e10
_STEPS = 400  # of 7 % each between the ends
_FINE = 32  # steps within one of these, where the two may cross inside it
_RATIO = (MAX_PER_DAY / MIN_PER_DAY) ** (1 / _STEPS)


def break_even_volume_per_day(serving: ServingCase, api: ApiCost) -> Figure | None:
    """Items a day from which on self-hosting stays cheaper; None where it never does.

    Instances come whole, so the two may cross several times: this is the last crossing up to 1e10
    a day. Each end of the interval takes the matching ends of latency, price and units per output;
    where the unfavourable end never crosses, `high` is 1e10 and the source says so. A volume of
    0.01 a day means: always cheaper.
    """
    price = api.usd_per_output
    value = _last_crossing(_month(serving, serving.value), price.value)
    if value is None:
        return None
    low = _last_crossing(_month(serving, serving.low), price.high)
    high = _last_crossing(_month(serving, serving.high), price.low)
    source = f"{api.provider} {api.model} against a fleet of whole instances"
    if high is None:
        source += "; at the unfavourable end it never gets cheaper"
    ends = (value, MIN_PER_DAY if low is None else low, MAX_PER_DAY if high is None else high)
    return Figure(
        value=value,
        low=min(ends),
        high=max(ends),
        unit="outputs/day",
        basis=weakest([price.basis, serving.basis]),
        source=source,
        as_of=price.as_of,
    )


def _month(serving: ServingCase, service: Service) -> Callable[[float], float]:
    demand: Demand = serving.demand

    def usd(volume_per_day: float) -> float:
        at = demand.at_volume(volume_per_day)
        return serving_numbers(service, at, serving.policy).usd_per_month

    return usd


def _last_crossing(usd_per_month: Callable[[float], float], usd_per_output: float) -> float | None:
    """The volume above which the fleet is cheaper, to 0.1 %; None if there is none.

    A whole instance more can make the fleet dearer for a short stretch: a step is searched finely
    when its fleet at the upper end would be dearer than the API at the lower. Stretches shorter
    than 0.2 % are not seen.
    """

    def dearer(volume: float) -> bool:
        return usd_per_month(volume) >= volume * DAYS_PER_MONTH * usd_per_output

    if dearer(MAX_PER_DAY):
        return None
    upper = MAX_PER_DAY
    for step in range(_STEPS - 1, -1, -1):
        lower = MIN_PER_DAY * _RATIO**step
        if usd_per_month(upper) >= lower * DAYS_PER_MONTH * usd_per_output:
            for fine in range(1, _FINE + 1):
                volume = max(lower, upper * _RATIO ** (-fine / _FINE))
                if dearer(volume):
                    return _bisected(dearer, volume, upper * _RATIO ** (-(fine - 1) / _FINE))
        upper = lower
    return MIN_PER_DAY


def _bisected(dearer: Callable[[float], bool], low: float, high: float) -> float:
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if dearer(middle) else (low, middle)
    return high
