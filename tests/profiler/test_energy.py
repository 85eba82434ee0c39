"""Energy and the device's condition, on recorded counters."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from advisor.profiler import energy
from advisor.profiler.clock import ReplayClock
from advisor.profiler.energy import WINDOW_S, idle_power_w, measure_energy
from advisor.profiler.judge import Observer
from advisor.profiler.meter import NvmlMeter, ProcessorLoad, Reading, ReplayMeter
from advisor.profiler.record import EnergyUse, Validity

GOOD = Validity(valid=True)


class CounterMeter:
    """A counter that follows a clock at constant power, moving every 100 ms as NVML's does."""

    def __init__(self, clock: ReplayClock, watts: float) -> None:
        self._clock, self._watts = clock, watts

    def read(self) -> Reading:
        ticks = int(self._clock.elapsed_s / 0.1 + 1e-9)
        return Reading(joules=1000 + ticks * 0.1 * self._watts, temperature_c=60.0)

    def other_processes(self) -> int:
        return 0

    def own_memory(self) -> int | None:
        return None


def _by_counter(seconds_per_call: float, believed: float, watts: float = 200.0) -> EnergyUse:
    clock = ReplayClock([seconds_per_call])
    used = measure_energy(lambda: None, clock, CounterMeter(clock, watts), believed, 30.0)
    assert used is not None
    return used


@pytest.mark.parametrize("seconds", [1e-3, 0.013, 0.5, 7.0])
def test_the_window_is_stretched_to_two_seconds_and_the_energy_is_within_its_step(
    seconds: float,
) -> None:
    used = _by_counter(seconds, seconds)
    assert used.window_s >= WINDOW_S and used.method == "counter"
    assert used.joules_per_call == pytest.approx(200.0 * seconds, rel=0.06)
    assert used.mean_w == pytest.approx(200.0, rel=0.06)
    assert used.idle_w == 30.0 and used.temperature_before_c == 60.0


def test_a_window_that_turns_out_too_short_is_repeated_longer() -> None:
    """The call is four times as fast as was believed."""
    assert _by_counter(0.01, 0.04).window_s >= WINDOW_S


def test_a_counter_that_stands_still_gives_no_energy_rather_than_zero() -> None:
    meter = ReplayMeter([Reading(joules=5.0)])
    assert measure_energy(lambda: None, ReplayClock([0.1]), meter, 0.1, None) is None


def test_a_device_that_tells_nothing_gives_no_energy() -> None:
    assert (
        measure_energy(lambda: None, ReplayClock([0.1]), ReplayMeter([Reading()]), 0.1, None)
        is None
    )


def test_without_a_counter_power_is_sampled_over_the_window() -> None:
    meter = ReplayMeter([Reading(watts=150.0, temperature_c=50.0)])
    used = measure_energy(lambda: None, ReplayClock([0.5]), meter, 0.5, None)
    assert used is not None and used.method == "sampled"
    assert used.joules_per_call == pytest.approx(75.0)
    assert used.window_s >= WINDOW_S


def test_the_first_second_of_samples_still_shows_the_idle_device() -> None:
    sampler = energy._Sampler(ReplayMeter([Reading(watts=150.0)]))
    sampler._samples = [30.0] * 20 + [150.0] * 60
    assert sampler.mean_w() == 150.0


def test_idle_power_is_the_mean_of_its_samples() -> None:
    meter = ReplayMeter([Reading(watts=w) for w in (30.0, 40.0, 35.0)])
    assert idle_power_w(meter, 0.1, sleep=lambda _: None) == pytest.approx(35.0)


def test_idle_power_comes_from_the_counter_where_power_cannot_be_read() -> None:
    moments = iter([0.0, 2.0])
    meter = ReplayMeter([Reading(joules=100.0), Reading(joules=160.0)])
    assert idle_power_w(meter, 0.05, lambda _: None, lambda: next(moments)) == pytest.approx(30.0)


