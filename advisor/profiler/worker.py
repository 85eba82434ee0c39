"""The child process: a job on stdin, its result into the file named as last argument.

python -m advisor.profiler.worker FILE                a PointSpec -> a Point
python -m advisor.profiler.worker environment FILE    {"device", "catalog_dir"} -> an Environment
python -m advisor.profiler.worker calibrate FILE      the same -> a Calibration
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.files import write_atomic
from advisor.profiler.child import MEMORY_VARIABLE, OUT_OF_MEMORY_EXIT, UNSUPPORTED_EXIT

if TYPE_CHECKING:
    from pydantic import BaseModel

_NO_MEMORY = ("out of memory", "can't allocate", "cannot allocate", "alloc_failed", "bad_alloc")


def main() -> int:
    """Do the job; the exit code says how it ended (see child.py)."""
    die_with_parent()
    job = sys.argv[1] if len(sys.argv) > 2 else "point"
    try:
        result = JOBS[job](sys.stdin.read())
    except AdvisorError as error:
        print(error, file=sys.stderr)
        return UNSUPPORTED_EXIT
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        print(f"out of memory: {_first_line(error)}", file=sys.stderr)
        return OUT_OF_MEMORY_EXIT
    write_atomic(Path(sys.argv[-1]), result.model_dump_json())
    return 0


def _point(text: str) -> BaseModel:
    from advisor.catalog import load_catalog
    from advisor.profiler.identity import PointSpec
    from advisor.profiler.point import profile_point

    limit_memory()
    spec = PointSpec.model_validate_json(text)
    return profile_point(spec, load_catalog(spec.catalog_dir))


def _environment(text: str) -> BaseModel:
    from advisor.catalog import load_catalog
    from advisor.profiler.environment import environment

    job = json.loads(text)
    return environment(job["device"], load_catalog(job["catalog_dir"]))


def _calibrate(text: str) -> BaseModel:
    from advisor.catalog import load_catalog
    from advisor.profiler.calibrate import calibrate

    job = json.loads(text)
    return calibrate(job["device"], load_catalog(job["catalog_dir"]), report=_say)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


JOBS = {"point": _point, "environment": _environment, "calibrate": _calibrate}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was no memory, on a GPU or on a CPU."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _NO_MEMORY)


def limit_memory() -> None:
    """Limit what this process may still allocate, if the parent asked for it (RLIMIT_AS).

    The limit is on address space, of which libraries reserve much more than they use; what is
    reserved and not resident now comes on top, so that the number is close to one of real memory.
    """
    asked = os.environ.get(MEMORY_VARIABLE)
    if asked is None:
        return
    import resource

    pages = [int(n) for n in Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]]
    reserved = (pages[0] - pages[1]) * os.sysconf("SC_PAGE_SIZE")
    size = int(float(asked) * 2**30) + reserved
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however it does (Linux)."""
    parent = os.getppid()
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:  # it ended before the kernel was told
        os._exit(1)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


if __name__ == "__main__":
    sys.exit(main())
