"""A sweep over a local two-node Ray cluster: all points once, a lost node's tasks elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
ray = pytest.importorskip("ray", reason="the extra 'cluster' (ray) is not installed")
pytestmark = pytest.mark.slow

from ray.cluster_utils import Cluster  # noqa: E402

from advisor.profiler.fleet import sweep_fleet  # noqa: E402
from advisor.profiler.sweep import Settings  # noqa: E402
from advisor.profiles import read_profile  # noqa: E402
from tests.profiler.make import CATALOG, MODEL, ROOT, spec  # noqa: E402

BATCHES = (1, 2, 3, 4, 5, 6)
DEVICE = "cpu-fleet-2t"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that does no work and two nodes with one processor each."""
    os.environ["PYTHONPATH"] = str(ROOT)
    made = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 80 * 2**20}
    )
    nodes = [made.add_node(num_cpus=1, object_store_memory=80 * 2**20) for _ in range(2)]
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False)
    yield made, nodes
    ray.shutdown()
    made.shutdown()


def _sweep(folder: Path, log: Path, said: list[str]) -> list[Any]:
    return sweep_fleet(
        [spec(batch=batch) for batch in BATCHES],
        CATALOG,
        Settings(folder),
        command=[sys.executable, "-m", "tests.profiler.fake_node", str(log)],
        report=said.append,
    )


@pytest.mark.flaky(reruns=2)  # a loaded machine starts Ray's nodes late
def test_all_points_are_measured_once_though_a_node_is_lost_in_the_middle(
    cluster: Any, tmp_path: Path
) -> None:
    made, nodes = cluster
    log, said = tmp_path / "log", list[str]()

    def lose_a_node() -> None:
        while not log.is_file() or log.read_text().count("start") < 2:
            time.sleep(0.02)  # two starts: both nodes are at work
        made.remove_node(nodes[0], allow_graceful=False)

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
