"""`advisor training`: what one training step of a model takes, and a run of them."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import training_cost
from advisor.cli.common import AXES, catalog_option, json_option, print_json, print_table

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.estimator.training import TrainingEstimate
    from advisor.workload import Workload


def _axis_options(command: Any) -> Any:
    for name, kind in reversed(AXES):
        if name not in ("batch", "steps", "guidance"):  # training has no sampling loop
            command = click.option(f"--{name}", type=kind, metavar="N")(command)
    return command


@click.command()
@click.argument("model", required=False)
@click.option("--device", metavar="ID", help="A device id; without one, the traced work is shown.")
@click.option("--method", type=click.Choice(["full", "lora"]), default="full", show_default=True)
@click.option("--rank", type=click.IntRange(1, 4096), default=16, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["fp32", "fp16", "bf16", "fp8", "int8", "nf4"]),
    default="bf16",
    show_default=True,
    help="16 bit is mixed precision; narrower ones hold the frozen base of LoRA.",
)
@click.option(
    "--optimiser", type=click.Choice(["adamw", "adamw8bit"]), default="adamw", show_default=True
)
@click.option("--checkpointing", is_flag=True, help="Run blocks again instead of keeping them.")
@click.option("--all-resident", is_flag=True, help="Keep text encoders and VAE in memory.")
@_axis_options
@training_cost.run_options
@click.option("--rebuild", is_flag=True, help="Bring stored training traces up to date.")
@catalog_option
@json_option
def training(
    model: str | None,
    device: str | None,
    rebuild: bool,
    catalog_dir: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Time, memory and energy of one training step of MODEL, in full or with LoRA adapters.

    With --steps, --samples and --epochs, or --recipe: of the whole run, and what it costs.
    """
    from advisor.catalog import load_catalog

    run = training_cost.Asked(**{name: asked.pop(name) for name in training_cost.NAMES})

    catalog = load_catalog(catalog_dir)
    if rebuild:
        _rebuild(catalog, model)
        return
    if model is None:
        raise click.UsageError("name a MODEL, see `advisor catalog`")
    if device is None:
        if run.wanted:
            raise click.UsageError("a run's time and cost need a --device")
        result = _traced(catalog, catalog.models[model], **asked)
        if as_json:
            print_json(result)
        else:
            _show_traced(result)
        return
    from advisor.estimator.training import estimate_training

    made = estimate_training(model, device, catalog=catalog, **asked)
    costs = training_cost.costs_of_run(catalog, made, run) if run.wanted else []
    if as_json:
        print_json([cost.model_dump(mode="json") for cost in costs] if costs else made)
        return
    _show(made)
    if not made.fits:
        training_cost.show_what_fits(catalog, made, asked)
    if costs:
        training_cost.show_costs(costs)


def _traced(
    catalog: Catalog,
    model: Model,
    *,
    method: str,
    rank: int,
    batch: int,
    dtype: str,
    checkpointing: bool,
    optimiser: str,
    all_resident: bool,
    **axes: Any,
) -> dict[str, Any]:
    """The traced calls of a step: FLOPs and saved tensors, at no device."""
    from advisor.estimator.training_step import TrainingStep

    workload = model.workload(batch=batch, dtype=dtype, **axes)
    step = TrainingStep.of(model, workload, method, rank, checkpointing, catalog)
    return {
        "model": model.id,
        "workload": _sample(workload),
        "method": method,
        "rank": rank if method == "lora" else None,
        "checkpointing": checkpointing,
        "flops": step.flops,
        "trained_parameters": step.trained,
        "activation_bytes": step.activation_bytes(2.0),
        "calls": [
            {
                "component": call.part.component,
                "key": call.part.key,
                "does": call.does,
                "calls": call.calls * call.copies,
                "batch": call.batch,
                "forward_flops": sum(op.flops * op.count for op in trace.forward) * call.batch,
                "launches": sum(op.count for op in trace.forward),
            }
            for call, trace in step.calls
        ],
    }


def _show_traced(result: dict[str, Any]) -> None:
    how = _how(result["method"], result["rank"], result["checkpointing"])
    click.echo(f"{result['model']}, {how}: {result['workload']}")
    click.echo(f"  compute   {result['flops'] / 1e12:,.4g} TFLOP per step")
    click.echo(f"  trained   {result['trained_parameters']:,} parameters")
    saved = result["activation_bytes"] / 2**30
    click.echo(f"  saved     {saved:,.3g} GiB of tensors at the peak, in 16 bit")
    print_table(
        ["component", "does", "calls", "batch", "forward TFLOP", "launches"],
        [
            [
                call["component"],
                call["does"],
                call["calls"],
                call["batch"],
                call["forward_flops"] / 1e12,
                call["launches"],
            ]
            for call in result["calls"]
        ],
    )


def _sample(workload: Workload) -> str:
    """The training sample: no axes of a sampling loop."""
    return workload.model_copy(update={"steps": None, "guidance": None}).describe()


def _how(method: str, rank: int | None, checkpointing: bool) -> str:
    name = "full training step" if method == "full" else f"LoRA step of rank {rank}"
    return name + (" with checkpointing" if checkpointing else "")


def _show(made: TrainingEstimate) -> None:
    from advisor.report.numbers import figure_text

    how = _how(made.method, made.rank, made.checkpointing)
    click.echo(f"{made.model} on {made.device}, {how}: {_sample(made.workload)}")
    click.echo(f"  step      {figure_text(made.step_s)}   {made.step_s.basis}")
    rate = made.samples_per_s
    click.echo(f"  samples   {rate.value:,.3g} per second ({rate.low:,.3g} to {rate.high:,.3g})")
    spare = made.device_memory_gib - made.peak_memory_gib.value
    fits = (
        f"fits, {spare:.1f} GiB to spare" if made.fits else f"does not fit, {-spare:.1f} too much"
    )
    click.echo(f"  memory    {figure_text(made.peak_memory_gib)}   {fits}")
    if made.energy_j:
        click.echo(f"  energy    {figure_text(made.energy_j)} per step")
    trained = f"{made.trained_parameters:,} parameters trained"
    click.echo(f"  compute   {made.flops / 1e12:,.4g} TFLOP, {trained}")
    parts = {name.removesuffix("_gib"): value for name, value in vars(made.memory).items()}
    print_table(["part of memory", "GiB"], [[name, value] for name, value in parts.items()])
    for note in made.notes:
        click.echo(f"  note: {note}")


def _rebuild(catalog: Catalog, model: str | None) -> None:
    from advisor.errors import MissingExtra

    if importlib.util.find_spec("torch") is None:
        raise MissingExtra("tracing", "profile")
    from advisor.retrain import retrain

    done, failed = retrain(catalog, catalog.folders[-1] / "training", [model] if model else [])
    click.echo(
        f"traced {len(done)} components: {', '.join(done) or 'all were up to date'}", err=True
    )
    for name, reason in failed.items():
        click.echo(f"not traced: {name}: {reason}", err=True)
