"""advisor compare: what changed between two assessments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from advisor.cli.common import json_option, print_json, print_table

if TYPE_CHECKING:
    from advisor.comparison import Change

CHANGED = 5


@click.command()
@click.argument("before", metavar="A.json")
@click.argument("after", metavar="B.json")
@click.option("--all", "everything", is_flag=True, help="Show every change, not the first ten.")
@json_option
def compare(before: str, after: str, everything: bool, as_json: bool) -> None:
    """What changed from assessment A to assessment B: what was asked, evidence, prices, result.

    Both are files written by `advisor assess --json`. Exit code 0: verdict, family and serving
    candidate are the same, whatever else differs; 5: one of them has changed.
    """
    from advisor.comparison import compare as run
    from advisor.comparison import read_assessment

    found = run(read_assessment(before), read_assessment(after))
    if as_json:
        print_json(found)
    else:
        click.echo(found.sentence)
        for part in ("result", "inputs", "prices", "evidence"):
            _show(part, getattr(found, part), everything)
    sys.exit(0 if found.same_answer else CHANGED)


def _show(part: str, changes: list[Change], everything: bool) -> None:
    if not changes:
        return
    shown = changes if everything else changes[:10]
    click.echo()
    rows = [[change.what, change.before, change.after] for change in shown]
    print_table([part, "before", "after"], rows)
    if len(shown) < len(changes):
        click.echo(f"and {len(changes) - len(shown)} more: --all shows them")