def _watched(*readings: Reading, others: int = 0) -> Validity:
    observer = Observer(ReplayMeter(list(readings), others))
    for _ in readings:
        observer.watch()
    return observer.judged(GOOD, finite=True)


def test_a_quiet_device_is_valid() -> None:
    assert _watched(Reading(clock_mhz=1700.0), Reading(clock_mhz=1755.0)).valid


def test_thermal_throttling_makes_a_measurement_invalid() -> None:
    found = _watched(Reading(), Reading(throttled="software thermal slowdown"), Reading())
    assert found.reasons == ["the device slowed itself down: software thermal slowdown"]


def test_a_clock_change_makes_a_measurement_invalid() -> None:
    found = _watched(Reading(clock_mhz=1980.0), Reading(clock_mhz=1400.0))
    assert found.reasons == ["clock changed between 1400 and 1980 MHz"]


def test_running_at_the_power_limit_is_noted_and_not_held_against_a_board() -> None:
    found = _watched(Reading(power_capped=True))
    assert found.valid and found.notes == ["ran at its power limit"]


def test_other_processes_on_the_device_make_a_measurement_invalid() -> None:
    assert _watched(Reading(), others=2).reasons == ["2 other processes compute on the device"]


def test_an_output_that_is_not_finite_is_invalid() -> None:
    found = Observer(ReplayMeter([Reading()])).judged(GOOD, finite=False)
    assert found.reasons == ["the output was not finite"]


class Nvml:
    """pynvml with recorded answers; what is missing raises as an old board does."""

    NVML_CLOCK_SM, NVML_CLOCK_MEM = 1, 2

    class NVMLError(Exception):
        pass

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        def answer(*_: Any) -> Any:
            if name not in self._answers:
                raise self.NVMLError(name)
            return self._answers[name]

        return answer


def _meter(**answers: Any) -> NvmlMeter:
    known = {"nvmlInit": None, "nvmlDeviceGetHandleByUUID": "handle"}
    return NvmlMeter("GPU-1", Nvml(**known, **answers))


def test_nvml_units_become_joules_and_watts() -> None:
    reading = _meter(
        nvmlDeviceGetTotalEnergyConsumption=5_000,
        nvmlDeviceGetPowerUsage=72_500,
        nvmlDeviceGetTemperature=61,
        nvmlDeviceGetClockInfo=1410,
        nvmlDeviceGetCurrentClocksEventReasons=0x4 | 0x40,
    ).read()
    assert reading == Reading(5.0, 72.5, 61, 1410, "hardware thermal slowdown", True)


def test_a_counter_that_a_board_lacks_is_unknown_not_zero() -> None:
    assert _meter().read() == Reading()
    assert _meter().own_memory() is None


def test_within_a_container_the_only_process_on_the_device_is_us() -> None:
    meter = _meter(
        nvmlDeviceGetComputeRunningProcesses=[SimpleNamespace(pid=1, usedGpuMemory=7 * 2**30)]
    )
    assert meter.other_processes() == 0 and meter.own_memory() == 7 * 2**30


@pytest.mark.parametrize(("busy_s", "expected"), [(0.0, 0.0), (3.0, 0.75)])
def test_the_share_of_others_is_what_was_busy_and_not_ours(
    busy_s: float, expected: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, moments = tmp_path / "stat", iter([10.0, 12.0])
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("os.sysconf", lambda name: 100)
    monkeypatch.setattr("time.process_time", lambda: 1.0)
    monkeypatch.setattr("time.monotonic", lambda: next(moments))
    stat.write_text("cpu  5000 0 0 0 0 0 0 0 0 0\n")
    load = ProcessorLoad(stat)
    stat.write_text(f"cpu  {5000 + round(busy_s * 100)} 0 0 0 0 0 0 0 0 0\n")
    assert load.others_share() == pytest.approx(expected)


def test_a_load_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    assert ProcessorLoad(tmp_path / "none").others_share() is None
