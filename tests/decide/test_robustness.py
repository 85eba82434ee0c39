"""Robustness of the ranking: shares of draws, the same twice, and what they answer to."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.decide import Bench, judge, outcome, robustness
from advisor.decide.robustness import robustness_of
from advisor.usecase import parse_use_case
from tests.decide import fakes


def judged(**fields: Any) -> Any:
    asked = parse_use_case({"title": "a test", **fields})
    judgement = judge(asked, Bench(fakes.catalog(), fakes.sources()))
    return judgement, outcome(judgement)


PICTURES: dict[str, Any] = {"outputs": ["image"], "latency": {"limit_ms": 20_000}}


def test_shares_of_all_that_come_first_add_up_to_one() -> None:
    found = robustness_of(*judged(**PICTURES))
    assert found is not None
    shares = [found.share.value, *(one.share.value for one in found.overtaken_by)]
    assert sum(shares) + found.nothing_left == pytest.approx(1.0)
    assert found.family_share >= found.share.value
    assert found.share.low <= found.share.value <= found.share.high


def test_the_same_seed_gives_the_same_shares_and_another_one_nearly() -> None:
    judgement, chosen = judged(**PICTURES)
    first, again = robustness_of(judgement, chosen), robustness_of(judgement, chosen)
    other = robustness_of(judgement, chosen, seed=7)
    assert first == again and first is not None and other is not None
    assert abs(first.share.value - other.share.value) < 0.07  # three standard errors of a half


def test_without_spread_the_first_always_stays_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEIGHT_FACTOR", "PRICE_FACTOR", "STALE_FACTOR"):
        monkeypatch.setattr(robustness, name, 1.0)
    judgement, chosen = judged(outputs=["image"])  # no limit: times do not decide
    for view in judgement.families.values():
        for one in view.judged:
            if one.cost is not None:
                usd = one.cost.usd_per_output
                point = usd.model_copy(update={"low": usd.value, "high": usd.value})
                one.cost = one.cost.model_copy(update={"usd_per_output": point})
    found = robustness_of(judgement, chosen)
    assert found is not None and found.share.value == 1.0 and found.overtaken_by == []


def test_a_limit_inside_the_interval_lowers_the_share() -> None:
    roomy = robustness_of(*judged(outputs=["3d"], inputs=["image"], error_tolerance="high",
                                  latency={"limit_ms": 60_000}))  # fmt: skip
    tight = robustness_of(*judged(outputs=["3d"], inputs=["image"], error_tolerance="high",
                                  latency={"limit_ms": 420}, devices=["a100-sxm-80"]))  # fmt: skip
    assert roomy is not None and tight is not None
    assert tight.share.value < roomy.share.value
    assert tight.nothing_left > 0 or tight.overtaken_by


def test_a_no_go_has_no_first_to_stay_first() -> None:
    assert robustness_of(*judged(outputs=["speech"], likeness="third-party")) is None
