"""Elimination first, then criteria: what the engine keeps, drops and orders."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.bench import Bench
from advisor.decide.flips import varied
from advisor.decide.judge import Judgement, judge, shortlist_of
from advisor.decide.outcome import NOT_FEASIBLE, outcome, untimed_sampler
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes

BENCH = Bench(fakes.catalog(), fakes.sources())


def use_case(**fields: Any) -> UseCase:
    return parse_use_case({"title": "a test", **fields})


def judged(**fields: Any) -> Judgement:
    return judge(use_case(**fields), BENCH)


def feasible(judgement: Judgement) -> set[str]:
    return {view.family.id for view in judgement.feasible}


def open_options(judgement: Judgement) -> set[str]:
    return {one.option.id for view in judgement.feasible for one in view.open}


LIMITS = st.floats(5, 1e6)


@settings(max_examples=25, deadline=None)
@given(LIMITS, st.floats(1.01, 100))
def test_a_looser_time_limit_never_removes_a_feasible_family(ms: float, factor: float) -> None:
    tight = judged(outputs=["image"], latency={"limit_ms": ms, "kind": "total"})
    loose = judged(
        outputs=["image"], latency={"limit_ms": min(ms * factor, 2.5e9), "kind": "total"}
    )
    assert feasible(tight) <= feasible(loose)


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-6, 10), st.floats(1.01, 100))
def test_a_higher_budget_never_removes_an_option(usd: float, factor: float) -> None:
    poor = judged(outputs=["image"], budget_usd_per_item=usd)
    rich = judged(outputs=["image"], budget_usd_per_item=usd * factor)
    assert open_options(poor) <= open_options(rich)


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 1e5), st.floats(1.01, 100))
def test_more_memory_never_removes_an_option(mb: float, factor: float) -> None:
    little = judged(outputs=["image"], memory_limit_mb=mb)
    much = judged(outputs=["image"], memory_limit_mb=min(mb * factor, 2e6))
    assert open_options(little) <= open_options(much)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_catalog_does_not_change_the_ranking(random: Any) -> None:
    catalog = fakes.Catalog(*fakes.catalog().folders)
    families, models = list(fakes.catalog().families.items()), list(fakes.MODELS)
    random.shuffle(families)
    random.shuffle(models)
    catalog.families = dict(families)  # type: ignore[assignment]
    catalog.models = {name: fakes.model(name) for name in models}  # type: ignore[assignment]
    one = judge(use_case(outputs=["image"]), Bench(catalog, fakes.sources()))
    other = judged(outputs=["image"])
    assert [v.family.id for v in one.feasible] == [v.family.id for v in other.feasible]
    assert [o.option.id for v in one.feasible for o in v.open] == [
        o.option.id for v in other.feasible for o in v.open
    ]


@pytest.mark.parametrize(
    "change",
    [{"description": "other words"}, {"horizon_months": 30.0}, {"training_persons": 3}],
)
def test_fields_without_bearing_do_not_change_the_answer(change: dict[str, Any]) -> None:
    plain = outcome(judged(outputs=["image"]))
    assert outcome(judged(outputs=["image"], **change)).key == plain.key


def test_every_family_that_is_out_names_a_rule() -> None:
    for fields in ({"outputs": ["image"]}, {"outputs": ["text"]}, {"outputs": ["action"]}):
        judgement = judged(**fields)
        for view in judgement.families.values():
            if judgement.is_out(view):
                assert view.bars or any(one.bars for one in view.judged), view.family.id


def test_when_everything_is_barred_the_answer_is_no_go() -> None:
    answer = outcome(judged(outputs=["image"], budget_usd_per_item=1e-6))
    assert (answer.family, answer.verdict) == (NOT_FEASIBLE, "no-go")
    assert answer.deciding and {bar.code for bar in answer.deciding} >= {"CST101"}


def test_a_stop_on_the_use_case_overrides_feasible_families() -> None:
    judgement = judged(outputs=["speech"], likeness="third-party")
    assert judgement.feasible and outcome(judgement).family == NOT_FEASIBLE


def test_missing_a_limit_by_less_than_three_times_leaves_the_family_in() -> None:
    painter = ["painter"]
    slow = judged(
        outputs=["image"], devices=["a100-sxm-80"], latency={"limit_ms": 2000, "kind": "total"}
    )
    assert {one.option.model.id for one in slow.families["image-diffusion"].judged} == set(painter)
    assert not slow.families["image-diffusion"].open
    assert "image-diffusion" in feasible(slow)
    far = judged(
        outputs=["image"], devices=["a100-sxm-80"], latency={"limit_ms": 500, "kind": "total"}
    )
    assert "image-diffusion" not in feasible(far)


def test_a_near_miss_is_never_a_plain_go() -> None:
    answer = outcome(judged(outputs=["3d"], inputs=[{"modality": "image", "role": "subject"}]))
    assert answer.verdict == "go" and answer.best is not None
    near = use_case(
        outputs=["3d"],
        inputs=[{"modality": "image", "role": "subject"}],
        devices=["a100-sxm-80"],
        latency={"limit_ms": 200, "kind": "total"},
    )
    tight = outcome(judge(near, BENCH))
    assert tight.best is None and tight.verdict == "go-with-guardrails"


def test_live_frames_may_be_made_by_picture_models() -> None:
    answer = outcome(
        judged(
            outputs=["video"],
            inputs=[{"modality": "video", "role": "source"}],
            task="transform",
            scope="fixed",
            placement="gaming-gpu",
            latency={"limit_ms": 33, "kind": "per-frame"},
        )
    )
    assert answer.family == "gan" and answer.best is not None
    assert answer.best.option.model.id == "translator"


def test_a_shortlist_keeps_the_answer() -> None:
    for fields in ({"outputs": ["image"]}, {"outputs": ["text"], "facts_from": "text-base"}):
        whole = judged(**fields)
        short = judge(use_case(**fields), BENCH, shortlist_of(whole))
        assert outcome(short).key == outcome(whole).key


def test_a_varied_use_case_states_what_was_varied_and_keeps_the_rest() -> None:
    plain = use_case(outputs=["image"], volume_per_day=5.0)
    changed = varied(plain, reviewer="human")
    assert changed.reviewer == "human" and changed.volume_per_day == 5.0
    assert changed.model_fields_set == {"title", "outputs", "volume_per_day", "reviewer"}
    assert plain.reviewer == "none"


def test_a_sampler_that_nobody_could_time_on_a_weak_device_is_no_plain_go() -> None:
    asked: dict[str, Any] = {
        "outputs": ["video"],
        "placement": "phone",
        "error_tolerance": "medium",
    }
    waiting = use_case(**asked, latency={"limit_ms": 10_000})
    view = judge(waiting, BENCH).families["few-step-diffusion"]
    view.judged.clear()
    assert untimed_sampler(judge(waiting, BENCH), view)
    assert not untimed_sampler(judge(use_case(**asked), BENCH), view)
