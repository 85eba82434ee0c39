"""Recorded decisions are read strictly, answered, and counted beside two baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from advisor.auditor.decisions import audit_decisions, read_decisions
from advisor.errors import InputError
from tests.decide import fakes

SHIPPED = Path(__file__).resolve().parents[2] / "benchmarks" / "decisions"
CASES: list[dict[str, Any]] = [
    {
        "id": "one",
        "use_case": {"title": "Pictures", "outputs": ["image"], "error_tolerance": "medium"},
        "family": "image-diffusion",
        "verdicts": ["go"],
    },
    {
        "id": "two",
        "use_case": {"title": "Voices", "outputs": ["speech"], "likeness": "third-party"},
        "family": "not-feasible",
        "verdicts": ["no-go"],
    },
    {
        "id": "three",
        "use_case": {"title": "Labels", "outputs": ["label"], "task": "select"},
        "family": "llm",
        "alternates": ["non-generative"],
        "verdicts": ["go-with-guardrails"],
    },
]


def write(folder: Path, cases: Any) -> Path:
    file = folder / "cases.yaml"
    file.write_text(yaml.safe_dump(cases))
    return file


def audited(path: Path) -> dict[str, Any]:
    return audit_decisions(path, catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources())


def test_results_are_exact_alternate_or_miss(tmp_path: Path) -> None:
    result = audited(write(tmp_path, CASES))
    assert [case["result"] for case in result["cases"]] == ["exact", "exact", "alternate"]
    assert result["totals"] == {
        "n": 3,
        "family": 0.6667,
        "family_or_alternate": 1.0,
        "verdict": 0.6667,
        "recall_no_go": 1.0,
        "recall_non_generative": None,
    }
    assert result["baselines"]["llm-for-everything"]["family"] == 0.3333
    assert result["baselines"]["article-table"]["family"] == 0.6667


def test_a_folder_and_a_list_are_read_alike(tmp_path: Path) -> None:
    listed = read_decisions(write(tmp_path, CASES))
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, case in enumerate(CASES):
        (folder / f"{number}.yaml").write_text(yaml.safe_dump(case))
    assert read_decisions(folder) == listed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "diffusion"}, "unknown family 'diffusion'"),
        ({"use_case": {"title": "t", "outputs": ["picture"]}}, "outputs"),
        ({"verdict": "go"}, "verdict"),
        ({"id": 3}, "id"),
    ],
)
def test_a_broken_case_is_one_sentence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_decisions(write(tmp_path, [{**CASES[0], **change}]))
    assert "\n" not in str(caught.value)


def test_missing_decisions_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no decisions"):
        read_decisions(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no decisions in"):
        read_decisions(tmp_path)


def test_the_shipped_decisions_are_whole() -> None:
    decisions = read_decisions(SHIPPED)
    assert len(decisions) == 64 and len({decision.id for decision in decisions}) == 64
    assert all(decision.source and decision.verdicts for decision in decisions)
