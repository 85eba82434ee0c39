"""DeviceTable: what devices can reach, as arrays over devices, for one software setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from advisor.errors import CannotEstimate
from advisor.estimator.optable import CLASS_INDEX, Array
from advisor.traces import OP_CLASSES

if TYPE_CHECKING:
    from advisor.catalog import Device
    from advisor.estimator.rates import Generation, Parameter, Rates
    from advisor.estimator.setting import Precision, Setting

TERA, GIGA = 1e12, 1e9
SHORT_ACCUMULATOR = 2.0  # speed-up of halved boards that accumulate in 16 bit
HALVED_RATIO = 3.0
CLASSES_WITH_FLOPS = ("matmul", "convolution", "attention")


@dataclass(frozen=True)
class DeviceTable:
    """Arrays over D devices; FLOP/s, bytes/s and seconds.

    peak, rate, core: shape (classes, D): datasheet peak of the units that a class runs on; what it
    reaches on large operations; rate of one multiprocessor. Infinite for classes without FLOPs.
    bandwidth: datasheet. reach, stream: bytes/s that kernels get for activations and for weights.
    vector: datasheet FLOP/s of the fp32 units. host: per launched operation.
    fused: whether attention kernels keep the scores on chip. winograd: whether 3 x 3 convolutions
    run on vector units in the Winograd form (fp32 on NVIDIA boards without TF32).
    """

    devices: tuple[Device, ...]
    peak: Array
    rate: Array
    core: Array
    bandwidth: Array
    reach: Array
    stream: Array
    vector: Array
    floor: Array
    host: Array
    fused: NDArray[np.bool_]
    winograd: NDArray[np.bool_]
    generations: tuple[Generation, ...]


def device_table(devices: Sequence[Device], rates: Rates, setting: Setting) -> DeviceTable:
    """The table of devices that all have the figures needed. Raises CannotEstimate otherwise."""
    generations = [rates.generations[rates.generation_of(device)] for device in devices]
    shape = (len(OP_CLASSES), len(devices))
    peak, rate, core = (np.full(shape, np.inf) for _ in range(3))
    half = _peaks(devices, setting, "half")
    clock = np.array([throttle(*pair, rates) for pair in zip(devices, generations, strict=True)])
    cores = _multiprocessors(devices, generations, half)
    for name in CLASSES_WITH_FLOPS:
        row = CLASS_INDEX[name]
        peak[row] = _peaks(devices, setting, setting.precision(name))
        share = np.array(
            [_share(name, *pair, rates, setting) for pair in zip(devices, generations, strict=True)]
        )
        rate[row] = peak[row] * clock * np.minimum(share, 1.0)
        core[row] = peak[row] / cores
    speed = np.array([g.bandwidth_speed.value for g in generations])
    reach = np.minimum(speed * rates.get("bandwidth_efficiency"), 1.0)
    # A generation's large cache speeds up activations (bandwidth_speed), not weights read once.
    stream = np.full(len(devices), _stream_share(rates, setting))
    bandwidth = GIGA * np.array([device.bandwidth_gb_s for device in devices])
    return DeviceTable(
        devices=tuple(devices),
        peak=peak,
        rate=rate,
        core=core,
        bandwidth=bandwidth,
        reach=bandwidth * reach,
        stream=bandwidth * stream,
        vector=_peaks(devices, setting, "vector"),
        floor=np.full(len(devices), rates.get("kernel_floor_us") * 1e-6),
        host=np.array([host_seconds(device, rates, setting) for device in devices]),
        generations=tuple(generations),
        fused=np.array([setting.fused_attention and g.fused_attention for g in generations]),
        winograd=np.array([_winograd(device, setting) for device in devices]),
    )


def _multiprocessors(
    devices: Sequence[Device], generations: Sequence[Generation], half: Array
) -> Array:
    """How many there are, by what one does at 16 bit where matrix units run at their full rate.

    GeForce and export boards have slowed matrix units (`half`) but not slowed vector units.
    """
    vector = TERA * np.array([device.fp32_tflops or 0.0 for device in devices])
    full = np.maximum(half, vector * [g.matrix_per_vector.value for g in generations])
    return full / (TERA * np.array([g.core_tflops.value for g in generations]))


def _on_vector_units(device: Device, precision: Precision) -> bool:
    """Whether fp32 work runs on the plain units: asked to, or for want of TF32."""
    return precision == "fp32" or (precision in ("tf32", "tf32x3") and not device.tf32_tflops)


def _winograd(device: Device, setting: Setting) -> bool:
    vector = _on_vector_units(device, setting.precision("convolution"))
    return vector and device.vendor == "NVIDIA"


def _share(
    name: str, device: Device, generation: Generation, rates: Rates, setting: Setting
) -> float:
    """Share of the (throttled) peak that large operations of a class reach."""
    if _on_vector_units(device, setting.precision(name)):
        return rates.get("vector_efficiency")
    legacy = rates.get("legacy_speed") if setting.legacy else 1.0
    share = rates.get(f"{name}_efficiency") * generation.half_speed.value * legacy
    if setting.fused:
        share *= rates.get(fused_name(setting))
    if name == "attention":
        share *= generation.attention_speed.value
        if setting.hopper_attention and "9.0" in generation.capabilities:
            share *= rates.get("hopper_attention_speed")
    if name == "convolution":
        share *= generation.convolution_speed.value
    return share


def fused_name(setting: Setting) -> str:
    """The parameter that holds the speed of fused kernels against eager ones."""
    if not setting.engine:
        return "compiled_speed"
    return "llama_cpp_speed" if setting.engine == "llama.cpp" else "engine_speed"


def _stream_share(rates: Rates, setting: Setting) -> float:
    """Share of the bandwidth that reading weights reaches."""
    share = rates.get("stream_efficiency")
    return share * (rates.get("llama_cpp_stream") if setting.engine == "llama.cpp" else 1.0)


def peak_flops(device: Device, precision: Precision) -> float | None:
    """Datasheet peak in FLOP/s of the units that would run `precision`; None = not published.

    A device without the units falls back as PyTorch does: fp8 to half, half to fp32, tf32 to fp32.
    """
    half = device.fp16_tflops or device.bf16_tflops
    plain = device.fp32_tflops
    short = SHORT_ACCUMULATOR if halved(device) else 1.0
    tflops = {
        "fast8": short * (device.fp8_tflops or half or plain or 0.0),
        "fast16": short * (half or plain or 0.0),
        "fp8": device.fp8_tflops or half or plain,
        "int8": device.int8_tops or half or plain,
        "half": half or plain,
        "tf32": device.tf32_tflops or plain,
        "tf32x3": device.tf32_tflops / 3 if device.tf32_tflops else plain,
        "fp32": plain,
        "vector": plain or half,
    }[precision]
    return tflops * TERA if tflops else None


def halved(device: Device) -> bool:
    """Whether the board's matrix units run at half rate when they accumulate in fp32 (GeForce).

    Such boards have twice their fp32 rate in 16-bit products; their professional siblings with
    the same chip four times (facts/hardware_prices.md section 3).
    """
    known = device.fp16_tflops is not None and device.fp32_tflops is not None
    tensor = device.vendor == "NVIDIA" and device.architecture not in ("Pascal", "Volta")
    ratio = (device.fp16_tflops or 0.0) / (device.fp32_tflops or 1.0)
    return known and tensor and ratio < HALVED_RATIO


def missing(device: Device, setting: Setting) -> str | None:
    """What the device lacks to be estimated at this setting, as a phrase; None = nothing."""
    for name in CLASSES_WITH_FLOPS:
        precision = setting.precision(name)
        if peak_flops(device, precision) is None:
            return f"its dense {'16-bit' if precision == 'half' else precision} peak is not known"
    return None


def _peaks(devices: Sequence[Device], setting: Setting, precision: Precision) -> Array:
    values = [peak_flops(device, precision) for device in devices]
    for device, value in zip(devices, values, strict=True):
        if value is None:
            reason = missing(device, setting) or f"its {precision} peak is not known"
            raise CannotEstimate(
                f"{device.id} cannot be estimated at {setting.dtype}: {reason}; add the figure "
                "with its source to catalog/devices.csv"
            )
    return np.array(values, dtype=np.float64)


def throttle(device: Device, generation: Generation, rates: Rates) -> float:
    """Share of the boost clock that the board's power limit lets matrix units keep.

    Dynamic power grows with the cube of the clock, so a board with less power per TFLOPS than its
    generation needs at full clock settles at a power of the ratio (one fitted exponent for all).
    """
    knee: Parameter | None = generation.knee_w_per_tflops
    peak = device.fp16_tflops or device.bf16_tflops
    if knee is None or device.power_w is None or peak is None:
        return 1.0
    ratio = device.power_w / peak / knee.value
    return float(min(1.0, ratio ** rates.get("throttle_exponent")))


def host_seconds(device: Device, rates: Rates, setting: Setting) -> float:
    """Host time per launched operation: zero where launches are replayed from a graph."""
    if setting.fused:
        return 0.0
    desktop = device.segment in ("consumer", "workstation")
    legacy = rates.get("legacy_host") if setting.legacy else 1.0
    return rates.get("host_us_desktop" if desktop else "host_us_server") * legacy * 1e-6
