"""advisor compare: what changed between assessments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli.common import json_option, print_json, print_table
from advisor.cli.reports import Targets, report_options

if TYPE_CHECKING:
    from advisor.comparison import Change, Comparison
    from advisor.report.doc import BrandMark, ReportDoc

CHANGED = 5


@click.command()
@click.argument("files", metavar="A.json B.json [C.json [D.json]]", nargs=-1)
@report_options
@click.option("--all", "everything", is_flag=True, help="Show every change, not the first ten.")
@json_option
def compare(files: tuple[str, ...], targets: Targets, everything: bool, as_json: bool) -> None:
    """What changed from assessment A to B, C and D: what was asked, evidence, prices, result.

    They are files written by `advisor assess --json`; each is held against the first. Exit code 0:
    verdict, family and serving candidate are the same, whatever else differs; 5: one of them has
    changed.
    """
    from advisor.comparison import compare as run
    from advisor.recordfile import read_assessment

    if not 2 <= len(files) <= 4:
        raise click.UsageError(f"give two to four files, not {len(files)}")
    answers = [read_assessment(file) for file in files]
    found = [run(answers[0], other) for other in answers[1:]]

    def doc(brand: BrandMark | None) -> ReportDoc:
        from advisor.report.comparison import comparison_doc

        names = [Path(file).name for file in files]
        return comparison_doc(list(zip(names, answers, strict=True)), brand)

    targets.write(doc)
    if as_json:
        whole = {"against": files[0], "comparisons": [one.model_dump(mode="json") for one in found]}
        print_json(found[0] if len(found) == 1 else whole)
    else:
        _tell(files, found, everything)
    sys.exit(0 if all(one.same_answer for one in found) else CHANGED)


def _tell(files: tuple[str, ...], found: list[Comparison], everything: bool) -> None:
    for file, one in zip(files[1:], found, strict=True):
        click.echo(f"{file}: {one.sentence}" if len(found) > 1 else one.sentence)
        for part in ("result", "inputs", "prices", "evidence"):
            _show(part, getattr(one, part), everything)


def _show(part: str, changes: list[Change], everything: bool) -> None:
    if not changes:
        return
    shown = changes if everything else changes[:10]
    click.echo()
    rows = [[change.what, change.before, change.after] for change in shown]
    print_table([part, "before", "after"], rows)
    if len(shown) < len(changes):
        click.echo(f"and {len(changes) - len(shown)} more: --all shows them")
