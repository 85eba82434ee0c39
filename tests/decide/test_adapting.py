"""The assessment's line of adapting the chosen model, where rules call for it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from advisor.catalog import load_catalog
from advisor.cost.training import TrainingCost
from advisor.decide.adapting import adaptation_cost
from advisor.decide.bench import Bench
from advisor.decide.judge import Judged, Judgement, judge
from advisor.decide.outcome import Outcome, outcome
from advisor.decide.sources import default_sources
from advisor.errors import CannotEstimate
from advisor.figure import Basis
from advisor.usecase import UseCase, parse_use_case
from tests.decide.fakes import DAY

CATALOG = load_catalog()
SOURCES = default_sources(CATALOG, DAY)


def asked(**fields: object) -> UseCase:
    return parse_use_case(
        {"title": "t", "outputs": ["image"], "width_px": 1024, "height_px": 1024, **fields}
    )


def chosen(use_case: UseCase, model: str) -> Outcome:
    """The outcome with an option of `model` as the best one of its family."""
    judgement: Judgement = judge(use_case, Bench(CATALOG, SOURCES))
    view = judgement.families[CATALOG.models[model].family]
    best: Judged = next(one for one in view.judged if one.option.model.id == model)
    return replace(outcome(judgement), family=view.family.id, view=view, best=best)


@pytest.fixture(scope="module")
def few() -> Outcome:
    return chosen(asked(subject_examples=20), "sdxl-base-1.0")


def test_a_handful_of_examples_gets_an_adapter_at_its_published_recipe(few: Outcome) -> None:
    cost = adaptation_cost(asked(subject_examples=20), few, CATALOG, SOURCES)
    assert isinstance(cost, TrainingCost)
    assert cost.estimate.method == "lora" and cost.estimate.workload.batch == 4
    assert (cost.steps.value, cost.steps.basis) == (500, Basis.published)
    assert cost.estimate.fits and cost.usd.value > 0


def test_the_run_is_on_the_cheapest_offer_that_holds_it(few: Outcome) -> None:
    cost = adaptation_cost(asked(subject_examples=20), few, CATALOG, SOURCES)
    assert isinstance(cost, TrainingCost)
    again = adaptation_cost(asked(subject_examples=20), few, CATALOG, SOURCES)
    assert again == cost
    assert cost.offer.kind == "on-demand" and cost.offer.device == cost.estimate.device


def test_nothing_is_said_where_no_rule_calls_for_adapting() -> None:
    use_case = asked()
    assert adaptation_cost(use_case, chosen(use_case, "sdxl-base-1.0"), CATALOG, SOURCES) is None


def test_what_cannot_be_costed_is_a_sentence_and_not_a_number(
    few: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise CannotEstimate("no training trace of it is stored")

    monkeypatch.setattr("advisor.estimator.training.estimate_training", refuse)
    said = adaptation_cost(asked(subject_examples=20), few, CATALOG, SOURCES)
    assert isinstance(said, str)
    assert "is not known: no training trace of it is stored" in said


def test_nothing_feasible_has_nothing_to_adapt(few: Outcome) -> None:
    nothing = replace(few, view=None, best=None)
    assert adaptation_cost(asked(subject_examples=20), nothing, CATALOG, SOURCES) is None


def test_assessing_with_an_adaptation_does_not_import_torch() -> None:
    script = (
        "import sys\n"
        "from datetime import date\n"
        "from advisor import assess\n"
        "from advisor.usecase import parse_use_case\n"
        "case = {'title': 't', 'outputs': ['image'], 'subject_examples': 20}\n"
        "answer = assess(parse_use_case(case), as_of=date(2026, 11, 23), flips=False)\n"
        "said = answer.adaptation or [w for w in answer.warnings if 'adapting' in w]\n"
        "print(bool(said), 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"], done.stderr
