"""Calibration: what rates this device reaches, by class and size of operation, in a few minutes.

Shapes are those of the catalog's models (tokens x width of its transformers, channels x pixels of
its U-Nets and decoders), from too small to fill a GPU to large enough for its peak.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F

from advisor.catalog import Catalog
from advisor.profiler.clock import Clock, clock_for
from advisor.profiler.environment import environment
from advisor.profiler.judge import Observer
from advisor.profiler.measure import Budget, measure, rounded
from advisor.profiler.meter import meter_for
from advisor.profiler.point import PROGRESS
from advisor.profiler.record import Calibration, Rate
from advisor.reference.build import DTYPES

Call = Callable[[], Any]
Random = Callable[..., torch.Tensor]
Maker = Callable[[Random], Call]

MATMULS = (  # (rows, columns, depth): decode, text encoders, U-Nets, transformers at 1024 px, video
    (1, 4096, 4096),
    (1, 14336, 4096),
    (77, 3072, 768),
    (154, 5120, 1280),
    (512, 4096, 4096),
    (1024, 1280, 1280),
    (4096, 640, 640),
    (4096, 1536, 1536),
    (4608, 3072, 3072),
    (4608, 12288, 3072),
    (32760, 1536, 1536),
)
CONVOLUTIONS = (  # (c_in, c_out, pixels on a side, kernel)
    (320, 320, 64, 3),
    (640, 640, 32, 3),
    (1280, 1280, 16, 3),
    (320, 320, 128, 3),
    (512, 512, 64, 3),
    (512, 512, 128, 3),
    (256, 256, 256, 3),
    (128, 128, 512, 3),
)
ATTENTIONS = (  # (heads, queries, keys, head size)
    (12, 77, 77, 64),
    (20, 1024, 77, 64),
    (10, 4096, 4096, 64),
    (24, 4608, 4608, 128),
    (12, 16384, 16384, 128),
    (32, 1, 1024, 128),
)
NORMALISED = 1280  # width of the rows that are normalised
ELEMENTS = tuple(2**power for power in (10, 14, 17, 20, 22, 24, 26))
CPU_FLOPS = 6e10  # more takes a small CPU a second and longer
SLOWEST_S = (
    4.0  # an operation that takes longer once is not worth timing: it has no fast kernel here
)


@dataclass(frozen=True)
class Probe:
    """One operation to time."""

    op_class: str
    dtype: str
    dims: tuple[int, ...]
    flops: int
    bytes_moved: int
    make: Callable[[], Call]

    @property
    def name(self) -> str:
        return f"{self.op_class} {self.dtype} {' x '.join(map(str, self.dims))}"


def probes(device: str, dtypes: tuple[str, ...]) -> Iterator[Probe]:
    """Every operation of the calibration; on a CPU those that take seconds are left out."""
    for dtype in dtypes:
        for probe in _probes(device, dtype):
            if device != "cpu" or probe.flops <= CPU_FLOPS:
                yield probe


def _probes(device: str, dtype: str) -> Iterator[Probe]:
    kind, size = DTYPES[dtype], DTYPES[dtype].itemsize

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device=device, dtype=torch.float32).to(kind)

    def of(op_class: str, dims: tuple[int, ...], flops: int, elements: int, make: Maker) -> Probe:
        """`make` gets what makes random tensors; bytes are elements moved at the dtype's size."""
        return Probe(op_class, dtype, dims, flops, elements * size, partial(make, random))

    for m, n, k in MATMULS:
        moved = m * k + k * n + m * n
        yield of("matmul", (1, m, n, k), 2 * m * n * k, moved, partial(_linear, m, n, k))
    for c_in, c_out, side, kernel in CONVOLUTIONS:
        pixels, area = side * side, kernel * kernel
        dims, flops = (1, c_in, c_out, pixels, area, 1), 2 * pixels * c_in * c_out * area
        moved = pixels * (c_in + c_out) + c_in * c_out * area
        yield of("convolution", dims, flops, moved, partial(_conv, c_in, c_out, side, kernel))
    for heads, queries, keys, head in ATTENTIONS:
        flops, moved = 4 * heads * queries * keys * head, 2 * heads * (queries + keys) * head
        make = partial(_attend, heads, queries, keys, head)
        yield of("attention", (1, heads, queries, keys, head), flops, moved, make)
    for count in ELEMENTS:
        side = NORMALISED if count >= NORMALISED * 8 else 64
        rows = max(count // side, 1)
        yield of("normalisation", (rows * side,), 0, 2 * rows * side, partial(_norm, rows, side))
        yield of("elementwise", (count,), 0, 2 * count, partial(_silu, count))
        yield of("memory", (count,), 0, 2 * count, partial(_copy, count))


def _linear(m: int, n: int, k: int, random: Random) -> Call:
    x, weight = random(m, k), random(n, k)
    return lambda: F.linear(x, weight)


def _conv(c_in: int, c_out: int, side: int, kernel: int, random: Random) -> Call:
    x, weight = random(1, c_in, side, side), random(c_out, c_in, kernel, kernel)
    return lambda: F.conv2d(x, weight, padding=kernel // 2)


def _attend(heads: int, queries: int, keys: int, head: int, random: Random) -> Call:
    q, k, v = (random(1, heads, length, head) for length in (queries, keys, keys))
    return lambda: F.scaled_dot_product_attention(q, k, v)


def _norm(rows: int, side: int, random: Random) -> Call:
    x = random(rows, side)
    return lambda: F.layer_norm(x, (side,))


def _silu(count: int, random: Random) -> Call:
    x = random(count)
    return lambda: F.silu(x)


def _copy(count: int, random: Random) -> Call:
    return random(count).clone


def calibrate(
    device: str,
    catalog: Catalog,
    *,
    dtypes: tuple[str, ...] | None = None,
    seconds_per_probe: float = 0.5,
    report: Callable[[str], None] = lambda _: None,
) -> Calibration:
    """Time every probe; what does not fit or is not supported is left out and reported."""
    dtypes = dtypes or (("fp32", "bf16") if device == "cpu" else ("bf16", "fp16", "fp32"))
    clock, meter, here = clock_for(device), meter_for(device), environment(device, catalog)
    chosen = list(probes(device, dtypes))
    rates: list[Rate] = []
    left_out: list[str] = []
    start = time.monotonic()
    for number, probe in enumerate(chosen):
        left = (time.monotonic() - start) / max(number, 1) * (len(chosen) - number)
        ahead = f" ({left:.0f} s left)" if number else ""
        report(f"{PROGRESS}[{number + 1}/{len(chosen)}] {probe.name}{ahead}")
        try:
            rates.append(time_probe(probe, clock, seconds_per_probe, Observer(meter)))
        except (RuntimeError, MemoryError, TooSlow) as error:  # too large, or no such kernel
            reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
            left_out.append(f"{probe.name}: {reason}")
    return Calibration(
        device=here.device,
        environment=here,
        measured_on=date.today().isoformat(),
        rates=rates,
        left_out=left_out,
        host_s_per_op=_host_s_per_op(device),
        launch_s=_launch_s(device, clock),
    )


class TooSlow(Exception):
    """One call took longer than a probe may."""


def time_probe(probe: Probe, clock: Clock, seconds: float, observer: Observer) -> Rate:
    """Time one operation. Raises TooSlow, or what torch raises where it has no such kernel."""
    run = probe.make()
    with torch.no_grad():
        if (once := clock.seconds(run, 1)) > SLOWEST_S:
            raise TooSlow(f"took {once:.1f} s")
        budget = Budget(seconds=seconds, min_s=min(0.2, seconds))
        timing, validity = measure(run, clock, budget, watch=observer.watch)
    return Rate(
        op_class=probe.op_class,
        dtype=probe.dtype,
        dims=list(probe.dims),
        flops=probe.flops,
        bytes_moved=probe.bytes_moved,
        median_s=timing.median_s,
        low_s=timing.median_low_s,
        high_s=timing.median_high_s,
        tflops=rounded(probe.flops / timing.median_s / 1e12),
        gb_per_s=rounded(probe.bytes_moved / timing.median_s / 1e9),
        valid=observer.judged(validity, finite=True).valid,
    )


def _host_s_per_op(device: str) -> float:
    """Seconds the processor needs to issue one small operation, without waiting for the device."""
    x = torch.randn(16, device=device)
    for _ in range(1000):
        x = x + 1.0
    samples = []
    for _ in range(20):
        _wait(device)
        start = time.perf_counter()
        for _ in range(200):
            x = x + 1.0
        samples.append((time.perf_counter() - start) / 200)
    _wait(device)
    return sorted(samples)[len(samples) // 2]


def _launch_s(device: str, clock: Clock) -> float:
    """Seconds of the smallest operation alone on an idle device."""
    x = torch.randn(16, device=device)
    samples = [clock.seconds(lambda: x + 1.0, 1) for _ in range(200)]
    return sorted(samples)[len(samples) // 2]


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()
