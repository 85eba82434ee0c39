"""Properties of the whole decision, tried on use cases that hypothesis makes up."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.assessment import Assessment
from advisor.catalog import Catalog
from advisor.decide import Bench, decide, judge, outcome
from advisor.decide.judge import Judgement
from advisor.decide.knobs import varied
from advisor.limits import is_batch
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes

OUTPUTS = ("text", "image", "video", "music", "speech", "3d", "sequence", "label")
FEW = settings(max_examples=20, deadline=None)
BENCH = Bench(fakes.catalog(), fakes.sources(), search=False)  # estimates made once for all tests


@st.composite
def use_cases(draw: st.DrawFn) -> UseCase:
    """A use case with a time limit, a budget or none, and answers of several kinds."""
    fields: dict[str, Any] = {
        "title": "made up",
        "outputs": [draw(st.sampled_from(OUTPUTS))],
        "error_tolerance": draw(st.sampled_from(["zero", "low", "medium", "high"])),
        "reviewer": draw(st.sampled_from(["none", "automatic-test", "human"])),
        "latency": {
            "limit_ms": draw(st.sampled_from([20.0, 300.0, 2_000.0, 60_000.0, 600_000.0])),
            "kind": draw(st.sampled_from(["total", "first-output"])),
        },
        "volume_per_day": draw(st.sampled_from([10.0, 5_000.0, 2e6])),
        "placement": draw(st.sampled_from(["cloud", "workstation", "phone"])),
        "licence": draw(st.sampled_from(["any", "commercial", "no-pretrained"])),
        "task": draw(st.sampled_from(["create", "transform", "select"])),
    }
    budget = draw(st.sampled_from([None, 1e-4, 0.01, 1.0]))
    if budget is not None:
        fields["budget_usd_per_item"] = budget
    memory = draw(st.sampled_from([None, 50.0, 4_000.0]))
    if memory is not None:
        fields["memory_limit_mb"] = memory
    return parse_use_case(fields)


def feasible(judgement: Judgement) -> set[str]:
    """Open options of families that are not out, and those families."""
    if judgement.stops:
        return set()
    views = judgement.feasible
    options = {f"{view.family.id} {one.option.id}" for view in views for one in view.open}
    return options | {view.family.id for view in views}


def relaxed(use_case: UseCase, field: str, factor: float) -> UseCase:
    """The same use case with one limit `factor` times as loose (tighter below 1)."""
    if field == "latency":
        limit = (use_case.latency.limit_ms or 1.0) * factor
        return varied(use_case, latency=use_case.latency.model_copy(update={"limit_ms": limit}))
    now = getattr(use_case, field)
    return use_case if now is None else varied(use_case, **{field: now * factor})


@FEW
@given(use_cases(), st.sampled_from(["latency", "budget_usd_per_item", "memory_limit_mb"]),
       st.sampled_from([1.05, 1.7, 5.0]))  # fmt: skip
def test_relaxing_a_hard_limit_never_removes_a_feasible_option(
    asked: UseCase, field: str, factor: float
) -> None:
    looser = relaxed(asked, field, factor)
    if is_batch(looser) != is_batch(asked):  # other offers then: spot, where nobody waits
        return
    assert feasible(judge(asked, BENCH)) <= feasible(judge(looser, BENCH))


@FEW
@given(use_cases(), st.sampled_from(["latency", "budget_usd_per_item", "memory_limit_mb"]),
       st.sampled_from([0.95, 0.4, 0.1]))  # fmt: skip
def test_tightening_a_hard_limit_never_adds_a_feasible_option(
    asked: UseCase, field: str, factor: float
) -> None:
    assert feasible(judge(relaxed(asked, field, factor), BENCH)) <= feasible(judge(asked, BENCH))


@FEW
@given(use_cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_catalog_does_not_change_the_ranking(asked: UseCase, random: Any) -> None:
    shipped = fakes.catalog()
    shuffled = Catalog(*shipped.folders)
    for kind in ("families", "models"):
        items = list(getattr(shipped, kind).items())
        random.shuffle(items)
        setattr(shuffled, kind, dict(items))
    assert ranking(judge(asked, Bench(shuffled, fakes.sources()))) == ranking(judge(asked, BENCH))


def ranking(judgement: Judgement) -> list[Any]:
    return [
        (view.family.id, round(view.score, 12), [one.option.id for one in view.open])
        for view in judgement.feasible
    ]


@FEW
@given(use_cases(), st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_words_of_title_and_description_do_not_change_the_answer(
    asked: UseCase, description: str, title: str
) -> None:
    other = varied(asked, title=title, description=description)
    assert outcome(judge(other, BENCH)).key == outcome(judge(asked, BENCH)).key


@pytest.mark.parametrize(
    "change",
    [{"fps": 25.0}, {"sample_rate_hz": 44_100}, {"vertices": 5_000}, {"endless": False}],
)
def test_fields_of_another_modality_do_not_change_the_answer(change: dict[str, Any]) -> None:
    asked = parse_use_case({"title": "t", "outputs": ["text"], "volume_per_day": 500.0})
    assert ranking(judge(varied(asked, **change), BENCH)) == ranking(judge(asked, BENCH))


@FEW
@given(use_cases())
def test_every_barred_family_names_a_rule_and_every_number_is_finite(asked: UseCase) -> None:
    answer = decide(
        asked, catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources(), flips=False
    )
    for family in answer.families:
        if family.status in ("barred", "does-not-make-this"):
            assert any(finding.severity == "bar" for finding in family.findings), family.family
    assert_finite(answer.model_dump())
    assert Assessment.model_validate_json(answer.model_dump_json()) == answer


def assert_finite(value: Any) -> None:
    if isinstance(value, float):
        assert math.isfinite(value)
    elif isinstance(value, dict):
        for one in value.values():
            assert_finite(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            assert_finite(one)
