"""Rules speak where an expert has reviewed that they do, and nowhere else."""

from __future__ import annotations

from tests.rules.reach import GOLD, reach_of_all


def test_every_rule_speaks_where_the_reviewed_table_says() -> None:
    now, reviewed = reach_of_all().splitlines(), GOLD.read_text(encoding="utf-8").splitlines()
    changed = sorted(set(now) ^ set(reviewed))
    assert now == reviewed, f"review, then python -m tests.rules.reach: {changed[:5]}"
