"""Running one measurement in a child process: a hang, a crash or no memory costs one result.

The child is a new session: when it ends, or its time does, everything it started ends with it. What
it says comes back through a file that exists only when it is whole. Needs no torch.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from advisor.profiler.record import Outcome

OUT_OF_MEMORY_EXIT = 70  # the worker's own word for it
UNSUPPORTED_EXIT = 71
MEMORY_VARIABLE = "ADVISOR_PROFILE_MEMORY_GIB"  # the worker sets its own limit from it
_MARK = "ADVISOR_PROFILE_CHILD"  # inherited by all that the child starts, whatever session it is in
_GRACE_S = 0.8
_KEPT = 64 * 1024  # characters of the child's last words

Listener = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """What a child may take. `memory_gib` limits what it allocates on a CPU (not used on a GPU)."""

    seconds: float = 600.0
    memory_gib: float | None = None


@dataclass(frozen=True)
class ChildResult:
    """How a child ended; `text` is its result when it measured, its last words otherwise."""

    outcome: Outcome
    text: str


def worker_command() -> list[str]:
    """The command that measures a PointSpec given on stdin and writes the Point to a file."""
    return [sys.executable, "-m", "advisor.profiler.worker"]


def run_child(
    command: Sequence[str], stdin: str, limits: Limits, listen: Listener = lambda _: None
) -> ChildResult:
    """Run `command` with the path of a result file appended; returns within the limit + 2 s.

    `listen` gets each line of the child's stderr as it comes; only the last 64 KiB are kept.
    """
    with tempfile.TemporaryDirectory(prefix="advisor-profile-") as folder:
        result, given = Path(folder) / "result.json", Path(folder) / "stdin"
        given.write_text(stdin, encoding="utf-8")
        mark = uuid.uuid4().hex
        with given.open(encoding="utf-8") as source:
            process = subprocess.Popen(
                [*command, str(result)],
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=_environment(limits, mark),
            )
        words = _LastWords(process.stderr, listen)
        try:
            in_time = _ended_within(process.pid, limits.seconds)
        finally:
            _end(process, mark)
            words.close()
        if not in_time:
            return ChildResult("timed-out", f"took longer than {limits.seconds:g} s")
        return _read(process.returncode, words.text(), result)


def _ended_within(pid: int, seconds: float) -> bool:
    """Whether a child ended in time. It is not reaped: its id stays ours until `_end`."""
    end = time.monotonic() + seconds
    pause = 0.001
    while time.monotonic() < end:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return True
        time.sleep(min(pause, max(end - time.monotonic(), 0)))
        pause = min(pause * 2, 0.05)
    return False


def _environment(limits: Limits, mark: str) -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if k != MEMORY_VARIABLE}
    environment[_MARK] = mark
    if limits.memory_gib is not None:
        environment[MEMORY_VARIABLE] = str(limits.memory_gib)
    return environment


class _LastWords:
    """Reads a child's stderr as it comes, so that a flood of it neither blocks nor fills memory."""

    def __init__(self, stream: IO[bytes] | None, listen: Listener) -> None:
        assert stream is not None
        self._stream, self._listen = stream, listen
        self._kept = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        line = ""
        with contextlib.suppress(OSError, ValueError):  # closed under us: the child is gone
            while chunk := os.read(self._stream.fileno(), 1 << 16):
                text = chunk.decode("utf-8", "replace")
                self._kept = (self._kept + text)[-_KEPT:]
                *whole, line = (line + text).split("\n")
                for item in whole[-50:]:  # a flood is not worth showing whole
                    self._listen(item)
                line = line[-_KEPT:]

    def text(self) -> str:
        return self._kept

    def close(self) -> None:
        """Wait a moment for the rest. A stream that somebody still holds is left to its thread."""
        self._thread.join(timeout=_GRACE_S)
        if not self._thread.is_alive():
            self._stream.close()


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """End the child with all it started, sessions of its own included."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in _marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_GRACE_S)


def _marked(mark: str) -> list[int]:
    """Processes whose environment bears the mark, from /proc; empty where there is none."""
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def _read(code: int, errors: str, result: Path) -> ChildResult:
    words = _last_line(errors)
    if code == 0 and result.is_file():
        return ChildResult("measured", result.read_text(encoding="utf-8"))
    if code == OUT_OF_MEMORY_EXIT or (code != 0 and "bad_alloc" in errors):
        return ChildResult("out-of-memory", words)
    if code == UNSUPPORTED_EXIT:
        return ChildResult("unsupported", words)
    if code < 0:
        name = signal.Signals(-code).name
        killed = " (perhaps by the kernel, for memory)" if name == "SIGKILL" else ""
        return ChildResult("died", f"ended by {name}{killed}")
    if code == 0:
        return ChildResult("failed", "ended without a result")
    return ChildResult("failed", words or f"ended with exit code {code}")


def _last_line(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
