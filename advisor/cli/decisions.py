"""How `advisor audit --decisions` is shown to people."""

from __future__ import annotations

from typing import Any

import click

from advisor.cli.common import print_table

SHARES = ("family", "family_or_alternate", "verdict", "recall_no_go", "recall_non_generative")


def show_decisions(result: dict[str, Any]) -> None:
    """Totals beside the baselines, then the confusion, then every case that was not exact."""
    rows = {"advisor": result["totals"], **result["baselines"]}
    print_table(
        ["", "cases", *(name.replace("_", " ") for name in SHARES)],
        [[who, t["n"], *(_percent(t[name]) for name in SHARES)] for who, t in rows.items()],
    )
    click.echo()
    print_table(
        ["recorded", "answered (cases)"],
        [
            [expected, ", ".join(f"{family} {n}" for family, n in answered.items())]
            for expected, answered in result["confusion"].items()
        ],
    )
    shown = [c for c in result["cases"] if c["result"] != "exact" or c["verdict_right"] is False]
    if not shown:
        return
    click.echo()
    print_table(
        ["case", "recorded", "answered", "", "verdict", "recorded verdict", "decided by"],
        [
            [
                case["id"],
                case["expected"],
                case["family"],
                case["result"],
                case["verdict"],
                ", ".join(case["expected_verdicts"]),
                " ".join(case.get("decided_by", case["rules"])),
            ]
            for case in shown
        ],
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
