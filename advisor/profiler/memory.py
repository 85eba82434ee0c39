"""Memory of a call by every definition there is, each under its own name."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from advisor.profiler.clock import Call
from advisor.profiler.meter import Meter
from advisor.profiler.record import MemoryUse

GIB = 2**30
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_SEEN = 2**20  # bytes: smaller activations drown in what the C library keeps


def storage_bytes(tensors: Iterable[torch.Tensor]) -> int:
    """Bytes of tensors, shared storages once."""
    storages = {t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in tensors}
    return sum(storages.values())


def weights_bytes(modules: Mapping[str, torch.nn.Module]) -> int:
    """Bytes of parameters and buffers, shared storages once."""
    return storage_bytes(
        tensor
        for module in modules.values()
        for tensor in [*module.parameters(), *module.buffers()]
    )


def measure_memory(
    run: Call, device: str, weights: int, inputs: int, meter: Meter | None = None
) -> tuple[MemoryUse, Any]:
    """(one call's peaks, its result). `weights` and `inputs` are the bytes resident before it."""
    if device.startswith("cuda"):
        return _on_gpu(run, device, weights, inputs, meter)
    before, peak, result = _resident(run)
    grown = None if before is None or peak is None else peak - before
    return MemoryUse(
        weights_gib=weights / GIB,
        inputs_gib=inputs / GIB,
        activations_gib=None if grown is None or grown < _SEEN else grown / GIB,
        workspace_gib=None,
        allocated_peak_gib=None,
        reserved_peak_gib=None,
        driver_gib=None,
        resident_peak_gib=None if peak is None else peak / GIB,
    ), result


def _on_gpu(
    run: Call, device: str, weights: int, inputs: int, meter: Meter | None
) -> tuple[MemoryUse, Any]:
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    result = run()
    torch.cuda.synchronize(device)
    allocated = torch.cuda.max_memory_allocated(device)
    driver = meter.own_memory() if meter is not None else None
    return MemoryUse(
        weights_gib=weights / GIB,
        inputs_gib=inputs / GIB,
        activations_gib=max(allocated - before, 0) / GIB,
        workspace_gib=max(before - weights - inputs, 0) / GIB,
        allocated_peak_gib=allocated / GIB,
        reserved_peak_gib=torch.cuda.max_memory_reserved(device) / GIB,
        driver_gib=None if driver is None else driver / GIB,
        resident_peak_gib=None,
    ), result


def _resident(run: Call) -> tuple[int | None, int | None, Any]:
    """(resident set before, its peak in a call, the result); None where the kernel is silent.

    Writing 5 to clear_refs sets the peak back to the present value (Linux, proc(5)).
    """
    _release_freed()
    try:
        _CLEAR.write_text("5")
        before = _status("VmRSS")
    except (OSError, ValueError):
        return None, None, run()
    result = run()
    return before, _status("VmHWM"), result


def _release_freed() -> None:
    """Give back memory that the C library keeps though free: it would hide a call's growth."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # not glibc
        return


def _status(field: str) -> int:
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/self/status has no {field}")
