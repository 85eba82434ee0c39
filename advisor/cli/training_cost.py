"""What `advisor training` says of a whole run: how long, on which offer, at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.common import parse_as_of, print_table
from advisor.errors import InputError, UnknownName

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.cost.record import Offer
    from advisor.cost.training import TrainingCost
    from advisor.estimator.training import TrainingEstimate
    from advisor.figure import Figure

RUN_OPTIONS = (
    click.option("--steps", type=click.IntRange(1), metavar="N", help="Steps of the run."),
    click.option("--samples", type=click.IntRange(1), metavar="N", help="Samples (images, texts)."),
    click.option("--epochs", type=float, metavar="N", help="How often each sample is shown."),
    click.option("--recipe", metavar="ID", help="An adaptation whose published steps to take."),
    click.option("--devices", type=click.IntRange(1), default=1, show_default=True),
    click.option("--scaling-efficiency", type=float, help="Speed-up over devices, above 0 to 1."),
    click.option("--price", type=float, metavar="USD", help="USD per GPU-hour, instead of offers."),
    click.option("--data-hours", type=float, help="Hours of people that prepare the data."),
    click.option("--usd-per-work-hour", type=float, help="What an hour of them costs."),
    click.option("--as-of", metavar="DATE", help="The date that prices are judged at."),
)
NAMES = (
    "steps", "samples", "epochs", "recipe", "devices", "scaling_efficiency", "price",
    "data_hours", "usd_per_work_hour", "as_of",
)  # fmt: skip


def run_options(command: Any) -> Any:
    for option in reversed(RUN_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Asked:
    """The options of a run, as they were typed."""

    steps: int | None
    samples: int | None
    epochs: float | None
    recipe: str | None
    devices: int
    scaling_efficiency: float | None
    price: float | None
    data_hours: float | None
    usd_per_work_hour: float | None
    as_of: str | None

    @property
    def wanted(self) -> bool:
        """Was a run asked about at all?"""
        return any(one is not None for one in (self.steps, self.samples, self.epochs, self.recipe))


def costs_of_run(catalog: Catalog, estimate: TrainingEstimate, asked: Asked) -> list[TrainingCost]:
    """The run on each offer of the device, cheapest first. Raises InputError."""
    from advisor.cost.training import TrainingRun, on_each

    run = TrainingRun(
        steps=_steps(catalog, estimate, asked),
        devices=asked.devices,
        scaling_efficiency=asked.scaling_efficiency,
        data_hours=asked.data_hours,
        usd_per_work_hour=asked.usd_per_work_hour,
    )
    return on_each(estimate, run, _offers(catalog, estimate.device, asked))


def _steps(catalog: Catalog, estimate: TrainingEstimate, asked: Asked) -> Figure:
    from advisor.cost.training import method_of, stated_steps, steps_of_data, steps_of_recipe

    data = asked.samples is not None or asked.epochs is not None
    if sum((asked.steps is not None, data, asked.recipe is not None)) != 1:
        raise click.UsageError("give --steps, or --samples with --epochs, or --recipe")
    if asked.steps is not None:
        return stated_steps(asked.steps)
    if asked.recipe is not None:
        ways = {one.id: one for one in catalog.adaptations_of(catalog.models[estimate.model])}
        if asked.recipe not in ways:
            raise UnknownName("adaptation", asked.recipe, ways)
        method = method_of(ways[asked.recipe])
        if method != estimate.method:
            raise InputError(f"recipe '{asked.recipe}' trains with --method {method}")
        found = steps_of_recipe(ways[asked.recipe], estimate.model)
        if found is None:
            raise InputError(f"no source of '{asked.recipe}' prints its steps: give --steps")
        return found[1]
    if asked.samples is None or asked.epochs is None:
        raise click.UsageError("--samples and --epochs go together")
    return steps_of_data(asked.samples, asked.epochs, estimate.workload.batch)


def _offers(catalog: Catalog, device: str, asked: Asked) -> list[Offer]:
    from advisor.cost.offers import cheapest_offers
    from advisor.cost.owning import owned_offer
    from advisor.cost.stated import stated_offer

    if asked.price is not None:
        return [stated_offer(device, asked.price)]
    owned = owned_offer(catalog, device)
    found = [
        *cheapest_offers(catalog, device, parse_as_of(asked.as_of)),
        *([owned] if owned else []),
    ]
    if not found:
        raise InputError(f"no price of {device} is known: give --price USD per GPU-hour")
    return found


def show_costs(costs: list[TrainingCost]) -> None:
    """The run in a table over offers, and the cost tree of the cheapest."""
    from advisor.report.numbers import figure_text

    first = costs[0]
    many = f" on {first.devices} devices" if first.devices > 1 else ""
    click.echo(f"\nrun of {first.steps.value:,.0f} steps{many}: {first.steps.source}")
    click.echo(f"  time      {figure_text(first.wall_h)}   {first.wall_h.basis}")
    if first.energy_kwh:
        click.echo(f"  energy    {figure_text(first.energy_kwh)}   {first.energy_kwh.basis}")
    click.echo(f"  memory    fits with a probability of {first.chance_fits:.0%}")
    print_table(
        ["offer", "instances", "USD an hour", "as of", "USD of the run"],
        [
            [
                cost.offer.id,
                cost.instances,
                cost.offer.usd_per_hour,
                cost.offer.as_of_text + (", old" if cost.offer.stale else ""),
                figure_text(cost.usd),
            ]
            for cost in costs
        ],
    )
    print_table(
        [f"cost tree: {first.offer.id}", "quantity", "unit", "USD each", "USD"],
        [
            [
                line.label,
                line.quantity.value if line.quantity else None,
                line.unit,
                line.unit_price_usd.value if line.unit_price_usd else None,
                figure_text(line.usd) if line.usd else None,
            ]
            for line in first.lines
        ],
    )
    for note in first.notes[len(first.estimate.notes) :]:
        click.echo(f"  note: {note}")


def show_what_fits(catalog: Catalog, estimate: TrainingEstimate, asked: dict[str, Any]) -> None:
    """Where a step does not fit: which change of settings, or which device, would hold it."""
    from advisor.estimator.training_fit import fitting, roomier

    found = fitting(estimate.model, estimate.device, catalog, **asked)
    if found is not None:
        change, made = found
        options = " ".join(_option(name, value) for name, value in change.items())
        click.echo(f"  would fit with {options}: {made.peak_memory_gib.value:.1f} GiB")
    devices = ", ".join(f"{d.id} ({d.memory_gib:g} GiB)" for d in roomier(estimate, catalog))
    click.echo(f"  would fit as it is on: {devices or 'no single device with a known price'}")


def _option(name: str, value: Any) -> str:
    return f"--{name}" if value is True else f"--{name} {value}"
