"""What a run of training costs: conservation, what was stated and what was not, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import load_catalog
from advisor.cost.stated import stated_offer
from advisor.cost.training import (
    TrainingRun,
    on_each,
    stated_steps,
    steps_of_data,
    steps_of_recipe,
    training_cost,
)
from advisor.errors import CannotEstimate, InputError
from advisor.estimator.training import TrainingEstimate, estimate_training
from advisor.estimator.training_fit import fitting, roomier
from advisor.figure import Basis
from tests.cost.make import offer

CATALOG = load_catalog()
STEPS = st.integers(1, 1_000_000)


@lru_cache(maxsize=8)
def step(model: str = "sd-1.5", device: str = "l4", **asked: object) -> TrainingEstimate:
    return estimate_training(model, device, on_demand=False, catalog=CATALOG, **asked)  # type: ignore[arg-type]


@given(STEPS, st.floats(0.01, 100))
def test_one_run_by_hand(steps: int, usd: float) -> None:
    """Steps x seconds of a step, in hours, plus five minutes of starting, at the price."""
    cost = training_cost(step(), TrainingRun(stated_steps(steps)), stated_offer("l4", usd))
    hours = steps * step().step_s.value / 3600
    assert cost.wall_h.value == cost.device_h.value == pytest.approx(hours)
    assert cost.usd.value == pytest.approx((hours + 300 / 3600) * usd)
    assert cost.usd.low <= cost.usd.value <= cost.usd.high < math.inf
    joules = step().energy_j
    assert joules is not None and cost.energy_kwh is not None
    assert cost.energy_kwh.value == pytest.approx(steps * joules.value / 3.6e6)


@given(STEPS, STEPS, st.sampled_from(["on-demand", "spot"]), st.sampled_from([1, 4, 8]))
def test_more_steps_never_cost_less_and_never_more_per_step(
    a: int, b: int, kind: str, count: int
) -> None:
    less, more = sorted((a, b))
    rented = offer(2.0, count, kind=kind)
    few, many = (training_cost(step(), TrainingRun(stated_steps(n)), rented) for n in (less, more))
    assert many.usd.value >= few.usd.value
    assert many.usd.value / more <= few.usd.value / less * (1 + 1e-9)


@given(STEPS, st.sampled_from(["on-demand", "spot"]), st.floats(0, 500), st.floats(0, 200))
def test_the_sum_is_that_of_its_lines(steps: int, kind: str, hours: float, rate: float) -> None:
    run = TrainingRun(stated_steps(steps), data_hours=hours, usd_per_work_hour=rate)
    cost = training_cost(step(), run, offer(2.0, kind=kind))
    for end in ("low", "value", "high"):
        lines = [getattr(line.usd, end) for line in cost.lines if line.usd is not None]
        assert getattr(cost.usd, end) == pytest.approx(math.fsum(lines))
    (people,) = [line for line in cost.lines if line.label == "data preparation"]
    assert people.usd is not None and people.usd.value == pytest.approx(hours * rate)


@given(STEPS, st.integers(2, 64), st.floats(0.05, 1.0))
def test_more_devices_are_faster_by_what_was_stated_and_never_cheaper(
    steps: int, devices: int, efficiency: float
) -> None:
    one = training_cost(step(), TrainingRun(stated_steps(steps)), offer())
    run = TrainingRun(stated_steps(steps), devices=devices, scaling_efficiency=efficiency)
    many = training_cost(step(), run, offer())
    assert many.wall_h.value == pytest.approx(one.wall_h.value / devices / efficiency)
    assert many.usd.value >= one.usd.value * (1 - 1e-9)
    assert many.wall_h.basis is Basis.assumed
    assert any("stated, not measured" in note for note in many.notes)
    assert many.estimate.peak_memory_gib == one.estimate.peak_memory_gib


def test_whole_instances_are_paid_for_one_gpu_that_trains() -> None:
    cost = training_cost(step(), TrainingRun(stated_steps(10_000)), offer(8.0, 8))
    assert cost.instances == 1
    assert cost.usd.value == pytest.approx((cost.wall_h.value + 300 / 3600) * 8.0)
    assert any("1 of 8 GPUs train" in note for note in cost.notes)


def test_what_was_not_stated_depends_and_is_not_invented() -> None:
    lines = training_cost(step(), TrainingRun(stated_steps(10)), offer()).lines
    open_lines = [line for line in lines if line.usd is None]
    assert [line.quantity for line in open_lines] == [None, None]
    assert all("depends on" in line.label for line in open_lines)
    half = TrainingRun(stated_steps(10), data_hours=8)
    (people, _) = [line for line in training_cost(step(), half, offer()).lines if line.usd is None]
    assert people.quantity is not None and people.quantity.value == 8
    assert "hourly rate" in people.label


def test_steps_follow_from_samples_and_epochs() -> None:
    assert steps_of_data(20, 100, 1).value == 2000
    assert steps_of_data(20, 100, 8).value == 250
    assert steps_of_data(21, 1, 4).value == 6  # the last batch is part-filled
    for samples, epochs, batch in ((0, 1.0, 1), (5, 0.0, 1), (5, 1.0, 0)):
        with pytest.raises(InputError, match="above 0"):
            steps_of_data(samples, epochs, batch)


def test_a_recipe_of_the_model_is_published_and_one_of_another_model_is_assumed() -> None:
    lora = CATALOG.adaptations["lora-image"]
    own, others = steps_of_recipe(lora, "sdxl-base-1.0"), steps_of_recipe(lora, "flux1-dev")
    assert own is not None and others is not None
    assert (own[1].value, own[1].basis) == (500, Basis.published)
    assert "batch 4" in own[1].source
    assert others[1].basis is Basis.assumed and "recipe of" in others[1].source
    assert steps_of_recipe(CATALOG.adaptations["voice-fine-tune"], "x") is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"devices": 4}, "scaling efficiency"),
        ({"devices": 0}, "0 devices"),
        ({"devices": 2, "scaling_efficiency": 1.1}, "above 0 to 1"),
        ({"data_hours": -1.0}, "data_hours"),
        ({"steps": stated_steps(0)}, "0 steps"),
    ],
)
def test_senseless_runs_are_refused_in_one_sentence(changes: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        replace(TrainingRun(stated_steps(10)), **changes)  # type: ignore[arg-type]


def test_an_offer_of_another_device_is_refused() -> None:
    with pytest.raises(InputError, match="not of l4"):
        training_cost(step(), TrainingRun(stated_steps(10)), stated_offer("h100-sxm", 2.0))


def test_bought_hardware_is_listed_after_what_can_be_rented_today() -> None:
    run = TrainingRun(stated_steps(10))
    own = offer(0.1, id="own", kind="owned", market="own", basis=Basis.assumed)
    listed = on_each(step(), run, [own, offer(3.0, id="b"), offer(1.0, id="a")])
    assert [cost.offer.id for cost in listed] == ["a", "b", "own"]
    assert listed[-1].usd.basis is Basis.assumed


def test_a_step_that_does_not_fit_says_so_and_what_would() -> None:
    """Flux in full: 16 bytes for each of 12 billion weights fit no GPU of 22 GiB."""
    made = step("flux1-dev", "l4", method="lora")
    assert not made.fits
    cost = training_cost(made, TrainingRun(stated_steps(100)), offer())
    assert cost.chance_fits < 0.1
    assert any("does not fit" in note for note in cost.notes)
    found = fitting("flux1-dev", "l4", CATALOG, method="lora", on_demand=False)
    assert found is not None and found[1].fits
    assert all(device.memory_gib >= made.peak_memory_gib.value for device in roomier(made, CATALOG))


def test_a_step_that_is_not_stored_is_refused_where_nothing_may_be_traced() -> None:
    with pytest.raises(CannotEstimate, match="is stored"):
        estimate_training("sd-1.5", "l4", width=520, height=520, on_demand=False, catalog=CATALOG)
