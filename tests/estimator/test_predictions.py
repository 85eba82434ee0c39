"""Lazy estimates are the same estimates."""

from __future__ import annotations

import pytest

from advisor.catalog import load_catalog
from advisor.estimator import estimate_many
from advisor.estimator.predictions import Predictions, glance

CATALOG = load_catalog()


@pytest.mark.parametrize("name", ["sd-1.5", "musicgen-small"])
def test_a_glance_and_a_record_say_what_estimate_many_says(name: str) -> None:
    model, devices = CATALOG.models[name], list(CATALOG.devices.values())
    workload = model.workload()
    lazy = Predictions(model, devices, workload, CATALOG)
    eager = estimate_many(model, devices, workload, catalog=CATALOG)
    assert list(lazy) == list(eager) and len(lazy) == len(eager)
    for device, one in eager.items():
        seconds, fits = lazy.glance(device)
        assert seconds == pytest.approx(one.latency_s.value, rel=1e-12) and fits == one.fits
        assert lazy[device] == one
    assert glance(eager, device) == (one.latency_s.value, one.fits)


def test_no_record_is_made_before_one_is_asked_for() -> None:
    model = CATALOG.models["sd-1.5"]
    lazy = Predictions(model, list(CATALOG.devices.values()), model.workload(), CATALOG)
    assert "l4" in lazy and "nowhere" not in lazy
    lazy.glance("l4")
    assert not lazy._made and lazy["l4"] is lazy["l4"]


def test_devices_that_cannot_be_estimated_are_left_out() -> None:
    assert (
        len(Predictions(CATALOG.models["sd-1.5"], [], CATALOG.models["sd-1.5"].workload(), CATALOG))
        == 0
    )
