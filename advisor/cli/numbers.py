"""Commands that compute: estimate and trace."""

from __future__ import annotations

from typing import Any

import click

from advisor.cli.common import (
    catalog_option,
    json_option,
    print_json,
    print_table,
    workload_options,
)


@click.command()
@click.argument("model")
@click.option("--device", required=True, metavar="ID", help="A device id, see `advisor devices`.")
@click.option(
    "--basis",
    type=click.Choice(["measured", "scaled", "calibrated", "datasheet", "published"]),
    help="Use no better evidence than this; the best there is if left out.",
)
@workload_options
@catalog_option
@json_option
def estimate(
    model: str,
    device: str,
    basis: str | None,
    catalog_dir: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Latency, memory and energy of MODEL on a device."""
    from advisor.catalog import load_catalog
    from advisor.estimator import estimate as run

    catalog = load_catalog(catalog_dir)
    workload = catalog.models[model].workload(**asked)
    result = run(model, device, workload, catalog=catalog, basis=basis)
    if as_json:
        print_json(result)
        return
    from advisor.report.numbers import figure_text

    click.echo(f"{model} on {result.device}: {result.workload.describe()}")
    click.echo(f"  latency   {figure_text(result.latency_s)}   {result.latency_s.basis}")
    fits = "fits" if result.fits else "does not fit"
    spare = f"{abs(result.spare_gib):.1f} GiB {'to spare' if result.fits else 'too much'}"
    click.echo(f"  memory    {figure_text(result.peak_memory_gib)}   {fits}, {spare}")
    if result.energy_j:
        click.echo(f"  energy    {figure_text(result.energy_j)}")
    click.echo(f"  compute   {result.flops / 1e12:,.4g} TFLOP, {result.parameters:,} parameters")
    print_table(
        ["stage", "calls", "seconds", "low", "high", "TFLOP", "TFLOP/s", "bound by"],
        [
            [
                stage.name,
                stage.calls,
                stage.latency_s.value,
                stage.latency_s.low,
                stage.latency_s.high,
                stage.flops / 1e12,
                stage.achieved_tflops,
                stage.bound,
            ]
            for stage in result.stages
        ],
    )
    for note in result.notes:
        click.echo(f"  note: {note}")
    for one in result.published:
        unit = one.measured.rsplit("_", 1)[-1].replace("gib", "GiB").replace("j", "J")
        click.echo(
            f"  published: {one.measured} {one.value:.4g} {unit} ({one.scope}; {one.framework}; "
            f"trust {one.trust}; {one.source})"
        )


@click.command()
@click.argument("model", required=False)
@workload_options
@click.option(
    "--rebuild", is_flag=True, help="Bring the stored traces of MODEL (or all) up to date."
)
@catalog_option
@json_option
def trace(
    model: str | None, rebuild: bool, catalog_dir: str | None, as_json: bool, **asked: Any
) -> None:
    """The operations of MODEL: FLOPs, bytes, launches and live memory per stage."""
    from advisor.catalog import load_catalog

    catalog = load_catalog(catalog_dir)
    if rebuild:
        _rebuild(catalog, model)
        return
    if model is None:
        raise click.UsageError("name a MODEL, see `advisor catalog`")
    result = _trace(catalog, catalog.models[model], asked)
    if as_json:
        print_json(result)
        return
    click.echo(f"{model}: {result['workload']}, {result['flops'] / 1e12:,.4g} TFLOP")
    print_table(
        ["stage", "calls", "batch", "TFLOP/call", "GB moved", "launches", "live peak GiB", "note"],
        [
            [
                stage["name"],
                stage["calls"],
                stage["batch"],
                stage["flops_per_call"] / 1e12,
                stage["bytes_per_call"] / 1e9,
                stage["launches_per_call"],
                stage["live_peak_bytes"] / 2**30,
                stage["note"],
            ]
            for stage in result["stages"]
        ],
    )


def _trace(catalog: Any, model: Any, asked: dict[str, Any]) -> dict[str, Any]:
    from advisor.plan import plan
    from advisor.traces import OP_CLASSES
    from advisor.tracestore import trace_store

    workload = model.workload(**asked)
    store = trace_store(catalog, on_demand=True)
    stages = []
    for stage in plan(model, workload, catalog.components):
        call = store.stage_trace(stage)
        by_class = {name: [op for op in call.ops if op.op_class == name] for name in OP_CLASSES}
        stages.append(
            {
                "name": stage.name,
                "component": stage.component,
                "calls": stage.calls,
                "batch": stage.batch,
                "flops": call.flops * stage.calls,
                "bytes": call.bytes_moved * stage.calls,
                "launches": call.launches * stage.calls,
                "flops_per_call": call.flops,
                "bytes_per_call": call.bytes_moved,
                "launches_per_call": call.launches,
                "live_peak_bytes": call.peak_activation_bytes,
                "parameters": call.parameters,
                "by_class": {
                    name: {
                        "launches": sum(op.count for op in ops),
                        "flops": sum(op.flops * op.count for op in ops),
                        "bytes": sum((op.read_bytes + op.write_bytes) * op.count for op in ops),
                    }
                    for name, ops in by_class.items()
                },
                "note": call.note,
            }
        )
    return {
        "model": model.id,
        "workload": workload.describe(),
        "flops": sum(stage["flops"] for stage in stages),
        "stages": stages,
    }


def _rebuild(catalog: Any, model: str | None) -> None:
    import importlib.util

    from advisor.errors import MissingExtra

    if importlib.util.find_spec("torch") is None:
        raise MissingExtra("tracing", "profile")
    from advisor.retrace import retrace

    done = retrace(catalog, catalog.folders[-1] / "traces", [model] if model else [])
    click.echo(
        f"traced {len(done)} components: {', '.join(done) or 'all were up to date'}", err=True
    )
