"""`advisor serving`: replicas, response under load and cost of one model on one device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.common import (
    catalog_option,
    json_option,
    parse_as_of,
    print_json,
    print_table,
)
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.cost.policy import ServingPolicy
    from advisor.cost.record import Offer, OfferKind, ServingCost, UnderLoad
    from advisor.cost.serving import ServingCase
    from advisor.decide.fit import Fit
    from advisor.estimator.record import Estimate
    from advisor.usecase import UseCase

_POLICY = (
    click.option("--utilisation-cap", type=float, help="Busy share planned for at the peak (0.7)."),
    click.option("--service-cv", type=float, help="Spread of one request's time, sd over mean."),
    click.option("--max-wait-s", type=float, help="How long a part-filled batch is held back."),
    click.option("--min-replicas", type=int, help="GPUs that are up at any hour (1)."),
    click.option("--spare-replicas", type=int, help="GPUs that may fail; 1 is N+1 (0)."),
    click.option("--startup-s", type=float, help="Starting an instance, without loading (300)."),
    click.option("--load-gb-per-s", type=float, help="Reading weights into GPU memory (1)."),
    click.option("--autoscale", is_flag=True, default=None, help="Instances follow the day."),
)


def _policy_options(command: Any) -> Any:
    for option in reversed(_POLICY):
        command = option(command)
    return command


@dataclass(frozen=True)
class _Planned:
    """One model on one offer."""

    case: ServingCase
    cost: ServingCost
    estimate: Estimate


@click.command()
@click.argument("use_case_file", metavar="USECASE.yaml")
@click.argument("model")
@click.option("--device", required=True, metavar="ID", help="A device id, see `advisor devices`.")
@click.option(
    "--kind", type=click.Choice(["on-demand", "committed", "spot", "owned"]), default="on-demand",
    show_default=True, help="How the device is paid for.",
)  # fmt: skip
@click.option("--trace", metavar="FILE.csv", help="A recorded trace instead of stated arrivals.")
@click.option("--max-batch", type=click.IntRange(1, 64), default=1, show_default=True)
@_policy_options
@click.option("--simulate", is_flag=True, help="Play the load through, event by event.")
@click.option("--requests", type=int, default=50_000, show_default=True, help="To simulate.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--as-of", metavar="DATE", help="The date to answer for (default: today).")
@catalog_option
@json_option
def serving(
    use_case_file: str,
    model: str,
    device: str,
    kind: OfferKind,
    trace: str | None,
    max_batch: int,
    simulate: bool,
    requests: int,
    seed: int,
    as_of: str | None,
    catalog_dir: str | None,
    as_json: bool,
    **policy: Any,
) -> None:
    """Replicas, response under load and cost of serving a use case with MODEL on a device."""
    from advisor.catalog import load_catalog
    from advisor.usecase import read_use_case

    catalog = load_catalog(catalog_dir)
    use_case = read_use_case(use_case_file)
    if trace is not None:
        use_case = _with_trace(use_case, trace)
    offer = _offer(catalog, use_case, device, kind, as_of)
    planned = _planned(catalog, use_case, model, device, offer, max_batch, _policy(policy))
    played = _played(planned, requests, seed) if simulate else []
    if as_json:
        shown = {"cost": planned.cost, "simulated": played}
        print_json(_plain(shown))
    else:
        _show(planned, played)


def _plain(shown: dict[str, Any]) -> dict[str, Any]:
    cost, played = shown["cost"], shown["simulated"]
    return {
        "cost": cost.model_dump(mode="json"),
        "simulated": [one.model_dump(mode="json") for one in played],
    }


def _with_trace(use_case: UseCase, file: str) -> UseCase:
    """The use case with a trace's shape, and its volume unless one is stated."""
    import json

    from advisor.arrivals import read_trace
    from advisor.usecase import parse_use_case

    found = read_trace(file)
    stated = json.loads(use_case.model_dump_json(exclude_unset=True))
    stated.pop("peak_factor", None)  # the trace says it
    stated.setdefault("volume_per_day", found.requests_per_day)
    arrivals = json.loads(found.arrivals.model_dump_json(exclude_unset=True))
    return parse_use_case({**stated, "arrivals": arrivals}, file)


def _policy(asked: dict[str, Any]) -> ServingPolicy:
    from advisor.cost.policy import ServingPolicy

    stated = {name: value for name, value in asked.items() if value is not None}
    if (cv := stated.pop("service_cv", None)) is not None:
        stated["service_scv"] = cv * cv
    return ServingPolicy.stated(**stated)


