"""M/D/c exactly, for comparison: service time 1, stationary number in system, Franx's formula."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np


def _poisson(mean: float, count: int) -> np.ndarray:
    n = np.arange(count)
    if mean == 0:
        return (n == 0).astype(float)
    logs = n * math.log(mean) - mean - np.array([math.lgamma(k + 1) for k in n])
    return np.exp(logs)


@lru_cache(maxsize=64)
def _cumulative(rho: float, servers: int) -> np.ndarray:
    """P(number in system <= n): X' = max(X - c, 0) + Poisson(rho c), solved as a linear system."""
    size = int(servers + 30 / (1 - rho) + 8 * math.sqrt(rho * servers) + 30)
    arrivals = _poisson(rho * servers, size)
    moves = np.zeros((size, size))
    for n in range(size):
        first = max(n - servers, 0)
        moves[n, first:] = arrivals[: size - first]
        moves[n, -1] += max(0.0, 1 - moves[n].sum())
    system = moves.T - np.eye(size)
    system[-1] = 1
    goal = np.zeros(size)
    goal[-1] = 1
    return np.cumsum(np.linalg.solve(system, goal))


def _at_most(rho: float, servers: int, wait: float) -> float:
    below = _cumulative(rho, servers)
    steps = math.floor(wait) + 1
    count = steps * servers
    weights = _poisson(rho * servers * (steps - wait), count)
    in_queue = np.arange(count)[::-1]
    return float(below[np.minimum(servers + in_queue, len(below) - 1)] @ weights)


def wait_percentile(rho: float, servers: int, share: float) -> float:
    """Wait that `share` of the customers stay under, in service times."""
    if _at_most(rho, servers, 0.0) >= share:
        return 0.0
    low, high = 0.0, 1.0
    while _at_most(rho, servers, high) < share:
        high *= 2
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(rho, servers, middle) < share else (low, middle)
    return high
