"""One measuring job at a time on this machine: a child process that outlives sessions and reloads.

A job is a folder under ADVISOR_HOME/jobs: what it measures, its progress and its result. While it
runs it holds a lock on a file, so that a reload, another session or a restarted server can tell
that it runs, and two cannot run at once. Needs no torch here: the child is `advisor profile`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advisor.errors import InputError
from advisor.files import write_atomic
from advisor.paths import home_dir

_STEP = re.compile(r"\[(\d+)/(\d+)\]")
_GRACE_S = 5.0
_SHOWN = 30  # lines of progress
_started: list[subprocess.Popen[bytes]] = []  # by this process, to be reaped when they have ended


@dataclass(frozen=True)
class Job:
    """The latest job: `share` of it done, its last lines, and how it ended."""

    models: list[str]
    begun: str
    running: bool
    cancelled: bool
    share: float
    lines: list[str]
    result: dict[str, Any] | None  # what `advisor profile --json` printed

    @property
    def failed(self) -> bool:
        return not self.running and not self.cancelled and self.result is None


def _folder() -> Path:
    return home_dir() / "jobs"


def latest() -> Job | None:
    """The job that runs, or the last one."""
    about = _folder() / "job.json"
    if not about.is_file():
        return None
    _started[:] = [child for child in _started if child.poll() is None]
    data = json.loads(about.read_text(encoding="utf-8"))
    lines = _lines(_folder() / "progress.txt")
    running = _held()
    return Job(
        models=data["models"],
        begun=data["begun"],
        running=running,
        cancelled=(_folder() / "cancelled").exists(),
        share=_share(lines) if running else 1.0,
        lines=lines[-_SHOWN:],
        result=None if running else _result(_folder() / "result.json"),
    )


def start(models: list[str], seconds_per_stage: float) -> None:
    """Measure models at their default workload. Raises InputError when a job runs already."""
    place = _folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock() as held:
        (place / "cancelled").unlink(missing_ok=True)
        command = [sys.executable, "-m", "advisor", "profile", *models, "--json"]
        command += ["--stage-seconds", f"{seconds_per_stage:g}", "--again"]
        out, err = place / "result.json", place / "progress.txt"
        with out.open("wb") as result, err.open("wb") as progress:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=result,
                stderr=progress,
                start_new_session=True,
                pass_fds=[held],
                cwd=place,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
        _started.append(child)
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        write_atomic(
            place / "job.json", json.dumps({"pid": child.pid, "models": models, "begun": begun})
        )


def cancel() -> None:
    """End the running job; every point that it has finished stays on disk."""
    if not _held():
        return
    (_folder() / "cancelled").touch()
    pid = json.loads((_folder() / "job.json").read_text(encoding="utf-8"))["pid"]
    # SIGINT lets the sweep end the child that measures, which is in a session of its own.
    _send(pid, signal.SIGINT)
    if not _ended(_GRACE_S):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        _ended(_GRACE_S)  # a killed process holds the lock until the system has taken it down


def _ended(within_s: float) -> bool:
    end = time.monotonic() + within_s
    while _held() and time.monotonic() < end:
        time.sleep(0.05)
    return not _held()


def _send(pid: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, what)


@contextlib.contextmanager
def _lock() -> Any:
    """The job's lock, for the child to inherit; released when its last holder has ended."""
    handle = os.open(_folder() / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("a measurement runs already: wait for it or cancel it") from None
        yield handle
    finally:
        os.close(handle)


def _held() -> bool:
    try:
        with _lock():
            return False
    except InputError:
        return True
    except FileNotFoundError:
        return False


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return file.read_bytes()[-65536:].decode("utf-8", "replace").splitlines()


def _share(lines: list[str]) -> float:
    steps = [found for line in lines if (found := _STEP.search(line))]
    return (int(steps[-1][1]) - 1) / max(1, int(steps[-1][2])) if steps else 0.0


def _result(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
