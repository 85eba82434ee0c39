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
  Above 1: Erlang C, and the mean wait of Allen-Cunneen.

The response is the wait plus the service, convolved numerically where service varies. Requests that
come in bursts of K: a burst is one customer of as many groups of GPUs as it fills, and its requests
then start one after the other (`_Burst`).

How far to trust it is measured, not argued: `accuracy` states it, benchmarks/queueing.py measures
it, tests/cost/test_queueing.py holds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Shape = Literal["lognormal", "exponential"]  # of service times that vary

_RECURSION_UP_TO = 64  # servers; above it the tail series is faster and as exact
_CELLS = 128  # of the convolution; within 1e-3 of M/M/1 at utilisation 0.9
_POSITIONS = 32  # of the requests in a burst that are looked at

Times = NDArray[np.float64]
Beyond = Callable[[Times], Times]  # share of requests that take longer than each time


@dataclass(frozen=True, slots=True)
class Load:
    """What comes to how many servers.

    service_s: mean seconds of one request on one server; scv: its squared coefficient of variation
    (0: all alike). arrival_per_s: requests, not bursts. burst: requests that come at one moment.
    """

    service_s: float
    arrival_per_s: float
    servers: int
    scv: float = 0.0
    shape: Shape = "lognormal"
    burst: float = 1.0

    @property
    def utilisation(self) -> float:
        return self.arrival_per_s * self.service_s / self.servers


def accuracy(load: Load, percentile: float) -> str | None:
    """How near the closed form was to simulation over this range; None where nobody looked.

    Ranges and bounds are those of benchmarks/queueing.py (docs/cost.md, Accuracy of the queue).
    """
    inside = load.utilisation <= 0.95 + 1e-9 and load.servers <= 64 and percentile in (90, 95, 99)
    if not inside or load.scv > 4 or load.burst > 32:
        return None
    if load.burst > 1:
        told = load.scv <= 1 and load.utilisation <= 0.85 + 1e-9
        return "within 30 % of simulation" if told else None
    if load.scv <= 1:
        return "within 10 % of simulation"
    return "within 20 % of simulation" if percentile <= 95 else "within 35 % of simulation"


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


@dataclass(frozen=True, slots=True)
class _Tail:
    """P(W > t) = min(waits, prefactor x exp(-decay t)); `waits` is the share that waits at all."""

    waits: float
    prefactor: float
    decay_per_s: float

    @classmethod
    def of(cls, service_s: float, arrival_per_s: float, servers: int, scv: float) -> _Tail:
        """Of single arrivals below saturation."""
        if arrival_per_s <= 0:  # nobody is there before
            return cls(0.0, 0.0, servers / service_s)
        waits = erlang_c(arrival_per_s * service_s, servers)
        rho, pace = arrival_per_s * service_s / servers, servers / service_s
        varied = (1 - rho) * pace
        if scv >= 1:
            return cls(waits, waits, varied * 2 / (1 + scv))
        decay, relative = _deterministic(rho)
        if scv == 0 or waits == 0:
            return cls(waits, waits * relative, decay * pace)
        # t(p) = (1 - scv) t_fixed(p) + scv t_exponential(p) is an exponential tail again
        mixed = 1 / ((1 - scv) / (decay * pace) + scv / varied)
        shift = (1 - scv) * math.log(waits * relative) / (decay * pace)
        return cls(waits, math.exp(mixed * (shift + scv * math.log(waits) / varied)), mixed)

    def percentile_s(self, allowed: float) -> float:
        """t at which only a share of `allowed` waits longer."""
        if self.waits <= allowed:  # fewer wait at all; the asymptote would still give them a little
            return 0.0
        return max(0.0, math.log(self.prefactor / allowed) / self.decay_per_s)

    def share_beyond(self, t: float) -> float:
        """P(W > t) at one time, quickly: a fleet is sized by thousands of these."""
        if t < 0:
            return 1.0
        return min(self.waits, self.prefactor * math.exp(-self.decay_per_s * t))

    def beyond(self, t: Times) -> Times:
        """P(W > t); 1 at negative t."""
        falling = self.prefactor * np.exp(-self.decay_per_s * np.maximum(t, 0.0))
        return np.where(t < 0, 1.0, np.minimum(self.waits, falling))


