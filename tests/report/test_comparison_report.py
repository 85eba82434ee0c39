"""Two to four assessments side by side: what differs is marked by sign and word."""

from __future__ import annotations

import functools
import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from advisor.assessment import Assessment
from advisor.cli import cli
from advisor.errors import InputError
from advisor.report.comparison import Line, comparison_doc, mark
from advisor.report.doc import ReportDoc, Table
from advisor.report.html import html
from advisor.report.markdown import markdown
from advisor.report.pdf import pdf
from tests.report.poison import poisoned
from tests.report.reading import Page, missing, numbers, pdf_text
from tests.report.sample import figure, finding, go, no_go, non_generative
from tests.report.test_escaping import CORPUS, cycled

FOUR = (go, go, no_go, non_generative)


def named(*answers: Assessment) -> list[tuple[str, Assessment]]:
    return [(f"{letter}.json", one) for letter, one in zip("wxyz", answers, strict=False)]


@functools.cache
def four() -> ReportDoc:
    return comparison_doc(named(*(make() for make in FOUR)))


def table(doc: ReportDoc, section: str) -> Table:
    blocks = next(one for one in doc.sections if one.id == section).blocks
    return next(block for block in blocks if isinstance(block, Table))


@pytest.mark.parametrize("number", [0, 1, 5])
def test_fewer_than_two_or_more_than_four_are_refused(number: int) -> None:
    with pytest.raises(InputError, match=f"not {number}"):
        comparison_doc([("a.json", go())] * number)


def test_an_assessment_beside_itself_differs_in_nothing() -> None:
    doc = comparison_doc(named(go(), go()))
    assert doc.verdict == "Same answer"
    assert "≠" not in " ".join(doc.texts())
    assert table(doc, "answers").marked == []


def test_each_difference_is_marked_by_a_sign_and_a_word() -> None:
    rows = {row[0].text: row for row in table(four(), "answers").rows}
    assert [cell.sub for cell in rows["Verdict"][1:]] == [
        "",
        "= as A",
        "≠ differs from A",
        "≠ differs from A",
    ]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (1.0, 1.0, "= as A"),
        (1.0, 1.1, "≈ intervals overlap"),
        (1.0, 9.0, "≠ higher than A"),
        (9.0, 1.0, "≠ lower than A"),
    ],
)
def test_figures_are_only_told_apart_where_their_intervals_are(
    first: float, second: float, said: str
) -> None:
    line = Line("x", ["same text", "same text"], [figure(first, "s"), figure(second, "s")])
    assert mark(line, 1) == said


def test_requirements_that_differ_stand_side_by_side_and_the_others_are_counted() -> None:
    doc = comparison_doc(named(go(), no_go()))
    found = table(doc, "differing")
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in found.rows}
    assert rows["Tolerance for errors"][1] == "zero"
    assert "requirements are the same" in found.note
    assert "Licence needed" not in rows


def test_a_family_whose_standing_changed_stands_with_the_rule_that_did_it() -> None:
    first, *others = go().families
    stop = finding("LAT101", "bar", "Much too slow.")
    barred = first.model_copy(update={"status": "barred", "findings": [stop]})
    other = go().model_copy(update={"families": [barred, *others]})
    found = comparison_doc(named(go(), other))
    rows = [row for block in found.blocks() if isinstance(block, Table) for row in block.rows]
    told = next(row for row in rows if row[0].text == first.name)
    assert told[2].text == "barred" and "B only: Much too slow. (LAT101)" in told[3].text


def test_every_number_of_a_comparison_stands_in_all_formats() -> None:
    doc = four()
    wanted = numbers("\n".join(doc.texts()))
    assert sum(wanted.values()) > 100
    for text in (Page(html(doc)).text, pdf_text(pdf(doc)), markdown(doc)):
        assert missing(wanted, numbers(text)) == {}


def test_the_same_records_give_the_same_bytes() -> None:
    again = comparison_doc(named(*(make() for make in FOUR)))
    assert html(again) == html(four()) and pdf(again) == pdf(four())


@pytest.mark.parametrize("start", [0, 20])
def test_hostile_records_add_no_element_to_a_comparison(start: int) -> None:
    answers = named(poisoned(go(), cycled(start)), poisoned(no_go(), cycled(start + 3)))
    names = [(CORPUS[start + index], one) for index, (_, one) in enumerate(answers)]
    page = Page(html(comparison_doc(names)))
    assert not {"script", "img", "iframe", "svg", "base"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert len(PdfReader(io.BytesIO(pdf(comparison_doc(names)))).pages) < 60


def test_the_command_writes_all_three_and_says_whether_the_answer_changed(tmp_path: Path) -> None:
    for name, make in zip("abc", (go, go, no_go), strict=True):
        (tmp_path / f"{name}.json").write_text(make().model_dump_json())
    files = [str(tmp_path / f"{name}.json") for name in "abc"]
    targets = [str(tmp_path / f"out.{end}") for end in ("html", "pdf", "md")]
    options = ["--html", targets[0], "--pdf", targets[1], "--markdown", targets[2]]
    done = CliRunner().invoke(cli, ["compare", *files, *options])
    assert done.exit_code == 5, done.output
    assert all(Path(target).stat().st_size > 1000 for target in targets)
    assert CliRunner().invoke(cli, ["compare", files[0], files[1]]).exit_code == 0
    again = CliRunner().invoke(cli, ["compare", *files, *options], standalone_mode=False)
    assert isinstance(again.exception, InputError) and "--force" in str(again.exception)


@pytest.mark.parametrize("number", [1, 5])
def test_one_file_or_five_is_a_usage_error(number: int) -> None:
    assert CliRunner().invoke(cli, ["compare", *["a.json"] * number]).exit_code == 2
