"""What several commands share: options, JSON output, tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.rules.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
catalog_option = click.option(
    "--catalog", "catalog_dir", metavar="DIR", help="A catalog folder laid over the shipped one."
)


def engine_options(command: F) -> F:
    """Where the work is done: `engine` and `address`."""
    command = click.option(
        "--address", metavar="HOST:PORT", help="The Ray cluster, with --engine ray."
    )(command)
    return click.option(
        "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True
    )(command)


def refuse_address(engine: str, address: str | None) -> None:
    """An address says which cluster; without the engine it would be ignored in silence."""
    if address and engine != "ray":
        raise click.UsageError("--address is for --engine ray")


def policy_options(command: F) -> F:
    """The options that name own rules and a client's policy."""
    command = click.option(
        "--policy",
        "policy_file",
        metavar="FILE",
        help="A client's severities, weights and criteria (docs/own-rules.md).",
    )(command)
    return click.option(
        "--rules",
        "rules_dir",
        metavar="DIR",
        help="A folder of own rules. It is Python code and is run.",
    )(command)


def chosen_policy(rules_dir: str | None, policy_file: str | None) -> Policy:
    """The rules in force: shipped, installed, ADVISOR_HOME/rules or `rules_dir`, policy file."""
    from advisor.paths import home_dir
    from advisor.rules.policy import load_policy

    home = home_dir() / "rules"
    own = rules_dir if rules_dir is not None else (home if home.is_dir() else None)
    return load_policy(own, policy_file)


AXES: tuple[tuple[str, type], ...] = (
    ("width", int),
    ("height", int),
    ("steps", int),
    ("guidance", float),
    ("frames", int),
    ("seconds", float),
    ("tokens-in", int),
    ("tokens-out", int),
    ("points", int),
    ("batch", int),
)

# The library's own switches; `None` where they are not asked for.
VARIANT_OPTIONS = (
    click.option("--tiling", is_flag=True, default=None, help="The autoencoder works in tiles."),
    click.option(
        "--slicing", is_flag=True, default=None, help="The autoencoder takes one item at a time."
    ),
    click.option(
        "--offload",
        type=click.Choice(["none", "model"]),
        help="model: one component on the device at a time.",
    ),
    click.option("--lora-rank", type=int, metavar="N", help="An adapter of this rank, not fused."),
)


def workload_options(command: F) -> F:
    """The options that lay values over a model's default workload."""
    for option in reversed(VARIANT_OPTIONS):
        command = option(command)
    command = click.option("--mode", type=click.Choice(["eager", "compiled"]))(command)
    command = click.option(
        "--dtype", type=click.Choice(["fp32", "fp16", "bf16", "fp8", "int8", "nf4"])
    )(command)
    for name, kind in reversed(AXES):
        command = click.option(f"--{name}", type=kind, metavar="N")(command)
    return command


def print_json(data: Any) -> None:
    """One JSON document on stdout. Pydantic records are dumped with their dates as text."""
    if hasattr(data, "model_dump_json"):
        click.echo(data.model_dump_json(indent=1))
    else:
        click.echo(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """A table for people; numbers to the right, no colour where nobody looks."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    rows = [[_cell(value) for value in row] for row in rows]
    for index, column in enumerate(columns):
        number = bool(rows) and all(_numeric(row[index]) for row in rows)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False, markup=False).print(table)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _numeric(text: str) -> bool:
    return text == "-" or text.replace(",", "").replace(".", "").replace("e-", "").isdigit()


def parse_as_of(text: str | None) -> date:
    """The date an answer is made for; today unless given."""
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is not a date: write it as 2026-11-23") from None
