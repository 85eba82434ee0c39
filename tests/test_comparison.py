"""advisor compare: the same twice is no change, and each change is found in its part."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor import assess, load_catalog
from advisor.assessment import Assessment
from advisor.cli import cli
from advisor.comparison import compare
from advisor.errors import InputError
from advisor.recordfile import read_assessment
from advisor.usecase import UseCase, parse_use_case

AS_OF = date(2026, 11, 23)


def answered(as_of: date = AS_OF, prices: dict[str, float] | None = None,
             **fields: object) -> Assessment:  # fmt: skip
    use_case: UseCase = parse_use_case(
        {"title": "Jingles", "outputs": ["music"], "duration_s": 20.0, **fields}
    )
    return assess(use_case, catalog=load_catalog(), as_of=as_of, flips=False, prices=prices)


@pytest.fixture(scope="module")
def first() -> Assessment:
    return answered()


@pytest.fixture(scope="module")
def files(first: Assessment, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("compare")
    other = answered(outputs=["speech"])
    for name, answer in (("a.json", first), ("b.json", other)):
        (folder / name).write_text(answer.model_dump_json())
    return folder / "a.json", folder / "b.json"


def test_an_assessment_compared_with_itself_differs_in_nothing(first: Assessment) -> None:
    found = compare(first, first)
    assert found.same_answer and found.sentence == "Nothing differs."
    assert not (found.inputs or found.evidence or found.prices or found.result)


def test_a_changed_question_is_found_under_inputs_by_its_dotted_name(first: Assessment) -> None:
    found = compare(first, answered(volume_per_day=2000.0, terms={"people_usd_per_hour": 40.0}))
    changed = {change.what: (change.before, change.after) for change in found.inputs}
    assert changed["volume_per_day"] == ("1000", "2000")
    assert changed["terms.people_usd_per_hour"] == (None, "40")
    assert changed["volume_per_day is"] == ("assumed", "stated")


def test_a_price_of_the_clients_own_changes_the_serving_offer(first: Assessment) -> None:
    assert first.serve is not None and first.serve.candidate is not None
    found = compare(first, answered(prices={"t4": 0.001}))
    assert not found.same_answer
    assert any(change.what == "serve with" for change in found.result)
    assert "what differs before it: inputs" in found.sentence


def test_another_day_changes_prices_and_not_inputs(first: Assessment) -> None:
    found = compare(first, answered(as_of=date(2027, 11, 23)))
    assert next(change.what for change in found.prices) == "as of"
    assert found.inputs == []


def test_a_comparison_is_the_mirror_image_the_other_way(first: Assessment) -> None:
    other = answered(volume_per_day=2000.0)
    forth, back = compare(first, other), compare(other, first)
    for part in ("inputs", "evidence", "prices", "result"):
        there = {(c.what, c.before, c.after) for c in getattr(forth, part)}
        assert there == {(c.what, c.after, c.before) for c in getattr(back, part)}


def test_an_answer_with_its_money_page_survives_being_written_and_read(
    first: Assessment, files: tuple[Path, Path]
) -> None:
    assert first.money is not None
    again = read_assessment(files[0])
    assert again.model_dump(mode="json") == first.model_dump(mode="json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "is not an assessment"),
        ('{"schema_version": 99}', "this program reads"),
        ('{"schema_version": 1}', "assess again"),
        ("{", "not valid JSON"),
    ],
)
def test_a_file_that_is_no_assessment_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        read_assessment(file)


def test_the_exit_code_is_0_for_the_same_answer_and_5_for_another(files: tuple[Path, Path]) -> None:
    a, b = map(str, files)
    same = CliRunner().invoke(cli, ["compare", a, a])
    assert (same.exit_code, same.stdout) == (0, "Nothing differs.\n")
    changed = CliRunner().invoke(cli, ["compare", a, b, "--json"])
    assert changed.exit_code == 5
    import json

    assert json.loads(changed.stdout)["same_answer"] is False
    told = CliRunner().invoke(cli, ["compare", a, b])
    assert "The answer has changed" in told.stdout and "family" in told.stdout
