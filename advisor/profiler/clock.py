"""Clocks: how long calls take, on a CPU and on a GPU, always synchronised."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

Call = Callable[[], Any]
Watch = Callable[[], None]


def _look_away() -> None:
    """The watch of a measurement that nobody watches."""


class Clock(Protocol):
    """Times calls of the device's work."""

    name: str

    def seconds(self, run: Call, calls: int, watch: Watch = _look_away) -> float:
        """Seconds that `calls` calls take together, from an idle device to an idle device.

        `watch` is called once while a GPU still works (its counters are then those of the load);
        its time is not part of the result. On a CPU it is called after the work.
        """


class CpuClock:
    """The monotonic clock. Work on a CPU is done when the call returns."""

    name = "monotonic"

    def seconds(self, run: Call, calls: int, watch: Watch = _look_away) -> float:
        start = time.perf_counter_ns()
        for _ in range(calls):
            run()
        taken = (time.perf_counter_ns() - start) / 1e9
        watch()
        return taken


class CudaClock:
    """CUDA events around the calls, with the device idle before and after.

    Counters are read when all calls are queued and the end is not yet reached, so that reading
    them costs the device nothing.
    """

    name = "cuda-events"

    def __init__(self, cuda: Any = None) -> None:
        if cuda is None:
            import torch

            cuda = torch.cuda
        self._cuda = cuda

    def seconds(self, run: Call, calls: int, watch: Watch = _look_away) -> float:
        start, end = (self._cuda.Event(enable_timing=True) for _ in range(2))
        self._cuda.synchronize()
        start.record()
        for _ in range(calls):
            run()
        end.record()
        watch()
        self._cuda.synchronize()
        return float(start.elapsed_time(end)) / 1e3


class ReplayClock:
    """Plays back recorded seconds per call, the last one for ever: measuring needs no device."""

    name = "replay"

    def __init__(self, seconds_per_call: list[float]) -> None:
        self._recorded = list(seconds_per_call)
        self._next = 0
        self.elapsed_s = 0.0

    def seconds(self, run: Call, calls: int, watch: Watch = _look_away) -> float:
        total = 0.0
        for _ in range(calls):
            run()
            total += self._recorded[min(self._next, len(self._recorded) - 1)]
            self._next += 1
        watch()
        self.elapsed_s += total
        return total

    def now(self) -> float:
        """The time by this clock, for budgets."""
        return self.elapsed_s


def clock_for(device: str) -> Clock:
    """The clock of a torch device type ('cpu', 'cuda')."""
    return CudaClock() if device.startswith("cuda") else CpuClock()
