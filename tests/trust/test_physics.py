"""Physics and arithmetic on a sample of the catalog; `make torture` looks at all of it."""

from __future__ import annotations

import pytest

from advisor.catalog import load_catalog
from advisor.estimator import estimate
from advisor.plan import plan
from advisor.tracestore import trace_store
from tests.trust import physics

# One of each mechanism and of each kind of size, and those that were wrong once.
SAMPLE = ("sdxl-base-1.0", "gpt2-small", "dcgan-64", "encodec-48khz", "point-e-40m-textvec")


@pytest.mark.parametrize("check", physics.CHECKS)
def test_estimates_obey(check: str) -> None:
    models = SAMPLE[:3] if check == "no estimate beats the roofline" else SAMPLE
    found = list(physics.CHECKS[check](models))
    assert physics.TRIES[check] > 300
    assert not found, "; ".join(map(str, found[:5]))


def test_a_wider_film_attends_to_no_fewer_earlier_frames() -> None:
    """The nearest trace was found by pixels alone, so that one without earlier frames was taken."""
    seconds = [
        estimate("self-forcing-wan2.1-1.3b", "h100-sxm", height=height).latency_s.value
        for height in (480, 528)
    ]
    assert seconds[0] < seconds[1]


def test_the_size_of_a_frame_is_not_traded_for_the_length_of_a_film() -> None:
    """A video decoder's peak follows the frame: traces of a longer film say nothing about it."""
    peaks = [
        estimate("cogvideox-2b", "h100-sxm", height=height).memory.activations_gib
        for height in (256, 336, 416, 480)
    ]
    assert peaks == sorted(peaks) and peaks[0] < 0.7 * peaks[-1]


def test_a_call_between_two_stored_ones_does_as_many_rounds_as_its_length() -> None:
    """encodec decodes chunk by chunk: counts of operations grow, and were kept as they were."""
    catalog = load_catalog()
    model = catalog.models["encodec-48khz"]

    def launches(seconds: float) -> int:
        stages = plan(model, model.workload(seconds=seconds), catalog.components)
        return sum(trace_store(catalog).stage_trace(stage).launches for stage in stages)

    assert launches(20.0) == pytest.approx((launches(10.0) + launches(30.0)) / 2, rel=0.05)
