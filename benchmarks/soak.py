"""The whole chain on random valid use cases: all answered, finite, explained, the same twice.

    python -m benchmarks.soak --minutes 30              go on where the last run stopped
    python -m benchmarks.soak --seeds 10000 --processes 2
    python -m benchmarks.soak --save                    add to results/soak.json, by catalog

Seed n is always the same case (tests/trust/generate.py). One line a case is appended to
out/soak/<catalog version>.jsonl as it is answered. Every AGAIN-th case is answered a second time in
another process, and the two must be the same bytes. Every RENDERED-th is rendered as a page.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from advisor import assess, load_catalog, render_html
from advisor.errors import AdvisorError
from advisor.files import write_atomic
from tests.trust.generate import use_case
from tests.trust.whole import ASKED_BACK, faults

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "soak.json"
TODAY = date(2026, 11, 23)
AGAIN, RENDERED = 5, 10
CASES_PER_PROCESS = 300

Job = tuple[int, bool]  # seed; whether it is the second time


def answered(job: Job) -> dict[str, Any]:
    """One line of the log."""
    seed, again = job
    line: dict[str, Any] = {"seed": seed, "again": again, "faults": []}
    start = time.process_time()
    try:
        asked = use_case(random.Random(seed))
        answer = assess(asked, as_of=TODAY)
        text = answer.model_dump_json()
        line |= {
            "s": round(time.process_time() - start, 3),
            "verdict": answer.verdict,
            "family": answer.family,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        if not again:
            line["faults"] = faults(answer)
            if seed % RENDERED == 0:
                render_html(answer)
    except AdvisorError as error:
        kept = "asked_back" if ASKED_BACK in str(error) else "faults"
        line[kept] = [f"refused: {error}"]
    except Exception as error:  # what a soak is for
        line["faults"] = [f"{type(error).__name__}: {error}"]
    return line


def known(log: Path) -> list[dict[str, Any]]:
    """The lines of whole cases; one cut short by a kill does not count."""
    lines = []
    for text in log.read_text(encoding="utf-8").splitlines() if log.is_file() else []:
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def jobs(seeds: range, done: set[Job]) -> Iterator[Job]:
    """Second times come well after first ones, so that another process gets them."""
    for seed in seeds:
        if (seed, False) not in done:
            yield seed, False
        earlier = seed - CASES_PER_PROCESS
        if earlier >= seeds.start and earlier % AGAIN == 0 and (earlier, True) not in done:
            yield earlier, True


def run(log: Path, seeds: range, minutes: float, processes: int) -> None:
    """Append to the log until all seeds are answered or the time is over."""
    log.parent.mkdir(parents=True, exist_ok=True)
    done = {(line["seed"], line["again"]) for line in known(log)}
    end = time.monotonic() + minutes * 60
    context = multiprocessing.get_context("spawn")  # a hash seed of its own for each process
    with (
        log.open("a", encoding="utf-8") as out,
        context.Pool(processes, maxtasksperchild=CASES_PER_PROCESS) as pool,
    ):
        for line in pool.imap_unordered(answered, jobs(seeds, done)):
            out.write(json.dumps(line) + "\n")
            out.flush()
            for fault in line["faults"]:
                print(f"seed {line['seed']}: {fault}", file=sys.stderr, flush=True)
            if time.monotonic() > end:
                pool.terminate()
                break


def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What the log says."""
    first = {line["seed"]: line for line in lines if not line["again"]}
    second = [line for line in lines if line["again"]]
    differ = [
        one["seed"] for one in second if one.get("sha256") != first[one["seed"]].get("sha256")
    ]
    wrong = {seed: line["faults"] for seed, line in sorted(first.items()) if line["faults"]}
    seconds = np.array([line["s"] for line in lines if "s" in line] or [0.0])
    return {
        "date": date.today().isoformat(),
        "catalog": load_catalog().version,
        "cores": os.cpu_count(),
        "cases": len(first),
        "with_faults": len(wrong),
        "faults": dict(list(wrong.items())[:50]),
        "asked_back_for_a_price": sum("asked_back" in line for line in first.values()),
        "answered_twice": len(second),
        "different_the_second_time": differ,
        "rendered": sum(seed % RENDERED == 0 for seed in first),
        "verdicts": dict(collections.Counter(one.get("verdict") for one in first.values())),
        "families": len({one.get("family") for one in first.values()}),
        "processor_s_mean": round(float(seconds.mean()), 3),
        "processor_s_p50": round(float(np.quantile(seconds, 0.5)), 3),
        "processor_s_p95": round(float(np.quantile(seconds, 0.95)), 3),
        "processor_s_max": float(seconds.max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    log = ROOT / "out" / "soak" / f"{load_catalog().version}.jsonl"
    seeds = range(options.first, options.first + options.seeds)
    run(log, seeds, options.minutes, options.processes)
    found = summary(known(log))
    if options.save:
        kept = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
        kept[found["catalog"]] = found
        write_atomic(RESULT, json.dumps(kept, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    sys.exit(bool(found["with_faults"] or found["different_the_second_time"]))


if __name__ == "__main__":
    main()
