"""Specifications, points and child commands for the profiler's tests: no torch, no GPU."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from advisor.catalog import load_catalog
from advisor.profiler.child import ChildResult, Limits, Listener
from advisor.profiler.identity import PointSpec, made_from
from advisor.profiler.record import (
    Environment,
    FlopsCount,
    MemoryUse,
    Point,
    StageProfile,
    Timing,
    Validity,
)

CATALOG = load_catalog()
MODEL = "dcgan-64"
DEVICE = "cpu-test-2t"

ENVIRONMENT = Environment(
    device=DEVICE,
    device_name="Test",
    cpu="Test",
    cpu_threads=2,
    torch_threads=2,
    memory_gib=8.0,
    python="3.11",
    torch="2.11",
    cuda=None,
    driver=None,
    libraries={},
    commit=None,
)


def spec(model: str = MODEL, **changes: Any) -> PointSpec:
    """A point to measure; `batch` goes into the workload."""
    batch = changes.pop("batch", 1)
    workload = CATALOG.models[model].workload(dtype="fp32", batch=batch)
    return PointSpec(model=model, workload=workload, **changes)


def timing(seconds: float = 0.01, **changes: Any) -> Timing:
    values = {
        "calls": 30,
        "median_s": seconds,
        "median_low_s": seconds * 0.99,
        "median_high_s": seconds * 1.01,
        "min_s": seconds * 0.98,
        "p95_s": seconds * 1.02,
        "p99_s": seconds * 1.03,
        "cold_s": seconds * 3,
        "warmup_calls": 3,
        "values_s": [seconds * 0.98, seconds, seconds * 1.03],
    }
    return Timing(**{**values, **changes})


def stage(seconds: float = 0.01, **changes: Any) -> StageProfile:
    values: dict[str, Any] = {
        "name": "generate",
        "component": "dcgan_g_64",
        "key": "generate",
        "calls": 1,
        "batch": 1,
        "timing": timing(seconds),
        "memory": memory(),
        "energy": None,
        "flops": FlopsCount(trace=1000, fvcore=1000, torch=1000),
        "validity": Validity(valid=True),
    }
    return StageProfile(**{**values, **changes})


def memory(**changes: Any) -> MemoryUse:
    values: dict[str, Any] = {
        "weights_gib": 1.0,
        "inputs_gib": 0.1,
        "activations_gib": 0.5,
        "workspace_gib": None,
        "allocated_peak_gib": None,
        "reserved_peak_gib": None,
        "driver_gib": None,
        "resident_peak_gib": 2.0,
    }
    return MemoryUse(**{**values, **changes})


def point(of: PointSpec | None = None, seconds: float = 0.01, **changes: Any) -> Point:
    of = of or spec()
    values: dict[str, Any] = {
        "key": of.key,
        "workload": of.workload,
        "outcome": "measured",
        "stages": [stage(seconds)],
        "measured_on": "2026-11-23",
        "made_from": made_from(CATALOG.models[of.model], CATALOG),
    }
    return Point(**{**values, **changes})


class FakeRunner:
    """Answers like a child: measured, or by `outcomes` (batch -> outcome). Counts its calls."""

    def __init__(self, outcomes: dict[int, Any] | None = None, fits: int | None = None) -> None:
        self.outcomes, self.fits = outcomes or {}, fits
        self.asked: list[PointSpec] = []

    def __call__(self, of: PointSpec, limits: Limits, listen: Listener) -> ChildResult:
        self.asked.append(of)
        batch = of.workload.batch
        outcome = self.outcomes.get(batch)
        if self.fits is not None and batch > self.fits:
            outcome = "out-of-memory"
        if outcome is not None:
            return ChildResult(outcome, "no room")
        return ChildResult("measured", point(of).model_dump_json())


def python(code: str) -> list[str]:
    """A child command; the result file is sys.argv[1]."""
    return [sys.executable, "-c", code]


ROOT = Path(__file__).resolve().parents[2]
