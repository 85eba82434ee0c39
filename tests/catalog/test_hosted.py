"""Hosted entries: facts and links to prices, no architecture, and no part in serving."""

from datetime import date

import pytest
from pydantic import ValidationError

from advisor.catalog import Model
from advisor.decide import Bench
from advisor.decide.sources import default_sources
from advisor.usecase import UseCase
from tests.catalog.shipped import CATALOG

HOSTED = [model for model in CATALOG.models.values() if model.hosted is not None]
every_hosted = pytest.mark.parametrize("model", HOSTED, ids=lambda model: model.id)


def test_the_services_that_a_client_looks_for_are_here() -> None:
    makers = {model.hosted.provider for model in HOSTED if model.hosted}
    assert makers >= {"openai", "anthropic", "google", "midjourney", "runway", "elevenlabs", "suno"}


@every_hosted
def test_a_hosted_entry_invents_no_architecture(model: Model) -> None:
    assert not model.runnable
    assert not (model.components or model.stages or model.axes or model.symbols)
    assert model.hosted is not None
    if model.hosted.family_basis == "undisclosed":
        assert model.mechanism is None


@every_hosted
def test_its_prices_are_rows_of_the_price_table(model: Model) -> None:
    assert model.hosted is not None
    rows = {(row.provider, row.model) for row in CATALOG.prices_of(model)}
    assert rows == {(one.provider, name) for one in model.hosted.prices for name in one.models}


def test_no_price_row_is_sold_by_two_entries() -> None:
    named = [
        (one.provider, name)
        for model in HOSTED
        if model.hosted
        for one in model.hosted.prices
        for name in one.models
    ]
    assert len(named) == len(set(named))


@every_hosted
def test_a_shut_down_service_has_no_price_row_that_is_still_offered(model: Model) -> None:
    assert model.hosted is not None
    gone = model.hosted.withdrawn_on
    if gone is None or gone > date(2026, 11, 25):
        return
    sold_by_its_maker = [
        row for row in CATALOG.prices_of(model) if row.provider == model.hosted.provider
    ]
    assert all(row.deprecated_on and row.deprecated_on <= gone for row in sold_by_its_maker)


def test_hosted_models_are_no_candidates_for_own_serving() -> None:
    bench = Bench(CATALOG, default_sources(CATALOG, date(2026, 11, 25)))
    use_case = UseCase(title="write", outputs=["text"], task="create")
    options, unready = bench.options("llm", use_case)
    assert options
    seen = {option.model.id for option in options} | {one.model.id for one in unready}
    assert "llama-3.1-8b" in seen
    assert not seen & {model.id for model in HOSTED}


def changed(**hosted: object) -> dict[str, object]:
    data = CATALOG.models["midjourney"].model_dump()
    return {**data, "hosted": {**data["hosted"], **hosted}}


def test_a_hosted_entry_without_a_price_says_why() -> None:
    Model.model_validate(changed())
    with pytest.raises(ValidationError, match="needs either prices"):
        Model.model_validate(changed(no_price=None))


def test_a_hosted_entry_with_a_layer_table_is_refused() -> None:
    data = {**changed(), "components": [{"role": "denoiser", "component": "sdxl_unet"}]}
    with pytest.raises(ValidationError, match="nobody holds its weights"):
        Model.model_validate(data)
