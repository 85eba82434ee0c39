"""Times from the rates that `advisor calibrate` measured on a device, by class and size.

    machine = calibrated_machine("cpu-amd-epyc-2t", setting, rates)
    machine.seconds(trace)      # one call

Only for processors (torch's `cpu`) in eager fp32: that is what was held against measured stages
(benchmarks/calibrated.py). Nothing overlaps there: the host that issues an operation also does it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from advisor.errors import CannotEstimate, DataError
from advisor.estimator.setting import Setting
from advisor.figure import Basis, Figure
from advisor.plan import plan
from advisor.traces import TRACED_BYTES
from advisor.tracestore import trace_store

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.estimator.optable import Array
    from advisor.estimator.rates import Rates
    from advisor.estimator.record import Estimate, StageEstimate
    from advisor.profiler.record import Calibration, Rate
    from advisor.traces import CallTrace, Op

BYTES = 4.0  # fp32
LANES = 8  # fp32 values in a vector of 256 bits (AVX2); oneDNN's layout is nChw8c
BY_SIZE = ("normalisation", "elementwise", "memory")
RECURRENT = "mkldnn_rnn_layer"  # all steps of a recurrent layer as one operation


@dataclass(frozen=True)
class Products:
    """Seconds per FLOP of a class, and per byte of weights, which libraries lay out anew."""

    per_flop: float
    per_weight_byte: float

    @classmethod
    def of(cls, probes: Sequence[Rate]) -> Products:
        """The two that fit the probes best, relatively; neither below zero."""
        seconds = np.array([probe.median_s for probe in probes])
        work = np.array([(float(probe.flops), _weights(tuple(probe.dims))) for probe in probes])
        left = work / seconds[:, None]
        scale = left.max(axis=0)
        found = np.linalg.lstsq(left / scale, np.ones(len(probes)), rcond=None)[0] / scale
        if found[1] < 0:
            found = np.array([float(np.mean(left[:, 0]) / np.mean(left[:, 0] ** 2)), 0.0])
        return cls(*map(float, found))

    def seconds(self, flops: float, weights: float) -> float:
        return flops * self.per_flop + weights * self.per_weight_byte


@dataclass(frozen=True)
class BySize:
    """Seconds of an operation by what it moves or does, between probes in logarithms."""

    size: NDArray[np.float64]
    seconds: NDArray[np.float64]

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> BySize:
        size, seconds = np.array(sorted(pairs)).T
        return cls(size, seconds)

    def at(self, size: float) -> float:
        """Beyond the largest probe at its rate; below the smallest its time."""
        if size >= self.size[-1]:
            return float(self.seconds[-1] * size / self.size[-1])
        found: Array = np.interp(
            np.log(max(size, self.size[0])), np.log(self.size), np.log(self.seconds)
        )
        return float(np.exp(found))


@dataclass(frozen=True)
class Machine:
    """What a calibration says of a processor at fp32.

    matmul, convolution: products of more than one row. stream_s: per byte of a product of one row,
    which only reads. copy_s: per byte of the largest copy, read and written. query_s: per byte of
    attention of one query. host_s: per operation.
    """

    matmul: Products
    convolution: Products
    stream_s: float
    copy_s: float
    attention: BySize
    query_s: float
    by_size: dict[str, BySize]
    host_s: float
    measured_on: str

    def seconds(self, trace: CallTrace) -> float:
        """One call."""
        return sum(op.count * (self.op_seconds(op) + self.host_s) for op in trace.ops)

    def op_seconds(self, op: Op) -> float:
        """One operation, without what issuing it costs."""
        width = BYTES / TRACED_BYTES
        moved = (op.read_bytes + op.write_bytes) * width
        if op.op_class == "matmul":
            weights = _weights(op.dims)
            if op.kind == RECURRENT:  # half of the weights meet all steps at once, half each alone
                return self.matmul.seconds(op.flops / 2, 0.0) + self.stream_s * weights / 2
            if op.dims[1] == 1:
                return self.stream_s * max(weights, moved)
            return self.matmul.seconds(float(op.flops), weights)
        if op.op_class == "convolution":
            # Images are copied into the library's layout of whole vectors of channels, and back.
            work, wide = _padding(op.dims)
            images = (moved - op.weight_bytes * width) * wide
            own = self.convolution.seconds(op.flops * work, _weights(op.dims))
            return own + self.copy_s * images
        if op.op_class == "attention":
            if op.dims[2] == 1:
                return self.query_s * moved
            return self.attention.at(float(op.flops))
        return self.by_size[op.op_class].at(moved)


def _weights(dims: tuple[int, ...]) -> float:
    """Bytes of a product's second factor, from its shape (a trace may hold it in parts)."""
    if len(dims) == 4:
        batch, _, columns, depth = dims
        return BYTES * batch * columns * depth
    _, c_in, c_out, _, kernel, groups = dims
    return BYTES * c_in * c_out * kernel / max(groups, 1)


def _padding(dims: tuple[int, ...]) -> tuple[float, float]:
    """By how much channels rounded up to whole vectors add to a convolution's FLOPs and bytes."""
    _, c_in, c_out, _, _, groups = dims
    if groups > 1:
        return 1.0, 1.0
    wide_in, wide_out = (LANES * math.ceil(c / LANES) for c in (c_in, c_out))
    return wide_in * wide_out / (c_in * c_out), (wide_in + wide_out) / (c_in + c_out)


