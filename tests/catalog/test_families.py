"""Every family has a card that an expert could sign, in the words that rules read."""

import re
from itertools import combinations

import pytest

from advisor.catalog import Family
from advisor.catalog.schema import FAMILY_IDS, Sourced
from advisor.paths import data_dir
from tests.catalog.shipped import CATALOG

README = (data_dir("catalog") / "README.md").read_text(encoding="utf-8")
TRAITS = set(re.findall(r"^\| `([a-z-]+)` \| ", README, flags=re.MULTILINE))
EXCLUSIVE = [
    ("one-pass", "few-step", "many-step", "optimises-per-item"),
    ("stochastic-sampler", "deterministic-given-input"),
    ("streaming-chunks", "fixed-length"),
]
every_family = pytest.mark.parametrize("name", FAMILY_IDS)


def statements(card: Family) -> list[Sourced]:
    lists = [*card.strengths, *card.weaknesses, *card.failure_modes]
    return [*lists, card.training, card.maturity_notes]


def test_there_is_a_card_for_every_family_and_no_other() -> None:
    assert set(CATALOG.families) == set(FAMILY_IDS)


@every_family
def test_a_card_uses_only_traits_that_the_readme_defines(name: str) -> None:
    assert len(TRAITS) >= 19
    traits = CATALOG.families[name].traits
    assert set(traits) <= TRAITS
    assert len(set(traits)) == len(traits)
    assert len(traits) >= 4


@every_family
def test_traits_that_exclude_each_other_do_not_meet(name: str) -> None:
    traits = set(CATALOG.families[name].traits)
    for group in EXCLUSIVE:
        for pair in combinations(group, 2):
            assert not set(pair) <= traits


def test_every_trait_is_borne_by_some_family() -> None:
    borne = {trait for card in CATALOG.families.values() for trait in card.traits}
    assert borne == TRAITS


@every_family
def test_a_card_says_how_it_works_in_a_few_sentences(name: str) -> None:
    sentences = re.findall(r"[.!?](?:\s|$)", CATALOG.families[name].how_it_works)
    assert 3 <= len(sentences) <= 7


@every_family
def test_every_statement_names_its_source_and_most_are_looked_up(name: str) -> None:
    said = statements(CATALOG.families[name])
    assert all(statement.text.endswith(".") for statement in said)
    assert len({statement.text for statement in said}) == len(said)
    assert sum(statement.confirmed for statement in said) >= len(said) / 2
    for statement in said:
        if statement.source.startswith("judgement"):
            assert not statement.confirmed


@every_family
def test_mechanism_and_traits_agree(name: str) -> None:
    card = CATALOG.families[name]
    traits = set(card.traits)
    wanted: dict[str | None, set[str]] = {
        "iterative-denoising": {"few-step", "many-step"},
        "single-pass": {"one-pass"},
        "autoregressive": {"sequential"},
        "codec-lm": {"sequential"},
        "score-distillation": {"optimises-per-item"},
        None: {"no-generation"},
    }
    assert traits & wanted[card.mechanism]
    assert (card.mechanism is None) == ("no-generation" in traits)


def test_only_the_family_that_generates_nothing_can_make_everything() -> None:
    everything = set(CATALOG.families["non-generative"].outputs)
    for card in CATALOG.families.values():
        assert set(card.outputs) <= everything
        assert card.id == "non-generative" or set(card.outputs) < everything


@every_family
def test_outputs_and_inputs_are_listed_once(name: str) -> None:
    card = CATALOG.families[name]
    for words in (card.outputs, card.inputs, card.control):
        assert len(set(words)) == len(words)
