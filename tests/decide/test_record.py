"""Contributions, route, tornado, composites and choices in the record."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.assessment import Assessment
from advisor.decide.answer import headline, serve_slot
from advisor.decide.bench import Bench
from advisor.decide.composites import candidates_of, composites_of, fits
from advisor.decide.flips import choice_flips
from advisor.decide.judge import judge
from advisor.decide.outcome import outcome
from advisor.decide.route import route_of
from advisor.decide.tornado import tornado_of
from advisor.pipeline import assess
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes

PICTURES: dict[str, Any] = {
    "outputs": ["image"],
    "width_px": 512,
    "height_px": 512,
    "latency": {"limit_ms": 20_000},
    "volume_per_day": 20_000.0,
}


def use_case(**fields: Any) -> UseCase:
    return parse_use_case({"title": "a test", **fields})


def answered(**fields: Any) -> Assessment:
    return assess(
        use_case(**fields), catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources()
    )


@pytest.mark.parametrize("fields", [PICTURES, {"outputs": ["text"]}, {"outputs": ["3d"]}])
def test_contributions_add_up_to_the_total(fields: dict[str, Any]) -> None:
    for one in answered(**fields).candidates:
        made = sum(part.contribution for part in one.contributions)
        assert made == pytest.approx(one.total, abs=1e-12)
        parts = [part.part for part in one.contributions if part.kind == "criterion"]
        assert parts == ["latency", "cost", "quality", "control", "risk"]
        for part in one.contributions:
            assert part.contribution == pytest.approx(part.score * part.weight)


def test_a_choice_that_is_listed_changes_the_answer() -> None:
    asked, bench = use_case(**PICTURES), Bench(fakes.catalog(), fakes.sources())
    judgement = judge(asked, bench)
    now = outcome(judgement).key
    flips = choice_flips(asked, bench, judgement)
    assert flips and [one.steps for one in flips] == sorted(one.steps for one in flips)
    for flip in flips:
        if flip.field in ("error_tolerance", "licence", "reviewer"):
            other = use_case(**{**PICTURES, flip.field: flip.to})
            assert outcome(judge(other, bench)).key != now, flip.sentence


def test_another_device_than_the_named_one_is_a_flip() -> None:
    asked = use_case(outputs=["image"], latency={"limit_ms": 3_000}, devices=["t4"])
    bench = Bench(fakes.catalog(), fakes.sources())
    devices = [
        one for one in choice_flips(asked, bench, judge(asked, bench)) if one.field == "devices"
    ]
    assert devices and all(one.to != "t4" for one in devices)
    named = use_case(outputs=["image"], latency={"limit_ms": 3_000}, devices=[devices[0].to])
    assert outcome(judge(named, bench)).key != outcome(judge(asked, bench)).key


def test_the_tornado_is_sorted_and_its_ends_are_those_of_the_engine() -> None:
    asked, bench = use_case(**PICTURES), Bench(fakes.catalog(), fakes.sources())
    chosen = outcome(judge(asked, bench))
    bars = tornado_of(asked, bench, chosen)
    swings = [bar.swing for bar in bars]
    assert swings == sorted(swings, reverse=True) and min(swings) > 1
    assert chosen.best is not None
    volume = next(bar for bar in bars if bar.input == "volume_per_day")
    doubled = use_case(**{**PICTURES, "volume_per_day": 40_000.0})
    cost = bench.cost(chosen.best.option, doubled)
    assert cost is not None and volume.usd_per_output_at_high == cost.usd_per_output.value


def test_a_dearer_api_is_not_bought_and_a_much_cheaper_one_is() -> None:
    asked, bench = use_case(outputs=["image"]), Bench(fakes.catalog(), fakes.sources())
    judgement = judge(asked, bench)
    chosen, apis = outcome(judgement), bench.sources.apis(asked)

    def priced(factor: float) -> Any:
        usd = apis[0].usd_per_output.times(factor)
        one = apis[0].model_copy(update={"usd_per_output": usd, "stale": False})
        return route_of(judgement, chosen, [one])

    assert priced(1e6).kind == "run-it"
    bought = priced(1e-9)
    assert bought.kind == "buy-hosted-api" and bought.conditions
    assert "quality is not compared" in bought.sentence
    said = headline(judgement, chosen, bought)
    slot = serve_slot(judgement, chosen, bought)
    assert f": buy it: {chosen.family} from {bought.provider}" in said and "build it" not in said
    assert slot is not None and slot.sentence.startswith(f"Buy {bought.provider}")
    assert "buy it" not in headline(judgement, chosen, priced(1e6))


@pytest.mark.parametrize(
    "fields",
    [
        {"latency": {"limit_ms": 33, "kind": "per-frame"}},
        {"placement": "workstation"},
        {"devices": ["l4"]},
        {"data_boundary": "on-premises"},
    ],
)
def test_nothing_is_bought_where_a_vendor_cannot_serve(fields: dict[str, Any]) -> None:
    assert answered(outputs=["image"], **fields).route.kind != "buy-hosted-api"  # type: ignore[union-attr]


def test_routes_without_a_model_say_so() -> None:
    nothing = answered(outputs=["label"], task="select", closed_label_set=True)
    assert nothing.route is not None and nothing.route.kind == "nothing-generative"
    stopped = answered(outputs=["speech"], likeness="third-party")
    assert stopped.route is not None and stopped.route.kind == "do-not-build"


def test_a_composite_adds_up_the_times_and_costs_of_its_parts() -> None:
    [made] = answered(outputs=["3d"], error_tolerance="high").composites
    assert [part.family for part in made.parts] == ["image-diffusion", "3d-feedforward"] or [
        part.family for part in made.parts
    ] == ["few-step-diffusion", "3d-feedforward"]
    assert made.complete and made.latency_s is not None and made.usd_per_item is not None
    seconds = [part.latency_s.value * part.per_item for part in made.parts if part.latency_s]
    assert made.latency_s.value == pytest.approx(sum(seconds))


def test_a_part_without_a_model_makes_the_sum_a_lower_bound() -> None:
    [made] = answered(outputs=["text"], facts_from="text-base", error_tolerance="low").composites
    assert made.id == "retrieval-llm" and not made.complete
    assert "at least" in made.sentence and made.parts[0].note


def test_many_candidates_are_counted_only_where_they_are_stated() -> None:
    chain = fakes.catalog().composites["many-ranked-reviewed"]
    asked = use_case(outputs=["image"], reviewer="human")
    assert candidates_of(asked) == 1 and not fits(chain.when, asked)
    many = use_case(outputs=["image"], reviewer="human", takes_per_item=5)
    assert fits(chain.when, many)
    [made] = composites_of(many, Bench(fakes.catalog(), fakes.sources()))
    assert made.parts[0].per_item == 5


def test_every_composite_of_the_catalog_names_families_of_the_catalog() -> None:
    from advisor.catalog import load_catalog

    shipped = load_catalog()
    for chain in shipped.composites.values():
        assert all(name in shipped.families for part in chain.parts for name in part.families)
        assert chain.source and chain.why
