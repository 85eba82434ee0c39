"""Device and host time of operations: the physics, on arrays of operations x devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
WINOGRAD_KERNEL = 9.0  # 3 x 3
# Power of arithmetic over that of reading weights and caches. Set before the two shares are fitted
# (power_compute 0.90, power_stream 0.40 in catalog/rates.yaml: 2.24), so that their fit is linear.
READING = 2.2
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
    in launch. For power it is split otherwise: arithmetic, traffic (operations between products
    that wait for memory), stream (products and attention that read weights and caches) and launch.
    """

    total: Array
    host: Array
    device: Array
    compute: Array
    memory: Array
    launch: Array
    arithmetic: Array
    traffic: Array
    stream: Array


def stage_time(ops: OpTable, devices: DeviceTable, rates: Rates, setting: Setting) -> StageTime:
    """Time of one call of a stage on every device: the larger of host and device time, softened."""
    cls = ops.op_class
    column = ops.column()
    op = op_time(column, Reach.of_classes(devices, cls), rates, setting)
    count = column.count
    device = (op.total * count).sum(axis=0)
    host = host_launches(ops, rates) * devices.host
    launch = (op.floor * count).sum(axis=0)
    by_memory, busy = op.compute < op.memory, (op.total - op.floor) * count
    compute = np.where(by_memory, 0, busy).sum(axis=0)
    products = column.of_class("matmul", "attention")
    arithmetic, stream = _power_parts(op, busy, count, products, rates)
    return StageTime(
        total=call_time(host, device, rates),
        host=host,
        device=device,
        compute=compute,
        memory=device - launch - compute,
        launch=launch,
        arithmetic=arithmetic.sum(axis=0),
        traffic=np.where(by_memory & ~products, busy, 0).sum(axis=0),
        stream=stream.sum(axis=0),
    )


def _power_parts(
    op: OpTime, busy: Array, count: Array, products: NDArray[np.bool_], rates: Rates
) -> tuple[Array, Array]:
    """Seconds of arithmetic and of reading for products, by which draws more energy in all.

    A product draws what its arithmetic alone would, or what reading for all of its time does: the
    larger, so that more bytes or more FLOPs never draw less. The fitted shares differ by READING.
    """
    alone = _soft_max(op.compute, op.compute, rates.get("overlap_exponent")) * count
    reads = products & (busy > READING * alone)
    product = np.where(products & ~reads, np.minimum(busy, alone), 0)
    other = np.where(~products & (op.compute >= op.memory), busy, 0)
    return product + other, np.where(reads, busy, 0)


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


@dataclass(frozen=True)
class Reach:
    """What each operation of a table can reach on each device; arrays that broadcast.

    rate, core: of its class (DeviceTable); reach, stream: bytes/s; vector: FLOP/s of the fp32
    units; floor: s. winograd, fused: whether 3 x 3 convolutions and attention have those kernels.
    """

    rate: Array
    core: Array
    reach: Array
    stream: Array
    vector: Array
    floor: Array
    winograd: NDArray[np.bool_]
    fused: NDArray[np.bool_]

    @classmethod
    def of_classes(cls, devices: DeviceTable, op_class: NDArray[np.int64]) -> Reach:
        """Every operation on every device: arrays (n, D) and (D,)."""
        return cls(rate=devices.rate[op_class], core=devices.core[op_class], **_per_device(devices))

    @classmethod
    def of_pairs(
        cls, devices: DeviceTable, op_class: NDArray[np.int64], device: NDArray[np.int64]
    ) -> Reach:
        """Every operation on one device of its own, named by index: arrays (n,)."""
        rest = {name: value[device] for name, value in _per_device(devices).items()}
        return cls(rate=devices.rate[op_class, device], core=devices.core[op_class, device], **rest)


def _per_device(devices: DeviceTable) -> dict[str, Any]:
    names = ("reach", "stream", "vector", "floor", "winograd", "fused")
    return {name: getattr(devices, name) for name in names}


def op_time(ops: OpTable, on: Reach, rates: Rates, setting: Setting) -> OpTime:
    """Time of each operation: the larger of arithmetic and memory time, softened, plus a floor.

    Arrays of operations and of devices only need to broadcast: (n, 1) with (n, D), or all (n,).
    """
    flops = _arithmetic(ops, on, rates)
    compute = flops / on.rate + _last_wave(ops, rates) / on.core
    compute = compute + flops * rates.get("refetch_bytes_per_flop") / on.reach
    compute = compute + _softmax(ops, on, rates)
    memory = _activations(ops, on.fused, rates, setting) / on.reach
    memory = memory + _weights(ops, setting) / on.stream
    floor = np.where(_launched(ops, setting), on.floor, 0.0)
    busy = _soft_max(compute, memory, rates.get("overlap_exponent"))
    return OpTime(compute=compute, memory=memory, floor=floor, total=busy + floor)


def _soft_max(left: Array, right: Array, exponent: float) -> Array:
    """A maximum with a rounded corner, never below the larger of the two."""
    large, small = np.maximum(left, right), np.minimum(left, right)
    ratio = np.divide(small, large, out=np.zeros_like(large), where=large > 0)
    return large * (1 + ratio**exponent) ** (1 / exponent)


def _arithmetic(ops: OpTable, on: Reach, rates: Rates) -> Array:
    """FLOPs as executed, at the common rate of their class.

    Fused attention works on whole tiles, its start and end cost as much as some more keys, and
    heads wider than 256 have no fast kernel. Convolutions over volumes are slower than
    over images; 3 x 3 ones on fp32 vector units take the Winograd form: up to 2.25 times fewer
    products.
    """
    padded = ops.tiled_queries * (ops.tiled_keys + rates.get("attention_ramp_keys"))
    wide = np.where(ops.head > FLASH_HEAD, 1 / rates.get("wide_head_speed"), 1.0)
    head = 4 * np.ceil(ops.head / HEAD_STEP) * HEAD_STEP
    volume = np.where(ops.kernel >= VOLUME_KERNEL, 1 / rates.get("volume_speed"), 1.0)
    few = on.winograd & (ops.kernel == WINOGRAD_KERNEL)
    plain = ops.flops * volume / np.where(few, rates.get("winograd_speed"), 1.0)
    return np.where(on.fused & (ops.scores > 0), padded * head * wide, plain)


def _softmax(ops: OpTable, on: Reach, rates: Rates) -> Array:
    """Seconds of fused attention's exponentials, maxima and sums, on the vector units.

    Matrix units grew faster than vector units: per score an A100 or H100 loses as much time as 16
    or 15 times so many 16-bit FLOPs, a GeForce twice. Narrow heads pay most.
    """
    scores = np.where(on.fused, ops.scores, 0.0)
    return scores * rates.get("softmax_vector_flops") / on.vector


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
