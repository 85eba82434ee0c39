"""Device and host time of operations: the physics, on arrays of operations x devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.estimator.devices import DeviceTable
from advisor.estimator.optable import HEAD_STEP, Array, OpTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.estimator.rates import Rates
    from advisor.estimator.setting import Setting

TILE = 128.0  # rows and columns of the output tile that one multiprocessor works on
FLASH_HEAD = 256.0  # widest head of the FlashAttention kernels
VOLUME_KERNEL = 27.0  # 3 x 3 x 3
GEMV_ROWS = 16.0  # up to so many rows, kernels unpack quantised weights on the way (bitsandbytes)


@dataclass(frozen=True)
class OpTime:
    """Seconds of ONE operation; arrays of one shape."""

    compute: Array
    memory: Array
    floor: Array
    total: Array


@dataclass(frozen=True)
class StageTime:
    """Seconds of one call, arrays over devices.

    device is the sum of compute, memory and launch: the time of operations bound by each, floors
    in launch.
    """

    total: Array
    host: Array
    device: Array
    compute: Array
    memory: Array
    launch: Array


def stage_time(ops: OpTable, devices: DeviceTable, rates: Rates, setting: Setting) -> StageTime:
    """Time of one call of a stage on every device: the larger of host and device time, softened."""
    cls = ops.op_class
    column = ops.column()
    op = op_time(
        column,
        devices.rate[cls],
        devices.core[cls],
        devices.reach,
        devices.stream,
        devices.floor,
        devices.fused,
        rates,
        setting,
    )
    count = column.count
    device = (op.total * count).sum(axis=0)
    host = host_launches(ops, rates) * devices.host
    launch = (op.floor * count).sum(axis=0)
    compute = (np.where(op.compute >= op.memory, op.total - op.floor, 0) * count).sum(axis=0)
    return StageTime(
        total=call_time(host, device, rates),
        host=host,
        device=device,
        compute=compute,
        memory=device - launch - compute,
        launch=launch,
    )


def host_launches(ops: OpTable, rates: Rates) -> float:
    """Launches weighted by the host's work: a pointwise operation costs less than a module's call.

    Matrix products, convolutions, attention and normalisations come wrapped in a module with its
    own Python code; additions, copies and the like mostly do not.
    """
    light = ops.of_class("elementwise", "memory")
    return float((ops.count * np.where(light, rates.get("host_light_share"), 1.0)).sum())


def call_time(host: Array, device: Array, rates: Rates) -> Array:
    """The larger of host and device time; near the crossing neither hides the other fully."""
    return _soft_max(host, device, rates.get("host_exponent"))


def op_time(
    ops: OpTable,
    rate: Array,
    core: Array,
    reach: Array,
    stream: Array,
    floor: Array,
    fused: NDArray[np.bool_],
    rates: Rates,
    setting: Setting,
) -> OpTime:
    """Time of each operation: the larger of arithmetic and memory time, softened, plus a floor.

    Arrays of operations and of devices only need to broadcast: (n, 1) with (n, D), or all (n,).
    """
    flops = _arithmetic(ops, fused, rates)
    compute = flops / rate + _last_wave(ops, rates) / core
    compute = compute + flops * rates.get("refetch_bytes_per_flop") / reach
    memory = _activations(ops, fused, rates, setting) / reach + _weights(ops, setting) / stream
    floor = np.where(_launched(ops, setting), floor, 0.0)
    busy = _soft_max(compute, memory, rates.get("overlap_exponent"))
    return OpTime(compute=compute, memory=memory, floor=floor, total=busy + floor)


def _soft_max(left: Array, right: Array, exponent: float) -> Array:
    """A maximum with a rounded corner, never below the larger of the two."""
    large, small = np.maximum(left, right), np.minimum(left, right)
    ratio = np.divide(small, large, out=np.zeros_like(large), where=large > 0)
    return large * (1 + ratio**exponent) ** (1 / exponent)


def _arithmetic(ops: OpTable, fused: NDArray[np.bool_], rates: Rates) -> Array:
    """FLOPs as executed, at the common rate of their class.

    Fused attention works on whole tiles, its exponentials cost so many FLOPs per score, its start
    and end as much as some more keys, and heads wider than 256 have no fast kernel. Convolutions
    over volumes are slower than over images.
    """
    padded = ops.tiled_queries * (ops.tiled_keys + rates.get("attention_ramp_keys"))
    wide = np.where(ops.head > FLASH_HEAD, 1 / rates.get("wide_head_speed"), 1.0)
    head = 4 * np.ceil(ops.head / HEAD_STEP) * HEAD_STEP + rates.get("softmax_flops_per_score")
    volume = np.where(ops.kernel >= VOLUME_KERNEL, 1 / rates.get("volume_speed"), 1.0)
    return np.where(fused & (ops.scores > 0), padded * head * wide, ops.flops * volume)


def _last_wave(ops: OpTable, rates: Rates) -> Array:
    """FLOPs of the part-filled last wave, worked off by multiprocessors one tile each.

    Long sums are split over multiprocessors, so the depth counts up to a limit.
    """
    depth = np.minimum(ops.depth, rates.get("split_depth"))
    return rates.get("wave_share") * 2 * TILE * TILE * depth


def _activations(ops: OpTable, fused: NDArray[np.bool_], rates: Rates, setting: Setting) -> Array:
    """Activation bytes through memory, scores included where attention is not fused.

    Normalisations read their input more than once. Compiled, they and pointwise operations are
    fused with their neighbours and move only a share of their bytes.
    """
    if setting.fused:
        pointwise = ops.of_class("elementwise", "normalisation", "memory")
        share = np.where(pointwise, rates.get("fused_bytes_share"), 1.0)
    else:
        again = ops.of_class("normalisation")
        share = np.where(again, rates.get("normalisation_passes"), 1.0)
    scores = ops.scores * setting.activation_bytes * rates.get("score_passes")
    return ops.activation_bytes * share + np.where(fused, 0.0, scores)


def _weights(ops: OpTable, setting: Setting) -> Array:
    """Weight bytes through memory. Eager, wide calls unpack quantised weights to 16 bit first."""
    if not setting.quantised or setting.fused:
        return ops.weight_bytes
    unpacked = 1 + 2 * setting.activation_bytes / setting.weight_bytes
    return ops.weight_bytes * np.where(ops.rows > GEMV_ROWS, unpacked, 1.0)


def _launched(ops: OpTable, setting: Setting) -> NDArray[np.bool_]:
    """Which operations launch a kernel of their own: fused ones ride along with neighbours."""
    if setting.fused:
        return ops.of_class("matmul", "convolution", "attention")
    return np.ones(ops.op_class.shape, dtype=bool)
