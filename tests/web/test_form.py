"""The web form: from widgets to an answer and its downloads, through the public API only."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from advisor.usecase import UseCase, read_use_case
from advisor.web.form import label_of
from advisor.web.state import in_best_unit

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "product-photos.yaml"


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def stated(app: AppTest) -> AppTest:
    app.text_input(key="f_title").set_value("Photos").run()
    return app.multiselect(key="f_outputs").set_value(["image"]).run()


def test_an_empty_form_says_what_is_missing_and_offers_no_button(app: AppTest) -> None:
    assert not app.exception
    assert "what comes out" in app.info[0].value
    assert "assess" not in {button.key for button in app.button}


def test_the_answer_so_far_appears_as_soon_as_the_output_is_stated(app: AppTest) -> None:
    stated(app)
    assert not app.exception
    assert any("answers are assumed" in caption.value for caption in app.caption)


def test_assessing_shows_the_verdict_the_cards_and_the_assumptions(app: AppTest) -> None:
    stated(app).button(key="assess").click().run()
    assert not app.exception
    assert app.title[0].value == "Photos"
    assert {"Confidence", "Response time", "Memory", "Cost"} <= {m.label for m in app.metric}
    assumed = app.dataframe[-1].value
    assert "placement" in set(assumed["Field"])


def test_going_back_keeps_what_was_filled_in(app: AppTest) -> None:
    stated(app).button(key="assess").click().run()
    app.button(key="back").click().run()
    assert not app.exception
    assert app.text_input(key="f_title").value == "Photos"
    assert app.multiselect(key="f_outputs").value == ["image"]


def test_a_widget_left_alone_leaves_its_field_assumed(app: AppTest) -> None:
    stated(app).selectbox(key="f_placement").set_value("gaming-gpu").run()
    app.button(key="assess").click().run()
    fields = set(app.dataframe[-1].value["Field"])
    assert "placement" not in fields and "data_boundary" in fields


def test_every_example_fills_the_form_with_exactly_its_own_fields(app: AppTest) -> None:
    wanted = read_use_case(EXAMPLE)
    app.selectbox(key="preset").set_value(wanted.title).run()
    assert not app.exception
    app.button(key="assess").click().run()
    assumed = set(app.dataframe[-1].value["Field"])
    assert assumed == {item for item in wanted.assumed() if item in assumed}
    assert not assumed & wanted.model_fields_set


def test_a_time_limit_in_seconds_reaches_the_answer(app: AppTest) -> None:
    stated(app).radio(key="f_latency_how").set_value("number").run()
    app.number_input(key="f_latency_limit").set_value(2.0).run()
    app.button(key="assess").click().run()
    assert any("limit 2 s" in caption.value for caption in app.caption)


def test_a_contradiction_is_shown_beside_the_form_not_as_a_crash(app: AppTest) -> None:
    stated(app).number_input(key="f_width_px").set_value(512).run()
    assert not app.exception
    assert any("width_px and height_px together" in w.value for w in app.warning)


def test_hostile_text_is_shown_as_text(app: AppTest) -> None:
    stated(app).text_input(key="f_title").set_value("<script>alert(1)</script>").run()
    app.button(key="assess").click().run()
    assert not app.exception
    assert app.title[0].value == "<script>alert(1)</script>"


def test_every_field_has_a_label_without_underscores_and_with_its_unit() -> None:
    labels = {name: label_of(name) for name in UseCase.model_fields}
    assert not [label for label in labels.values() if "_" in label]
    assert labels["budget_usd_per_item"] == "Budget, USD per item"
    assert labels["duration_s"] == "Duration, s"


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(33.0, (33.0, "ms")), (2000.0, (2.0, "s")), (90_000.0, (1.5, "min")), (7.2e6, (2.0, "h"))],
)
def test_a_duration_is_shown_in_the_unit_that_reads_best(
    milliseconds: float, shown: tuple[float, str]
) -> None:
    assert in_best_unit(milliseconds) == shown


def test_terms_and_a_reject_rate_reach_the_question_and_come_back_into_the_form() -> None:
    from advisor.usecase import parse_use_case

    use_case = parse_use_case(
        {
            "title": "t",
            "outputs": ["image"],
            "reject_rate": 0.25,
            "terms": {"pue": 1.2, "gpu_usd_per_hour": {"l4": 0.5}, "regions": ["us-central1"]},
        }
    )
    script = AppTest.from_function(_form_with_terms)
    script.session_state["use_case"] = use_case.model_dump_json(exclude_unset=True)
    script.run(timeout=30)
    assert not script.exception
    assert script.session_state["stated"] == {
        "reject_rate": 0.25,
        "terms": {"pue": 1.2, "gpu_usd_per_hour": {"l4": 0.5}, "regions": ["us-central1"]},
    }


def _form_with_terms() -> None:
    import streamlit as st

    from advisor.files import parse_json
    from advisor.usecase import UseCase, parse_use_case
    from advisor.web.form import _widget
    from advisor.web.state import fill

    if "stated" not in st.session_state:
        fill(parse_use_case(parse_json(st.session_state["use_case"])))
    stated: dict[str, object] = {}
    for name in ("terms", "reject_rate"):
        _widget(name, UseCase.model_fields[name], stated)
    st.session_state["stated"] = stated