def machine_of(calibration: Calibration, host_calls: float) -> Machine:
    """The rates of a calibration. Raises CannotEstimate where a class has too few valid probes.

    host_calls: what a module's call costs the host against the bare operation that was timed.
    """
    found: dict[str, list[Rate]] = {}
    for rate in calibration.rates:
        if rate.valid and rate.dtype == "fp32":
            found.setdefault(rate.op_class, []).append(rate)
    rows = [r for r in found.get("matmul", []) if r.dims[1] > 1]
    one_row = [r for r in found.get("matmul", []) if r.dims[1] == 1]
    queries = [r for r in found.get("attention", []) if r.dims[2] > 1]
    one_query = [r for r in found.get("attention", []) if r.dims[2] == 1]
    images = found.get("convolution", [])
    if min(map(len, (rows, queries, images))) < 2 or not (one_row and one_query):
        raise CannotEstimate(
            f"the calibration of {calibration.device} has too few valid fp32 probes: run "
            "`advisor calibrate` on an idle machine"
        )
    if lacking := [name for name in BY_SIZE if len(found.get(name, [])) < 2]:
        raise CannotEstimate(
            f"the calibration of {calibration.device} has too few valid probes of "
            f"{', '.join(lacking)}: run `advisor calibrate` on an idle machine"
        )
    largest = max(found["memory"], key=lambda r: r.bytes_moved)
    return Machine(
        matmul=Products.of(rows),
        convolution=Products.of(images),
        stream_s=float(np.mean([r.median_s / r.bytes_moved for r in one_row])),
        copy_s=largest.median_s / largest.bytes_moved,
        attention=BySize.of([(float(r.flops), r.median_s) for r in queries]),
        query_s=float(np.mean([r.median_s / r.bytes_moved for r in one_query])),
        by_size={
            name: BySize.of([(float(r.bytes_moved), r.median_s) for r in found[name]])
            for name in BY_SIZE
        },
        host_s=calibration.host_s_per_op * host_calls,
        measured_on=calibration.measured_on,
    )


def calibrated_machine(device: str, setting: Setting, rates: Rates) -> Machine:
    """The device's measured rates. Raises CannotEstimate, which says why, where there are none."""
    lacks = f"{device} has no basis 'calibrated'"
    if setting.dtype != "fp32" or setting.fused:
        raise CannotEstimate(f"{lacks}: rates were checked in eager fp32 only; ask for that")
    calibration = stored_calibration(device)
    if calibration is None:
        raise CannotEstimate(f"{lacks}: run `advisor calibrate` there")
    if calibration.environment.cuda is not None or calibration.environment.driver is not None:
        raise CannotEstimate(
            f"{lacks}: rates of GPUs were never held against measured stages; ask for datasheet"
        )
    return machine_of(calibration, rates.get("calibrated_host_calls"))


def stored_calibration(device: str) -> Calibration | None:
    """The latest readable calibration of a device."""
    from advisor.profiles import calibration_path, profile_folders, read_calibration

    found = []
    for folder in profile_folders():
        file = calibration_path(folder, device)
        if file.is_file():
            try:
                found.append(read_calibration(file))
            except DataError:
                continue  # named by `advisor profiles check`
    return max(found, key=lambda one: one.measured_on, default=None)


def calibrated_stage(
    stage: StageEstimate, trace: CallTrace, machine: Machine, rates: Rates
) -> StageEstimate:
    """The stage with the time that the device's measured rates give."""
    seconds = machine.seconds(trace) * stage.calls
    spread = rates.interval("latency.calibrated")
    latency = Figure(
        value=seconds,
        low=seconds * spread.low,
        high=seconds * spread.high,
        unit="s",
        basis=Basis.calibrated,
        source=f"operations of the traced stages over rates measured here on {machine.measured_on}",
    )
    share = seconds / stage.latency_s.value if stage.latency_s.value else 1.0
    changes = {
        "latency_s": latency,
        "energy_j": stage.energy_j.times(share) if stage.energy_j else None,
        "bound": "host" if machine.host_s * stage.launches > seconds / 2 else "compute",
        "achieved_tflops": stage.flops / seconds / 1e12,
    }
    return stage.model_copy(update=changes)


def with_calibration(predicted: Estimate, model: Model, catalog: Catalog, rates: Rates) -> Estimate:
    """A prediction with its times from the device's measured rates; energy grows with them.

    Raises CannotEstimate, which says why, where no such rates can be used.
    """
    workload = predicted.workload
    machine = calibrated_machine(predicted.device, Setting.of(workload), rates)
    store = trace_store(catalog)
    traces = {s.name: store.stage_trace(s) for s in plan(model, workload, catalog.components)}
    stages = [
        calibrated_stage(stage, traces[stage.name], machine, rates) for stage in predicted.stages
    ]
    latency = reduce(Figure.plus, (stage.latency_s for stage in stages))
    share = latency.value / predicted.latency_s.value
    first = latency.times(predicted.first_output_s.value / predicted.latency_s.value)
    changes = {
        "stages": stages,
        "latency_s": latency,
        "first_output_s": first,
        "energy_j": predicted.energy_j.times(share) if predicted.energy_j else None,
    }
    return predicted.model_copy(update=changes)
