"""Intervals over what nobody stated."""

from __future__ import annotations

from datetime import date

import pytest

from advisor import assess, read_use_case
from advisor.assessment import CandidateResult
from advisor.report.view import View
from advisor.web import whatif
from advisor.web.session import stated_json
from advisor.web.widened import listed, widened
from tests.web.conftest import ROOT

DAY = date(2026, 11, 29)
Case = tuple[CandidateResult, whatif.Desk]


@pytest.fixture(scope="module")
def case() -> Case:
    use_case = read_use_case(ROOT / "examples" / "product-photos.yaml")
    chosen = View(assess(use_case, as_of=DAY, flips=False)).chosen
    assert chosen is not None
    return chosen, whatif.desk(stated_json(use_case), DAY, "test")


def test_nothing_widens_where_all_was_stated(case: Case) -> None:
    assert widened(*case, frozenset()).figures == {}


def test_an_unstated_volume_widens_the_cost_and_moves_no_value(case: Case) -> None:
    chosen, desk = case
    assert chosen.cost is not None
    found = widened(chosen, desk, frozenset({"volume_per_day"}))
    month, before = found.figures["usd_per_month"], chosen.cost.usd_per_month
    assert found.fields == ("volume_per_day",)
    assert month.value == before.value
    assert month.low <= before.low and month.high >= before.high


def test_an_unstated_size_widens_time_and_memory_too(case: Case) -> None:
    chosen, desk = case
    found = widened(chosen, desk, frozenset({"width_px"})).figures
    assert found["response_s"].high > chosen.response_s.high
    assert found["peak_memory_gib"].high > chosen.estimate.peak_memory_gib.high


def test_more_unstated_never_narrows(case: Case) -> None:
    one = widened(*case, frozenset({"volume_per_day"})).figures["usd_per_month"]
    both = widened(*case, frozenset({"volume_per_day", "width_px"})).figures["usd_per_month"]
    assert both.low <= one.low and both.high >= one.high


def test_fields_are_named_in_words() -> None:
    assert listed(("width_px",)) == "width and height (as pixels)"
