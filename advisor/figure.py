"""Figure: a number with its interval, unit, basis, source and date. No bare float leaves a room."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, model_validator


class Basis(StrEnum):
    """Where a figure comes from, best evidence first."""

    measured = "measured"  # this workload on this device
    scaled = "scaled"  # measured on this device at other steps, batch or size
    calibrated = "calibrated"  # predicted from measured device rates
    datasheet = "datasheet"  # predicted from public specifications
    published = "published"  # somebody else's measurement
    priced = "priced"  # a dated price
    assumed = "assumed"  # a default nobody confirmed
    asked = "asked"  # what the user said


LARGEST_WRITTEN_OUT = 1e15


def significant(value: float, digits: int = 2) -> str:
    """A number to some significant digits, with thousands separators: 1,200; 0.053; 2.0."""
    if value == 0:
        return "0"
    rounded = f"{value:.{digits - 1}e}"
    exponent = int(rounded.partition("e")[2])
    if exponent < -6 or abs(value) >= LARGEST_WRITTEN_OUT:
        return rounded
    return f"{float(rounded):,.{max(0, digits - 1 - exponent)}f}"


_ORDER = {basis: rank for rank, basis in enumerate(Basis)}
_ORDER[Basis.asked] = -1  # what the user states never weakens a result


def weakest(bases: Iterable[Basis]) -> Basis:
    """The basis of a result is the weakest basis on the way to it."""
    return max(bases, key=_ORDER.__getitem__, default=Basis.asked)


class Figure(BaseModel):
    """A value with its 90 % interval.

    `low <= value <= high`, all finite. `source` says in one phrase what it was made from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: float
    low: float
    high: float
    unit: str
    basis: Basis
    source: str
    as_of: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Figure:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"interval {self.low} to {self.high} does not hold {self.value}")
        return self

    @classmethod
    def exact(
        cls, value: float, unit: str, basis: Basis, source: str, as_of: date | None = None
    ) -> Figure:
        """A figure whose interval is a point (a price, a count, what the user said)."""
        return cls(
            value=value, low=value, high=value, unit=unit, basis=basis, source=source, as_of=as_of
        )

    def times(self, factor: float, unit: str | None = None) -> Figure:
        """This figure times an exact factor. Raises ValueError if that is negative or infinite."""
        if not (0 <= factor < math.inf and math.isfinite(self.high * factor)):
            raise ValueError(f"a figure cannot be scaled by {factor}")
        return self.model_copy(
            update={
                "value": self.value * factor,
                "low": self.low * factor,
                "high": self.high * factor,
                "unit": unit or self.unit,
            }
        )

    def plus(self, other: Figure) -> Figure:
        """The sum of two figures of one unit; ends of intervals are added (errors may go together).

        Raises ValueError when the units differ.
        """
        if self.unit != other.unit:
            raise ValueError(f"{self.unit} and {other.unit} cannot be added")
        return Figure(
            value=self.value + other.value,
            low=self.low + other.low,
            high=self.high + other.high,
            unit=self.unit,
            basis=weakest([self.basis, other.basis]),
            source=self.source if self.source == other.source else f"{self.source}; {other.source}",
            as_of=_oldest(self.as_of, other.as_of),
        )

    def chance_at_most(self, limit: float) -> float:
        """Probability that the true value is at or under `limit`.

        Reads the 90 % interval as a log-normal, one spread on each side of the value
        (values that may be zero or negative fall back to a normal).
        """
        if self.low == self.high:
            return 1.0 if self.value <= limit else 0.0
        edge = self.high if limit >= self.value else self.low
        if self.low > 0:
            if limit <= 0:
                return 0.0
            centre = math.log(self.value)
            distance, spread = math.log(limit) - centre, abs(math.log(edge) - centre)
        else:
            distance, spread = limit - self.value, abs(edge - self.value)
        if spread == 0:
            return 1.0 if distance >= 0 else 0.0
        return 0.5 * (1.0 + math.erf(distance / (spread / 1.6448536269514722) / math.sqrt(2)))


def _oldest(*dates: date | None) -> date | None:
    known = [d for d in dates if d is not None]
    return min(known) if known else None
