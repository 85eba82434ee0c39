"""The command that walks one candidate through every rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from advisor.cli.answer import read_given
from advisor.cli.common import (
    catalog_option,
    chosen_policy,
    json_option,
    parse_as_of,
    policy_options,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from advisor.decide.explain import Explanation


@click.command()
@click.argument("use_case_file", metavar="USECASE.yaml")
@click.argument("name", metavar="MODEL_OR_FAMILY")
@click.option("--as-of", metavar="DATE", help="The date to answer for (default: today).")
@policy_options
@catalog_option
@json_option
def explain(
    use_case_file: str,
    name: str,
    as_of: str | None,
    rules_dir: str | None,
    policy_file: str | None,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Walk one model or family through every rule: fired, silent, or not applicable and why.

    Also shows what each criterion adds and why it stands above or below the pick.
    """
    from advisor.catalog import load_catalog
    from advisor.decide.explain import explain as walk

    found = walk(
        read_given(use_case_file),
        name,
        catalog=load_catalog(catalog_dir),
        as_of=parse_as_of(as_of),
        policy=chosen_policy(rules_dir, policy_file),
    )
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: Explanation) -> None:
    click.echo(f"Subject    {found.subject} (family {found.family})")
    click.echo(f"Candidate  {found.candidate or 'none: ' + found.why_no_candidate}")
    click.echo(f"Standing   {found.standing}")
    click.echo(f"           {found.sentence}")
    if found.criteria:
        click.echo()
        print_table(
            ["criterion", "weight", "score", "adds"],
            [[one.criterion, one.weight, one.score, one.points] for one in found.criteria],
        )
    if found.differences:
        click.echo()
        print_table(
            [f"against {found.other}", "difference"],
            [[one.what, f"{one.points:+.3f}"] for one in found.differences],
        )
    for outcome in ("fired", "silent", "not-applicable"):
        steps = [step for step in found.steps if step.outcome == outcome]
        click.echo()
        print_table(
            ["rule", "severity", "adds", "says" if outcome == "fired" else "about"],
            [
                [
                    step.code,
                    step.severity,
                    f"{step.points:+.3f}" if step.points else None,
                    step.said if outcome == "fired" else f"{step.title}: {step.said}".rstrip(": "),
                ]
                for step in steps
            ],
            title=f"{outcome} ({len(steps)})",
        )
