"""More than one machine, by Ray: a function over many jobs, results in the order of the jobs.

    with connected("10.0.0.5:6379") as ray:
        rows = list(mapped(ray, function, jobs, chunk=8, lost=row_of_the_lost))

Ray schedules, moves and starts again what a lost worker or node was doing. Every node needs the
same release of this package; function and jobs must be picklable, results small (docs/scale.md).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from advisor.errors import InputError, MissingExtra, printable

J = TypeVar("J")
R = TypeVar("R")

MAX_LOSSES = 3  # what took this many workers with it is not tried again
IN_FLIGHT = 1024  # chunks handed to the cluster at a time: more would only fill the head's memory


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """The module `ray`, connected; disconnected at the end unless the caller was connected before.

    Without an address Ray's own default holds (RAY_ADDRESS, a running cluster, else this machine).
    Ray tells of lost nodes on stdout, which belongs to the command's answer: it goes to stderr.
    Raises MissingExtra without Ray, InputError where no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    try:
        import ray
    except ImportError:
        raise MissingExtra("--engine ray", "cluster") from None
    ours = not ray.is_initialized()
    if ours:
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = printable(str(error), 120)
            raise InputError(
                f"no Ray cluster at {printable(address or 'the default address')} ({reason}):"
                " give the head's HOST:PORT, from a node of the cluster"
            ) from None
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield ray
    finally:
        if ours:
            ray.shutdown()


def mapped(
    ray: Any, function: Callable[[J], R], jobs: Iterable[J], *, chunk: int, lost: Callable[[J], R]
) -> Iterator[R]:
    """function(job) of every job, in their order, on as many processors as the cluster has.

    Jobs go out `chunk` at a time, one chunk to a processor. A chunk whose worker or node is lost is
    run again elsewhere. One that took MAX_LOSSES workers with it is run job by job, and a job that
    does so alone is answered by `lost`. What `function` raises is raised here.
    """
    task = ray.remote(_each).options(num_cpus=1, max_retries=MAX_LOSSES - 1)
    waiting: deque[tuple[Sequence[J], Any]] = deque()
    left = iter(jobs)
    while part := list(islice(left, chunk)):
        waiting.append((part, task.remote(function, part)))
        if len(waiting) >= IN_FLIGHT:
            yield from _results(ray, task, function, *waiting.popleft(), lost)
    while waiting:
        yield from _results(ray, task, function, *waiting.popleft(), lost)


def _each(function: Callable[[J], R], jobs: Sequence[J]) -> list[R]:
    """Runs on a node."""
    return [function(job) for job in jobs]


def _results(
    ray: Any,
    task: Any,
    function: Callable[[J], R],
    jobs: Sequence[J],
    reference: Any,
    lost: Callable[[J], R],
) -> list[R]:
    try:
        return list(ray.get(reference))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError:
        if len(jobs) == 1:
            return [lost(jobs[0])]
    alone = [([job], task.remote(function, [job])) for job in jobs]
    return [one for part in alone for one in _results(ray, task, function, *part, lost)]
