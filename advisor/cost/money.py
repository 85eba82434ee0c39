"""What the money page says: unit costs, their spread, carbon, price age, ways of buying. USD."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from advisor.estimator.record import Record
from advisor.figure import Figure

WayKind = Literal["rented", "committed", "spot", "serverless", "owned", "hosted"]


class UnitCosts(Record):
    """One month of the recommendation, by unit. Intervals: 5th to 95th percentile of the draws.

    per_generation: one output that the model makes, accepted or not, machines alone. per_item and
    the rest: per accepted output, with every line of the tree that has a sum.
    """

    per_generation: Figure
    per_item: Figure
    per_1000_items: Figure
    per_minute_of_audio: Figure | None
    per_second_of_video: Figure | None
    per_month: Figure
    per_run: Figure
    run_months: Figure
    upfront: Figure | None  # cash for hardware; its write-off is in the month already


class Driver(Record):
    """An uncertain quantity, and how much of the spread of the month's total is its doing.

    share: its squared rank correlation with the total over the sum of all drivers' (0 to 1).
    """

    name: str
    words: str
    range: Figure
    rank_correlation: float
    share: float


class Spread(Record):
    """The month's total over seeded draws of everything uncertain."""

    draws: int
    seed: int
    usd_per_month: Figure
    usd_per_item: Figure
    chance_in_month_budget: float | None  # None = no such budget is stated
    chance_in_item_budget: float | None
    drivers: list[Driver]  # largest share first


class PriceAge(Record):
    """How old the price behind the recommendation is. `sentence` is for the first page."""

    days: int | None  # None = undated
    limit_days: int
    stale: bool
    stale_market: bool  # a stale spot or marketplace price: the answer rests on a moving figure
    sentence: str | None  # None while the price is fresh or the client's own


class Carbon(Record):
    """Energy with host and cooling, and what it emits where it runs; None = not known, see note."""

    kwh_per_month: Figure | None
    kg_co2_per_month: Figure | None
    grid: str | None
    note: str


class Way(Record):
    """One way of buying the same volume: USD a month on the grid of volumes.

    Machines or service, and the operations of owned hardware; people, storage and traffic are the
    same on every way and left out.
    """

    kind: WayKind
    label: str
    usd_per_month: list[float]
    usd_per_month_low: list[float]
    usd_per_month_high: list[float]
    source: str
    stale: bool
    note: str = ""


class Crossing(Record):
    """The volume from which one way stays cheaper than another, as far as the grid goes."""

    cheaper_below: str  # labels of ways
    cheaper_above: str
    volume_per_day: Figure
    note: str = ""


class BreakEven(Record):
    """Ways of buying over volume, ready to be drawn on two logarithmic axes."""

    volumes_per_day: list[float]
    ways: list[Way]
    crossings: list[Crossing]
    never: list[str]  # sentences: pairs that do not cross on the grid


class Money(Record):
    """The money page of one recommendation."""

    candidate: str
    unit_costs: UnitCosts
    spread: Spread
    price_age: PriceAge
    carbon: Carbon
    break_even: BreakEven | None  # None on the users' own devices
    notes: list[str] = Field(default_factory=list)
