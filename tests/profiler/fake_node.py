"""A fake back end for the fleet's tests: what `advisor.profiler.worker` is on a real node.

    python fake_node.py LOG environment RESULT      the environment of this node
    python fake_node.py LOG RESULT                  a point, as soon as its node is not held

Every task that starts is noted in LOG, with where it ran.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from advisor.profiler.identity import PointSpec
from tests.local_cluster import wait_while_held
from tests.profiler.make import point

ENVIRONMENT = {
    "device": "cpu-fleet-2t",
    "device_name": "Fleet",
    "cpu": "Fleet",
    "cpu_threads": 2,
    "torch_threads": 2,
    "memory_gib": 8.0,
    "python": "",
    "torch": "",
    "cuda": None,
    "driver": None,
    "libraries": {},
    "commit": None,
}


def main() -> None:
    log, result = sys.argv[1], Path(sys.argv[-1])
    given = json.load(sys.stdin)
    if "environment" in sys.argv[2:-1]:
        result.write_text(json.dumps(ENVIRONMENT))
        return
    batch = given["workload"]["batch"]
    with open(log, "a", encoding="utf-8") as file:
        file.write(f"start {batch} {os.environ.get('FLEET_NODE', '')}\n")
    wait_while_held(Path(log).parent)  # a node can be lost while its task runs
    result.write_text(point(PointSpec.model_validate(given)).model_dump_json())


if __name__ == "__main__":
    main()
