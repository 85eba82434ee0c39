"""A portfolio: a row per file in order, a broken one named, the same for any number of workers."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.cli import cli
from advisor.errors import DataError, InputError
from advisor.portfolio import assess_folder, assess_job, read_job
from advisor.report.html import html
from advisor.report.portfolio import portfolio_doc

DAY = date(2026, 11, 23)
LABELS = "title: Labels {n}\noutputs: [label]\ntask: select\nclosed_label_set: true\n"


def write_cases(folder: Path) -> None:
    """Nine use cases that need no estimate, one broken file, one in a subfolder."""
    for n in range(9):
        (folder / f"case-{n}.yaml").write_text(LABELS.format(n=n))
    (folder / "case-3.yaml").write_text("title: <b>Broken</b>\noutputs: [picture]\n")
    (folder / "more").mkdir()
    (folder / "more" / "last.json").write_text(
        json.dumps({"title": "<script>x</script>", "outputs": ["label"], "task": "select"})
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_cases(tmp_path)
    return tmp_path


def test_rows_come_in_the_order_of_files_and_a_broken_one_is_named(folder: Path) -> None:
    made = assess_folder(folder, as_of=DAY, workers=1)
    names = [row.file for row in made.rows]
    assert names == [*(f"case-{n}.yaml" for n in range(9)), "more/last.json"]
    assert made.broken == 1 and "case-3.yaml" in made.rows[3].error
    assert sum(made.verdicts.values()) == sum(made.families.values()) == 9


def test_the_number_of_workers_does_not_change_the_answer(folder: Path) -> None:
    one = assess_folder(folder, as_of=DAY, workers=1)
    assert one == assess_folder(folder, as_of=DAY, workers=2)


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_use_cases_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=name):
        assess_folder(tmp_path / name, as_of=DAY)


def test_the_report_holds_every_title_escaped_and_the_broken_file(folder: Path) -> None:
    page = html(portfolio_doc(assess_folder(folder, as_of=DAY, workers=1), "Ours"))
    assert "Labels 8" in page and "&lt;script&gt;" in page and "<script>x" not in page
    assert "case-3.yaml" in page


def test_the_command_prints_one_document_and_leaves_with_3(folder: Path) -> None:
    run = CliRunner().invoke(
        cli, ["portfolio", str(folder), "--json", "--workers", "1", "--as-of", "2026-11-23"]
    )
    assert run.exit_code == 3
    assert json.loads(run.stdout)["broken"] == 1
    assert "case-3.yaml" in run.stderr
    (folder / "case-3.yaml").unlink()
    run = CliRunner().invoke(cli, ["portfolio", str(folder), "--workers", "1"])
    assert run.exit_code == 0 and "9 files" in run.stdout


@pytest.mark.parametrize("more", [["--address", "h:1"], ["--engine", "ray", "--workers", "2"]])
def test_options_that_would_be_ignored_are_refused(folder: Path, more: list[str]) -> None:
    run = CliRunner().invoke(cli, ["portfolio", str(folder), *more])
    assert run.exit_code == 2 and "is for --engine" in run.stderr


def test_a_node_with_other_data_answers_nothing(folder: Path) -> None:
    job = read_job(folder, folder / "case-1.yaml", DAY, None, "0ther 0.1.0")
    with pytest.raises(DataError, match="began with 0ther"):
        assess_job(job)
