"""Commands that measure: profile, calibrate; and what was measured: profiles."""

from __future__ import annotations

import importlib.util
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.common import (
    AXES,
    catalog_option,
    engine_options,
    json_option,
    print_json,
    print_table,
    refuse_address,
)
from advisor.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.profiler.identity import PointSpec
    from advisor.profiler.record import Frontier
    from advisor.profiler.sweep import Done, Settings

_NEEDED = ("torch", "fvcore", "diffusers", "transformers")
_DTYPES = click.Choice(["fp32", "fp16", "bf16"])

device_option = click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), help="Default: cuda where there is a GPU."
)
folder_option = click.option(
    "--folder", metavar="DIR", help="Where profiles are kept (default: profiles/ of the checkout)."
)


def _axes(command: Any) -> Any:
    """Options for the sizes of a workload; dtype, mode and batch may be given several times."""
    command = click.option("--mode", multiple=True, type=click.Choice(["eager", "compiled"]))(
        command
    )
    command = click.option("--dtype", multiple=True, type=_DTYPES)(command)
    command = click.option("--batch", multiple=True, type=click.IntRange(1), metavar="N")(command)
    for name, kind in reversed([axis for axis in AXES if axis[0] != "batch"]):
        command = click.option(f"--{name}", type=kind, metavar="N")(command)
    return command


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--suite", type=click.Choice(["quick", "full"]), help="Measure a suite of models.")
@device_option
@_axes
@click.option(
    "--end-to-end", is_flag=True, help="Time whole generations too (residual to the sum)."
)
@click.option(
    "--train-step", is_flag=True, help="Time a training step of the heaviest stage instead."
)
@click.option(
    "--frontier", multiple=True, metavar="AXIS", help="Largest batch, size, ... that fits."
)
@click.option("--again", is_flag=True, help="Measure also what is measured already.")
@click.option("--timeout", type=click.FloatRange(min=1), default=900.0, show_default=True,
              metavar="S", help="Seconds per point.")  # fmt: skip
@click.option(
    "--memory-gib", type=click.FloatRange(min=0.1), metavar="G", help="Memory limit on a CPU."
)
@click.option(
    "--stage-seconds", type=click.FloatRange(min=0.1), metavar="S", help="Time per stage."
)
@engine_options
@folder_option
@catalog_option
@json_option
def profile(models: tuple[str, ...], **options: Any) -> None:
    """Measure models on the local device; what is measured already is not measured again.

    A sweep may be stopped at any moment and started again: every finished point is on disk.
    """
    if bool(models) == bool(options["suite"]):
        raise click.UsageError("name one MODEL or more, or a --suite (quick, full), not both")
    _refuse_sizes_of_suite(options)
    need_profiler(options["engine"])
    from advisor.catalog import load_catalog
    from advisor.profiler.sweep import local_device

    catalog = load_catalog(options["catalog_dir"])
    options["device"] = options["device"] or local_device()
    specs = _specs(models, options, catalog)
    result = _run(specs, catalog, options)
    if options["as_json"]:
        print_json(result)
    else:
        _show_result(result)


def _refuse_sizes_of_suite(options: dict[str, Any]) -> None:
    """A suite chooses its own workloads."""
    names = [name.replace("-", "_") for name, _ in AXES]
    given = [
        n for n in (*names, "dtype", "mode", "frontier", "end_to_end", "train_step") if options[n]
    ]
    if options["suite"] and given:
        flag = given[0].replace("_", "-")
        raise click.UsageError(f"--{flag} is for a named MODEL: a suite chooses its own workloads")
    refuse_address(options["engine"], options["address"])


def need_profiler(engine: str = "local") -> None:
    """Raise MissingExtra where measuring cannot be done, without importing torch."""
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise MissingExtra("measuring", "profile")
    if engine == "ray" and importlib.util.find_spec("ray") is None:
        raise MissingExtra("--engine ray", "cluster")


def _specs(models: tuple[str, ...], options: dict[str, Any], catalog: Catalog) -> list[PointSpec]:
    from advisor.profiler.suites import full_suite, quick_suite

    device = options["device"]
    if options["suite"]:
        suite = quick_suite if options["suite"] == "quick" else full_suite
        return suite(catalog, device, catalog_dir=options["catalog_dir"])
    dtypes = options["dtype"] or ("fp32" if device == "cpu" else None,)
    sizes = {n: options[n] for n in (a.replace("-", "_") for a, _ in AXES) if n != "batch"}
    specs = []
    for name in models:
        model = catalog.models[name]
        for dtype, mode, batch in product(
            dtypes, options["mode"] or ("eager",), options["batch"] or (1,)
        ):
            workload = model.workload(**sizes, dtype=dtype, mode=mode, batch=batch)
            specs.append(_spec(name, workload, options))
    return specs


