"""The form: what its widgets state, what it is filled with, and what stands beside it."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from advisor.intake import QUESTIONS
from advisor.usecase import UseCase, read_use_case
from advisor.web.fields import in_best_unit, label_of
from advisor.web.form import GROUPS
from advisor.web.session import stated_json
from advisor.web.terms import label_of as term_label
from tests.web.conftest import ROOT, Open, shown

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def only_fields() -> None:
    """The widgets alone, filled from what the session holds."""
    import streamlit as st

    from advisor.web.fields import fill
    from advisor.web.form import fields

    if "given" in st.session_state and "stated" not in st.session_state:
        fill(st.session_state["given"])
    st.session_state["stated"] = fields()


def form(given: dict | None = None) -> AppTest:
    app = AppTest.from_function(only_fields, default_timeout=60)
    if given is not None:
        app.session_state["given"] = given
    app.run()
    assert not app.exception
    return app


def plain(stated: dict) -> dict:
    """What the fields mean, whatever way and order they are written in."""
    data = UseCase.model_validate(stated).model_dump()
    return {**data, "inputs": sorted(map(str, data["inputs"]))}


def test_every_question_is_asked_once() -> None:
    asked = [number for _, in_sight, more in GROUPS for number in (*in_sight, *more)]
    assert sorted(asked) == [question.number for question in QUESTIONS]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_fills_the_form_with_exactly_its_own_fields(example) -> None:  # type: ignore[no-untyped-def]
    given = json.loads(stated_json(read_use_case(example)))
    stated = form(given).session_state["stated"]
    assert set(stated) == set(given)
    assert plain(stated) == plain(given)


def test_terms_arrivals_and_a_reject_rate_come_back_as_they_were_filled() -> None:
    given = {
        "title": "t",
        "outputs": ["image"],
        "arrivals": {"pattern": "daily", "hourly_weights": [1.0] * 23 + [2.5], "burst_size": 5.0},
        "reject_rate": {"value": 0.25, "low": 0.1, "high": 0.5},
        "terms": {"pue": 1.2, "gpu_usd_per_hour": {"l4": 0.5}, "regions": ["us-central1"]},
    }
    assert form(given).session_state["stated"] == given


def test_a_widget_left_alone_leaves_its_field_unstated() -> None:
    assert form().session_state["stated"] == {"title": "Untitled use case"}


def test_a_unit_may_be_picked() -> None:
    app = form({"title": "t", "outputs": ["image"]})
    app.number_input(key="f_volume_per_day").set_value(30.0)
    app.selectbox(key="f_unit_volume_per_day").set_value("an hour").run()
    assert app.session_state["stated"]["volume_per_day"] == 720


def test_a_preference_is_a_priority_and_no_limit() -> None:
    app = form({"title": "t", "outputs": ["image"]})
    app.radio(key="f_time_how").set_value("prefer").run()
    app.radio(key="f_money_how").set_value("free").run()
    stated = app.session_state["stated"]
    assert stated["priorities"] == ["latency"]
    assert "latency" not in stated
    assert stated["budget_usd_per_month"] is None


def test_only_sizes_of_the_output_are_asked() -> None:
    keys = {widget.key for widget in form({"title": "t", "outputs": ["text"]}).number_input}
    assert "f_tokens_out" in keys and "f_width_px" not in keys


def test_an_empty_form_says_what_is_missing_and_its_button_is_off(open_page: Open) -> None:
    app = open_page()
    assert "Say what comes out" in shown(app)
    assert app.button(key="assess").disabled


def test_a_contradiction_is_shown_beside_the_form(open_page: Open) -> None:
    app = open_page()
    app.multiselect(key="f_outputs").set_value(["image"]).run()
    app.number_input(key="f_width_px").set_value(512).run()
    assert not app.exception
    assert "width_px and height_px together" in shown(app)
    assert app.button(key="assess").disabled


def test_what_no_option_can_do_names_what_stands_in_the_way(open_page: Open) -> None:
    app = open_page()
    title = read_use_case(ROOT / "examples" / "game-assets.yaml").title
    app.selectbox(key="preset").set_value(title).run()
    assert not app.exception
    assert "No go as specified" in shown(app)
    assert "Nearest" in shown(app)


def test_an_unfinished_form_is_kept_as_a_draft_and_comes_back(open_page: Open) -> None:
    app = open_page()
    app.text_input(key="f_title").set_value("Half done").run()
    app.multiselect(key="f_outputs").set_value(["music"]).run()
    draft = app.query_params["draft"]
    again = open_page(draft=draft if isinstance(draft, str) else draft[0])
    assert again.text_input(key="f_title").value == "Half done"
    assert again.multiselect(key="f_outputs").value == ["music"]
    later = open_page()
    assert len(later.selectbox(key="pick_draft").options) == 1


def test_a_draft_that_is_gone_is_said_to_be_gone(open_page: Open) -> None:
    assert "is gone" in shown(open_page(draft="0" * 26))


def test_every_field_has_a_label_without_underscores() -> None:
    names = [name for question in QUESTIONS for name in question.fields]
    assert not [name for name in names if "_" in label_of(name)]
    assert label_of("budget_usd_per_item") == "Budget (USD per item)"
    assert term_label("units_per_usd") == "Units per USD"


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(33.0, (33.0, "ms")), (2000.0, (2.0, "s")), (90_000.0, (1.5, "min")), (7.2e6, (2.0, "h"))],
)
def test_a_duration_is_shown_in_the_unit_that_reads_best(
    milliseconds: float, expected: tuple[float, str]
) -> None:
    assert in_best_unit(milliseconds) == expected
