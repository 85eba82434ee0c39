"""`advisor profiles`: what was measured. Needs no torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.common import catalog_option, json_option, print_json, print_table
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.profiler.record import Profile

folders_option = click.option(
    "--folder",
    "folder",
    metavar="DIR",
    help="Another folder of profiles (default: all known ones).",
)


@click.group(invoke_without_command=True)
@folders_option
@json_option
@click.pass_context
def profiles(context: click.Context, folder: str | None, as_json: bool) -> None:
    """Measured profiles: list them, show one model's, compare two sets, check them all."""
    context.obj = _folders(folder)
    if context.invoked_subcommand is not None:
        return
    good, broken = _read(context.obj)
    rows = [_list_row(profile) for profile in good]
    if as_json:
        print_json({"profiles": rows, "broken": broken})
        return
    columns = ["device", "model", "points", "valid", "frontiers", "newest"]
    print_table(columns, [[row[name] for name in columns] for row in rows])
    for line in broken:
        click.echo(f"not used: {line}", err=True)


def _folders(folder: str | None) -> list[Path]:
    from advisor.profiles import profile_folders

    if folder is None:
        return profile_folders()
    if not Path(folder).is_dir():
        raise InputError(f"{folder} is not a folder: give one that holds <device>/<model>.json")
    return [Path(folder)]


def _read(folders: list[Path], model: str | None = None) -> tuple[list[Profile], list[str]]:
    """(profiles, one sentence for each that cannot be used)."""
    from advisor.errors import DataError
    from advisor.profiles import all_profiles

    good, broken = [], []
    for _, profile in all_profiles(folders):
        if isinstance(profile, DataError):
            broken.append(str(profile))
        elif model in (None, profile.model):
            good.append(profile)
    return good, [line for line in broken if model is None or model in line]


def _list_row(profile: Profile) -> dict[str, Any]:
    measured = [point for point in profile.points if point.outcome == "measured"]
    return {
        "device": profile.device,
        "model": profile.model,
        "points": len(profile.points),
        "valid": sum(point.valid for point in measured),
        "frontiers": len(profile.frontiers),
        "newest": max((point.measured_on for point in profile.points), default=None),
    }


@profiles.command()
@click.argument("model")
@json_option
@click.pass_context
def show(context: click.Context, model: str, as_json: bool) -> None:
    """Everything measured of MODEL, on every device."""
    from advisor.errors import UnknownName

    good, broken = _read(context.obj, model)
    if not good and not broken:
        every, _ = _read(context.obj)
        raise UnknownName("profile of model", model, sorted({p.model for p in every}))
    if as_json:
        print_json({"profiles": [p.model_dump(mode="json") for p in good], "broken": broken})
        return
    for profile in good:
        _show_one(profile)
    for line in broken:
        click.echo(f"not used: {line}", err=True)


def _show_one(profile: Profile) -> None:
    click.echo(f"{profile.model} on {profile.device}")
    for point in profile.points:
        environment = profile.environments.get(point.environment)
        torch = f", torch {environment.torch}" if environment else ""
        click.echo(f"  {point.key} ({point.measured_on}{torch}): {point.outcome} {point.message}")
        rows = [
            [
                stage.name,
                stage.calls,
                stage.batch,
                stage.timing.median_s * 1e3,
                stage.timing.p95_s * 1e3,
                stage.timing.cold_s * 1e3,
                stage.memory.allocated_peak_gib or stage.memory.resident_peak_gib,
                stage.energy.joules_per_call if stage.energy else None,
                _tflops(stage),
                "yes" if stage.validity.valid else "; ".join(stage.validity.reasons),
            ]
            for stage in point.stages
        ]
        names = [
            "stage",
            "calls",
            "batch",
            "ms",
            "p95 ms",
            "cold ms",
            "peak GiB",
            "J",
            "TFLOP/s",
            "valid",
        ]
        if rows:
            print_table(names, rows)
        if point.end_to_end is not None and point.residual_s is not None:
            click.echo(
                f"  end to end {point.end_to_end.median_s:.4g} s, "
                f"{point.residual_s:+.3g} s against the sum of the stages"
            )
    for frontier in profile.frontiers:
        click.echo(f"  largest {frontier.axis} that fits: {frontier.largest} {frontier.note}")


def _tflops(stage: Any) -> float | None:
    flops = stage.flops
    counted = (flops.trace or flops.fvcore or flops.torch) if flops else None
    return counted / stage.timing.median_s / 1e12 if counted else None


@profiles.command()
@click.argument("first")
@click.argument("second")
@json_option
def compare(first: str, second: str, as_json: bool) -> None:
    """Per stage, how many times as long SECOND takes as FIRST.

    Each is a folder, a file, a device, or device/model.
    """
    from advisor.profiler import compare as room

    rows = room.compare(room.load(first), room.load(second))
    if not rows:
        raise InputError("the two have no stage of the same model and workload in common")
    if as_json:
        print_json(room.as_json(rows))
        return
    print_table(
        ["model", "point", "stage", "first ms", "second ms", "ratio", "intervals", "valid"],
        [
            [row.model, row.point, row.stage, row.first_s * 1e3, row.second_s * 1e3, row.ratio,
             "apart" if row.apart else "meet", "yes" if row.valid else "no"]
            for row in rows
        ],
    )  # fmt: skip
    found = room.summary(rows)
    click.echo(
        f"{found['stages']} stages: median difference {found['median_difference']:.1%}, "
        f"worst {found['worst_difference']:.1%}"
    )


@profiles.command()
@catalog_option
@json_option
@click.pass_context
def check(context: click.Context, catalog_dir: str | None, as_json: bool) -> None:
    """Check that profiles are whole and plausible; exit 6 where one is not."""
    from advisor.catalog import load_catalog
    from advisor.profiler.check import check_folders, findings_json

    files, found = check_folders(context.obj, load_catalog(catalog_dir))
    errors = sum(finding.level == "error" for finding in found)
    if as_json:
        print_json(findings_json(files, found))
    else:
        for finding in found:
            click.echo(f"{finding.level}: {finding.file}: {finding.where}: {finding.text}")
        click.echo(f"{len(files)} files, {errors} errors, {len(found) - errors} warnings")
    if errors:
        sys.exit(6)
