"""A sweep over a local two-node Ray cluster: all points once, a lost node's tasks elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="the extra 'cluster' (ray) is not installed")
pytestmark = pytest.mark.slow

from advisor.profiler.fleet import sweep_fleet  # noqa: E402
from advisor.profiler.sweep import Settings  # noqa: E402
from advisor.profiles import read_profile  # noqa: E402
from tests.local_cluster import hold, lose_node, nodes, release  # noqa: E402
from tests.profiler.make import CATALOG, MODEL, spec  # noqa: E402

BATCHES = (1, 2, 3, 4, 5, 6)
DEVICE = "cpu-fleet-2t"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with nodes(2) as made:
        yield made


def _sweep(folder: Path, log: Path, said: list[str]) -> list[Any]:
    return sweep_fleet(
        [spec(batch=batch) for batch in BATCHES],
        CATALOG,
        Settings(folder),
        command=[sys.executable, "-m", "tests.profiler.fake_node", str(log)],
        report=said.append,
    )


def test_all_points_are_measured_once_though_a_node_is_lost_in_the_middle(
    cluster: Any, tmp_path: Path
) -> None:
    log, said = tmp_path / "log", list[str]()
    hold(tmp_path, cluster)

    def lose_a_node() -> None:
        while not log.is_file() or log.read_text().count("start") < 2:
            time.sleep(0.02)  # a node does one point at a time: both are at work
        lose_node(cluster)
        release(tmp_path, cluster)

    killer = threading.Thread(target=lose_a_node)
    killer.start()
    done = _sweep(tmp_path / "profiles", log, said)
    killer.join()
    assert sorted(d.point.workload.batch for d in done) == list(BATCHES)
    assert all(d.point.outcome == "measured" for d in done)
    profile = read_profile(tmp_path / "profiles" / DEVICE / f"{MODEL}.json")
    assert sorted(p.workload.batch for p in profile.points) == list(BATCHES)
    started = Counter(line.split()[1] for line in log.read_text().splitlines())
    assert set(started) == {str(batch) for batch in BATCHES}
    assert sum(started.values()) > len(BATCHES)  # the lost node's task ran twice
    assert any("was lost" in line for line in said)

    log.unlink()  # and a second run finds everything there
    again = _sweep(tmp_path / "profiles", log, said)
    assert [d.found for d in again] == [True] * len(BATCHES) and not log.exists()
