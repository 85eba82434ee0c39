"""Requests, queue and GPUs played through event by event (simpy), seeded.

    requests = busiest_hour(load, count=100_000, seed=1)
    simulate(requests, Pool(servers=4)).percentile_s(95)

For what the closed forms of `queueing.py` do not claim: batches, bursts of unequal requests, a
whole day. The same seed gives the same numbers. Needs the extra `simulate`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from advisor.errors import InputError, MissingExtra

if TYPE_CHECKING:
    import simpy

    from advisor.cost.queueing import Load

Times = NDArray[np.float64]

WARM_UP = 0.1  # share of the requests that is not counted: the system starts empty
BLOCKS = 20  # of the run, whose spread gives the interval of a percentile
T_19 = 1.729  # 95th percentile of Student's t with 19 degrees of freedom


@dataclass(frozen=True)
class Requests:
    """When each request comes, and its length against the mean one; in order of arrival."""

    arrival_s: Times
    length: Times

    def __len__(self) -> int:
        return len(self.arrival_s)


@dataclass(frozen=True)
class Pool:
    """Servers and how they take work.

    curve: seconds of a batch of 1, 2, ... requests of mean length; its length is the largest batch.
    max_wait_s: how long the oldest request of a part-filled batch is held back while a server is
    free. A batch takes as long as its longest request makes it.
    """

    servers: int
    curve: tuple[float, ...]
    max_wait_s: float = 0.0


@dataclass(frozen=True)
class Simulated:
    """Response and wait of every counted request, in order of arrival; seconds."""

    response_s: Times
    wait_s: Times
    utilisation: float
    mean_batch: float
    warm_up: int

    def percentile_s(self, percentile: float) -> float:
        return float(np.percentile(self.response_s, percentile))

    def interval_s(self, percentile: float) -> tuple[float, float]:
        """90 % interval of a percentile of the response, from the spread over blocks of the run."""
        value = self.percentile_s(percentile)
        if len(self.response_s) < 50 * BLOCKS:
            return value, value
        blocks = np.array_split(self.response_s, BLOCKS)
        spread = float(np.std([np.percentile(one, percentile) for one in blocks], ddof=1))
        half = T_19 * spread / math.sqrt(BLOCKS)
        return max(0.0, value - half), value + half


def busiest_hour(load: Load, count: int, seed: int) -> Requests:
    """`count` requests of a load that stays as it is: Poisson bursts, lengths as the load says."""
    rng = np.random.default_rng(seed)
    sizes = _burst_sizes(rng, load.burst, count)
    starts = np.cumsum(rng.exponential(load.burst / load.arrival_per_s, len(sizes)))
    arrival = np.repeat(starts, sizes)[:count]
    return Requests(arrival, _lengths(rng, load, len(arrival)))


def days(load: Load, hourly: Sequence[float], count: int, seed: int) -> Requests:
    """Requests over whole shapes of a day; `load` has the mean rate, `hourly` the rates against it.

    As many shapes as `count` requests fill, one at least.
    """
    rng = np.random.default_rng(seed)
    per_shape = load.arrival_per_s * 3600 * sum(hourly)
    rates = np.tile(np.asarray(hourly), max(1, round(count / per_shape)))
    bursts = rng.poisson(rates * load.arrival_per_s * 3600 / load.burst)
    hour = np.repeat(np.arange(len(rates)), bursts)
    starts = np.sort((hour + rng.random(len(hour))) * 3600)
    arrival = np.repeat(starts, _burst_sizes(rng, load.burst, None, len(starts)))
    return Requests(arrival, _lengths(rng, load, len(arrival)))


def _burst_sizes(
    rng: np.random.Generator, mean: float, count: int | None, bursts: int | None = None
) -> NDArray[np.int64]:
    """Sizes of the two whole numbers around the mean; enough for `count` requests, or `bursts`."""
    small = math.floor(mean)
    if bursts is None:
        bursts = math.ceil((count or 0) / small)
    return small + (rng.random(bursts) < mean - small).astype(np.int64)


def _lengths(rng: np.random.Generator, load: Load, count: int) -> Times:
    if load.scv == 0:
        return np.ones(count)
    if load.shape == "exponential":
        return rng.exponential(1.0, count)
    variance = math.log1p(load.scv)
    return rng.lognormal(-variance / 2, math.sqrt(variance), count)


def simulate(requests: Requests, pool: Pool, warm_up: float = WARM_UP) -> Simulated:
    """Play the requests through the pool, first come first served. Raises MissingExtra.

    warm_up: share of the requests that is played and not counted.
    """
    if not len(requests):
        raise InputError("no request to simulate: state a longer run or a higher volume")
    if pool.servers < 1 or not pool.curve:
        raise InputError("a pool needs a server and the time of a batch of 1")
    try:
        import simpy
    except ImportError:
        raise MissingExtra("simulating", "simulate") from None
    env = simpy.Environment()
    run = _Run(env, requests, pool)
    env.process(run.arrive())
    env.run()
    skip = int(len(requests) * warm_up)
    start, finish = np.array(run.start_s), np.array(run.finish_s)
    return Simulated(
        response_s=(finish - requests.arrival_s)[skip:],
        wait_s=(start - requests.arrival_s)[skip:],
        utilisation=run.busy_s / (pool.servers * float(finish.max() - requests.arrival_s[0])),
        mean_batch=len(requests) / run.batches,
        warm_up=skip,
    )


@dataclass
class _Run:
    """The state of one simulation: who waits, how many servers are free, what has finished."""

    env: simpy.Environment
    requests: Requests
    pool: Pool
    waiting: deque[int] = field(default_factory=deque)
    free: int = 0
    busy_s: float = 0.0
    batches: int = 0
    timed: int = -1  # the request that a timer was set for
    start_s: list[float] = field(default_factory=list)
    finish_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = self.pool.servers
        self.start_s = [math.nan] * len(self.requests)
        self.finish_s = [math.nan] * len(self.requests)
        self.at = self.requests.arrival_s.tolist()
        self.length = self.requests.length.tolist()

    def arrive(self) -> Generator[simpy.Event, Any, None]:
        for index, at in enumerate(self.at):
            if at > self.env.now:
                yield self.env.timeout(at - self.env.now)
            self.waiting.append(index)
            self._dispatch()

    def _dispatch(self) -> None:
        """Give waiting requests to free servers, whole batches or ones that are due."""
        most, held = len(self.pool.curve), self.pool.max_wait_s
        while self.free and self.waiting:
            due = self.at[self.waiting[0]] + held
            # A timer's sum may fall short of `due` by a rounding error.
            if len(self.waiting) < most and self.env.now < due - 1e-9 * max(1.0, due):
                if self.timed != self.waiting[0]:
                    self.timed = self.waiting[0]
                    self.env.process(self._later(due))
                return
            batch = [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]
            self.free -= 1
            self.env.process(self._serve(batch))

    def _later(self, due: float) -> Generator[simpy.Event, Any, None]:
        yield self.env.timeout(due - self.env.now)
        self._dispatch()

    def _serve(self, batch: list[int]) -> Generator[simpy.Event, Any, None]:
        seconds = self.pool.curve[len(batch) - 1] * max(self.length[one] for one in batch)
        for one in batch:
            self.start_s[one] = self.env.now
        yield self.env.timeout(seconds)
        for one in batch:
            self.finish_s[one] = self.env.now
        self.busy_s += seconds
        self.batches += 1
        self.free += 1
        self._dispatch()
