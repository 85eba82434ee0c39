"""`advisor saved`: what is printed goes back in, and every refusal is one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli import cli
from advisor.errors import AdvisorError

SAMPLE = Path(__file__).resolve().parents[2] / "reports" / "samples" / "legal-text.json"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ADVISOR_DATABASE_URL", raising=False)


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(cli, ["saved", *map(str, arguments)], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def id() -> str:
    return run("import", SAMPLE).stdout.strip()


def test_what_assess_printed_is_imported_listed_and_shown(id: str) -> None:
    (line,) = json.loads(run("list", "--json").stdout)["items"]
    assert (line["id"], line["version"], line["imported"]) == (id, 1, True)
    shown = json.loads(run("show", id, "--json").stdout)
    assert [change["kind"] for change in shown["history"]] == ["imported"]
    assert "Binding legal answers" in run("list").stdout + run("show", id).stdout


def test_an_export_is_imported_again_from_a_file_or_from_stdin(id: str, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    run("export", id, "-o", file)
    text = run("export", id).stdout
    assert file.read_text() == text
    copies = [run("import", file).stdout.strip(), run("import", "-", stdin=text).stdout.strip()]
    assert len({id, *copies}) == 3
    with pytest.raises(AdvisorError, match="UTF-8"):
        run("import", "-", stdin=b"\xff")
    with pytest.raises(AdvisorError, match="exists"):
        run("export", id, "-o", file)


def test_an_archived_one_is_off_the_list_until_it_is_restored(id: str) -> None:
    run("archive", id)
    assert json.loads(run("list", "--json").stdout)["total"] == 0
    assert json.loads(run("list", "--archived", "--json").stdout)["total"] == 1
    run("restore", id)
    assert json.loads(run("list", "--json").stdout)["total"] == 1


def test_another_owner_has_a_list_of_its_own(id: str) -> None:
    assert json.loads(run("--owner", "team:north", "list", "--json").stdout)["total"] == 0
    with pytest.raises(AdvisorError, match="no saved assessment"):
        run("--owner", "team:north", "show", id)
    with pytest.raises(AdvisorError, match="--owner"):
        run("--owner", "", "list")


def test_a_store_is_checked_and_copied(id: str, tmp_path: Path) -> None:
    assert run("check").exit_code == 0
    run("backup", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_size > SAMPLE.stat().st_size / 2


def test_a_password_is_hashed_for_the_access_file() -> None:
    assert "scrypt$" in run("password", stdin="correct horse battery\n").output
