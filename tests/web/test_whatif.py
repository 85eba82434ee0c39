"""What if: the engine's own answers on a bench kept for one question."""

from __future__ import annotations

from datetime import date

import pytest

from advisor import Assessment, assess, read_use_case
from advisor.assessment import CandidateResult
from advisor.cost.record import ServingCost
from advisor.errors import InputError
from advisor.report.view import View
from advisor.usecase import UseCase, with_prices
from advisor.web import whatif
from advisor.web.session import stated_json
from tests.web.conftest import ROOT

DAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return read_use_case(ROOT / "examples" / "object-from-photo.yaml")


def answered(use_case: UseCase) -> tuple[Assessment, whatif.Desk]:
    desk = whatif.desk(stated_json(use_case), DAY, "test")
    return assess(use_case, as_of=DAY, flips=False), desk


def cost_of(desk: whatif.Desk, chosen: CandidateResult) -> ServingCost | None:
    found = desk.option(chosen, {})
    assert found is not None
    return desk.bench.cost(*found)


def test_a_desk_starts_from_the_answer(use_case: UseCase) -> None:
    answer, desk = answered(use_case)
    chosen = View(answer).chosen
    assert chosen is not None and desk.base.best is not None
    assert desk.base.best.option.id == chosen.id
    assert cost_of(desk, chosen) == chosen.cost


def test_a_turned_slider_gives_what_assessing_anew_gives(use_case: UseCase) -> None:
    _, desk = answered(use_case)
    volume = use_case.volume_per_day * 8
    turned = desk.at({"volume_per_day": volume})
    anew = assess(use_case.model_copy(update={"volume_per_day": volume}), as_of=DAY, flips=False)
    chosen = View(anew).chosen
    assert turned.verdict == anew.verdict and turned.family == anew.family
    if chosen is not None and turned.best is not None and turned.best.option.id == chosen.id:
        assert turned.best.cost == chosen.cost


def test_the_clients_own_prices_count_in_a_what_if(use_case: UseCase) -> None:
    answer, _ = answered(use_case)
    chosen = View(answer).chosen
    assert chosen is not None
    priced = with_prices(use_case, {chosen.device: 0.01})
    answer, desk = answered(priced)
    chosen = View(answer).chosen
    assert chosen is not None
    assert cost_of(desk, chosen) == chosen.cost


def test_a_value_out_of_range_is_an_error_in_a_sentence(use_case: UseCase) -> None:
    _, desk = answered(use_case)
    with pytest.raises(InputError, match="volume_per_day"):
        desk.at({"volume_per_day": 1e30})
