"""The claims command: what the founding article says, checked."""

from __future__ import annotations

from typing import Any

import click

from advisor.cli.common import catalog_option, json_option, parse_as_of, print_json, print_table


@click.command()
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--as-of", metavar="DATE", help="The day for which prices count (default: today).")
@click.option(
    "--write",
    "page",
    metavar="FILE",
    is_flag=False,
    flag_value="docs/claims.md",
    help="Write all claims as Markdown (default: docs/claims.md).",
)
@catalog_option
@json_option
def claims(
    names: tuple[str, ...],
    as_of: str | None,
    page: str | None,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Check the founding article's claims: verdict, numbers, and how to repeat each."""
    from advisor.catalog import load_catalog
    from advisor.claims import check_claims, claims_page
    from advisor.errors import InputError
    from advisor.files import write_atomic

    if page is not None and names:
        raise InputError("--write writes all claims: leave the ids out")
    day = parse_as_of(as_of)
    results = check_claims(names, catalog=load_catalog(catalog_dir), as_of=day, report=_progress)
    if page is not None:
        write_atomic(page, claims_page(results, day))
        click.echo(f"wrote {page}", err=True)
    if as_json:
        print_json({"as_of": day, "claims": [one.model_dump(mode="json") for one in results]})
    elif len(names) == 1:
        _show(results[0])
    elif page is None:
        print_table(
            ["id", "verdict", "what was found"],
            [[one.id, one.verdict_text, one.sentence] for one in results],
        )


def _progress(name: str) -> None:
    click.echo(f"checking {name}", err=True)


def _show(one: Any) -> None:
    """One claim whole."""
    from advisor.claims.pages import figure_text, outcome_text, provenance

    click.echo(f"{one.id}: {one.verdict_text}\n\nClaim: {one.claim}\nFound: {one.sentence}\n")
    print_table(
        ["check", "figure", "holds from", "outcome", "basis and source, or why not"],
        [
            [
                check.states,
                figure_text(check.figure) if check.figure else None,
                check.limits if check.figure else None,
                outcome_text(check),
                provenance(check.figure) if check.figure else check.why,
            ]
            for check in one.checks
        ],
    )
    if one.numbers:
        click.echo()
        print_table(
            ["number", "figure", "basis and source"],
            [[n.label, figure_text(n.figure), provenance(n.figure)] for n in one.numbers],
        )
    for note in one.notes:
        click.echo(f"- {note}")
    click.echo(f"\nFrom: {one.source}\nHow: {one.how}\nAgain: {one.command}")
