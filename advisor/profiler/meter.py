"""Reading a device's counters: power, energy, temperature, clocks, and who else uses it.

Through NVML on NVIDIA GPUs; played back from recordings in tests; from /proc for a CPU's load.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Reading:
    """What the meter shows at one moment; None = this device does not tell."""

    joules: float | None = None
    watts: float | None = None
    temperature_c: float | None = None
    clock_mhz: float | None = None
    throttled: str = ""  # slowed down by heat or supply, empty = it did not
    power_capped: bool = False  # at its power limit: how such boards normally run under load


class Meter(Protocol):
    """Reads a device's counters."""

    def read(self) -> Reading:
        """The counters now."""

    def other_processes(self) -> int:
        """How many processes beside this one compute on the device."""

    def own_memory(self) -> int | None:
        """Bytes that the driver charges this process; None where it does not say."""


# NVML's reasons for lower clocks (nvmlClocksEventReason*), by bit.
_POWER_CAP = 0x4
_THROTTLES = {
    0x8: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "hardware power brake",
}


class NvmlMeter:
    """Counters of one NVIDIA GPU, found by its UUID (`GPU-...`) or else by its index.

    NVML's numbering knows nothing of CUDA_VISIBLE_DEVICES, so that index 0 may be another board
    than torch's. Raises pynvml's error when there is no driver.
    """

    def __init__(self, uuid: str | None = None, nvml: Any = None, index: int = 0) -> None:
        if nvml is None:
            import pynvml

            nvml = pynvml
        nvml.nvmlInit()
        self._nvml = nvml
        self._handle = (
            nvml.nvmlDeviceGetHandleByUUID(uuid)
            if uuid is not None
            else nvml.nvmlDeviceGetHandleByIndex(index)
        )

    def read(self) -> Reading:
        nvml, handle = self._nvml, self._handle
        milli_j = self._try(nvml.nvmlDeviceGetTotalEnergyConsumption, handle)
        milli_w = self._try(nvml.nvmlDeviceGetPowerUsage, handle)
        slowed = self._try(nvml.nvmlDeviceGetCurrentClocksEventReasons, handle) or 0
        return Reading(
            joules=None if milli_j is None else milli_j / 1e3,
            watts=None if milli_w is None else milli_w / 1e3,
            temperature_c=self._try(nvml.nvmlDeviceGetTemperature, handle, 0),
            clock_mhz=self._try(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM),
            throttled=", ".join(name for bit, name in _THROTTLES.items() if slowed & bit),
            power_capped=bool(slowed & _POWER_CAP),
        )

    def other_processes(self) -> int:
        """Within a container the driver may know us by another id: then one of them is us."""
        running = [process.pid for process in self._running()]
        return len(running) - 1 if running else 0

    def own_memory(self) -> int | None:
        running = self._running()
        own = [p for p in running if p.pid == os.getpid()] or (running if len(running) == 1 else [])
        return own[0].usedGpuMemory if own else None

    def limits(self) -> dict[str, Any]:
        """Power limit (W), clocks (MHz) and driver; None for what cannot be read."""
        nvml, handle = self._nvml, self._handle
        milli_w = self._try(nvml.nvmlDeviceGetPowerManagementLimit, handle)
        return {
            "power_limit_w": None if milli_w is None else milli_w / 1e3,
            "driver": self._try(nvml.nvmlSystemGetDriverVersion),
            "clock_mhz": self._try(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM),
            "clock_max_mhz": self._try(nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_SM),
            "memory_clock_mhz": self._try(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_MEM),
        }

    def running(self) -> int:
        """Processes that compute on the device."""
        return len(self._running())

    def _running(self) -> list[Any]:
        found = self._try(self._nvml.nvmlDeviceGetComputeRunningProcesses, self._handle)
        return list(found or [])

    def _try(self, function: Any, *args: Any) -> Any:
        """A counter's value, or None where this device or driver does not have it."""
        try:
            return function(*args)
        except self._nvml.NVMLError:
            return None


class ReplayMeter:
    """Plays back recorded readings, the last one for ever."""

    def __init__(self, readings: list[Reading], others: int = 0) -> None:
        self._readings, self._next, self._others = readings, 0, others

    def read(self) -> Reading:
        reading = self._readings[min(self._next, len(self._readings) - 1)]
        self._next += 1
        return reading

    def other_processes(self) -> int:
        return self._others

    def own_memory(self) -> int | None:
        return None


def meter_for(device: str) -> Meter | None:
    """The meter of torch's device, None where there is nothing to read."""
    if not device.startswith("cuda"):
        return None
    try:
        import torch

        return NvmlMeter(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except Exception:  # no driver, no permission: energy is then unknown, not an error
        return None


class ProcessorLoad:
    """How much of the processor others used while we measured, from /proc."""

    def __init__(self, stat: Path = Path("/proc/stat")) -> None:
        self._stat = stat
        self._start = self._now()

    @property
    def has_counter(self) -> bool:
        """Whether the system tells at all."""
        return self._start is not None

    def others_share(self) -> float | None:
        """Share of the whole processor that others took since the start; None = not to be had."""
        if self._start is None or (end := self._now()) is None:
            return None
        (busy_0, own_0, wall_0), (busy_1, own_1, wall_1) = self._start, end
        capacity = (wall_1 - wall_0) * (os.cpu_count() or 1)
        if capacity <= 0.2:  # /proc counts in steps of 10 ms
            return None
        return max((busy_1 - busy_0) - (own_1 - own_0), 0.0) / capacity

    def _now(self) -> tuple[float, float, float] | None:
        """(seconds all processors were busy, seconds this process used, wall)."""
        try:
            fields = self._stat.read_text(encoding="ascii").splitlines()[0].split()[1:]
        except (OSError, IndexError):
            return None
        user, nice, system, _idle, _wait, irq, soft, steal = (int(n) for n in fields[:8])
        busy = (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")
        return (busy, time.process_time(), time.monotonic()) if busy else None
