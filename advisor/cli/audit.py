"""The command `audit`: what this program says against what others measured or decided."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from advisor.cli.common import (
    catalog_option,
    chosen_policy,
    json_option,
    policy_options,
    print_json,
    print_table,
)

SHOWN = (
    "all",
    "measured",
    "measured, mode",
    "measured, scope",
    "measured, basis",
    "measured, family",
    "measured, device",
)
_ERRORS = ("median_abs_error", "p90_abs_error", "bias", "coverage")


@click.command()
@click.option("--measurements", metavar="FILE", help="A CSV of measurements.")
@click.option("--decisions", metavar="PATH", help="A file or folder of recorded decisions.")
@click.option("--where", multiple=True, metavar="EXPR", help="Rows to take, such as trust<=2.")
@click.option("--html", metavar="F", help="Also write a report of the measurements to this file.")
@policy_options
@catalog_option
@json_option
def audit(
    measurements: str | None,
    decisions: str | None,
    where: tuple[str, ...],
    html: str | None,
    rules_dir: str | None,
    policy_file: str | None,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Compare what this program says with what others measured or decided."""
    if (measurements is None) == (decisions is None):
        raise click.UsageError("give --measurements FILE or --decisions PATH")
    if html is not None and measurements is None:
        raise click.UsageError("--html needs --measurements FILE")
    from advisor.auditor import audit_decisions, audit_measurements
    from advisor.catalog import load_catalog
    from advisor.cli.decisions import show_decisions

    catalog = load_catalog(catalog_dir)
    if measurements is not None:
        result = audit_measurements(measurements, where=list(where), catalog=catalog)
    else:
        policy = chosen_policy(rules_dir, policy_file)
        result = audit_decisions(str(decisions), catalog=catalog, policy=policy)
    if measurements is not None and html is not None:
        _write_report(result, measurements, html)
    if as_json:
        print_json(result)
    elif measurements is not None:
        _show_measurements(result)
    else:
        show_decisions(result)


def _write_report(result: dict[str, Any], measurements: str, file: str) -> None:
    from datetime import date
    from pathlib import Path

    from advisor.files import write_atomic
    from advisor.report.audit import audit_doc
    from advisor.report.html import html

    write_atomic(Path(file), html(audit_doc(result, Path(measurements).name, date.today())))
    click.echo(f"wrote {file}", err=True)


def _show_measurements(result: dict[str, Any]) -> None:
    reasons = Counter(row["skipped"] for row in result["rows"] if row["skipped"])
    compared = len(result["rows"]) - reasons.total()
    click.echo(f"{compared} of {len(result['rows'])} rows compared")
    print_table(
        ["by", "group", "n", "median error", "90th pct", "bias", "coverage", "best baseline"],
        [
            [g["by"], g["key"], g["n"], *(_percent(g[k]) for k in _ERRORS), _best(g["baselines"])]
            for g in result["groups"]
            if g["by"] in SHOWN
        ],
    )
    if result["baselines"]:
        _show_baselines(result["baselines"])
    print_table(
        ["row", "model", "device", "measured", "ratio", "inside", "likely reason"],
        [
            [r["id"], r["model"], r["device"], r["kind"], r["ratio"], r["inside"], r["reason"]]
            for r in result["worst"]
        ],
        title="Furthest off, by factor (predicted over measured)",
    )
    for reason, count in reasons.most_common():
        click.echo(f"skipped {count}: {reason}")


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _best(baselines: dict[str, float]) -> str:
    if not baselines:
        return ""
    name = min(baselines, key=baselines.__getitem__)
    return f"{baselines[name]:.1%} {name}"


def _show_baselines(baselines: dict[str, dict[str, Any]]) -> None:
    print_table(
        ["baseline", "n", "its median", "its 90th pct", "our median", "our 90th pct"],
        [
            [
                name,
                line["n"],
                _percent(line["median_abs_error"]),
                _percent(line["p90_abs_error"]),
                _percent(line["ours_median_abs_error"]),
                _percent(line["ours_p90_abs_error"]),
            ]
            for name, line in baselines.items()
        ],
        title="Simpler predictors on the same rows",
    )
