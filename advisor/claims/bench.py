"""What the checks share: the catalog, the day, estimates that are made once, figure arithmetic."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.claims.record import Number
from advisor.errors import CannotEstimate, DataError
from advisor.estimator import estimate_many
from advisor.figure import Basis, Figure, weakest
from advisor.paths import data_dir

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model
    from advisor.estimator import Estimate

# Devices that stand for their segments where a check needs one or a few: a workhorse and a current
# one each, all with known rates.
FEW_DEVICES = ("l4", "l40s", "a100-sxm-80", "h100-sxm", "rtx-3060-12", "rtx-4090")
ONE_DEVICE = "rtx-4090"


@dataclass
class Bench:
    """Catalog and day of a check; estimates are kept."""

    catalog: Catalog
    as_of: date
    _made: dict[tuple[str, tuple[tuple[str, Any], ...]], dict[str, Estimate]] = field(
        default_factory=dict
    )

    def devices(self, *segments: str) -> list[Device]:
        return [one for one in self.catalog.devices.values() if one.segment in segments]

    def estimates(self, model: str | Model, **axes: Any) -> dict[str, Estimate]:
        """Estimates of a model on every device that can be estimated, by device id."""
        one = self.catalog.models[model] if isinstance(model, str) else model
        key = (one.id, tuple(sorted(axes.items())))
        if key not in self._made:
            devices = list(self.catalog.devices.values())
            self._made[key] = estimate_many(one, devices, catalog=self.catalog, **axes)
        return self._made[key]

    def estimate(self, model: str | Model, device: str, **axes: Any) -> Estimate:
        found = self.estimates(model, **axes)
        if device not in found:
            raise DataError(f"{device} cannot be estimated: its rates are not known")
        return found[device]

    def estimable(self, *families: str, makes: str = "") -> list[Model]:
        """Runnable models of families that have traces, in the order of their ids."""
        found = []
        for model in self.models(*families, makes=makes):
            try:
                self.estimates(model)
            except CannotEstimate:
                continue
            found.append(model)
        return found

    def models(self, *families: str, makes: str = "") -> list[Model]:
        """Runnable models of families, in the order of their ids."""
        return [
            model
            for model in self.catalog.models.values()
            if model.runnable and model.family in families and (not makes or makes in model.outputs)
        ]


def figure(
    value: float,
    unit: str,
    basis: Basis,
    source: str,
    low: float | None = None,
    high: float | None = None,
    as_of: date | None = None,
) -> Figure:
    """A figure; without ends its interval is a point."""
    return Figure(
        value=value,
        low=value if low is None else min(low, value),
        high=value if high is None else max(high, value),
        unit=unit,
        basis=basis,
        source=source,
        as_of=as_of,
    )


def ratio(top: Figure, bottom: Figure, unit: str = "times", source: str = "") -> Figure:
    """top / bottom; the ends assume that the errors go against each other, so they are wide."""
    return Figure(
        value=top.value / bottom.value,
        low=top.low / bottom.high,
        high=top.high / bottom.low,
        unit=unit,
        basis=weakest([top.basis, bottom.basis]),
        source=source or f"{top.source} / {bottom.source}",
        as_of=top.as_of or bottom.as_of,
    )


def product(one: Figure, other: Figure, unit: str) -> Figure:
    """one x other; both have to be positive."""
    return Figure(
        value=one.value * other.value,
        low=one.low * other.low,
        high=one.high * other.high,
        unit=unit,
        basis=weakest([one.basis, other.basis]),
        source=f"{one.source}; {other.source}",
        as_of=one.as_of or other.as_of,
    )


def exact_ratio(top: float, bottom: float, source: str) -> Figure:
    """A ratio of counted operations. Predicted from the architecture: no interval."""
    return figure(top / bottom, "times", Basis.datasheet, source)


def middle(figures: Sequence[Figure], source: str) -> Figure:
    """The median of figures of one unit, with the medians of their ends."""
    if not figures:
        raise DataError("a median of no figures was asked for: check the catalog")
    return Figure(
        value=statistics.median(one.value for one in figures),
        low=statistics.median(one.low for one in figures),
        high=statistics.median(one.high for one in figures),
        unit=figures[0].unit,
        basis=weakest(one.basis for one in figures),
        source=source,
    )


def share_within(figures: Sequence[Figure], low: float, high: float, source: str) -> Figure:
    """Share of figures whose value lies in low..high.

    The ends are the shares when all values lie at one end of their intervals (errors go together).
    """
    if not figures:
        raise DataError("a share of no figures was asked for: check the catalog")

    def share(values: Iterable[float]) -> float:
        return sum(low <= value <= high for value in values) / len(figures)

    now = share(one.value for one in figures)
    ends = (share(one.low for one in figures), share(one.high for one in figures))
    return figure(now, "share", weakest(one.basis for one in figures), source, min(ends), max(ends))


def counted_share(hits: int, of: int, basis: Basis, source: str) -> Figure:
    """A share of counted cases."""
    return figure(hits / of, "share", basis, source)


def labelled(**numbers: Figure) -> list[Number]:
    return [Number(label=name.replace("_", " "), figure=one) for name, one in numbers.items()]


@lru_cache(maxsize=4)
def _read_json(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return data


def stored(name: str) -> dict[str, Any] | None:
    """A file of benchmarks/results, shipped with the program; None where it is not."""
    file = data_dir("benchmarks") / "results" / name
    return _read_json(file) if file.is_file() else None


def decisions_folder() -> Path | None:
    """The recorded decisions, shipped with the program; None where they are not."""
    folder = data_dir("benchmarks") / "decisions"
    return folder if folder.is_dir() else None
