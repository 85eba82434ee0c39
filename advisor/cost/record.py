"""What a cost says: offers, cost lines, totals. USD; a month is 30.4375 days."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from advisor.estimator.record import Record
from advisor.figure import Basis, Figure

HOURS_PER_MONTH = 730.5
DAYS_PER_MONTH = 30.4375
# committed: on demand at the discount for running all the time, as the client stated it
OfferKind = Literal["on-demand", "committed", "spot", "owned", "client-device"]
# Who stands behind the price, best to quote first: a vendor's own list; a vendor's per-second
# serverless list; an average over a vendor's sizes (nobody sells it); an ask on a marketplace.
Market = Literal["list", "serverless", "aggregate", "marketplace", "own"]


class Offer(Record):
    """A device at a price. An instance may hold several GPUs; both prices are stated."""

    id: str  # "aws g5.xlarge us-east-1 on-demand"
    kind: OfferKind
    provider: str
    instance: str
    device: str
    gpu_count: int
    region: str
    usd_per_hour: float  # the whole instance
    usd_per_gpu_hour: float
    as_of: date | None
    as_of_text: str
    source: str
    confidence: str
    stale: bool  # older than the age its kind of price may have
    market: Market = "list"
    billing: str = ""  # "per-second", "per-minute"
    basis: Basis = Basis.priced  # of the price: assumed where made from defaults, asked if stated
    usd_per_gpu_hour_low: float | None = None  # where the price is uncertain: owned, or stale
    usd_per_gpu_hour_high: float | None = None
    # Bought: one GPU with its share of the server, and the months over which it is written off
    purchase_usd: Figure | None = None
    write_off_months: Figure | None = None
    # USD per GPU-hour by part (owned); they add up to the price
    parts: dict[str, float] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)


# What a line of the tree pays for. Only `machines` grow with the fleet.
LineKind = Literal["machines", "devices", "service", "operations", "people", "storage"]


class CostLine(Record):
    """One line of the cost tree: quantity x unit price = USD."""

    kind: LineKind = "machines"

    label: str
    quantity: Figure | None  # None = the user has not said; the label says "depends on ..."
    unit: str
    unit_price_usd: Figure | None
    usd: Figure | None
    note: str = ""


class UnderLoad(Record):
    """The whole response in the busiest hour, on the GPUs that carry it (spares apart)."""

    replicas: int  # GPUs, each with the model in memory
    spare_replicas: int  # GPUs beyond these, for ones that fail
    p50_s: Figure
    p95_s: Figure
    p99_s: Figure
    wait_p95_s: Figure  # in the queue, before work on the request starts
    method: str  # "closed form"; "simulation of 100,000 requests, seed 1"
    accuracy: str  # how near the closed form was to simulation in this range, or that it is unknown


class LoadCurve(Record):
    """p95 of the whole response on the recommended fleet, as the load varies. Lists run alike.

    An end of the interval is None from where that end's requests come faster than they are served.
    """

    gpus: int
    planned_requests_per_s: float  # the busiest hour that the fleet is sized for
    requests_per_s: list[float]
    utilisation: list[float]  # at the central estimate
    p95_s: list[float]
    p95_s_low: list[float]
    p95_s_high: list[float | None]


class Scaling(Record):
    """What starting a replica takes, and what a month costs when instances follow the day."""

    model_load_s: Figure  # weights into GPU memory
    start_s: Figure  # a new instance until it serves
    hourly_instances: list[int] = Field(default_factory=list)  # by hour, where the shape is known
    usd_per_month: Figure | None = None  # of such instance-hours alone; None where it is not known


class ServingCost(Record):
    """What it takes to serve the use case's volume from one offer.

    Figures per accepted output count rejected takes where the use case has them.
    """

    offer: Offer
    batch: int
    service_s: Figure  # one request (batch) on one GPU
    peak_requests_per_s: Figure
    utilisation: Figure  # planned, at the peak
    gpus_needed: int
    instances: int
    p95_s: Figure  # whole response under the peak load, queueing included; always the 95th
    response_s: Figure | None = None  # the kind and percentile of latency that the use case limits
    usd_per_output: Figure
    usd_per_1000_outputs: Figure
    usd_per_month: Figure
    energy_kwh_per_month: Figure | None
    lines: list[CostLine]
    under_load: UnderLoad | None = None  # None on the users' own devices, and for a day's batch
    scaling: Scaling | None = None
    scale_to_zero_usd_per_month: Figure | None = None  # serverless offers: billed only while busy
    notes: list[str] = Field(default_factory=list)


class ApiCost(Record):
    """The same volume bought from a hosted API, at the vendor's stated size and quality.

    The service alone: people, storage and traffic are the same whoever runs the model.
    """

    provider: str
    model: str
    modality: str = ""  # of the price row: image, video, tts, music, text
    unit: str
    units_per_output: Figure
    quality_or_size: str
    usd_per_output: Figure
    usd_per_month: Figure
    as_of_text: str
    source: str
    stale: bool
    notes: list[str] = Field(default_factory=list)
