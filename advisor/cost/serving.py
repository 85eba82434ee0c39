"""What it takes to serve a use case from one offer, as figures with a cost tree."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from advisor.cost.demand import Demand, basis_of, demand_of, peak_basis, takes_are_stated
from advisor.cost.fleet import Numbers, Service, serving_numbers
from advisor.cost.lines import cost_lines, energy_kwh_per_month
from advisor.cost.policy import ServingPolicy
from advisor.cost.record import DAYS_PER_MONTH, CostLine, Offer, ServingCost
from advisor.cost.serverless import scale_to_zero
from advisor.cost.sizing import job_latency_s, peak_generations_per_s
from advisor.cost.under_load import scaling_of, under_load
from advisor.errors import InputError
from advisor.estimator.record import Estimate
from advisor.figure import Basis, Figure, weakest
from advisor.usecase import UseCase

_DEFAULT_POLICY = ServingPolicy()
NO_WAIT = 0.05  # a queue that adds less than this share to the response does not decide it


@dataclass(frozen=True, slots=True)
class ServingCase:
    """An estimate, a demand and an offer made ready for many quick questions.

    `low` and `high` are the service at the ends of the latency's and the price's intervals.
    """

    value: Service
    low: Service
    high: Service
    demand: Demand
    policy: ServingPolicy
    basis: Basis  # of what decides a fleet's cost when its size decides

    def numbers(self, volume_per_day: float | None = None) -> Numbers:
        """Floats at the central estimate; the flip search calls this."""
        return serving_numbers(self.value, self._demand(volume_per_day), self.policy)

    def ends(self, volume_per_day: float | None = None) -> tuple[Numbers, Numbers]:
        """The same at the favourable and at the unfavourable ends."""
        demand = self._demand(volume_per_day)
        return (
            serving_numbers(self.low, demand, self.policy),
            serving_numbers(self.high, demand, self.policy),
        )

    def _demand(self, volume_per_day: float | None) -> Demand:
        return self.demand if volume_per_day is None else self.demand.at_volume(volume_per_day)


def serving_case(
    estimate: Estimate,
    use_case: UseCase,
    offer: Offer,
    outputs_per_request: float,
    policy: ServingPolicy = _DEFAULT_POLICY,
    slots: int = 1,
    curve: tuple[float, ...] = (),
) -> ServingCase:
    """Floats for `serving_numbers`, from records. Raises InputError on senseless sizes."""
    if not 0 < outputs_per_request < math.inf:
        raise InputError(f"outputs_per_request {outputs_per_request:g} is not above 0")
    if not estimate.latency_s.low > 0:
        raise InputError(f"{estimate.model} on {estimate.device}: latency has to be above 0 s")
    latency, first = estimate.latency_s, estimate.first_output_s
    if policy.autoscale and not use_case.arrivals.hourly:
        raise InputError(
            "autoscaling needs the shape of a day: state arrivals.pattern (steady, daily, trace)"
        )
    spot = offer.kind == "spot"
    low_price = offer.usd_per_gpu_hour_low
    high_price = offer.usd_per_gpu_hour_high

    weights_gb = estimate.memory.weights_gib * 2**30 / 1e9

    def service(
        request_s: float, first_s: float, usd: float, overhead: float, gb_per_s: float
    ) -> Service:
        return Service(
            request_s=request_s,
            first_output_s=first_s,
            outputs_per_request=outputs_per_request / slots,
            batch=estimate.workload.batch,
            frames=estimate.workload.frames or 1,
            gpu_count=offer.gpu_count,
            usd_per_hour=usd,
            overhead=overhead if spot else 0.0,
            slots=slots,
            shared=offer.kind != "client-device",
            stoppable=offer.kind in ("on-demand", "spot"),
            load_s=weights_gb / gb_per_s,
            curve=curve,
        )

    return ServingCase(
        value=service(
            latency.value,
            first.value,
            offer.usd_per_hour,
            policy.spot_overhead,
            policy.load_gb_per_s,
        ),
        low=service(
            latency.low,
            first.low,
            offer.usd_per_hour if low_price is None else low_price * offer.gpu_count,
            policy.spot_overhead_low,
            policy.load_gb_per_s_high,
        ),
        high=service(
            latency.high,
            first.high,
            offer.usd_per_hour if high_price is None else high_price * offer.gpu_count,
            policy.spot_overhead_high,
            policy.load_gb_per_s_low,
        ),
        demand=demand_of(use_case),
        policy=policy,
        basis=weakest(
            [
                estimate.latency_s.basis,
                policy.basis("utilisation_cap"),
                peak_basis(use_case),
                *_price_bases(offer, policy),
            ]
        ),
    )


def serving_cost(
    estimate: Estimate,
    use_case: UseCase,
    offer: Offer,
    outputs_per_request: float = 1.0,
    policy: ServingPolicy = _DEFAULT_POLICY,
    slots: int = 1,
    curve: tuple[float, ...] = (),
) -> ServingCost:
    """Fleet, response under load and cost of serving the use case's volume from one offer.

    outputs_per_request: generations that one request (the estimate's whole batch) makes; under 1
    where one generation needs several requests, one after the other. slots: the requests of the
    batch start and end each on their own (continuous batching), so many at a time. curve: time of a
    batch of 1, 2, ... against the estimate's (full) one. Figures per output are per accepted
    output. Each end of an interval is a fleet sized for that end of the latency. Raises InputError
    on senseless sizes.
    """
    case = serving_case(estimate, use_case, offer, outputs_per_request, policy, slots, curve)
    now = case.numbers()
    low, high = case.ends()
    alone_s = job_latency_s(case.value, case.demand)
    bases = _bases(estimate, use_case, offer, policy, now, alone_s)
    source = f"{estimate.model} on {offer.id}"

    def figure(read: Callable[[Numbers], float], unit: str, basis: Basis) -> Figure:
        ends = (read(low), read(now), read(high))
        return Figure(
            value=ends[1],
            low=min(ends),
            high=max(ends),
            unit=unit,
            basis=basis,
            source=source,
            as_of=offer.as_of,
        )

    lines = cost_lines(use_case, offer, policy, case, now, low, high, bases.month)
    usd_per_month = _total(lines, source, offer)
    per_output = usd_per_month.times(
        1 / (case.demand.volume_per_day * DAYS_PER_MONTH), "USD/output"
    ).model_copy(update={"basis": bases.output})
    return ServingCost(
        offer=offer,
        batch=estimate.workload.batch,
        service_s=estimate.latency_s,
        peak_requests_per_s=_peak(case, bases.rate),
        utilisation=figure(lambda n: n.utilisation, "share", bases.load),
        gpus_needed=now.gpus_needed,
        instances=now.instances,
        p95_s=figure(lambda n: n.p95_s, "s", bases.fleet),
        response_s=_response(figure(lambda n: n.response_s, "s", bases.fleet), case),
        usd_per_output=per_output,
        usd_per_1000_outputs=per_output.times(1000, "USD/1000 outputs"),
        usd_per_month=usd_per_month,
        energy_kwh_per_month=energy_kwh_per_month(estimate, case, bases.load),
        lines=lines,
        under_load=under_load(case, (low, now, high), bases.fleet, source),
        scaling=scaling_of(case, offer, bases.month, source),
        scale_to_zero_usd_per_month=scale_to_zero(case, offer, bases.output),
        notes=_notes(use_case, offer, case, now, low, high),
    )


def _total(lines: list[CostLine], source: str, offer: Offer) -> Figure:
    """The month is the sum of its lines, ends included; its basis is the weakest line's."""
    sums = [line.usd for line in lines if line.usd is not None]
    return Figure(
        value=math.fsum(usd.value for usd in sums),
        low=math.fsum(usd.low for usd in sums),
        high=math.fsum(usd.high for usd in sums),
        unit="USD/month",
        basis=weakest(usd.basis for usd in sums),
        source=source,
        as_of=offer.as_of,
    )


@dataclass(frozen=True, slots=True)
class _Bases:
    """The weakest basis on the way to each kind of result."""

    rate: Basis  # peak
    load: Basis  # utilisation, energy
    fleet: Basis  # response under load
    month: Basis
    output: Basis


def _bases(
    estimate: Estimate,
    use_case: UseCase,
    offer: Offer,
    policy: ServingPolicy,
    now: Numbers,
    alone_s: float,
) -> _Bases:
    """A default counts as a weakness only where it decides: one instance is one instance."""
    volume = basis_of(use_case, "volume_per_day")
    peak = peak_basis(use_case)
    latency = [estimate.latency_s.basis]
    price = _price_bases(offer, policy)
    rate = weakest([*volume, peak])
    load = weakest([rate, *latency])
    sized = [load, policy.basis("utilisation_cap")] if now.instances > 1 else latency
    month = weakest([*sized, *price])
    waits = now.response_s > (1 + NO_WAIT) * alone_s
    fleet = weakest([load, *sized]) if waits else weakest(latency)
    return _Bases(rate, load, fleet, month, weakest([month, *volume]))


def _response(figure: Figure, case: ServingCase) -> Figure:
    demand = case.demand
    told = f"p{demand.percentile:g} {demand.latency_kind} under the peak, {figure.source}"
    if demand.batch_window_s is not None and case.value.stoppable:
        told = f"a day's batch with its start, {figure.source}"
    return figure.model_copy(update={"source": told})


def _price_bases(offer: Offer, policy: ServingPolicy) -> list[Basis]:
    return [offer.basis, policy.basis("spot_overhead")] if offer.kind == "spot" else [offer.basis]


def _peak(case: ServingCase, basis: Basis) -> Figure:
    demand = case.demand
    source = f"{demand.volume_per_day:g} a day x peak factor {demand.peak_factor:g}"
    if demand.generations_per_item != 1:
        source += f" x {demand.generations_per_item:g} generations per item"
    peak = peak_generations_per_s(case.value, demand)
    if peak > demand.generations_per_s * demand.peak_factor:
        source = f"{demand.peak_concurrent} users at once, limit {demand.limit_s:g} s"
    rate = peak / case.value.outputs_per_request
    return Figure.exact(rate, "requests/s", basis, source)


def _notes(
    use_case: UseCase, offer: Offer, case: ServingCase, now: Numbers, low: Numbers, high: Numbers
) -> list[str]:
    demand, notes = case.demand, list(offer.notes)
    if not now.within_limit and demand.limit_s is not None:
        notes.append(
            f"the limit of {demand.limit_s:g} s cannot be met with more GPUs:"
            f" p{demand.percentile:g} is {now.response_s:.3g} s"
        )
    if demand.limit_s is None and demand.peak_concurrent:
        notes.append("peak_concurrent does not size the fleet: without a time limit they may wait")
    if not takes_are_stated(use_case):
        notes.append("one take per item is counted: nobody stated how many are needed")
    if not case.value.shared:
        notes.append("each user's device serves its own user: no queue and no fleet")
        return notes
    mean_busy = demand.generations_per_s / max(1.0, case.value.outputs_per_request)
    mean_busy *= case.value.job_s / (now.instances * offer.gpu_count * case.value.slots)
    batch_run = demand.batch_window_s is not None and case.value.stoppable
    if batch_run:
        started = case.policy.source("startup_s")
        notes.append(f"machines run only while the day's batch does, with {started}")
    elif now.instances == 1 and mean_busy < 0.2:
        notes.append(
            f"the always-on minimum of one instance decides the cost: it is busy"
            f" {mean_busy:.1%} of the time"
        )
    if now.gpus_needed < now.running:
        notes.append(
            f"{now.gpus_needed} GPU{'s' * (now.gpus_needed > 1)} would do; whole instances hold"
            f" {now.running}"
        )
    if low.instances != high.instances:
        notes.append(f"{low.instances} to {high.instances} instances over the latency's interval")
    if case.policy.spare_replicas:
        notes.append(
            f"times hold while {now.instances * offer.gpu_count - now.running} of"
            f" {now.instances * offer.gpu_count} GPUs are out of service"
        )
    if case.policy.autoscale and not case.value.stoppable:
        notes.append("machines that are owned cost the same while they stand still")
    if case.value.slots > 1:
        notes.append(
            f"{case.value.slots} requests share a GPU, each joining at the next token (continuous"
            " batching); timed as plain PyTorch, a serving engine should be faster"
        )
    elif case.value.batch > 1:
        notes.append(f"batches of {case.value.batch}: at the peak they are taken to be full")
    if offer.kind == "spot":
        notes.append("spot instances can be taken away at any time: keep an on-demand fallback")
    return notes
