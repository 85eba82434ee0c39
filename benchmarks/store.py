"""The store under load and under kill -9: what is lost, what is broken, how long a save takes.

    python -m benchmarks.store                        SQLite in a temporary folder
    python -m benchmarks.store --url postgresql://... an empty PostgreSQL database

One JSON document. `lost` counts what a caller was told is saved and is not there afterwards; faults
are half transactions, damaged results and dangling references, as `advisor saved check` finds them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from advisor.assessment import Assessment
from advisor.errors import InputError
from advisor.store import LOCAL, open_store
from advisor.store.assessments import Assessments
from advisor.store.errors import Conflict

ANSWER = Path(__file__).resolve().parent.parent / "reports" / "samples" / "legal-text.json"


def answer() -> Assessment:
    return Assessment.model_validate_json(ANSWER.read_bytes())


def in_processes(count: int, work: Callable[[int], None]) -> list[int]:
    """Run `work(index)` in `count` processes at once; their exit codes."""
    return [_wait(child) for child in [_fork(work, index) for index in range(count)]]


def count_up(url: str, processes: int, each: int) -> dict[str, Any]:
    """All processes read a number from one title, add one and save, beginning anew on Conflict."""
    store = open_store(url)
    saved = store.assessments(LOCAL).create(answer(), "0")
    store.close()
    with tempfile.NamedTemporaryFile() as conflicts:

        def work(index: int) -> None:
            own = open_store(url)
            assessments, done = own.assessments(LOCAL), 0
            while done < each:
                now = assessments.get(saved.id)
                try:
                    assessments.rename(saved.id, now.version, str(int(now.title) + 1))
                    done += 1
                except Conflict:
                    os.write(conflicts.fileno(), b".")
            own.close()

        codes = in_processes(processes, work)
        retried = os.fstat(conflicts.fileno()).st_size
    store = open_store(url)
    final = store.assessments(LOCAL).get(saved.id)
    found = store.faults()
    store.close()
    return {
        "processes": processes,
        "updates": processes * each,
        "failed_processes": sum(code != 0 for code in codes),
        "conflicts_retried": retried,
        "lost_updates": processes * each - int(final.title),
        "revisions": final.version,
        "faults": found,
    }


def kill_writers(url: str, runs: int, seed: int = 0) -> dict[str, Any]:
    """Kill a writer `runs` times in the middle of its work and look at what is left.

    Each is killed up to 10 ms after a change that is drawn by chance, wherever it is by then.
    """
    dice = random.Random(seed)
    open_store(url).close()
    told: list[tuple[str, int]] = []
    killed = 0
    for _ in range(runs):
        code, own = _write_and_kill(url, dice.randint(2, 8), dice.uniform(0.0, 0.01))
        killed += code == -signal.SIGKILL
        told += own
    store = open_store(url)
    work = store.assessments(LOCAL)
    lost = sum(not _is_there(work, *one) for one in dict(told).items())
    found = store.faults()
    store.close()
    return {
        "runs": runs,
        "killed": killed,
        "changes_told_saved": len(told),
        "lost": lost,
        "faults": found,
    }


def _is_there(work: Assessments, id_: str, version: int) -> bool:
    with contextlib.suppress(InputError):
        return work.get(id_).version >= version
    return False


def _write_and_kill(url: str, changes: int, seconds: float) -> tuple[int, list[tuple[str, int]]]:
    """Exit code of a writer, and every (id, version) that it was told is saved."""
    come, tell = os.pipe()

    def work(_: int) -> None:
        store = open_store(url)
        mine, record = store.assessments(LOCAL), answer()
        while True:
            saved = mine.create(record)
            for change in (
                lambda s: mine.save(s.id, s.version, record),
                lambda s: mine.archive(s.id, s.version),
                lambda s: mine.undo(s.id, s.version),
            ):
                os.write(tell, f"{saved.id} {saved.version}\n".encode())
                saved = change(saved)

    child = _fork(work, 0)
    os.close(tell)
    with os.fdopen(come) as lines:
        told = [next(lines) for _ in range(changes)]
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        code = _wait(child)
        told += lines
    return code, [(id_, int(version)) for id_, version in (line.split() for line in told)]


def _fork(work: Callable[[int], None], index: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work(index)
        os._exit(0)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)


def _wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def timings(url: str, rounds: int = 100) -> dict[str, Any]:
    """Median milliseconds of what the pages do, with 500 assessments stored."""
    store = open_store(url)
    work, record = store.assessments(LOCAL), answer()
    saved = [work.create(record, f"Number {n}") for n in range(500)]
    token = store.links(LOCAL).share(saved[0].id).token
    changed = saved[0]

    def save() -> None:
        nonlocal changed
        changed = work.save(changed.id, changed.version, record)

    calls: dict[str, Callable[[], object]] = {
        "create": lambda: work.create(record),
        "save_revision": save,
        "list_50": work.page,
        "search": lambda: work.page("number 49"),
        "read_revision": lambda: work.revision(saved[1].id),
        "open_link": lambda: store.open_link(token),
    }
    found = {f"{name}_ms": _median_ms(call, rounds) for name, call in calls.items()}
    start = time.perf_counter()
    open_store(url).close()
    found["open_store_ms"] = (time.perf_counter() - start) * 1e3
    store.close()
    return {"answer_bytes": ANSWER.stat().st_size, **found}


def _median_ms(call: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return round(statistics.median(times), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="an empty database (default: SQLite in a temporary folder)")
    parser.add_argument("--runs", type=int, default=60, help="writers to kill")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--each", type=int, default=200, help="updates of each process")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{folder}/advisor.db"
        found = {
            "timings": timings(url),
            "updates": count_up(url, options.processes, options.each),
            "kills": kill_writers(url, options.runs),
        }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
