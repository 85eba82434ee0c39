"""Commands that answer: assess; and what helps to ask: new, schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli.common import (
    catalog_option,
    chosen_policy,
    json_option,
    parse_as_of,
    policy_options,
    print_json,
    print_table,
)
from advisor.cli.reports import Targets, report_options
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.assessment import Assessment
    from advisor.report.doc import BrandMark, ReportDoc
    from advisor.usecase import UseCase


@click.command()
@click.argument("use_case_file", metavar="USECASE.yaml")
@report_options
@click.option("--as-of", metavar="DATE", help="The date to answer for (default: today).")
@click.option(
    "--price",
    "prices",
    metavar="DEVICE=USD",
    multiple=True,
    help="Your own price of a GPU-hour; beats every table. May be repeated.",
)
@click.option("--check", is_flag=True, help="Exit 4 on no-go, 5 on a broken limit or budget.")
@click.option("--why-not", is_flag=True, help="Show why each family was set aside.")
@policy_options
@catalog_option
@json_option
def assess(
    use_case_file: str,
    targets: Targets,
    as_of: str | None,
    prices: tuple[str, ...],
    check: bool,
    why_not: bool,
    rules_dir: str | None,
    policy_file: str | None,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Answer a use case: which architecture, is it feasible, what it costs, how sure, and why.

    USECASE.yaml may be JSON too; `-` reads YAML from standard input. `advisor new` writes one to
    start from.
    """
    from advisor.catalog import load_catalog
    from advisor.pipeline import assess as run
    from advisor.terms import device_amounts

    use_case = read_given(use_case_file)
    answer = run(
        use_case,
        catalog=load_catalog(catalog_dir),
        as_of=parse_as_of(as_of),
        prices=device_amounts(list(prices)),
        policy=chosen_policy(rules_dir, policy_file),
    )

    def doc(brand: BrandMark | None) -> ReportDoc:
        from advisor.report.data import report_doc

        return report_doc(answer, brand)

    targets.write(doc)
    if as_json:
        print_json(answer)
    else:
        _show(answer, use_case_file, why_not)
    if check:
        sys.exit(_check(answer))


def read_given(name: str) -> UseCase:
    """The use case of a file, or of standard input for `-`."""
    from advisor.files import MAX_BYTES, parse_yaml
    from advisor.usecase import parse_use_case, read_use_case

    if name != "-":
        return read_use_case(name)
    text = sys.stdin.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise InputError(f"standard input is larger than {MAX_BYTES // 1024} KiB")
    data, lines = parse_yaml(text, "standard input")
    return parse_use_case(data, "standard input", lines)


def _check(answer: Assessment) -> int:
    if answer.verdict == "no-go":
        return 4
    broken = any(
        finding.severity == "bar"
        for candidate in answer.candidates
        if answer.serve and candidate.id == answer.serve.candidate
        for finding in candidate.findings
    )
    over = any(finding.code.startswith("CST") for finding in _serving_findings(answer))
    return 5 if broken or over else 0


def _serving_findings(answer: Assessment):  # type: ignore[no-untyped-def]
    if answer.serve is None or answer.serve.candidate is None:
        return []
    chosen = next(c for c in answer.candidates if c.id == answer.serve.candidate)
    return [f for f in chosen.findings if f.severity in ("bar", "condition", "against")]


def _show(answer: Assessment, source: str, why_not: bool) -> None:
    from advisor.report.numbers import figure_text

    click.echo(f"Use case   {answer.use_case.title}   ({source})")
    click.echo(f"Answer     {answer.headline}")
    click.echo(f"Verdict    {answer.verdict}   confidence {answer.confidence.level}")
    for condition in answer.conditions:
        click.echo(f"           - {condition}")
    if answer.route is not None:
        click.echo(f"Way        {answer.route.sentence}")
    ranked = [c for c in answer.candidates if c.rank is not None]
    if ranked:
        click.echo()
        print_table(
            ["#", "option", "device", "response", "GiB", "$/1,000", "evidence"],
            [
                [
                    c.rank,
                    f"{c.model_name} ({c.workload.describe()})",
                    c.device,
                    figure_text(c.response_s),
                    c.estimate.peak_memory_gib.value,
                    figure_text(c.cost.usd_per_1000_outputs) if c.cost else None,
                    c.estimate.latency_s.basis,
                ]
                for c in ranked[:5]
            ],
        )
    _show_money(answer)
    click.echo(f"Tried {answer.tried} options, barred {answer.barred}: {_tally(answer)}")
    if answer.adaptation is not None:
        one = answer.adaptation
        run = f"{one.steps.value:,.0f} steps on {one.estimate.device}, {figure_text(one.wall_h)}"
        click.echo(f"Adapting   {run}: {figure_text(one.usd)} a run ({one.steps.source})")
    _show_search(answer)
    if why_not:
        _show_families(answer)
    for warning in answer.warnings:
        click.echo(f"Warning    {warning}")
    assumed = ", ".join(item.field for item in answer.assumed)
    click.echo(f"Assumed    {assumed or 'nothing'}")
    click.echo(f"Data       catalog and profiles {answer.data_version}, as of {answer.as_of}")


