"""`rules`, `explain` and `audit --decisions` at the command line, with own rules and policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli import cli
from advisor.errors import InputError, UnknownName
from advisor.rules import all_rules, rule
from advisor.rules.docs import rule_page

REPO = Path(__file__).resolve().parents[2]
TICKETS = str(REPO / "examples" / "ticket-routing.yaml")
PAGE = (REPO / "docs" / "own-rules.md").read_text(encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def block(language: str) -> str:
    """The first block of a language on the page about own rules."""
    return PAGE.split(f"```{language}\n", 1)[1].split("```", 1)[0]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "our-rules"
    folder.mkdir()
    (folder / "acme.py").write_text(block("python"))
    return folder


@pytest.fixture(autouse=True)
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def test_rules_with_a_code_prints_its_page() -> None:
    assert run("rules", "lat101").output == rule_page(rule("LAT101"))


def test_rules_as_json_are_all_of_them_with_their_fields() -> None:
    listed = json.loads(run("rules", "--json").output)
    assert [one["code"] for one in listed] == [one.code for one in all_rules()]
    one = json.loads(run("rules", "LAT101", "--json").output)
    assert one == listed[[item["code"] for item in listed].index("LAT101")]


def test_an_unknown_code_names_the_nearest() -> None:
    assert isinstance(run("rules", "LAT10").exception, UnknownName)


def test_the_page_on_own_rules_works(own: Path, tmp_path: Path) -> None:
    policy = tmp_path / "acme.yaml"
    policy.write_text(block("yaml"))
    shown = json.loads(run("rules", "--rules", str(own), "--policy", str(policy), "--json").output)
    by_code = {one["code"]: one for one in shown}
    assert by_code["ACM101"]["severity"] == "bar" and by_code["LIC102"]["severity"] == "bar"
    assert "LAT111" not in by_code and by_code["MOD104"]["weight"] == 1


def test_rules_in_the_home_folder_are_found(own: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    own.rename(tmp_path / "home" / "rules")
    assert "ACM101" in run("rules").output


def test_explain_shows_every_outcome_and_its_reason(own: Path) -> None:
    shown = run("explain", TICKETS, "llm", "--rules", str(own)).output
    for heading in ("fired (", "silent (", "not-applicable ("):
        assert heading in shown
    assert "Standing   out" in shown and "ACM101" in shown


def test_explain_as_json_is_one_document() -> None:
    found = json.loads(run("explain", TICKETS, "non-generative", "--json").output)
    assert found["standing"] == "the pick" and len(found["steps"]) == len(all_rules())


def test_the_audit_shows_totals_confusion_and_misses(tmp_path: Path) -> None:
    case = (REPO / "benchmarks" / "decisions" / "T06.yaml").read_text()
    (tmp_path / "right.yaml").write_text(case)
    wrong = case.replace("id: T06", "id: X1").replace("family: non-generative", "family: llm")
    (tmp_path / "wrong.yaml").write_text(wrong)
    shown = run("audit", "--decisions", str(tmp_path)).output
    for part in ("llm-for-everything", "article-table", "50.0%", "non-generative 1", "miss"):
        assert part in shown, shown
    totals = json.loads(run("audit", "--decisions", str(tmp_path), "--json").output)["totals"]
    assert totals["n"] == 2 and totals["recall_non_generative"] == 1.0


def test_a_broken_decision_file_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- id: one\n  family: gan\n")
    failed = run("audit", "--decisions", str(tmp_path)).exception
    assert isinstance(failed, InputError) and "'use_case' is missing" in str(failed)
