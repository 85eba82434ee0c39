"""A portfolio over processes and over a Ray cluster on this machine, with and without losses.

    python -m benchmarks.scale --cases 400 --save

The same use cases in one process, in two, on a cluster of one node, of two, and of two of which one
is killed in the middle. Nodes have one processor each; the head does no work, but it and this
process share the machine's cores with them. Wall seconds, start of the workers included (the
cluster's own start is not). All documents must be the same bytes. Besides: what the machine that
asks does for each file, which bounds how many nodes one portfolio can feed (docs/scale.md).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import ray

from advisor.cluster import mapped
from advisor.files import write_atomic
from advisor.portfolio import CHUNK, Portfolio, assess_folder, read_job
from advisor.usecase import dump_yaml
from benchmarks.deciding import DAY, other, use_cases
from tests.local_cluster import lose_node, nodes

RESULT = Path(__file__).resolve().parent / "results" / "scale.json"
CHEAP_JOBS = 20_000


def write_cases(folder: Path, count: int) -> None:
    """The examples and recorded decisions, each with other volumes and peaks."""
    cases = use_cases()
    for number in range(count):
        text = dump_yaml(other(cases[number % len(cases)], 1 + number // len(cases)))
        (folder / f"{number:05}.yaml").write_text(text, encoding="utf-8")


def nothing(job: int) -> int:
    return job


@contextmanager
def losing_one(cluster: Any, after_s: float) -> Iterator[None]:
    """One node is killed so many seconds after the start."""
    killer = threading.Timer(after_s, lose_node, [cluster])
    killer.start()
    yield
    killer.join()


def timed(run: Callable[[], Portfolio]) -> tuple[float, str]:
    begun = time.perf_counter()
    made = run()
    return round(time.perf_counter() - begun, 1), made.model_dump_json()


def on_cluster(folder: Path, count: int, lose_after_s: float | None = None) -> tuple[float, str]:
    """The portfolio on a fresh cluster of `count` nodes."""
    with nodes(count) as cluster:
        run = lambda: timed(lambda: assess_folder(folder, as_of=DAY, engine="ray"))  # noqa: E731
        if lose_after_s is None:
            return run()
        with losing_one(cluster, lose_after_s):
            return run()


def per_file(folder: Path) -> dict[str, float]:
    """Milliseconds of the asking machine for each file: to read it, and to hand a job out."""
    files = sorted(folder.iterdir())
    begun, busy = time.perf_counter(), time.process_time()
    for file in files:
        read_job(folder, file, DAY, None, "")
    read_ms = 1e3 * (time.process_time() - busy) / len(files)
    with nodes(2):
        list(mapped(ray, nothing, range(100), chunk=CHUNK, lost=nothing))
        begun, busy = time.perf_counter(), time.process_time()
        list(mapped(ray, nothing, range(CHEAP_JOBS), chunk=CHUNK, lost=nothing))
        wall_ms = 1e3 * (time.perf_counter() - begun) / CHEAP_JOBS
        used_ms = 1e3 * (time.process_time() - busy) / CHEAP_JOBS
    return {
        "read_processor_ms": round(read_ms, 2),
        "handed_out_wall_ms": round(wall_ms, 3),
        "handed_out_processor_ms": round(used_ms, 3),
    }


def measure(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cases(folder, count)
        alone_s, alone = timed(lambda: assess_folder(folder, as_of=DAY, workers=1))
        found = {"one process": (alone_s, alone)}
        found["two processes"] = timed(lambda: assess_folder(folder, as_of=DAY, workers=2))
        found["ray, one node"] = on_cluster(folder, 1)
        found["ray, two nodes"] = on_cluster(folder, 2)
        half = found["ray, two nodes"][0] / 2
        found["ray, two nodes, one lost halfway"] = on_cluster(folder, 2, half)
        return {
            "cases": count,
            "wall_s": {name: seconds for name, (seconds, _) in found.items()},
            "same_bytes": all(text == alone for _, text in found.values()),
            "each_file_ms": per_file(folder),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    load_before = round(os.getloadavg()[0], 1)
    found = {
        "date": date.today().isoformat(),
        "cores": os.cpu_count(),
        "load_average_before": load_before,
        **measure(options.cases),
    }
    text = json.dumps(found, indent=1) + "\n"
    if options.save:
        write_atomic(RESULT, text)
    print(text, end="")
    sys.exit(not found["same_bytes"])


if __name__ == "__main__":
    main()
