"""Statistics and verdicts of repeated timings, on recorded times."""

from __future__ import annotations

import gc
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.profiler.clock import CudaClock, ReplayClock
from advisor.profiler.measure import Budget, measure, median, median_interval, quantile, verdict
from advisor.profiler.record import Timing, Validity

times = st.lists(st.floats(1e-7, 1e3), min_size=1, max_size=60)


@given(times)
def test_the_median_lies_in_its_interval_and_the_interval_in_the_range(values: list[float]) -> None:
    low, high = median_interval(values)
    assert min(values) <= low <= median(values) <= high <= max(values)


@given(st.integers(6, 60))
def test_the_interval_covers_the_median_with_95_percent_and_is_the_narrowest_that_does(
    n: int,
) -> None:
    """Coverage of (x_(k), x_(n+1-k)) is exactly 1 - 2 P(Bin(n, 1/2) < k), for any distribution."""

    def coverage(k: int) -> float:
        return 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2**n

    low, high = median_interval([float(i) for i in range(1, n + 1)])
    assert high == n + 1 - low
    assert coverage(int(low)) >= 0.95 > coverage(int(low) + 1)


@given(times)
def test_percentiles_are_in_order(values: list[float]) -> None:
    found = [quantile(values, share) for share in (0.0, 0.5, 0.95, 0.99, 1.0)]
    assert all(a <= b * (1 + 1e-12) for a, b in pairwise(found))
    assert found[0] == min(values) and found[-1] == max(values)


@given(times, st.sampled_from([2.0, 0.25, 1024.0]))
def test_statistics_scale_with_the_unit(values: list[float], factor: float) -> None:
    scaled = [value * factor for value in values]
    assert median(scaled) == median(values) * factor
    assert median_interval(scaled) == tuple(v * factor for v in median_interval(values))


def _replayed(recorded: list[float], **budget: float) -> tuple[Timing, Validity, int]:
    clock, calls = ReplayClock(recorded), [0]

    def run() -> None:
        calls[0] += 1

    timing, validity = measure(run, clock, Budget(**budget), clock.now)  # type: ignore[arg-type]
    return timing, validity, calls[0]


def test_the_first_call_is_kept_apart() -> None:
    timing, validity, _ = _replayed([5.0] + [0.1] * 100)
    assert timing.cold_s == 5.0 and timing.median_s == pytest.approx(0.1)
    assert max(timing.values_s) == pytest.approx(0.1)
    assert validity.valid and validity.reasons == []


def test_warming_up_is_no_part_of_the_result() -> None:
    timing, validity, _ = _replayed([3.0, 1.0, 0.5, 0.3] + [0.1] * 200, seconds=60.0)
    assert max(timing.values_s) == pytest.approx(0.1)
    assert timing.warmup_calls >= 6 and validity.valid


def test_a_window_holds_so_many_calls_that_it_lasts_20_ms() -> None:
    timing, _, calls = _replayed([1e-5] * 10)
    assert timing.calls / len(timing.values_s) == pytest.approx(2000, abs=1)
    assert calls == timing.calls + timing.warmup_calls + 1


def test_a_steady_recording_stops_early_but_not_before_half_a_second() -> None:
    timing, _, _ = _replayed([0.001] * 10, seconds=100.0)
    assert 0.5 <= timing.calls * 0.001 < 1.0


def test_a_slow_call_gets_three_windows_and_a_note_that_their_range_is_the_interval() -> None:
    timing, validity, _ = _replayed([20.0] * 10, seconds=5.0)
    assert len(timing.values_s) == 3
    assert "3 windows: the interval is their range" in validity.notes


def test_an_unstable_recording_is_invalid_and_says_so() -> None:
    _, validity, _ = _replayed([0.1, 0.2] * 400, seconds=10.0)
    assert not validity.valid
    assert any("unstable" in reason for reason in validity.reasons)


def test_a_drifting_recording_is_invalid_and_says_so() -> None:
    _, validity, _ = _replayed([0.1 * 1.004**i for i in range(400)], seconds=20.0)
    assert any(reason.startswith("drifted by +") for reason in validity.reasons)


@given(st.lists(st.floats(0.99, 1.01), min_size=6, max_size=100))
def test_one_percent_of_noise_is_always_valid(values: list[float]) -> None:
    assert verdict(values).valid


def test_the_gpu_clock_synchronises_around_the_events_and_watches_before_the_end() -> None:
    """A recording of the calls: what lies between the events, and when counters are read."""
    log: list[str] = []

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            log.append("record")

        def elapsed_time(self, other: Event) -> float:
            log.append("elapsed")
            return 30.0

    class Cuda:
        def synchronize(self) -> None:
            log.append("synchronize")

    Cuda.Event = Event  # type: ignore[attr-defined]
    seconds = CudaClock(Cuda()).seconds(lambda: log.append("call"), 2, lambda: log.append("watch"))
    assert seconds == 0.03
    assert log == [
        "synchronize",
        "record",
        "call",
        "call",
        "record",
        "watch",
        "synchronize",
        "elapsed",
    ]


def test_no_garbage_is_collected_while_a_window_is_timed() -> None:
    seen: list[bool] = []

    measure(lambda: seen.append(gc.isenabled()), ReplayClock([0.01]), Budget(seconds=1.0))

    assert not any(seen[1:])  # the first call is cold and stands apart
    assert gc.isenabled()