def _offer(
    catalog: Catalog, use_case: UseCase, device: str, kind: OfferKind, as_of: str | None
) -> Offer:
    """The offer to quote first, with the prices and terms that the use case states."""
    from advisor.decide.sources import default_sources

    known = catalog.device(device).id
    sources = default_sources(catalog, parse_as_of(as_of), use_case.terms)
    found = [offer for offer in sources.offers(known, [kind]) if offer.kind == kind]
    if not found:
        raise InputError(f"no {kind} price of {known} is known: see `advisor prices --device`")
    return found[0]


def _planned(
    catalog: Catalog,
    use_case: UseCase,
    model: str,
    device: str,
    offer: Offer,
    max_batch: int,
    policy: ServingPolicy,
) -> _Planned:
    from advisor.cost.serving import serving_case, serving_cost
    from advisor.decide.fit import fit

    fitted = fit(use_case, catalog.models[model])
    if max_batch > 1 and fitted.pieces > 1:
        raise InputError(
            f"one output takes {fitted.pieces} requests in turn: leave out --max-batch"
        )
    curve = _curve(catalog, fitted, model, device, max_batch)
    whole = curve[max_batch]
    outputs = max_batch / fitted.pieces
    shares = _shares({size: one.latency_s.value for size, one in curve.items()})
    return _Planned(
        serving_case(whole, use_case, offer, outputs, policy, curve=shares),
        serving_cost(whole, use_case, offer, outputs, policy, curve=shares),
        whole,
    )


def _curve(
    catalog: Catalog, fitted: Fit, model: str, device: str, max_batch: int
) -> dict[int, Estimate]:
    """Estimates at batches of 1, 2, 4, ... and the largest."""
    from advisor.estimator import estimate

    sizes = sorted({2**power for power in range(max_batch.bit_length())} | {max_batch})
    return {
        size: estimate(
            model, device, fitted.workload.model_copy(update={"batch": size}), catalog=catalog
        )
        for size in sizes
    }


def _shares(seconds: dict[int, float]) -> tuple[float, ...]:
    """Time of each batch size against the largest, on straight lines between estimated ones."""
    import numpy as np

    sizes = list(seconds)
    every = np.interp(range(1, sizes[-1] + 1), sizes, [seconds[size] for size in sizes])
    return tuple(float(each) / seconds[sizes[-1]] for each in every)


def _played(planned: _Planned, requests: int, seed: int) -> list[UnderLoad]:
    """The busiest hour, and the whole day where its shape is known."""
    from advisor.cost.simulated_load import simulated_load

    known = planned.cost.under_load
    if known is None:
        raise InputError("nothing queues here (a day's batch, or the users' own devices)")
    spans = (False, True) if planned.case.demand.hourly else (False,)
    return [
        simulated_load(
            planned.case,
            known.p95_s.basis,
            whole_day=whole_day,
            count=requests,
            seed=seed,
        )
        for whole_day in spans
    ]


def _show(planned: _Planned, played: list[UnderLoad]) -> None:
    from advisor.report.numbers import figure_text

    cost, estimate = planned.cost, planned.estimate
    click.echo(f"{estimate.model} on {cost.offer.id}: {estimate.workload.describe()}")
    click.echo(f"  service      {figure_text(cost.service_s)}   {cost.service_s.basis}")
    click.echo(f"  peak         {figure_text(cost.peak_requests_per_s)}")
    gpus, spare = cost.gpus_needed, cost.under_load.spare_replicas if cost.under_load else 0
    held = f"instances of {cost.offer.gpu_count} GPU: {cost.instances}"
    many = f"GPUs needed: {gpus}; {held}" + (f", {spare} GPUs of them spare" if spare else "")
    click.echo(f"  replicas     {many}, busy {figure_text(cost.utilisation)} at the peak")
    if cost.scaling:
        click.echo(f"  model load   {figure_text(cost.scaling.model_load_s)}")
        click.echo(f"  start        {figure_text(cost.scaling.start_s)}")
    click.echo(f"  month        {figure_text(cost.usd_per_month)}   {cost.usd_per_month.basis}")
    click.echo(f"  per 1,000    {figure_text(cost.usd_per_1000_outputs)}")
    if cost.scaling and cost.scaling.usd_per_month:
        hours = cost.scaling.hourly_instances
        span = f"{min(hours)} to {max(hours)} instances"
        click.echo(f"  autoscaled   {figure_text(cost.scaling.usd_per_month)}, {span} by the hour")
    loads = [*([cost.under_load] if cost.under_load else []), *played]
    print_table(
        ["response", "p50", "p95", "p99", "wait p95", "note"],
        [[one.method, *map(figure_text, (one.p50_s, one.p95_s, one.p99_s, one.wait_p95_s)),
          one.accuracy] for one in loads],
    )  # fmt: skip
    for note in cost.notes:
        click.echo(f"  note: {note}")
