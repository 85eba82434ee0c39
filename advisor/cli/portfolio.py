"""`advisor portfolio`: many use cases answered at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli.common import (
    catalog_option,
    engine_options,
    json_option,
    parse_as_of,
    print_json,
    print_table,
    refuse_address,
)
from advisor.cli.reports import Targets, report_options
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.portfolio import Engine, Portfolio
    from advisor.report.doc import BrandMark, ReportDoc


@click.command()
@click.argument("folder", metavar="DIR")
@report_options
@click.option("--workers", type=click.IntRange(1, 256), help="Processes (default: one per CPU).")
@engine_options
@click.option("--as-of", metavar="DATE", help="The date to answer for (default: today).")
@catalog_option
@json_option
def portfolio(
    folder: str,
    targets: Targets,
    workers: int | None,
    engine: Engine,
    address: str | None,
    as_of: str | None,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Answer every use case file of a folder: one table, one JSON document, one report.

    A broken file is named and does not stop the others; the exit code is then 3.
    """
    from advisor.portfolio import assess_folder

    refuse_address(engine, address)
    if workers and engine == "ray":
        raise click.UsageError("--workers is for --engine local: a cluster uses all its processors")
    answer = assess_folder(
        folder,
        as_of=parse_as_of(as_of),
        catalog_dir=catalog_dir,
        workers=workers,
        engine=engine,
        address=address,
    )

    def doc(brand: BrandMark | None) -> ReportDoc:
        from advisor.report.portfolio import portfolio_doc

        return portfolio_doc(answer, f"Portfolio {Path(folder).name}", brand)

    targets.write(doc)
    if as_json:
        print_json(answer)
    else:
        _show(answer)
    for row in answer.rows:
        if row.error:
            click.echo(f"error: {row.error}", err=True)
    if answer.broken:
        sys.exit(InputError.exit_code)


def _show(answer: Portfolio) -> None:
    from advisor.report.numbers import figure_text

    print_table(
        ["file", "verdict", "way", "family", "model", "response", "USD a month", "stays first"],
        [
            [
                row.file,
                row.verdict or "broken",
                row.route,
                row.family,
                row.model,
                figure_text(row.response_s) if row.response_s else None,
                figure_text(row.usd_per_month) if row.usd_per_month else None,
                f"{row.robustness.value:.0%}" if row.robustness else None,
            ]
            for row in answer.rows
        ],
    )
    verdicts = ", ".join(f"{name} {count}" for name, count in answer.verdicts.items())
    click.echo(f"{len(answer.rows)} files: {verdicts or 'none answered'}; broken {answer.broken}")
    if answer.usd_per_month is not None:
        click.echo(f"Run by oneself {figure_text(answer.usd_per_month)}")
