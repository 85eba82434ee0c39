"""Reports are rendered as they were last accepted. If a change is meant: `make accept`."""

from __future__ import annotations

import pytest

from tests.report.gold import Gold, all_gold


@pytest.mark.parametrize("gold", all_gold(), ids=lambda gold: f"{gold.folder.name}/{gold.name}")
def test_a_report_is_as_it_was_accepted(gold: Gold) -> None:
    for file, text in gold.rendered().items():
        assert file.exists(), f"{file} is missing: run `make accept` and look at it"
        same = file.read_text(encoding="utf-8") == text
        assert same, f"{file} differs: run `make accept`, then look at `git diff {file.parent}`"
