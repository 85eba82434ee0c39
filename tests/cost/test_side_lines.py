"""Lines beside the machines: a sum where everything is stated, "depends on" where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cost.record import DAYS_PER_MONTH, CostLine, ServingCost
from advisor.cost.serving import serving_cost
from tests.cost.make import estimate, offer, use_case

FULL = {
    "people_usd_per_hour": 30.0,
    "stored_mb_per_item": 2.0,
    "kept_months": 6.0,
    "storage_usd_per_gb_month": 0.02,
    "egress_usd_per_gb": 0.09,
}


def cost_of(kind: str = "on-demand", **fields: object) -> ServingCost:
    return serving_cost(estimate(2.0), use_case(**fields), offer(1.0, kind=kind))


def line(cost: ServingCost, label: str) -> CostLine:
    (found,) = [one for one in cost.lines if one.label.startswith(label)]
    return found


def test_every_line_of_full_terms_is_computed_by_hand() -> None:
    cost = cost_of(volume_per_day=1000.0, review_minutes_per_item=0.5,
                   cleanup_minutes_per_item=1.0, terms=FULL)  # fmt: skip
    items = 1000 * DAYS_PER_MONTH
    assert line(cost, "review").usd.value == pytest.approx(items * 0.5 / 60 * 30)  # type: ignore[union-attr]
    assert line(cost, "clean-up").usd.value == pytest.approx(items / 60 * 30)  # type: ignore[union-attr]
    assert line(cost, "storage").usd.value == pytest.approx(items * 2 / 1000 * 6 * 0.02)  # type: ignore[union-attr]
    assert line(cost, "egress").usd.value == pytest.approx(items * 2 / 1000 * 0.09)  # type: ignore[union-attr]
    assert all(one.usd is not None for one in cost.lines)


@pytest.mark.parametrize("missing", sorted(FULL))
def test_what_is_not_stated_is_a_line_without_a_sum_that_says_what_it_depends_on(
    missing: str,
) -> None:
    terms = {name: value for name, value in FULL.items() if name != missing}
    cost = cost_of(review_minutes_per_item=0.5, cleanup_minutes_per_item=0.0, terms=terms)
    open_lines = [one for one in cost.lines if one.usd is None]
    assert open_lines and all("depends on" in one.label for one in open_lines)


@given(st.floats(1, 1e6), st.floats(0, 60), st.floats(0, 500), st.floats(0, 1e4))
def test_the_month_is_the_sum_of_its_lines_with_all_of_them_stated(
    items: float, minutes: float, wage: float, megabytes: float
) -> None:
    terms = {**FULL, "people_usd_per_hour": wage, "stored_mb_per_item": megabytes}
    cost = cost_of(volume_per_day=items, review_minutes_per_item=minutes,
                   cleanup_minutes_per_item=minutes, terms=terms)  # fmt: skip
    for end in ("low", "value", "high"):
        total = sum(getattr(one.usd, end) for one in cost.lines if one.usd is not None)
        assert getattr(cost.usd_per_month, end) == pytest.approx(total)
    per_item = cost.usd_per_month.value / (items * DAYS_PER_MONTH)
    assert cost.usd_per_output.value == pytest.approx(per_item)


def test_operations_belong_to_owned_hardware_only() -> None:
    terms = {"operations_usd_per_month": 500.0}
    owned = cost_of("owned", terms=terms)
    assert line(owned, "operations").usd.value == 500.0  # type: ignore[union-attr]
    assert not [one for one in cost_of(terms=terms).lines if one.kind == "operations"]


@given(st.floats(0, 0.98))
def test_takes_follow_from_the_reject_rate(rate: float) -> None:
    from advisor.cost.demand import generations_per_item

    case = use_case(reject_rate=rate, samples_per_input=2)
    assert generations_per_item(case) == pytest.approx(2 / (1 - rate))