def _show_money(answer: Assessment) -> None:
    """The month, the accepted item and the chance of staying in budget, in the client's money."""
    from advisor.cost.currency import converted
    from advisor.report.numbers import figure_text

    money, terms = answer.money, answer.use_case.terms
    if money is None:
        return
    units = money.unit_costs
    parts = [figure_text(converted(one, terms)) for one in (units.per_month, units.per_1000_items)]
    if units.upfront is not None:
        parts.append(f"{figure_text(converted(units.upfront, terms))} at once")
    chances = [
        f"{chance:.0%} chance to stay in the {name} budget"
        for name, chance in (
            ("month's", money.spread.chance_in_month_budget),
            ("item's", money.spread.chance_in_item_budget),
        )
        if chance is not None
    ]
    click.echo(f"Cost       {'; '.join([*parts, *chances])}")
    if terms.currency != "USD":
        click.echo(f"           1 USD = {terms.rate:g} {terms.currency}, as given by you")
    if money.spread.drivers:
        told = ", ".join(f"{one.words} {one.share:.0%}" for one in money.spread.drivers[:3])
        click.echo(f"Spread     from {told}")


def _show_search(answer: Assessment) -> None:
    """How firm the ranking is, what flips it, what matters most, and what is open."""
    robust = answer.robustness
    if robust is not None:
        said = f"first in {robust.share.value:.0%} of {robust.draws:,} draws"
        over = [f"{one.model or one.family} {one.share.value:.0%}" for one in robust.overtaken_by]
        if robust.nothing_left:
            over.append(f"nothing within the limit {robust.nothing_left:.0%}")
        click.echo(f"Ranking    {said}" + (f"; else {', '.join(over[:3])}" if over else ""))
    for flip in answer.flip_points[:4]:
        click.echo(f"Flips      {flip.sentence}")
    for choice in answer.choice_flips[:3]:
        click.echo(f"Flips      {choice.sentence}")
    if answer.tornado:
        bars = [f"{bar.input} x{bar.swing:.2g}" for bar in answer.tornado[:4]]
        click.echo(f"Matters    {', '.join(bars)} (cost or margin between the ends)")
    for composite in answer.composites:
        click.echo(f"Also       {composite.sentence}")
    unsettled = [f"{gate.id} {gate.status}" for gate in answer.gates if gate.status != "passed"]
    click.echo(f"Gates      {', '.join(unsettled) or 'all passed'}")
    if answer.pilot is not None:
        click.echo(f"Pilot      {answer.pilot.sentence}")


def _tally(answer: Assessment) -> str:
    most = sorted(answer.barred_by.items(), key=lambda item: -item[1])[:5]
    return ", ".join(f"{code} {number}" for code, number in most) or "none"


def _show_families(answer: Assessment) -> None:
    click.echo()
    print_table(
        ["family", "status", "why"],
        [[item.family, item.status, item.sentence] for item in answer.families],
    )


@click.command()
@click.argument("target", metavar="FILE.yaml")
def new(target: str) -> None:
    """Write a use case to start from, with every question as a comment."""
    from advisor.files import write_atomic
    from advisor.intake import template

    if Path(target).exists():
        raise InputError(f"{target} exists: choose another name")
    write_atomic(target, template())
    click.echo(f"wrote {target}: fill it in, then `advisor assess {target}`", err=True)


@click.command()
@click.argument("of", type=click.Choice(["use-case", "assessment"]), default="use-case")
def schema(of: str) -> None:
    """The JSON Schema of a use case file, or of the assessment that `assess --json` prints."""
    from advisor.recordfile import assessment_schema
    from advisor.usecase import use_case_schema

    print_json(use_case_schema() if of == "use-case" else assessment_schema())
