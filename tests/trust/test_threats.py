"""The table of threats names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/threats.md").read_text(encoding="utf-8").split("\n## ")[0].split("\n")
    if line.startswith("| ") and "`tests/" in line
]


def test_every_row_has_a_promise_a_target_and_a_test_that_exists() -> None:
    assert len(ROWS) >= 25
    for threat, promise, test, target in ROWS:
        assert threat and promise and target
        file, _, name = test.strip("`").partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE), f"{threat}: {test}"
