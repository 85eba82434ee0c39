"""Whether stored profiles are plausible: physics first, then bookkeeping. Needs no torch.

A finding is one sentence about one file. `error` means that the file must not be used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from advisor.catalog import Catalog, Device
from advisor.errors import DataError
from advisor.plan import Stage, plan
from advisor.profiler.identity import made_from
from advisor.profiler.record import Environment, Frontier, Point, Profile, StageProfile, Timing
from advisor.profiles import BROKEN, all_profiles, read_calibration
from advisor.tracestore import trace_store

SLACK = 1.05  # boost clocks and the clock's own error
FLOPS_TOLERANCE = 0.01
CACHED_BYTES = 512 * 2**20  # weights below this may come out of a cache, faster than memory

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """Something that is not right with a profile file."""

    file: str
    level: Level
    where: str
    text: str


def check_folders(folders: Iterable[Path], catalog: Catalog) -> tuple[list[str], list[Finding]]:
    """(files that were read, everything found: calibrations and set-aside files included)."""
    folders = list(folders)
    files, found = [], []
    for file, profile in all_profiles(folders):
        files.append(str(file))
        if isinstance(profile, DataError):
            found.append(Finding(str(file), "error", "file", str(profile)))
        else:
            found += check_profile(profile, file, catalog)
    for folder in folders:
        for file in sorted(folder.glob("*/_calibration.json")):
            files.append(str(file))
            found += _calibration(file, catalog)
        for file in sorted(folder.glob(f"*/*{BROKEN}*")):
            text = "was broken and set aside: look at it, then delete it"
            found.append(Finding(str(file), "warning", "file", text))
    return files, found


def check_profile(profile: Profile, file: Path, catalog: Catalog) -> list[Finding]:
    """Everything wrong with one profile."""
    found: list[tuple[Level, str, str]] = []
    if (profile.device, profile.model) != (file.parent.name, file.stem):
        found.append(("error", "file", f"says it is {profile.device}/{profile.model}"))
    for point in profile.points:
        environment = profile.environments.get(point.environment)
        if environment is None:
            found.append(("error", point.key, "its environment is not in the file"))
        for where, level, text in _point(point, profile, environment, catalog):
            found.append((level, where, text))
    for frontier in profile.frontiers:
        for text in _frontier(frontier):
            found.append(("error", f"frontier of {frontier.axis}", text))
    return [Finding(str(file), level, where, text) for level, where, text in found]


Found = Iterator[tuple[str, Level, str]]


def _point(
    point: Point, profile: Profile, environment: Environment | None, catalog: Catalog
) -> Found:
    if profile.model not in catalog.models:
        yield point.key, "warning", f"model {profile.model} is not in the catalog"
        return
    model = catalog.models[profile.model]
    if point.made_from != made_from(model, catalog):
        yield (
            point.key,
            "warning",
            "stale: the catalog entry or the code changed since it was measured",
        )
    if point.outcome != "measured":
        return
    if point.end_to_end is not None:
        yield from ((point.key, "error", text) for text in _timing(point.end_to_end))
    device = catalog.devices.get(profile.device)
    planned = {} if point.flavour != "full" else {s.name: s for s in plan(model, point.workload)}
    for stage in point.stages:
        where = f"{point.key}: {stage.name}"
        for text in _timing(stage.timing):
            yield where, "error", text
        for text in _memory(stage, device):
            yield where, "error", text
        for text in _power(stage, device, environment):
            yield where, "error", text
        for level, text in _flops(stage):
            yield where, level, text
        if device is not None and point.valid:
            for text in _roofline(stage, point, planned.get(stage.name), device, catalog):
                yield where, "error", text


def _timing(timing: Timing) -> Iterator[str]:
    ordered = [timing.min_s, timing.median_low_s, timing.median_s, timing.median_high_s]
    if not timing.min_s > 0 or not all(a <= b * (1 + 1e-9) for a, b in pairwise(ordered)):
        yield "minimum, low, median and high are not in order"
    if not timing.median_s <= timing.p95_s * (1 + 1e-9) <= timing.p99_s * (1 + 2e-9):
        yield "median, p95 and p99 are not in order"
    if not timing.values_s or timing.calls < len(timing.values_s):
        yield "fewer calls than raw values"


def _memory(stage: StageProfile, device: Device | None) -> Iterator[str]:
    memory = stage.memory
    for name in ("allocated_peak_gib", "reserved_peak_gib", "driver_gib", "resident_peak_gib"):
        peak = getattr(memory, name)
        if peak is not None and peak < memory.weights_gib * 0.999:
            yield f"{name} {peak:.3g} is below the weights, {memory.weights_gib:.3g} GiB"
    reserved = memory.reserved_peak_gib
    if device is not None and reserved is not None and reserved > device.memory_gib * SLACK:
        yield f"reserved {reserved:.3g} GiB on a device of {device.memory_gib:.3g} GiB"


def _power(
    stage: StageProfile, device: Device | None, environment: Environment | None
) -> Iterator[str]:
    limit = environment.power_limit_w if environment else None
    limit = limit or (device.power_w if device else None)
    if stage.energy is not None and limit is not None and stage.energy.mean_w > limit * SLACK:
        yield f"mean power {stage.energy.mean_w:.0f} W is over the limit of {limit:.0f} W"


def _flops(stage: StageProfile) -> Iterator[tuple[Level, str]]:
    flops = stage.flops
    if flops is None:
        return
    if flops.unsupported:
        yield "warning", f"not counted by fvcore: {', '.join(flops.unsupported)}"
    if flops.spread() > FLOPS_TOLERANCE and not flops.explanation:
        yield "error", f"FLOP counters differ by {flops.spread():.1%} and nobody says why"


def _roofline(
    stage: StageProfile, point: Point, planned: Stage | None, device: Device, catalog: Catalog
) -> Iterator[str]:
    """Nothing is faster than the device's peak, nor reads its weights faster than its memory."""
    peak, flops = device.peak_tflops(point.workload.dtype), stage.flops
    counted = [n for n in (flops.trace, flops.fvcore, flops.torch) if n] if flops else []
    if peak is not None and counted and min(counted) / stage.timing.median_s > peak * 1e12 * SLACK:
        reached = min(counted) / stage.timing.median_s / 1e12
        yield f"{reached:.3g} TFLOP/s is faster than the device's peak of {peak:.3g}"
    if planned is None or point.training:
        return
    trace = trace_store(catalog).stage_trace(planned)
    scale = 2 if point.workload.dtype == "fp32" else 1  # traces are at two bytes per element
    read = sum(op.weight_bytes * op.count for op in trace.ops) * scale
    rate = read / stage.timing.median_s / 1e9
    if read > CACHED_BYTES and rate > device.bandwidth_gb_s * SLACK:
        yield f"reads weights at {rate:.4g} GB/s, above the memory's {device.bandwidth_gb_s:.4g}"


def _frontier(frontier: Frontier) -> Iterator[str]:
    low, high = frontier.largest, frontier.smallest_failing
    if low is not None and high is not None and low >= high:
        yield f"{low} fits and {high} does not"
    if low is not None and frontier.tries.get(low) != "measured":
        yield f"{low} was never tried"


def _calibration(file: Path, catalog: Catalog) -> Iterator[Finding]:
    try:
        calibration = read_calibration(file)
    except DataError as error:
        yield Finding(str(file), "error", "file", str(error))
        return
    if calibration.device not in catalog.devices:
        return
    device = catalog.devices[calibration.device]
    for rate in calibration.rates:
        peak = device.peak_tflops(rate.dtype)
        if rate.valid and peak is not None and rate.tflops > peak * SLACK:
            text = f"{rate.tflops:.3g} TFLOP/s is faster than the device's peak of {peak:.3g}"
            yield Finding(str(file), "error", f"{rate.op_class} {rate.dtype} {rate.dims}", text)


def findings_json(files: list[str], found: list[Finding]) -> dict[str, object]:
    """The check as plain data."""
    return json.loads(
        json.dumps({"files": files, "findings": [finding.__dict__ for finding in found]})
    )
