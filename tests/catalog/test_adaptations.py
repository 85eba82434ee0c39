"""Ways to adapt a model: data needed and published settings, each with its source."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from advisor.catalog import Adaptation, Catalog
from advisor.errors import DataError
from advisor.paths import data_dir
from tests.catalog.shipped import CATALOG

ADAPTATIONS = CATALOG.adaptations
every_adaptation = pytest.mark.parametrize("name", ADAPTATIONS)


def fitting(model: str) -> set[str]:
    return {one.id for one in CATALOG.adaptations_of(CATALOG.models[model])}


@every_adaptation
def test_it_names_known_families_and_models(name: str) -> None:
    one = ADAPTATIONS[name]
    assert set(one.families) <= set(CATALOG.families)
    recipes = {recipe.catalog_model for recipe in one.settings if recipe.catalog_model}
    assert set(one.models) | recipes <= set(CATALOG.models)
    for model in {*one.models, *recipes}:
        assert one.fits(CATALOG.models[model])


@every_adaptation
def test_what_was_recalled_is_marked(name: str) -> None:
    one = ADAPTATIONS[name]
    for fact in (*one.data, *one.settings, *one.statements):
        if "recalled" in fact.source:
            assert not fact.confirmed


@every_adaptation
def test_low_rank_recipes_state_a_rank_or_leave_it_open_and_others_have_none(name: str) -> None:
    one = ADAPTATIONS[name]
    if one.trains != "low-rank":
        assert all(recipe.rank is None for recipe in one.settings)


def test_a_diffusion_model_with_a_prompt_can_be_taught_a_subject_from_a_few_pictures() -> None:
    assert {"dreambooth", "lora-image"} <= fitting("sd-1.5")
    assert {"dreambooth", "lora-image"} <= fitting("flux1-dev")
    assert ADAPTATIONS["dreambooth"].data[0].high <= 30


def test_a_model_without_a_prompt_cannot_be_taught_a_word() -> None:
    assert "dreambooth" not in fitting("dit-xl-2-256")


def test_nobody_adapts_a_hosted_model() -> None:
    assert fitting("gpt-5") == fitting("midjourney") == set()


def test_data_is_needed_exactly_where_something_is_trained() -> None:
    data = ADAPTATIONS["dreambooth"].model_dump()
    with pytest.raises(ValidationError, match="exactly where something is trained"):
        Adaptation.model_validate({**data, "data": []})


def test_a_layer_replaces_an_adaptation_of_the_same_id(tmp_path: Path) -> None:
    text = (data_dir("catalog") / "adaptations.yaml").read_text(encoding="utf-8")
    first = text[: text.index("- id: lora-image")].replace("name: DreamBooth", "name: Ours")
    (tmp_path / "adaptations.yaml").write_text(first, encoding="utf-8")
    layered = Catalog(data_dir("catalog"), tmp_path).adaptations
    assert layered["dreambooth"].name == "Ours"
    assert layered["lora-image"] == ADAPTATIONS["lora-image"]


def test_an_id_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    text = (data_dir("catalog") / "adaptations.yaml").read_text(encoding="utf-8")
    first = text[: text.index("- id: lora-image")]
    entry = first[first.index("- id: dreambooth") :]
    (tmp_path / "adaptations.yaml").write_text(first + entry, encoding="utf-8")
    with pytest.raises(DataError, match="an id is given twice"):
        _ = Catalog(tmp_path).adaptations
