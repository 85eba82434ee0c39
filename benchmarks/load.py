"""The served web form under load: fifty sessions at once, latencies, errors, the server's memory.

    python -m benchmarks.load --minutes 5 --save      about two minutes more for start and end

Each client is a session of its own (benchmarks/browser_session.py) that does as a consultant does:
opens the form, takes an example, has it assessed, moves a slider, downloads a file, makes a share
link and opens it, looks at the saved list; with pauses of `--think` seconds in the mean between
steps (drawn, seeded). Then it leaves and comes again. Clients run on the same cores as the server.

Memory is the server's resident set: with nobody there, at the start and end of the second half, and
after everybody has left. Exit code 1 if any step failed.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import os
import platform
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import numpy as np
from websockets.exceptions import WebSocketException

from advisor.files import write_atomic
from benchmarks.browser_session import Broken, Page, fetch, visit
from benchmarks.web import free_port, memory_mb, start

RESULT = Path(__file__).resolve().parent / "results" / "load.json"
LIMIT_S = 300.0  # a step that takes longer is an error
SETTLE_S = 20.0
ARRIVE_S = 60.0  # within the first minute everybody comes
FILES = ("CSV of options", "JSON", "Use case", "Markdown", "HTML", "PDF")
LAST_HEADING = "Take it with you"
T = TypeVar("T")


class Log:
    """Seconds of every step by its name, and every error."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = collections.defaultdict(list)
        self.errors: collections.Counter[str] = collections.Counter()
        self.open = self.most_open = 0

    async def timed(self, name: str, action: Awaitable[T]) -> T:
        """Wait for a step and note how long it took. Raises TimeoutError after LIMIT_S."""
        begun = time.perf_counter()
        done = await asyncio.wait_for(action, LIMIT_S)
        self.taken[name].append(time.perf_counter() - begun)
        return done

    def failed(self, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        self.errors[words] += 1
        print(words, file=sys.stderr, flush=True)


async def client(number: int, port: int, log: Log, end: float, think_s: float) -> None:
    """Sessions one after the other until the time is over."""
    random = Random(number)
    await asyncio.sleep(random.random() * ARRIVE_S)
    while time.monotonic() < end:
        try:
            await log.timed("page", fetch(port, "/"))
            async with visit(port) as page:
                log.open += 1
                log.most_open = max(log.open, log.most_open)
                try:
                    await session(page, port, log, random, end, think_s)
                finally:
                    log.open -= 1
        except (Broken, OSError, TimeoutError, WebSocketException) as error:
            log.failed(error)
            await asyncio.sleep(1.0)


async def session(
    page: Page, port: int, log: Log, random: Random, end: float, think_s: float
) -> None:
    """From an empty form to a shared result; left early when the time is over."""

    async def pause() -> bool:
        left = end - time.monotonic()
        await asyncio.sleep(max(0.0, min(left, random.expovariate(1 / think_s))))
        return time.monotonic() < end

    await log.timed("form", page.run())
    example = random.choice(page.options("Start from an example"))
    if not await pause():
        return
    await log.timed("example", page.choose("Start from an example", example))
    if not await pause():
        return
    await log.timed("submit", page.press("Assess"))
    if LAST_HEADING not in page.headings:
        raise Broken(f"the result of '{example}' ends with {page.headings[-1:]}")
    for _ in range(3):
        if not await pause():
            return
        await log.timed("slider", page.slide("Volume", random.random()))
    name = random.choice(FILES)
    await log.timed(f"download {name}", page.download(name))
    if not await pause():
        return
    await log.timed("share", page.press("Make a link"))
    token = next((found[1] for code in page.codes if (found := re.search(r"\?t=(\S+)", code))), "")
    await log.timed("healthz", fetch(port, "/healthz"))
    if await pause():
        async with visit(port) as other:
            await log.timed("shared", other.run("shared", f"t={token}"))
            if LAST_HEADING not in other.headings:
                raise Broken("a share link does not show its result")
    if await pause():
        await log.timed("saved", page.run("saved"))


async def watch(pid: int, samples: list[tuple[float, float]], end: float) -> None:
    """The server's memory every five seconds, MB."""
    while time.monotonic() < end:
        samples.append((time.monotonic(), memory_mb(pid)))
        await asyncio.sleep(5.0)


async def crowd(
    port: int, pid: int, clients: int, seconds: float, think_s: float
) -> dict[str, Any]:
    """All clients at once for so long; what was seen."""
    log, samples = Log(), list[tuple[float, float]]()
    alone_mb, busy = memory_mb(pid), processor_s(pid)
    begun = time.monotonic()
    end = begun + seconds
    users = [client(number, port, log, end, think_s) for number in range(clients)]
    await asyncio.gather(watch(pid, samples, end), *users)
    spent_s, lasted_s = processor_s(pid) - busy, time.monotonic() - begun
    await asyncio.sleep(SETTLE_S)
    return {
        "sessions_at_once": log.most_open,
        "steps": sum(map(len, log.taken.values())),
        "assessments": len(log.taken["submit"]),
        "errors": dict(log.errors),
        "seconds": {name: spread(taken) for name, taken in sorted(log.taken.items())},
        "server_processor_share": round(spent_s / lasted_s, 3),
        "memory_mb": {"alone": round(alone_mb), **growth(samples), "left": round(memory_mb(pid))},
    }


def processor_s(pid: int) -> float:
    """Seconds of processor that the server has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def spread(taken: list[float]) -> dict[str, float]:
    p50, p95, p99 = (float(np.quantile(taken, share)) for share in (0.5, 0.95, 0.99))
    return {
        "n": len(taken),
        "p50": round(p50, 3),
        "p95": round(p95, 3),
        "p99": round(p99, 3),
        "max": round(max(taken), 3),
    }


def growth(samples: list[tuple[float, float]]) -> dict[str, float]:
    """Memory over the second half: means of its first and last quarter, and the slope."""
    half = samples[len(samples) // 2 :]
    quarter = max(1, len(half) // 4)
    at, used = (np.array(column) for column in zip(*half, strict=True))
    slope = float(np.polyfit(at, used, 1)[0]) * 60 if len(half) > 2 else 0.0
    return {
        "second_half_starts": round(statistics.fmean(used[:quarter])),
        "second_half_ends": round(statistics.fmean(used[-quarter:])),
        "second_half_mb_per_minute": round(slope, 1),
        "most": round(max(each for _, each in samples)),
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        server, ready_s = start(home, port)
        try:
            time.sleep(SETTLE_S)  # the server warms up beside its first users; not measured here
            found = asyncio.run(
                crowd(port, server.pid, options.clients, options.minutes * 60, options.think)
            )
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)
    return {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "minutes": options.minutes,
        "clients": options.clients,
        "think_s": options.think,
        "server_ready_s": round(ready_s, 2),
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--think", type=float, default=15.0, help="mean seconds between two steps")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    found = measure(options)
    text = json.dumps(found, indent=1) + "\n"
    if options.save:
        write_atomic(RESULT, text)
    print(text, end="")
    sys.exit(bool(found["errors"]))


if __name__ == "__main__":
    main()
