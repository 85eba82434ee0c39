"""Recorded decisions are read strictly, answered, and counted beside two baselines."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor.auditor.decisions import audit_decisions
from advisor.auditor.recorded import NOT_FEASIBLE, VERDICTS, read_decisions
from advisor.catalog.schema import FAMILY_IDS
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
        ({"verdict": "go"}, "unknown field 'verdict': did you mean verdicts"),
        ({"verdicts": ["no"]}, "unknown verdict 'no': did you mean no-go"),
        ({"alternates": ["gans"]}, "unknown family 'gans': did you mean gan"),
        ({"id": 3}, "entry 1: id"),
    ],
)
def test_a_broken_case_is_one_sentence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_decisions(write(tmp_path, [{**CASES[0], **change}]))
    assert "\n" not in str(caught.value)


def test_an_id_given_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="id 'one' is given twice"):
        read_decisions(write(tmp_path, [CASES[0], deepcopy(CASES[0])]))


def test_missing_decisions_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no decisions"):
        read_decisions(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no decisions in"):
        read_decisions(tmp_path)


def test_the_shipped_decisions_are_whole() -> None:
    decisions = read_decisions(SHIPPED)
    assert len(decisions) == 64 and len({decision.id for decision in decisions}) == 64
    assert all(decision.source and decision.verdicts for decision in decisions)


def test_no_use_case_names_its_answer() -> None:
    """The words of a recorded use case hold no family, no verdict and no architecture."""
    names = [name for name in (*FAMILY_IDS, *VERDICTS) if name != "go"]
    names += ["diffusion", "autoencoder", "adversarial", "transformer", "language model", "gan"]
    for decision in read_decisions(SHIPPED):
        said = f"{decision.use_case.title} {decision.use_case.description}".casefold()
        found = [name for name in names if re.search(rf"\b{re.escape(name)}\b", said)]
        assert not found, (decision.id, found)


def test_invented_decisions_say_that_they_are_judgements() -> None:
    invented = read_decisions(SHIPPED.parent / "decisions_variants")
    assert all(decision.source.startswith("judgement: ") for decision in invented)
    assert {d.family for d in invented} >= {NOT_FEASIBLE, *FAMILY_IDS} - {"video-ar"}


def test_a_miss_names_the_rules_that_decided_it(tmp_path: Path) -> None:
    wrong = {**CASES[0], "family": "gan"}
    over = {**CASES[1], "family": "codec-lm"}
    cases = audited(write(tmp_path, [wrong, over]))["cases"]
    assert [case["result"] for case in cases] == ["miss", "miss"]
    assert cases[0]["decided_by"] == ["CTL110"] and cases[1]["decided_by"] == ["SAF101"]
    assert [case["verdict_right"] for case in cases] == [True, True]


def test_the_confusion_counts_every_case_once(tmp_path: Path) -> None:
    result = audited(write(tmp_path, CASES))
    assert result["confusion"] == {
        "image-diffusion": {"image-diffusion": 1},
        "llm": {"non-generative": 1},
        "not-feasible": {"not-feasible": 1},
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["id", "use_case", "family", "alternates", "verdicts", "source", "x"]
                ),
                inner,
                max_size=6,
            )
        ),
    )
)
def test_any_document_is_read_or_refused_in_one_sentence(document: Any) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "cases.json"
        file.write_text(json.dumps(document))
        try:
            read_decisions(file)
        except InputError as error:
            assert "\n" not in str(error)
