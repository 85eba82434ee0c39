"""Component offload: one component on the device at a time, the others in the host's memory.

As diffusers' `enable_model_cpu_offload`: before a component runs, the one before it is copied back
to the host and it is copied to the device (accelerate, `hooks.CpuOffload`: `.to(...)` both ways).
So every component crosses the bus twice per turn, and only one of them needs room at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import CannotEstimate
from advisor.estimator import memory
from advisor.estimator.quick import made
from advisor.estimator.record import StageEstimate
from advisor.figure import Basis, Figure
from advisor.variants import turns

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device
    from advisor.estimator.rates import Rates
    from advisor.estimator.setting import Setting
    from advisor.plan import Stage
    from advisor.traces import CallTrace

GIGA = 1e9
STAGE = "offload"  # name of the stage that copies

# Bytes per second and direction of 16 lanes after line coding, GB/s (PCI-SIG base specifications).
PCIE_GB_S = {"3.0": 15.75, "4.0": 31.5, "5.0": 63.0, "6.0": 121.0}
LANES = 16
NVLINK_C2C_GB_S = 450.0  # per direction (NVIDIA Grace Hopper whitepaper: 900 GB/s both ways)
# The host link of boards whose socket is all that the catalog names (DGX-1 and DGX A100).
SOCKETS = {"SXM2": "3.0", "SXM4": "4.0"}

# Share of the bus that copies of ordinary, not page-locked memory get. An assumption: 5.4 of 15.75
# GB/s as in NVIDIA's "How to Optimize Data Transfers in CUDA C/C++" (recalled, not looked up); from
# a tenth (many small tensors, a slow host) to page-locked copies.
SHARE, SHARE_LOW, SHARE_HIGH = 0.34, 0.1, 0.8
SOURCE = "weights copied both ways at an assumed 0.34 of the nominal host bus"


def bus_gb_s(device: Device) -> float:
    """Nominal GB/s per direction between host and device. CannotEstimate where there is no copy."""
    bus = device.host_bus or ""
    if "NVLink-C2C" in bus:
        return NVLINK_C2C_GB_S
    named = re.search(r"PCIe (\d\.\d)(?:-\d\.\d)?(?: x(\d+))?", bus)
    version = named[1] if named else SOCKETS.get(bus)
    if version in PCIE_GB_S:
        lanes = int(named[2]) if named and named[2] else LANES
        return PCIE_GB_S[version] * lanes / LANES
    shared = device.segment in ("cpu", "apple") or bus.startswith("unified")
    reason = (
        "shares its memory with the host, so offloading saves nothing"
        if shared
        else f"has a host bus of unknown speed ('{bus or 'not stated'}')"
    )
    raise CannotEstimate(f"{device.id} {reason}: leave out offload")


def why_no_bus(device: Device) -> str | None:
    """Why nothing can be offloaded from a device, as a sentence; None if it can."""
    try:
        bus_gb_s(device)
    except CannotEstimate as error:
        return str(error)
    return None


@dataclass(frozen=True)
class Turns:
    """What taking turns needs: the component that needs most room, and the bytes copied.

    weights: bytes of that component. copied: bytes over the bus in both directions.
    """

    weights: float
    live: memory.LivePeak
    copied: float
    visits: int


def take_turns(
    called: Sequence[tuple[Stage, CallTrace]],
    catalog: Catalog,
    setting: Setting,
    rates: Rates,
    extra: float = 0.0,
) -> Turns:
    """One component at a time. `extra`: bytes of adapters, which travel with the adapted one."""
    own = {stage.component: 0.0 for stage, _ in called}
    live = {}
    for name in own:
        mine = [(stage, trace) for stage, trace in called if stage.component == name]
        adapted = any(stage.lora_rank for stage, _ in mine)
        own[name] = sum(memory.component_bytes(name, catalog, setting)) + extra * adapted
        live[name] = memory.live_peak(mine, setting, rates)
    most = max(own, key=lambda name: own[name] + live[name].need(rates))
    visits = turns([stage for stage, _ in called])
    return Turns(
        weights=own[most],
        live=live[most],
        copied=2 * sum(own[name] * count for name, count in visits.items()),
        visits=visits.total(),
    )


def copying(
    turn: Turns, device: Device, idle_share: float
) -> tuple[StageEstimate, Figure, Figure | None]:
    """The copies as a stage, their time, and the energy of the device while it waits."""
    bus = bus_gb_s(device) * GIGA
    seconds = turn.copied / bus
    latency = Figure(
        value=seconds / SHARE,
        low=seconds / SHARE_HIGH,
        high=seconds / SHARE_LOW,
        unit="s",
        basis=Basis.assumed,
        source=SOURCE,
    )
    energy = None
    if device.power_w is not None:
        energy = latency.times(idle_share * device.power_w, "J")
    stage = made(
        StageEstimate,
        name=STAGE,
        component="all",
        calls=turn.visits,
        batch=1,
        latency_s=latency,
        energy_j=energy,
        flops=0,
        bytes_moved=round(turn.copied),
        launches=0,
        peak_activation_gib=0.0,
        bound="memory",
        achieved_tflops=0.0,
        note="weights over the host bus, both ways",
    )
    return stage, latency, energy
