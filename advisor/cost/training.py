"""What a run of training or fine-tuning takes: time, devices, energy and USD, as a cost tree.

    run = TrainingRun(stated_steps(500))
    run = TrainingRun(steps_of_data(samples=20, epochs=100, batch=1))         # 2,000 steps
    training_cost(estimate_training("sdxl-base-1.0", "l4", method="lora"), run, offer)

A step's time, memory and energy are those of the traced step (advisor/estimator/training.py).
Nothing here says how good the result is, or how many runs it takes to get there: that is a line
that depends on what nobody can know beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from advisor.cost.lines import RENTED, instance_price
from advisor.cost.policy import ServingPolicy
from advisor.cost.record import CostLine, Offer
from advisor.cost.side_lines import product_line
from advisor.errors import InputError
from advisor.estimator.record import Record
from advisor.estimator.training import TrainingEstimate
from advisor.figure import Basis, Figure, weakest

if TYPE_CHECKING:
    from advisor.catalog.adaptations import Adaptation, Settings

MAX_STEPS = 1_000_000_000
_POLICY = ServingPolicy()


@dataclass(frozen=True)
class TrainingRun:
    """How long a run is, on how many devices, and what people put into it.

    steps: optimiser steps on one device. On several devices the same samples are shared out;
    `scaling_efficiency` is the speed-up over the number of devices, and has to be stated.
    data_hours: hours of people for collecting, cleaning and captioning; None = nobody stated them.
    """

    steps: Figure
    devices: int = 1
    scaling_efficiency: float | None = None
    data_hours: float | None = None
    usd_per_work_hour: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.steps.value <= MAX_STEPS:
            raise InputError(f"{self.steps.value:g} steps: give 1 to {MAX_STEPS:,}")
        if self.devices < 1:
            raise InputError(f"{self.devices} devices: give 1 or more")
        if self.devices > 1 and self.scaling_efficiency is None:
            raise InputError(
                f"{self.devices} devices need a scaling efficiency (speed-up over devices, above 0"
                " to 1): it depends on the interconnect and nobody measured it here"
            )
        if self.scaling_efficiency is not None and not 0 < self.scaling_efficiency <= 1:
            raise InputError(f"scaling efficiency {self.scaling_efficiency:g}: give above 0 to 1")
        for name in ("data_hours", "usd_per_work_hour"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1e7:
                raise InputError(f"{name} {value:g} is out of range: give 0 to 1e7")

    @property
    def speed_up(self) -> float:
        return self.devices * (self.scaling_efficiency or 1.0)


def stated_steps(steps: int) -> Figure:
    return Figure.exact(steps, "steps", Basis.asked, "stated")


def steps_of_data(samples: int, epochs: float, batch: int) -> Figure:
    """Steps that show every sample `epochs` times; the last batch may be part-filled."""
    if samples < 1 or not epochs > 0 or batch < 1:
        raise InputError(f"{samples} samples x {epochs:g} epochs at batch {batch}: all above 0")
    steps = math.ceil(samples * epochs / batch - 1e-9)
    source = f"{samples:,} samples x {epochs:g} epochs / batch {batch}"
    return Figure.exact(steps, "steps", Basis.asked, source)


METHODS: dict[str, str] = {"low-rank": "lora", "all-weights": "full"}  # that a step is traced for


def method_of(adaptation: Adaptation) -> str:
    """full or lora. Raises InputError for a way whose step is not traced."""
    if adaptation.trains not in METHODS:
        what = adaptation.trains.replace("-", " ")
        raise InputError(f"'{adaptation.id}' trains {what}: its step is not traced")
    return METHODS[adaptation.trains]


def steps_of_recipe(adaptation: Adaptation, model: str) -> tuple[Settings, Figure] | None:
    """The published recipe to go by, this model's before another's, and its steps.

    None where no source prints a number of steps. Another model's recipe, and one that was recalled
    and not looked up, is assumed.
    """
    known = [one for one in adaptation.settings if one.steps is not None]
    if not known:
        return None
    recipe = min(known, key=lambda one: (one.catalog_model != model, not one.confirmed))
    own = recipe.catalog_model == model and recipe.confirmed
    steps = Figure.exact(
        recipe.steps or 0,
        "steps",
        Basis.published if own else Basis.assumed,
        f"{adaptation.name}, recipe of {recipe.model}"
        f"{f', batch {recipe.batch}' if recipe.batch else ''}: {recipe.source}",
    )
    return recipe, steps


class TrainingCost(Record):
    """One run on one offer. `usd` is the sum of the lines that have one."""

    estimate: TrainingEstimate
    offer: Offer
    steps: Figure
    devices: int
    instances: int
    wall_h: Figure  # of training, without starting
    device_h: Figure  # GPUs that train x hours
    energy_kwh: Figure | None  # of these GPUs; None where their power is not known
    chance_fits: float  # probability that the peak stays within the device's memory
    usd: Figure
    lines: list[CostLine]
    notes: list[str] = Field(default_factory=list)


def training_cost(
    estimate: TrainingEstimate,
    run: TrainingRun,
    offer: Offer,
    policy: ServingPolicy = _POLICY,
) -> TrainingCost:
    """Time, energy and USD of a run. Whole instances are paid, from start to end.

    A run that does not fit is costed too, so that offers can be compared; `chance_fits` and a note
    say so. Raises InputError where the offer is for another device.
    """
    if offer.device != estimate.device:
        raise InputError(f"{offer.id} is an offer of {offer.device}, not of {estimate.device}")
    scaled = Basis.asked if run.devices == 1 else Basis.assumed
    told = f"{run.steps.value:,.0f} steps ({run.steps.source}) x {estimate.step_s.source}"
    wall = estimate.step_s.times(run.steps.value / run.speed_up / 3600, "h").model_copy(
        update={
            "basis": weakest([estimate.step_s.basis, run.steps.basis, scaled]),
            "source": told,
        }
    )
    instances = math.ceil(run.devices / offer.gpu_count)
    lines = _lines(run, offer, policy, wall, instances)
    return TrainingCost(
        estimate=estimate,
        offer=offer,
        steps=run.steps,
        devices=run.devices,
        instances=instances,
        wall_h=wall,
        device_h=wall.times(run.devices, "GPU-hours"),
        energy_kwh=_energy(estimate, run),
        chance_fits=estimate.peak_memory_gib.chance_at_most(estimate.device_memory_gib),
        usd=_total(lines, offer),
        lines=lines,
        notes=_notes(estimate, run, offer, instances),
    )


def _energy(estimate: TrainingEstimate, run: TrainingRun) -> Figure | None:
    """Joules per step x steps; devices that wait for one another draw power meanwhile."""
    if estimate.energy_j is None:
        return None
    kwh = estimate.energy_j.times(run.steps.value * run.devices / run.speed_up / 3.6e6, "kWh")
    basis = weakest([kwh.basis, run.steps.basis, *([Basis.assumed] if run.devices > 1 else [])])
    source = f"{kwh.source}; GPUs that train, without hosts and cooling"
    return kwh.model_copy(update={"basis": basis, "source": source})


def _lines(
    run: TrainingRun, offer: Offer, policy: ServingPolicy, wall: Figure, instances: int
) -> list[CostLine]:
    price = instance_price(offer)
    hours = wall.times(instances, "instance-hours").model_copy(
        update={"source": f"{instances} x hours of training, {offer.gpu_count} GPU each"}
    )
    lines = [_priced("training", hours, price)]
    if offer.kind in RENTED:
        start = Figure.exact(
            instances * policy.startup_s / 3600,
            "instance-hours",
            policy.basis("startup_s"),
            policy.source("startup_s"),
        )
        lines.append(_priced("starting the instances", start, price))
    if offer.kind == "spot":
        lines.append(_priced("hours lost to interruptions", _lost(hours, policy), price))
    lines.append(_preparation(run))
    lines.append(_TRIALS)
    return lines


_TRIALS = CostLine(
    kind="people",
    label="runs until it is good enough: depends on trials, which nobody can know beforehand",
    quantity=None,
    unit="runs",
    unit_price_usd=None,
    usd=None,
    note="the sum is of one run",
)


def _lost(hours: Figure, policy: ServingPolicy) -> Figure:
    return Figure(
        value=hours.value * policy.spot_overhead,
        low=hours.low * policy.spot_overhead_low,
        high=hours.high * policy.spot_overhead_high,
        unit="instance-hours",
        basis=policy.basis("spot_overhead"),
        source=policy.source("spot_overhead"),
    )


def _priced(label: str, quantity: Figure, price: Figure) -> CostLine:
    line = product_line(label, "machines", quantity, quantity.unit, price)
    usd = line.usd.model_copy(update={"unit": "USD"}) if line.usd else None
    return line.model_copy(update={"usd": usd})


def _preparation(run: TrainingRun) -> CostLine:
    """Hours of people x their rate: each only as far as it was stated."""
    label, hours, price = "data preparation", None, None
    if run.data_hours is None:
        label += ": depends on the hours of collecting, cleaning and captioning, not stated"
    else:
        hours = Figure.exact(run.data_hours, "h", Basis.asked, "stated")
    if run.usd_per_work_hour is not None:
        price = Figure.exact(run.usd_per_work_hour, "USD/h", Basis.asked, "stated")
    elif hours is not None:
        label += ": depends on the hourly rate, not stated"
    usd = hours.times(price.value, "USD") if hours is not None and price is not None else None
    return CostLine(
        kind="people", label=label, quantity=hours, unit="h", unit_price_usd=price, usd=usd
    )


def _total(lines: list[CostLine], offer: Offer) -> Figure:
    sums = [line.usd for line in lines if line.usd is not None]
    return Figure(
        value=math.fsum(usd.value for usd in sums),
        low=math.fsum(usd.low for usd in sums),
        high=math.fsum(usd.high for usd in sums),
        unit="USD",
        basis=weakest(usd.basis for usd in sums),
        source=f"one run on {offer.id}",
        as_of=offer.as_of,
    )


def _notes(estimate: TrainingEstimate, run: TrainingRun, offer: Offer, instances: int) -> list[str]:
    notes = list(estimate.notes)
    if not estimate.fits:
        short = estimate.peak_memory_gib.value - estimate.device_memory_gib
        notes.append(f"it does not fit: {short:.1f} GiB too much, the run would stop at its start")
    if run.devices > 1:
        notes.append(
            f"{run.devices} devices each hold the whole model and a part of the samples; they are"
            f" taken to be {run.speed_up:.3g} times as fast as one (stated, not measured)"
        )
    if instances * offer.gpu_count > run.devices:
        held = instances * offer.gpu_count
        notes.append(f"whole instances are paid: {run.devices} of {held} GPUs train")
    if offer.kind == "spot":
        notes.append("spot instances can be taken away: write checkpoints")
    return [*notes, *offer.notes]


def on_each(
    estimate: TrainingEstimate, run: TrainingRun, offers: list[Offer]
) -> list[TrainingCost]:
    """The run on every offer, cheapest first; bought hardware last: it has to be bought first."""
    costs = [training_cost(estimate, run, offer) for offer in offers]
    return sorted(costs, key=lambda c: (c.offer.kind == "owned", c.usd.value, c.offer.id))
