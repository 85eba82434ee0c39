"""Facts that every model states: licence, release date, quality and where each of them stands."""

import pytest

from advisor.catalog import Model
from tests.catalog.shipped import CATALOG

MODELS = list(CATALOG.models.values())
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
UNLOOKED = ("recalled", "not looked up")


@every_model
def test_a_model_has_a_release_date_with_its_source_or_says_why_not(model: Model) -> None:
    assert model.released_source
    if model.released is None:
        assert model.released_source.startswith(("none", "not known"))
    else:
        assert model.released.year >= 2012


@every_model
def test_a_model_has_a_quality_figure_or_says_why_not(model: Model) -> None:
    assert bool(model.quality) != bool(model.no_quality)


@every_model
def test_a_quality_figure_has_a_metric_a_number_or_words_and_a_source(model: Model) -> None:
    for figure in model.quality:
        assert figure.value is not None or figure.text
        if any(word in figure.source for word in UNLOOKED):
            assert not figure.confirmed


@every_model
def test_a_licence_says_whether_it_may_be_used_commercially(model: Model) -> None:
    licence = model.licence
    assert licence.commercial != "conditional" or licence.conditions
    if any(word in licence.source for word in UNLOOKED):
        assert not licence.confirmed


@every_model
def test_a_model_that_is_not_sold_as_a_service_has_default_settings_with_a_source(
    model: Model,
) -> None:
    if not model.runnable:
        assert model.not_runnable
        return
    assert all(axis.source for axis in model.axes.values())
    assert model.workload() == model.workload(
        **{name: axis.default for name, axis in model.axes.items()}
    )


def test_recalled_facts_do_not_grow() -> None:
    """What nobody looked up is counted; looking one up lowers the figure here."""
    recalled = [model.id for model in MODELS if not model.licence.confirmed]
    own = [name for name in recalled if CATALOG.models[name].hosted is None]
    assert len(own) <= 36
