"""Device energy: power between idle and the board's limit, by what the device is busy with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.estimator.optable import Array

if TYPE_CHECKING:
    from advisor.estimator.devices import DeviceTable
    from advisor.estimator.rates import Rates
    from advisor.estimator.timing import StageTime


def stage_joules(time: StageTime, devices: DeviceTable, rates: Rates) -> Array:
    """Energy of one call on every device, J; NaN where the board's power is not known.

    The share of the limit drawn above idle is that of the work in hand: arithmetic most, memory
    traffic less (between matrix products, as in image models), reading weights and caches for
    few rows and launch floors least; nothing above idle while the device waits for the host.
    A product counts as arithmetic for as long as that takes, so more work never draws less.
    """
    limit = np.array([device.power_w or np.nan for device in devices.devices])
    idle = np.array([generation.idle_share.value for generation in devices.generations])
    busy = (
        rates.get("power_compute") * time.arithmetic
        + rates.get("power_memory") * time.traffic
        + rates.get("power_stream") * time.stream
        + rates.get("power_launch") * time.launch
    )
    # The parts sum to device time <= total, and every share is <= 1: power stays under the limit.
    return limit * (idle * time.total + (1 - idle) * busy)
