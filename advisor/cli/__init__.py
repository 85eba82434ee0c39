"""The command line. Data goes to stdout, everything else to stderr.

Exit codes: 0 answered, 1 internal error, 2 usage or a missing extra, 3 input that cannot be used,
4 and 5 from `assess --check` (no-go; a stated limit or budget is broken), 5 from `compare` (the
answer has changed), 6 broken data or a price source that failed, 130 interrupted.
"""

from __future__ import annotations

import sys

import click

from advisor.cli import (
    answer,
    audit,
    catalog,
    claims,
    compare,
    explain,
    generate,
    lookup,
    numbers,
    portfolio,
    prices,
    profiles,
    profiling,
    saved,
    serving,
    system,
    training,
)
from advisor.errors import AdvisorError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="advisor")
def cli() -> None:
    """Which generative architecture for a use case, what it costs, how sure we are, and why."""


for command in (
    answer.assess,
    answer.new,
    answer.schema,
    explain.explain,
    portfolio.portfolio,
    numbers.estimate,
    numbers.trace,
    audit.audit,
    serving.serving,
    training.training,
    catalog.catalog,
    claims.claims,
    compare.compare,
    generate.generate,
    lookup.devices,
    prices.prices,
    lookup.rules,
    profiling.profile,
    profiling.calibrate,
    profiles.profiles,
    saved.saved,
    system.doctor,
    system.web,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; an expected error becomes one sentence and its exit code."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone (`advisor devices | head`)
        sys.stderr.close()
        sys.exit(0)
    except AdvisorError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
