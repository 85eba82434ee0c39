"""Response times under load: many requests, some GPUs, one queue.

Arrivals are Poisson; a free GPU takes the request that waits longest. The tail of the waiting time
falls off exponentially, P(W > t) ~ prefactor * exp(-decay * t) (Tijms, A First Course in Stochastic
Models, 2003, section 9.6):

- exponential service (M/M/c): prefactor = Erlang C, decay = (1 - rho) per service time and GPU.
  This is exact.
- deterministic service (M/D/c): the decay is the positive root of ln(1 + x / rho) = x, which is
  exact; the prefactor is Erlang C times the exact M/D/1 prefactor over rho. With one GPU this is
  the exact asymptote; with more it is an approximation.
- in between: percentiles are interpolated by the squared coefficient of variation (scv) of the
  service time, as the Allen-Cunneen formula does for the mean wait: (1 + scv) / 2 at the mean.

Held against simulation and against exact M/D/c numbers in tests/cost/test_queueing.py: within 10 %
at the 90th to 99th percentile for 1 to 64 GPUs, utilisation 0.3 to 0.95, scv 0 or 1; the 50th is
within 12 % for scv 0. Not claimed: the 50th for unequal requests, scv above 1, arrivals burstier
than Poisson.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_RECURSION_UP_TO = 64  # servers; above it the tail series is faster and as exact


def erlang_c(offered_load: float, servers: int) -> float:
    """Probability that a request has to wait in M/M/c; 1 where the load is not less than c.

    offered_load: arrivals per second times seconds of service (Erlang).
    """
    if offered_load <= 0:
        return 0.0
    if offered_load >= servers:
        return 1.0
    blocked = _erlang_b(offered_load, servers)
    return blocked / (1 - offered_load / servers * (1 - blocked))


def _erlang_b(load: float, servers: int) -> float:
    """Erlang's loss formula without factorials: a recursion, or Poisson pmf / cdf when large."""
    if servers <= _RECURSION_UP_TO:
        blocked = 1.0
        for n in range(1, servers + 1):
            blocked = load * blocked / (n + load * blocked)
        return blocked
    # pmf(c) / (1 - sum of pmf beyond c); the terms beyond fall at least as fast as (load / c)^k
    pmf = math.exp(servers * math.log(load) - load - math.lgamma(servers + 1))
    beyond, term, n = 0.0, 1.0, servers
    while term > 1e-15:
        n += 1
        term *= load / n
        beyond += term
    return pmf / (1 - pmf * beyond)


def wait_percentile_s(
    service_s: float,
    arrival_per_s: float,
    servers: int,
    percentile: float = 95,
    service_scv: float = 0.0,
) -> float:
    """Seconds in the queue that `percentile` % of the requests stay under; inf when overloaded."""
    load = arrival_per_s * service_s
    if load <= 0:
        return 0.0
    if load >= servers:
        return math.inf
    allowed = 1 - percentile / 100  # share of requests that may wait longer
    waits = erlang_c(load, servers)
    if waits <= allowed:  # fewer wait at all; the asymptote would still give them a little
        return 0.0
    exponential = _tail(waits, allowed, 1 - load / servers)
    if service_scv >= 1:
        return exponential * (1 + service_scv) / 2 * service_s / servers
    decay, prefactor = _deterministic(load / servers)
    deterministic = _tail(waits * prefactor, allowed, decay)
    mixed = (1 - service_scv) * deterministic + service_scv * exponential
    return mixed * service_s / servers


def _tail(prefactor: float, allowed: float, decay: float) -> float:
    """t at which prefactor * exp(-decay * t) has come down to `allowed`."""
    return math.log(prefactor / allowed) / decay if prefactor > allowed else 0.0


def _deterministic(utilisation: float) -> tuple[float, float]:
    """Decay and prefactor (relative to Erlang C) of the waiting-time tail at fixed service time.

    Newton from the right of the root of a concave function: it converges from one side.
    """
    decay = 2 * (1 - utilisation) / utilisation
    for _ in range(50):
        excess = math.log1p(decay / utilisation) - decay
        step = excess / (1 / (utilisation + decay) - 1)
        decay -= step
        if abs(step) <= 1e-12 * decay:
            break
    # M/D/1: P(W > t) ~ (1 - rho) / (rho tau - 1) exp(-decay t), rho tau = rho + decay
    gap = utilisation + decay - 1
    prefactor = (1 - utilisation) / gap / utilisation if gap > 1e-9 else 1.0
    return decay, prefactor


def response_p95_s(
    service_s: float,
    arrival_per_s: float,
    servers: int,
    percentile: float = 95,
    service_scv: float = 0.0,
) -> float:
    """Seconds from arrival to finished that `percentile` % of the requests stay under.

    inf when the servers cannot keep up. `service_s` is the mean time of one request on one server;
    `service_scv` its squared coefficient of variation (0: all requests alike, 1: exponential).
    The spread of service and of waiting are joined as independent errors are (root of squares over
    the mean service), which is exact at both ends and within 2 % for M/M/1.
    """
    wait = wait_percentile_s(service_s, arrival_per_s, servers, percentile, service_scv)
    if service_scv == 0 or math.isinf(wait):
        return service_s + wait
    spread = max(0.0, _service_percentile(percentile, service_scv) - 1) * service_s
    return service_s + math.hypot(spread, wait)


def _service_percentile(percentile: float, scv: float) -> float:
    """Percentile of a gamma-distributed service time of mean 1 (Wilson-Hilferty)."""
    z = NormalDist().inv_cdf(percentile / 100)
    return max(0.0, 1 - scv / 9 + z * math.sqrt(scv) / 3) ** 3
