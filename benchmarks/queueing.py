"""The closed forms of the queue against simulation: how far off, where.

    python -m benchmarks.queueing             the whole grid; writes results/queueing.json (minutes)
    python -m benchmarks.queueing --show      prints the stored table

Every cell is a long run of one queue. Requests are made by `advisor.cost.simulation`; a recursion
(who is free first?) plays them, because it is 20 times as fast as events. The simulator of the
program (simpy) plays the first 20,000 of every cell too and has to give the same numbers: the
largest difference is printed. Exits 1 where a cell breaks what `queueing.accuracy` claims.
"""

from __future__ import annotations

import heapq
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.cost.queueing import Load, Shape, accuracy, response_percentile_s
from advisor.cost.simulation import (
    BLOCKS,
    T_19,
    WARM_UP,
    Pool,
    Requests,
    busiest_hour,
    simulate,
)

RESULT = Path(__file__).parent / "results" / "queueing.json"
UTILISATIONS = (0.3, 0.5, 0.7, 0.85, 0.95)
SERVERS = (1, 2, 4, 8, 16, 32, 64)
SERVICES: tuple[tuple[str, float, Shape], ...] = (
    ("fixed", 0.0, "lognormal"),
    ("exponential", 1.0, "exponential"),
    ("log-normal, cv 0.5", 0.25, "lognormal"),
    ("log-normal, cv 1", 1.0, "lognormal"),
    ("log-normal, cv 2", 4.0, "lognormal"),
)
BURSTS = (2.0, 8.0, 32.0)
PERCENTILES = (50, 90, 95, 99)
PLAYED_TWICE = 20_000


def cells() -> Iterator[tuple[str, Load]]:
    """All cells: services without bursts, then bursts of equal and of spread requests."""
    for name, scv, shape in SERVICES:
        for burst in (1.0, *(BURSTS if scv in (0.0, 1.0) and name != "exponential" else ())):
            for servers in SERVERS:
                for rho in UTILISATIONS:
                    yield name, Load(1.0, rho * servers, servers, scv, shape, burst)


def recursion(requests: Requests, servers: int, service_s: float) -> NDArray[np.float64]:
    """Response of each request: it goes to the server that is free first."""
    seconds = requests.length * service_s
    if servers == 1:
        done = np.cumsum(seconds)
        idle = requests.arrival_s - np.concatenate([[0.0], done[:-1]])
        return np.maximum.accumulate(idle) + done - requests.arrival_s
    free, finish = [0.0] * servers, []
    take = heapq.heapreplace
    for at, long in zip(requests.arrival_s.tolist(), seconds.tolist(), strict=True):
        first = free[0]
        end = (at if at > first else first) + long
        take(free, end)
        finish.append(end)
    return np.array(finish) - requests.arrival_s


def measured(
    name: str, load: Load, count: int, seed: int = 1
) -> tuple[list[dict[str, Any]], float]:
    """Rows of one cell, one per percentile; and the largest difference to simpy in seconds."""
    requests = busiest_hour(load, count, seed)
    response = recursion(requests, load.servers, load.service_s)
    apart = _apart(requests, response, load)
    response = response[int(count * WARM_UP) :]
    blocks = np.array_split(response, BLOCKS)
    rows = []
    for p in PERCENTILES:
        seen = float(np.percentile(response, p))
        spread = float(np.std([np.percentile(one, p) for one in blocks], ddof=1))
        predicted = response_percentile_s(load, p)
        rows.append(
            {
                "service": name,
                "burst": load.burst,
                "servers": load.servers,
                "utilisation": round(load.utilisation, 4),
                "percentile": p,
                "predicted_s": round(predicted, 4),
                "simulated_s": round(seen, 4),
                "error": round(predicted / seen - 1, 4),
                "noise": round(T_19 * spread / BLOCKS**0.5 / seen, 4),
            }
        )
    return rows, apart


def _apart(requests: Requests, response: NDArray[np.float64], load: Load) -> float:
    first = Requests(requests.arrival_s[:PLAYED_TWICE], requests.length[:PLAYED_TWICE])
    played = simulate(first, Pool(load.servers, (load.service_s,)))
    same = response[played.warm_up : len(first)]
    return float(np.abs(played.response_s - same).max())


def claimed_bound(claim: str) -> float:
    """0.10 of 'within 10 % of simulation'."""
    return float(claim.split()[1]) / 100


def broken(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows off by more than is claimed and the noise of the run together explain."""
    found = []
    for row in rows:
        claim = accuracy(load_of_row(row), row["percentile"])
        if claim and abs(row["error"]) > claimed_bound(claim) + row["noise"]:
            found.append(row)
    return found


def load_of_row(row: dict[str, Any]) -> Load:
    """The load of a stored row, service times of 1 s."""
    scv, shape = next((scv, shape) for name, scv, shape in SERVICES if name == row["service"])
    servers = row["servers"]
    return Load(1.0, row["utilisation"] * servers, servers, scv, shape, row["burst"])


def main() -> None:
    if "--show" in sys.argv[1:]:
        stored = json.loads(RESULT.read_text(encoding="utf-8"))
        _show(stored["rows"], stored["simpy_apart_s"])
        return
    rows: list[dict[str, Any]] = []
    apart = 0.0
    for name, load in cells():
        count = 6_000_000 if load.servers == 1 else 1_500_000
        if load.utilisation > 0.9 and load.servers > 1:
            count = 5_000_000
        found, difference = measured(name, load, count)
        rows += found
        apart = max(apart, difference)
        worst = max(found, key=lambda row: abs(row["error"]))
        print(
            name, load.burst, load.servers, round(load.utilisation, 2), worst["error"], flush=True
        )
    text = json.dumps({"simpy_apart_s": apart, "rows": rows}, indent=None)
    RESULT.write_text(text.replace("}, {", "},\n{") + "\n", encoding="utf-8")
    _show(rows, apart)
    sys.exit(bool(broken(rows)))


def _show(rows: list[dict[str, Any]], apart: float) -> None:
    """Per service and burst: the errors of each percentile, lowest to highest, over the grid."""
    groups = list(dict.fromkeys((row["service"], row["burst"]) for row in rows))
    print(f"{'service':<22}{'burst':>6}" + "".join(f"{f'p{p}':>20}" for p in PERCENTILES))
    for service, burst in groups:
        cell = f"{service:<22}{burst:>6g}"
        for p in PERCENTILES:
            errors = [
                row["error"]
                for row in rows
                if (row["service"], row["burst"], row["percentile"]) == (service, burst, p)
            ]
            cell += f"{f'{min(errors):+.1%} to {max(errors):+.1%}':>20}"
        print(cell)
    print(f"simpy and the recursion differ by {apart:.1e} s at most")
    for row in broken(rows):
        print("BROKEN", row)


if __name__ == "__main__":
    main()
