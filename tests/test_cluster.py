"""Work over a Ray cluster of two nodes on this machine: the same answer, whatever is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

ray = pytest.importorskip("ray", reason="the extra 'cluster' (ray) is not installed")
pytestmark = pytest.mark.slow

from advisor.cli import cli  # noqa: E402
from advisor.cluster import connected, mapped  # noqa: E402
from tests.local_cluster import hold, lose_node, nodes, release, wait_while_held  # noqa: E402
from tests.test_portfolio import write_cases  # noqa: E402

Job = tuple[str, int]  # a folder for notes, and a number to square


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with nodes(2) as made:
        yield made


def squares(function: Any, folder: Path, count: int, chunk: int) -> list[int]:
    jobs = [(str(folder), number) for number in range(count)]
    return list(mapped(ray, function, jobs, chunk=chunk, lost=lambda job: -job[1]))


def note_and_wait(job: Job) -> int:
    """Notes that it began; ends when its node is not held."""
    folder, number = job
    with Path(folder, "log").open("a", encoding="utf-8") as log:
        log.write(f"{number}\n")
    wait_while_held(Path(folder))
    return number**2


def die_once(job: Job) -> int:
    folder, number = job
    died = Path(folder, "died")
    if number == 3 and not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def die_at_3(job: Job) -> int:
    if job[1] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job[1] ** 2


def refuse_3(job: Job) -> int:
    if job[1] == 3:
        raise ValueError("three is refused")
    return job[1] ** 2


def test_a_portfolio_on_a_cluster_is_the_document_of_one_process(
    cluster: Any, tmp_path: Path
) -> None:
    write_cases(tmp_path)
    said = ["portfolio", str(tmp_path), "--json", "--as-of", "2026-11-23"]
    alone = CliRunner().invoke(cli, [*said, "--workers", "1"])
    spread = CliRunner().invoke(cli, [*said, "--engine", "ray"])
    assert spread.exit_code == alone.exit_code == 3
    assert spread.stdout == alone.stdout and spread.stderr == alone.stderr


def test_what_ray_tells_of_its_nodes_is_no_part_of_the_answer(
    cluster: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with connected(None):
        print("a node was lost")
    print("the answer")
    assert capsys.readouterr() == ("the answer\n", "a node was lost\n")


def test_a_killed_worker_costs_nothing_but_its_time(cluster: Any, tmp_path: Path) -> None:
    assert squares(die_once, tmp_path, 8, chunk=2) == [n**2 for n in range(8)]
    assert (tmp_path / "died").exists()


def test_a_job_that_kills_every_worker_is_named_and_the_others_of_its_chunk_are_answered(
    cluster: Any, tmp_path: Path
) -> None:
    assert squares(die_at_3, tmp_path, 5, chunk=5) == [0, 1, 4, -3, 16]


def test_what_a_job_raises_is_raised_here(cluster: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^three is refused$"):
        squares(refuse_3, tmp_path, 5, chunk=2)


def test_a_lost_node_costs_nothing_but_its_time(cluster: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    hold(tmp_path, cluster)

    def lose() -> None:
        while not log.is_file() or len(log.read_text().split()) < 2:
            time.sleep(0.01)  # each node has one processor: both are at work
        lose_node(cluster)
        release(tmp_path, cluster)

    killer = threading.Thread(target=lose)
    killer.start()
    found = squares(note_and_wait, tmp_path, 6, chunk=1)
    killer.join()
    assert found == [n**2 for n in range(6)]
    begun = Counter(log.read_text().split())
    assert set(begun) == set("012345") and sum(begun.values()) == 7  # one ran twice
