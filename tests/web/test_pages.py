"""Every page and flow, in process: what it shows, what it does, and what it says when it cannot."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from advisor import Assessment, assess, read_use_case
from advisor.store import LOCAL, Access, open_store
from advisor.web import downloads
from advisor.web.session import plain
from advisor.web.views.accuracy import rows_of
from tests.web.conftest import ROOT, Open, shown

HOSTILE = "<script>window.pwned=1</script> ![x](http://evil.example/p.png) **b** $e^x$"


@pytest.fixture(scope="module")
def answer() -> Assessment:
    return assess(read_use_case(ROOT / "examples" / "phone-face-filter.yaml"), flips=False)


@pytest.fixture
def saved(answer: Assessment, home: Path) -> str:
    return open_store().assessments(LOCAL).create(answer).id


def test_submitting_stores_an_assessment_and_opens_it_at_its_address(open_page: Open) -> None:
    app = open_page()
    app.text_input(key="f_title").set_value("Photos").run()
    app.multiselect(key="f_outputs").set_value(["image"]).run()
    app.button(key="assess").click().run()
    assert not app.exception
    assert app.title[0].value == "Photos"
    page = open_store().assessments(LOCAL).page()
    assert [one.title for one in page.items] == ["Photos"]
    assert page.items[0].id in str(app.query_params["a"])
    assert open_store().drafts(LOCAL).latest() == []


def test_a_result_shows_sentence_cards_basis_options_and_reasons(
    open_page: Open, saved: str, answer: Assessment
) -> None:
    text = shown(open_page("result", a=saved))
    for wanted in ("Response time", "Cost a month", "Peak memory", "Energy a month", "predicted"):
        assert wanted in text
    assert f"{answer.tried:,} options tried" in text
    assert "What would change it" in text and "Families that a rule bars" in text


def test_costs_widen_over_what_nobody_stated(open_page: Open, home: Path) -> None:
    use_case = read_use_case(ROOT / "examples" / "ad-video.yaml")
    answer = assess(use_case, flips=False)
    id = open_store().assessments(LOCAL).create(answer).id
    text = shown(open_page("result", a=id))
    assert "also cover half and double of what nobody stated" in text


def test_a_slider_answers_and_saves_nothing(open_page: Open, saved: str) -> None:
    app = open_page("result", a=saved)
    app.select_slider(key="whatif_volume").set_value("64").run()
    assert not app.exception
    assert "nothing is saved" in shown(app)
    assert open_store().assessments(LOCAL).get(saved).version == 1


def test_rename_undo_archive_and_restore_each_add_a_revision(open_page: Open, saved: str) -> None:
    app = open_page("result", a=saved)
    app.text_input(key="rename_title").set_value("Better name")
    next(b for b in app.button if b.label == "Rename").click().run()
    assert app.title[0].value == "Better name"
    app.button(key="undo").click().run()
    app.button(key="archive").click().run()
    assert "Its share links are closed" in shown(app) or "Archived" in shown(app)
    app.button(key="restore").click().run()
    assert not app.exception
    kinds = [one.kind for one in open_store().assessments(LOCAL).history(saved)]
    assert kinds == ["created", "renamed", "undone", "archived", "restored"]


def test_a_change_by_somebody_else_is_said_and_not_written_over(
    open_page: Open, saved: str
) -> None:
    app = open_page("result", a=saved)
    other = Access(owner="local", person="Ana")
    open_store().assessments(other).rename(saved, 1, "Theirs")
    app.text_input(key="rename_title").set_value("Mine")
    next(b for b in app.button if b.label == "Rename").click().run()
    assert "changed by someone else" in shown(app).lower()
    assert open_store().assessments(LOCAL).get(saved).title == "Theirs"
    app.button(key="accept_theirs").click().run()
    app.text_input(key="rename_title").set_value("Mine, after all")
    next(b for b in app.button if b.label == "Rename").click().run()
    assert open_store().assessments(LOCAL).get(saved).title == "Mine, after all"


def test_an_answer_made_with_other_data_says_run_again(
    open_page: Open, answer: Assessment, home: Path
) -> None:
    old = answer.model_copy(update={"data_version": "0ld"})
    id = open_store().assessments(LOCAL).create(old).id
    app = open_page("result", a=id)
    assert "Newer data exists" in shown(app)
    app.button(key="again").click().run()
    assert "Newer data exists" not in shown(app)
    assert open_store().assessments(LOCAL).get(id).version == 2


def test_an_import_is_marked_until_it_is_run_again(
    open_page: Open, answer: Assessment, home: Path
) -> None:
    work = open_store().assessments(LOCAL)
    id = work.import_text(answer.model_dump_json()).id
    assert "Nobody here has seen this program make it" in shown(open_page("result", a=id))


def test_a_share_link_shows_its_revision_until_it_is_withdrawn(open_page: Open, saved: str) -> None:
    app = open_page("result", a=saved)
    next(b for b in app.button if b.label == "Make a link").click().run()
    token = re.search(r"t=([\w-]{22})", app.code[0].value)
    assert token is not None
    guest = open_page("shared", t=token[1])
    assert "Shared with you" in shown(guest)
    assert "archive" not in {button.key for button in guest.button}
    next(b for b in app.button if b.label == "Withdraw").click().run()
    assert "was withdrawn" in shown(open_page("shared", t=token[1]))


def test_a_link_with_unusable_values_says_so_and_shows_the_page(open_page: Open) -> None:
    app = open_page("result", a="../../etc/passwd")
    assert "values that can not be used" in shown(app)
    assert "No assessment is open" in shown(app)


def test_an_id_of_nobody_is_an_error_in_a_sentence(open_page: Open) -> None:
    app = open_page("result", a="0" * 26)
    assert "There is no saved assessment" in shown(app).replace("there", "There")


def test_saved_searches_archives_and_undoes(open_page: Open, saved: str) -> None:
    app = open_page("saved")
    app.text_input(key="saved_search").set_value("no such words").run()
    assert "Nothing found" in shown(app)
    app.text_input(key="saved_search").set_value("").run()
    app.button(key=f"archive_{saved}").click().run()
    assert "Nothing is saved yet" in shown(app)
    app.button(key="undo_archive").click().run()
    assert open_store().assessments(LOCAL).get(saved).archived is None


def test_compare_marks_what_differs(open_page: Open, saved: str, home: Path) -> None:
    other = assess(read_use_case(ROOT / "examples" / "anomaly-scores.yaml"), flips=False)
    second = open_store().assessments(LOCAL).create(other).id
    app = open_page("compare", ids=f"{saved}.{second}")
    text = shown(app)
    assert "≠ Model" in text and "≠ Outputs" in text
    app.toggle(key="compare_differing").set_value(True).run()
    rows = re.findall(r'<th scope="row"[^>]*><div>([^<]*)', shown(app))
    assert rows and all(row.startswith("≠") for row in rows)


def test_hostile_text_stands_as_text(open_page: Open, home: Path) -> None:
    use_case = read_use_case(ROOT / "examples" / "anomaly-scores.yaml")
    use_case = use_case.model_copy(update={"title": HOSTILE, "description": HOSTILE})
    id = open_store().assessments(LOCAL).create(assess(use_case, flips=False)).id
    app = open_page("result", a=id)
    assert app.title[0].value == plain(HOSTILE)
    assert "<script" not in "".join(element.proto.body for element in app.get("html"))


@pytest.mark.parametrize(
    ("page", "parameters", "wanted"),
    [
        ("catalog", {}, "of"),
        ("catalog", {"family": "gan"}, "How it fails"),
        ("catalog", {"model": "sdxl-base-1.0"}, "Stages of one request"),
        ("catalog", {"search": "no such model anywhere"}, "No model fits"),
        ("hardware", {"unit": "year"}, "USD per GPU and year"),
        ("hardware", {"device": "l4"}, "Dense peak"),
        ("rules", {}, "rules"),
        ("rules", {"code": "LAT101"}, "Remedy"),
        ("method", {}, "How far to trust it"),
    ],
)
def test_a_page_to_look_things_up_opens_at_its_address(
    open_page: Open, page: str, parameters: dict[str, str], wanted: str
) -> None:
    app = open_page(page, **parameters)
    tables = " ".join(" ".join(map(str, table.value.columns)) for table in app.dataframe)
    assert not app.error
    assert wanted in shown(app) + tables


def test_measured_stands_against_predicted_and_own_rows_are_audited(open_page: Open) -> None:
    app = open_page("accuracy")
    rows = app.dataframe[0].value
    assert {"Measured", "Predicted", "Inside", "Skipped because"} <= set(rows.columns)
    head = rows_of([])
    row = (
        "mine,sd-1.5,rtx-3090,1,latency_s,2.5,fp16,1,50,7.5,512,512,,,,,eager,end_to_end,,,,me,1\n"
    )
    app.file_uploader(key="measurements").upload("mine.csv", (head + row).encode(), "text/csv")
    app.run()
    assert not app.exception
    assert list(app.dataframe[1].value["Row"]) == ["mine"]


def test_a_broken_upload_is_an_error_in_a_sentence(open_page: Open) -> None:
    app = open_page("accuracy")
    app.file_uploader(key="measurements").upload("x.csv", b"a,b\n1,2\n", "text/csv")
    app.run()
    assert not app.exception
    assert "lacks the column" in app.error[0].value


def test_downloads_hold_what_they_say(answer: Assessment) -> None:
    table = list(csv.DictReader(io.StringIO(downloads.options_csv(answer))))
    ranked = [one for one in answer.candidates if one.rank is not None]
    assert [int(row["rank"]) for row in table] == [one.rank for one in ranked]
    assert [float(row["response_s"]) for row in table] == [one.response_s.value for one in ranked]


def test_pages_share_the_store_and_not_each_others_drafts(open_page: Open) -> None:
    first, second = open_page(), open_page()
    first.text_input(key="f_title").set_value("First").run()
    first.multiselect(key="f_outputs").set_value(["music"]).run()
    second.multiselect(key="f_outputs").set_value(["text"]).run()
    titles = {json.dumps(d.content["title"]) for d in open_store().drafts(LOCAL).latest()}
    assert titles == {'"First"', '"Untitled use case"'}


def test_the_app_opens_in_streamlit_run_alone() -> None:
    assert not AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run().exception
