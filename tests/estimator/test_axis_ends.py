"""Estimates over the whole range that a catalog entry allows, where few traces are stored."""

from __future__ import annotations

import math

import pytest

from advisor.catalog import load_catalog
from advisor.estimator import estimate

CATALOG = load_catalog()
RUNNABLE = [name for name, model in CATALOG.models.items() if model.runnable]


@pytest.mark.parametrize("name", RUNNABLE)
def test_at_both_ends_of_every_axis_time_and_memory_are_finite_and_above_nothing(name: str) -> None:
    model = CATALOG.models[name]
    for axis, spec in model.axes.items():
        for value in (spec.min, spec.max):
            found = estimate(model, "a100-pcie-80", catalog=CATALOG, **{axis: value})
            figures = [found.latency_s, found.peak_memory_gib]
            figures += [stage.latency_s for stage in found.stages]
            assert all(math.isfinite(f.high) and f.low > 0 for f in figures), (axis, value)
