"""Scale to zero: what a month costs where only the time that a worker is up is billed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from advisor.cost.fleet import Service
from advisor.cost.record import DAYS_PER_MONTH, Offer
from advisor.figure import Basis, Figure, weakest

if TYPE_CHECKING:
    from advisor.cost.serving import ServingCase


def scale_to_zero(case: ServingCase, offer: Offer, basis: Basis) -> Figure | None:
    """USD per month when workers stop after a short idle time; None where billing is not so.

    Requests that find no idle worker pay a cold start; after each the idle time-out is billed as
    far as nothing else arrives. With Poisson arrivals at the mean rate r and a time-out T a worker
    has gone with probability exp(-r T), and the billed idle time is (1 - exp(-r T)) / r. The low
    end has the fast cold start, the high end the slow one.
    """
    if offer.market != "serverless" or offer.kind != "on-demand":
        return None
    policy = case.policy
    ends = (
        _usd_per_month(case, case.low, policy.cold_start_low_s),
        _usd_per_month(case, case.value, policy.cold_start_s),
        _usd_per_month(case, case.high, policy.cold_start_high_s),
    )
    return Figure(
        value=ends[1],
        low=ends[0],
        high=ends[2],
        unit="USD/month",
        basis=weakest([basis, policy.basis("cold_start_s"), policy.basis("idle_timeout_s")]),
        source=f"{offer.id}: busy + idle + cold starts ({policy.source('cold_start_s')};"
        f" {policy.source('idle_timeout_s')}); a request after a pause waits for the cold start",
        as_of=offer.as_of,
    )


def _usd_per_month(case: ServingCase, service: Service, cold_start_s: float) -> float:
    demand, timeout = case.demand, case.policy.idle_timeout_s
    rate = service.jobs_per_s(demand.generations_per_s)
    jobs = rate * 86_400 * DAYS_PER_MONTH
    gone = math.exp(-rate * timeout)
    idle_s = -math.expm1(-rate * timeout) / rate
    billed_s = jobs * (service.job_s + idle_s + gone * cold_start_s)
    return billed_s / 3600 * service.usd_per_hour / service.gpu_count
