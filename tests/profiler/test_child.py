"""A child that hangs, runs out of memory, dies or floods costs one result, and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.profiler.child import (
    OUT_OF_MEMORY_EXIT,
    UNSUPPORTED_EXIT,
    ChildResult,
    Limits,
    run_child,
)
from tests.profiler.make import python

WRITE = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
SAY = "import sys; print('{}', file=sys.stderr, flush=True)"
GRANDCHILD = (
    "import subprocess, sys, pathlib\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], "
    "start_new_session={own_session})\n"
    "pathlib.Path({pid!r}).write_text(str(child.pid))\n"
)


def timed(code: str, limits: Limits, given: str = "") -> tuple[ChildResult, float]:
    start = time.monotonic()
    return run_child(python(code), given, limits), time.monotonic() - start


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie that nobody reaps has ended too)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_what_a_child_writes_is_its_result() -> None:
    result, _ = timed(WRITE, Limits(20), "42")
    assert result == ChildResult("measured", "42")


@pytest.mark.parametrize("ignoring", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN); "])
def test_a_hanging_child_is_ended_within_the_limit_and_two_seconds(ignoring: str) -> None:
    code = f"import signal, time; {ignoring}time.sleep(60)"
    result, seconds = timed(code, Limits(0.5))
    assert result.outcome == "timed-out" and seconds < 2.5


@pytest.mark.parametrize("own_session", [False, True])
@pytest.mark.parametrize("end", ["import time; time.sleep(60)", "pass", "import os; os.abort()"])
def test_no_grandchild_outlives_its_child_whatever_session_it_is_in(
    own_session: bool, end: str, tmp_path: Path
) -> None:
    """It inherits stderr too: the parent must not wait for it."""
    pid = tmp_path / "pid"
    code = GRANDCHILD.format(own_session=own_session, pid=str(pid)) + end
    _, seconds = timed(code, Limits(1.5))
    assert seconds < 3.5
    time.sleep(0.1)
    assert gone(int(pid.read_text()))


@pytest.mark.parametrize("signal_name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_child_that_dies_is_a_result_with_the_name_of_the_signal(signal_name: str) -> None:
    code = f"import os, signal; os.kill(os.getpid(), signal.{signal_name})"
    result, _ = timed(code, Limits(20))
    assert result.outcome == "died" and signal_name in result.text


def test_running_out_of_memory_under_a_limit_is_a_result() -> None:
    code = (
        "import sys\n"
        "from advisor.profiler.worker import limit_memory, is_out_of_memory\n"
        "limit_memory()\n"
        "try: block = bytearray(400 * 2**20)\n"
        f"except MemoryError: sys.exit({OUT_OF_MEMORY_EXIT})\n"
    )
    assert timed(code, Limits(20, memory_gib=0.2))[0].outcome == "out-of-memory"
    assert (
        timed(code, Limits(20, memory_gib=4.0))[0].outcome == "failed"
    )  # it ends without a result


@pytest.mark.parametrize(
    ("code", "outcome", "text"),
    [
        (f"{SAY.format('no dtype')}; sys.exit({UNSUPPORTED_EXIT})", "unsupported", "no dtype"),
        ("raise ValueError('shapes differ')", "failed", "ValueError: shapes differ"),
        ("pass", "failed", "ended without a result"),
        (f"{SAY.format('std::bad_alloc')}; import os; os.abort()", "out-of-memory", "bad_alloc"),
    ],
)  # fmt: skip
def test_the_way_a_child_ends_is_told(code: str, outcome: str, text: str) -> None:
    result, _ = timed(code, Limits(20))
    assert result.outcome == outcome and text in result.text


def test_a_flood_of_stderr_neither_blocks_nor_is_kept() -> None:
    code = "import sys; [sys.stderr.write('x' * 100_000 + '\\n') for _ in range(500)]; " + WRITE
    result, seconds = timed(code, Limits(20), "1")
    assert result == ChildResult("measured", "1") and seconds < 15


def test_lines_of_stderr_are_heard_as_they_come() -> None:
    heard: list[str] = []
    code = "import sys; print('one', file=sys.stderr); print('two', file=sys.stderr)"
    run_child(python(code), "", Limits(20), heard.append)
    assert heard == ["one", "two"]


def test_the_worker_ends_with_its_parent(tmp_path: Path) -> None:
    """kill -9 of a sweep leaves no measurement running on the device."""
    pid = tmp_path / "pid"
    inner = (
        "import os, time, pathlib; from advisor.profiler.worker import die_with_parent; "
        f"die_with_parent(); pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); "
        "time.sleep(60)"
    )
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    parent = subprocess.Popen([sys.executable, "-c", outer])
    for _ in range(200):
        if pid.is_file() and pid.read_text():
            break
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    time.sleep(0.3)
    assert gone(int(pid.read_text()))
