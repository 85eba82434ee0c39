"""A Ray cluster on this machine: a head that does no work, and nodes of one processor each.

Nothing in it depends on how fast the machine is: nodes may take minutes to start, a slow node is
not taken for a lost one (it has a minute to answer each time it is asked), and a lost one is seen
in seconds, since its port refuses at once.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
_ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),  # nodes import the tests' own functions
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_gcs_server_port_wait_time_s": "300",
    "RAY_gcs_server_request_timeout_seconds": "300",
}
_HEALTH = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 60_000,
    "health_check_failure_threshold": 4,
}
_NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
_START_S = 300
_ORPHANED_S = 600  # a process that nobody ends does not stay for ever


@contextlib.contextmanager
def nodes(count: int = 2) -> Iterator[Any]:
    """The cluster, with this process connected to its head."""
    # Other tests of this process see none of it afterwards.
    with mock.patch.dict(os.environ, _ENVIRONMENT), _cluster(count) as cluster:
        yield cluster


@contextlib.contextmanager
def _cluster(count: int) -> Iterator[Any]:
    import ray
    from ray.cluster_utils import Cluster

    head = {**_NODE, "num_cpus": 0, "include_dashboard": False, "_system_config": _HEALTH}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(count):
            cluster.add_node(wait=False, **_NODE)
        cluster.wait_for_nodes(timeout=_START_S)
        ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def lose_node(cluster: Any) -> None:
    """Kill one node, with all that it is doing."""
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)


def hold(folder: Path, cluster: Any) -> None:
    """Let `wait_while_held` wait on every node."""
    for pid in _raylets(cluster):
        (folder / f"hold-{pid}").touch()


def release(folder: Path, cluster: Any) -> None:
    """Let the nodes that are left go on; what a lost node was doing can never end."""
    for pid in _raylets(cluster):
        (folder / f"hold-{pid}").unlink()


def wait_while_held(folder: Path) -> None:
    """In a task, or in a process that it started: wait while its node is held."""
    held = folder / f"hold-{os.environ['RAY_RAYLET_PID']}"
    end = time.monotonic() + _ORPHANED_S
    while held.exists() and time.monotonic() < end:
        time.sleep(0.02)


def _raylets(cluster: Any) -> list[int]:
    return [node.all_processes["raylet"][0].process.pid for node in cluster.worker_nodes]
