"""What can be measured here, for `advisor doctor`. Torch is asked in a child, if installed."""

from __future__ import annotations

import importlib.util
from typing import Any

from advisor.errors import AdvisorError
from advisor.profiler.meter import NvmlMeter, ProcessorLoad

_PARTS = ("torch", "fvcore", "diffusers", "transformers")


def measurable() -> dict[str, Any]:
    """One line per thing: what a profile made here would hold. None = not to be had."""
    found: dict[str, Any] = {"profile device": None}
    missing = [name for name in _PARTS if importlib.util.find_spec(name) is None]
    if missing:
        found["profile device"] = f"none: {', '.join(missing)} not installed"
    else:
        found.update(_by_torch())
    others = ProcessorLoad().has_counter
    found["others' load"] = "seen in /proc/stat" if others else None
    found.update(_by_nvml())
    return found


def _by_torch() -> dict[str, Any]:
    from advisor.profiler.sweep import local_device, local_environment

    device = local_device()
    try:
        here = local_environment(device)
    except AdvisorError as error:
        return {"profile device": f"cannot be used: {error}"}
    return {
        "profile device": f"{here.device} ({device}, {here.memory_gib:.1f} GiB)",
        "torch": f"{here.torch}, {here.torch_threads} threads",
        "cuda": here.cuda,
    }


def _by_nvml() -> dict[str, Any]:
    """Which of the GPU's counters answer."""
    try:
        meter = NvmlMeter()
    except Exception:  # no package, no driver or no permission
        return {"energy": None}
    now, limits = meter.read(), meter.limits()
    return {
        "energy": "counter" if now.joules is not None else ("sampled" if now.watts else None),
        "power now, limit W": f"{now.watts}, {limits['power_limit_w']}",
        "clock now, max MHz": f"{now.clock_mhz}, {limits['clock_max_mhz']}",
        "memory clock MHz": limits["memory_clock_mhz"],
        "temperature C": now.temperature_c,
        "slowed by": now.throttled or "nothing",
        "processes on it": meter.running(),
    }