@dataclass(frozen=True, slots=True)
class _Burst:
    """Waits of requests that come `size` at a time.

    first: the wait of a burst's first request; a burst is served by min(size, servers) servers, so
    it is one customer of servers // size such groups. Behind a first that had to wait the others
    start one by one as servers come free; else all servers fill at once, and again a service later.
    """

    first: _Tail
    size: int
    servers: int
    service_s: float

    @classmethod
    def of(cls, load: Load, size: int) -> _Burst:
        groups = max(1, load.servers // size)
        service_s = load.service_s * size * groups / load.servers
        arrival_per_s = load.arrival_per_s / size
        first = _Tail.of(service_s, arrival_per_s, groups, load.scv / size)
        return cls(first, size, load.servers, load.service_s)

    def share_beyond(self, t: float) -> float:
        """P(W > t) of a request at a random place in its burst, at one time, quickly."""
        if t < 0:
            return 1.0
        places, pace_s, found = _places(self.size), self.service_s / self.servers, 0.0
        for place in places:
            found += self.first.share_beyond(max(0.0, t - place * pace_s))
            if place // self.servers * self.service_s > t:
                found += 1 - self.first.waits
        return found / len(places)

    def beyond(self, t: Times) -> Times:
        """The same at many times."""
        places = np.array(_places(self.size))
        late = np.asarray(t)[..., None]
        queued = self.first.beyond(np.maximum(late - places * self.service_s / self.servers, 0.0))
        alone = places // self.servers * self.service_s > late
        found = queued + (1 - self.first.waits) * alone
        return np.where(np.asarray(t) < 0, 1.0, found.sum(axis=-1) / len(places))


@lru_cache(maxsize=1024)
def _places(size: int) -> tuple[float, ...]:
    """Places in a burst, the first being 0: all of a small one, else _POSITIONS evenly."""
    return tuple(np.unique(np.linspace(0, size - 1, min(size, _POSITIONS)).round()).tolist())


@dataclass(frozen=True, slots=True)
class _Mixture:
    """Bursts of two neighbouring sizes, so that any mean size can be asked for."""

    parts: tuple[tuple[float, _Tail | _Burst], ...]
    service_s: float

    def percentile_s(self, allowed: float) -> float:
        """t at which only a share of `allowed` waits longer."""
        return _root(self.beyond, allowed, self.service_s)

    def share_beyond(self, t: float) -> float:
        """P(W > t) of a request in a burst of either size, at one time."""
        return sum(share * wait.share_beyond(t) for share, wait in self.parts)

    def beyond(self, t: Times) -> Times:
        """The same at many times."""
        return np.sum([share * wait.beyond(t) for share, wait in self.parts], axis=0)


def _waits(load: Load) -> _Tail | _Mixture:
    if load.burst == 1:
        return _Tail.of(load.service_s, load.arrival_per_s, load.servers, load.scv)
    small = math.floor(load.burst)
    more = load.burst - small
    sizes = {small: 1 - more} | ({small + 1: more} if more else {})
    parts = tuple((share, _Burst.of(load, size)) for size, share in sizes.items())
    return _Mixture(parts, load.service_s)


@lru_cache(maxsize=4096)  # one answer asks several times for the same fleet
def wait_percentile_s(load: Load, percentile: float = 95) -> float:
    """Seconds in the queue that `percentile` % of the requests stay under; inf when overloaded."""
    if load.arrival_per_s <= 0:
        return 0.0
    if load.utilisation >= 1:
        return math.inf
    return _waits(load).percentile_s(1 - percentile / 100)


def response_percentile_s(load: Load, percentile: float = 95) -> float:
    """Seconds from arrival to finished that `percentile` % of the requests stay under.

    inf when the servers cannot keep up.
    """
    allowed = 1 - percentile / 100
    if load.scv == 0:
        return load.service_s + wait_percentile_s(load, percentile)
    if load.utilisation >= 1:
        return math.inf
    if load.arrival_per_s <= 0:
        return _root(lambda t: _longer(load, t), allowed, load.service_s)
    return _root(_response(load), allowed, load.service_s)


def share_waiting_beyond(load: Load, seconds: float) -> float:
    """Share of requests that wait longer than so many seconds. One look, where a percentile needs
    a search: this is what sizes a fleet."""
    return 1.0 if load.utilisation >= 1 else _waits(load).share_beyond(seconds)


def share_responding_beyond(load: Load, seconds: float) -> float:
    """Share of requests that are not finished so many seconds after they came."""
    if load.scv == 0:
        return share_waiting_beyond(load, seconds - load.service_s)
    if load.utilisation >= 1:
        return 1.0
    return float(_response(load)(np.array([seconds]))[0])


def _response(load: Load) -> Beyond:
    """P(wait + service > t): P(S > t) + the integral of P(W > t - x) over the density of S."""
    wait = _waits(load)
    steps = np.linspace(0.0, 1.0, _CELLS + 1)
    middle = (steps[1:] + steps[:-1]) / 2

    def beyond(t: Times) -> Times:
        last = np.maximum(t, 1e-12 * load.service_s)[:, None]
        if load.shape == "exponential":
            at = last * middle
            mass = np.exp(-at / load.service_s) * last / _CELLS / load.service_s
        else:
            sigma, centre = _lognormal(load)
            last_z = (np.log(last) - centre) / sigma
            width = last_z - np.minimum(-6.0, last_z - 1.0)
            z = last_z - width * (1 - middle)
            at = np.exp(centre + sigma * z)
            mass = np.exp(-z * z / 2) * width / _CELLS / math.sqrt(2 * math.pi)
        return _longer(load, t) + (wait.beyond(last - at) * mass).sum(axis=1)

    return beyond


def _longer(load: Load, t: Times) -> Times:
    """P(service > t)."""
    if load.shape == "exponential":
        return np.exp(-t / load.service_s)
    sigma, centre = _lognormal(load)
    z = (np.log(np.maximum(t, 1e-12 * load.service_s)) - centre) / sigma / math.sqrt(2)
    return np.array([0.5 * math.erfc(each) for each in z])


def _lognormal(load: Load) -> tuple[float, float]:
    """Sigma and mu of a log-normal with the load's mean and scv."""
    variance = math.log1p(load.scv)
    return math.sqrt(variance), math.log(load.service_s) - variance / 2


def _root(beyond: Beyond, allowed: float, scale_s: float) -> float:
    """Where a falling share comes down to `allowed`, to 1e-5: nested grids, each looked at once."""
    grid = np.concatenate([[0.0], scale_s * 2.0 ** np.arange(-2, 60)])
    for _ in range(4):
        index = int(np.argmax(beyond(grid) <= allowed))
        if index == 0:
            return float(grid[0])
        grid = np.linspace(grid[index - 1], grid[index], 33)
    return float(grid[-1])


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