def _spec(name: str, workload: Any, options: dict[str, Any]) -> PointSpec:
    from advisor.profiler.identity import PointSpec

    train, seconds = options["train_step"], options["stage_seconds"]
    return PointSpec(
        model=name,
        workload=workload,
        device=options["device"],
        purpose="train" if train else "measure",
        end_to_end=options["end_to_end"] and not train,
        catalog_dir=options["catalog_dir"],
        **({"seconds_per_stage": seconds} if seconds else {}),
    )


def _run(specs: list[PointSpec], catalog: Catalog, options: dict[str, Any]) -> dict[str, Any]:
    from advisor.profiler.child import Limits
    from advisor.profiler.sweep import Settings, local_environment, sweep

    settings = Settings(
        folder=_folder(options["folder"]),
        limits=Limits(options["timeout"], options["memory_gib"]),
        again=options["again"],
    )
    if options["engine"] == "ray":
        from advisor.profiler.fleet import sweep_fleet

        done = sweep_fleet(specs, catalog, settings, address=options["address"])
        return {"folder": str(settings.folder), "points": [point_row(d) for d in done]}
    environment = local_environment(options["device"], options["catalog_dir"])
    if options["frontier"]:
        found = _frontiers(specs, catalog, environment, settings, options["frontier"])
        return {
            "environment": environment.model_dump(mode="json"),
            "folder": str(settings.folder),
            "frontiers": found,
        }
    done = sweep(specs, catalog, environment, settings)
    return {
        "environment": environment.model_dump(mode="json"),
        "folder": str(settings.folder),
        "points": [point_row(d) for d in done],
    }


def _frontiers(
    specs: list[PointSpec], catalog: Catalog, environment: Any, settings: Settings, axes: Any
) -> list[dict[str, Any]]:
    from advisor.profiler.frontier import axes_of, find_frontier

    rows = []
    for spec in specs:
        wanted = axes_of(catalog.models[spec.model]) if "all" in axes else axes
        for axis in wanted:
            found: Frontier = find_frontier(spec, axis, catalog, environment, settings)
            rows.append({"model": spec.model, **found.model_dump(mode="json")})
    return rows


def _folder(asked: str | None) -> Path:
    from advisor.profiles import writing_folder

    folder = Path(asked) if asked else writing_folder()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give another --folder")
    return folder


def point_row(done: Done) -> dict[str, Any]:
    """A point as one row of an answer."""
    point = done.point
    whole = point.end_to_end.median_s if point.end_to_end else None
    return {
        "model": done.model,
        "point": point.key,
        "outcome": point.outcome,
        "valid": point.valid,
        "message": point.message,
        "stages_s": point.summed_s if point.stages else None,
        "end_to_end_s": whole,
        "residual_s": point.residual_s,
        "measured_before": done.found,
        "file": str(done.file),
    }


def _show_result(result: dict[str, Any]) -> None:
    if rows := result.get("frontiers"):
        names = ["model", "axis", "largest", "smallest_failing", "note"]
        print_table([n.replace("_", " ") for n in names], [[row[n] for n in names] for row in rows])
        return
    columns = ["model", "point", "outcome", "valid", "stages_s", "end_to_end_s", "residual_s"]
    rows = [[_word(row[name]) for name in columns] for row in result["points"]]
    print_table([c.replace("_s", " s") if c.endswith("_s") else c for c in columns], rows)
    click.echo(f"written to {result['folder']}: look with `advisor profiles show MODEL`", err=True)


def _word(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value


@click.command()
@device_option
@click.option(
    "--timeout", type=click.FloatRange(min=1), default=1800.0, show_default=True, metavar="S"
)
@folder_option
@catalog_option
@json_option
def calibrate(
    device: str | None, timeout: float, folder: str | None, catalog_dir: str | None, as_json: bool
) -> None:
    """Measure the rates this device reaches, by class and size of operation; takes some minutes."""
    need_profiler()
    from advisor.profiler.run_calibration import run_calibration
    from advisor.profiler.sweep import local_device

    calibration, file = run_calibration(
        device or local_device(), _folder(folder), timeout, catalog_dir
    )
    if as_json:
        print_json(calibration)
        return
    print_table(
        ["class", "dtype", "dims", "ms", "TFLOP/s", "GB/s", "valid"],
        [
            [r.op_class, r.dtype, " x ".join(map(str, r.dims)), r.median_s * 1e3,
             r.tflops or None, r.gb_per_s, _word(r.valid)]
            for r in calibration.rates
        ],
    )  # fmt: skip
    click.echo(f"host {calibration.host_s_per_op * 1e6:.3g} us per operation")
    click.echo(f"wrote {file}", err=True)
