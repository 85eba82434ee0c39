"""Energy: the GPU's own counter where it has one, else sampled power, over long enough windows.

NVML's counter moves about every 100 ms, so a window shorter than 2 s could be off by 5 % and more;
the window is stretched by repeating the call. Idle power is measured before, temperature before and
after.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Literal

from advisor.profiler.clock import Call, Clock
from advisor.profiler.meter import Meter
from advisor.profiler.record import EnergyUse

WINDOW_S = 2.0  # 20 updates of the counter: its step is then at most 5 % of the window
SAMPLED_WINDOW_S = 4.0
SAMPLE_S = 0.05
SETTLE_S = (
    1.0  # boards report power averaged over up to a second: earlier samples show the idle state
)
_TRIES = 3


def idle_power_w(
    meter: Meter,
    seconds: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> float | None:
    """Mean power while nothing runs: by the counter where there is one, else from samples."""
    start, first = now(), meter.read()
    samples = [first.watts]
    for _ in range(max(round(seconds / SAMPLE_S), 1)):
        sleep(SAMPLE_S)
        last = meter.read()
        samples.append(last.watts)
    known = [watts for watts in samples if watts is not None]
    if known:
        return sum(known) / len(known)
    if first.joules is None or last.joules is None or last.joules <= first.joules:
        return None
    return (last.joules - first.joules) / max(now() - start, 1e-9)


def measure_energy(
    run: Call, clock: Clock, meter: Meter, seconds_per_call: float, idle_w: float | None
) -> EnergyUse | None:
    """Joules per call over a window of at least WINDOW_S; None where the device does not tell."""
    first = meter.read()
    if first.joules is not None:
        found = _by_counter(run, clock, meter, seconds_per_call)
        method: Literal["counter", "sampled"] = "counter"
    elif first.watts is not None:
        found, method = _by_samples(run, clock, meter, seconds_per_call), "sampled"
    else:
        return None
    if found is None:
        return None
    joules, calls, window_s = found
    return EnergyUse(
        joules_per_call=joules / calls,
        method=method,
        window_s=window_s,
        idle_w=idle_w,
        mean_w=joules / window_s,
        temperature_before_c=first.temperature_c,
        temperature_after_c=meter.read().temperature_c,
    )


Window = tuple[float, int, float]  # joules, calls, seconds


def _by_counter(run: Call, clock: Clock, meter: Meter, seconds_per_call: float) -> Window | None:
    """A window that turns out too short (calls were faster than thought) is repeated, longer."""
    for _ in range(_TRIES):
        calls = _calls(WINDOW_S, seconds_per_call)
        before = meter.read().joules
        window_s = clock.seconds(run, calls)
        after = meter.read().joules
        if window_s >= WINDOW_S and before is not None and after is not None and after > before:
            return after - before, calls, window_s
        seconds_per_call = min(window_s / calls, seconds_per_call / 1.1)
    return None


def _by_samples(run: Call, clock: Clock, meter: Meter, seconds_per_call: float) -> Window | None:
    calls = _calls(SAMPLED_WINDOW_S, seconds_per_call)
    with _Sampler(meter) as sampler:
        window_s = clock.seconds(run, calls)
    watts = sampler.mean_w()
    return None if watts is None or window_s < WINDOW_S else (watts * window_s, calls, window_s)


def _calls(window_s: float, seconds_per_call: float) -> int:
    return max(1, math.ceil(window_s / max(seconds_per_call, 1e-9)))


class _Sampler:
    """Reads power beside the work, every SAMPLE_S."""

    def __init__(self, meter: Meter) -> None:
        self._meter, self._stop = meter, threading.Event()
        self._samples: list[float] = []
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def mean_w(self) -> float | None:
        """Mean of the samples after the first second; of all where there are too few."""
        skipped = round(SETTLE_S / SAMPLE_S)
        used = self._samples[skipped:] if len(self._samples) > 2 * skipped else self._samples
        return sum(used) / len(used) if used else None

    def __enter__(self) -> _Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            watts = self._meter.read().watts
            if watts is not None:
                self._samples.append(watts)
            if self._stop.wait(SAMPLE_S):
                return
