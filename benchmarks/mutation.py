"""Mutation testing and coverage: a seeded sample of mutants of each room, against its own tests.

    pip install mutmut coverage          (not among the test extra: nothing else needs them)
    python -m benchmarks.mutation --rooms rules cost estimator --sample 100 --save

A mutant (benchmarks/mutants.py) is killed where a test fails and survives where none does. It meets
the tests that reach its line first, quickest first; what survives them meets all tests of the room.
Tests that start processes of their own do not see it. Mutmut's own runner copies the tree and
rewrites every function; here a mutant lives in a forked process only, which has the libraries
already. Runs go on where the last one stopped (out/mutation/). Coverage is that of the run that
finds which test reaches which line.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import importlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from importlib.machinery import SourceFileLoader
from pathlib import Path
from random import Random
from types import CodeType
from typing import Any

import coverage
import pytest

from benchmarks.mutants import ROOT, Mutant, mutants_of

RESULT = ROOT / "benchmarks" / "results" / "mutation.json"
ROOMS = ("rules", "cost", "estimator")
LIBRARIES = ("hypothesis", "numpy", "pandas", "pydantic", "yaml", "click", "scipy.stats", "simpy")
OPTIONS = ("-x", "-q", "--no-header", "--no-summary", "--hypothesis-seed=0", "-p", "no:xdist")
ROOM_S, TESTS_S = 600.0, 60.0  # until a run counts as hanging: all tests of a room; some of them

Reach = Mapping[str, Any]  # coverage, reached: {file: {line: [tests]}}, seconds: {test: s}


class _Recorder:
    """Which test reaches which line, and how long each test takes."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self.seconds: collections.Counter[str] = collections.Counter()
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._measured.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)


class _Only:
    """Runs the named tests alone, quickest first."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._order = {name: place for place, name in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order),
            key=lambda item: self._order[item.nodeid],
        )


def apart(function: Callable[..., Any], *given: Any, limit_s: float) -> Any:
    """What a function returns in a forked process; None where it dies or takes too long."""
    forked = multiprocessing.get_context("fork")
    here, there = forked.Pipe(duplex=False)
    child = forked.Process(target=_child, args=(there, function, given))
    child.start()
    there.close()
    try:
        return here.recv() if here.poll(limit_s) else None
    except EOFError:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid or 0, signal.SIGKILL)
        child.join()


def _child(there: Any, function: Callable[..., Any], given: Sequence[Any]) -> None:
    os.setsid()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1), os.dup2(silent, 2)
    from hypothesis.configuration import set_hypothesis_home_dir

    with tempfile.TemporaryDirectory() as scratch:  # what fails under a mutant is not remembered
        set_hypothesis_home_dir(scratch)
        there.send(function(*given))


def reach_of(room: str) -> Reach:
    """Run all tests of a room on its code as it is. Raises RuntimeError where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        measured = coverage.Coverage(
            source=[str(ROOT / "advisor" / room)], data_file=None, branch=True
        )
        recorder = _Recorder(measured)
        measured.start()
        options = [one for one in OPTIONS if one != "-x"]
        pytest.main([*options, f"tests/{room}"], plugins=[recorder])
        measured.stop()
        measured.json_report(outfile=str(report), show_contexts=True)
        found = json.loads(report.read_text(encoding="utf-8"))
    if recorder.failed:
        raise RuntimeError(f"tests fail without any mutant: {', '.join(recorder.failed[:5])}")
    totals = found["totals"]
    return {
        "coverage": {
            "lines": round(100 * totals["covered_lines"] / totals["num_statements"], 1),
            "branches": round(100 * totals["covered_branches"] / totals["num_branches"], 1),
        },
        "reached": {name: one["contexts"] for name, one in found["files"].items()},
        "seconds": dict(recorder.seconds),
    }


def put_in(mutant: Mutant) -> None:
    """From now on this process imports the mutant in place of its file."""
    path, own, text = str(ROOT / mutant.file), SourceFileLoader.get_code, mutant.text().encode()

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        if os.path.abspath(loader.path) == path:
            return loader.source_to_code(text, path)
        return own(loader, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]


def survives(mutant: Mutant, room: str, tests: Sequence[str] | None) -> bool:
    """Whether no test fails; all tests of the room where none are named."""
    put_in(mutant)
    files = sorted({test.split("::")[0] for test in tests}) if tests else [f"tests/{room}"]
    plugins = [_Only(tests)] if tests else []
    return pytest.main([*OPTIONS, *files], plugins=plugins) == 0


def fate(mutant: Mutant, room: str, reach: Reach) -> str:
    """killed, hangs, survived, or not reached by any test."""
    lines = reach["reached"].get(mutant.file, {})
    contexts = {
        test for n in range(mutant.first, mutant.last + 1) for test in lines.get(str(n), ())
    }
    if not contexts:
        return "not reached"
    tests = sorted(contexts - {""}, key=lambda test: (reach["seconds"].get(test, 0.0), test))
    for named, limit_s in ((tests, TESTS_S), (None, ROOM_S)):
        if named == []:  # reached on import alone: all tests of the room
            continue
        usual_s = sum(reach["seconds"].get(test, 0.0) for test in named or ())
        alive = apart(survives, mutant, room, named, limit_s=limit_s + 5 * usual_s)
        if not alive:
            return "hangs" if alive is None else "killed"
    return "survived"


def sampled(room: str, count: int, seed: int) -> tuple[list[Mutant], int]:
    """A seeded sample of a room's mutants, and how many there are."""
    files = sorted((ROOT / "advisor" / room).glob("*.py"))
    every = [mutant for file in files for mutant in mutants_of(file)]
    return Random(seed).sample(every, min(count, len(every))), len(every)


def examine(room: str, count: int, seed: int, end: float) -> dict[str, Any]:
    """Try a room's sample until all are tried or the time is over."""
    log = ROOT / "out" / "mutation" / f"{room}.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    known = {one["key"]: one["fate"] for one in map(json.loads, lines)}
    mutants, every = sampled(room, count, seed)
    reach = apart(reach_of, room, limit_s=2 * ROOM_S)
    if reach is None:
        sys.exit(f"the tests of {room} fail, or take too long, without any mutant")
    fates: list[tuple[Mutant, str]] = []
    for mutant in mutants:
        if mutant.key not in known and time.monotonic() < end:
            known[mutant.key] = fate(mutant, room, reach)
            with log.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"key": mutant.key, "fate": known[mutant.key]}) + "\n")
        if mutant.key in known:
            fates.append((mutant, known[mutant.key]))
    counts = collections.Counter(found for _, found in fates)
    dead = counts["killed"] + counts["hangs"]
    return {
        "date": date.today().isoformat(),
        "mutants": every,
        "tried": len(fates),
        "seed": seed,
        **{name.replace(" ", "_"): n for name, n in sorted(counts.items())},
        "score_percent": round(100 * dead / len(fates), 1) if fates else None,
        "coverage_percent": reach["coverage"],
        "alive": [f"{mutant} ({found})" for mutant, found in fates
                  if found in ("survived", "not reached")],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS))
    parser.add_argument("--sample", type=int, default=100, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    os.chdir(ROOT)
    for name in LIBRARIES:
        importlib.import_module(name)
    end = time.monotonic() + options.minutes * 60
    found = {}
    for room in options.rooms:
        found[room] = examine(room, options.sample, options.seed, end)
        print(room, json.dumps(found[room], indent=1), flush=True)
    if options.save:
        from advisor.files import write_atomic

        kept = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
        write_atomic(RESULT, json.dumps({**kept, **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
