"""Which devices stand for the place that a use case names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.figure import Basis, Figure
from advisor.rules.reading import may_leave

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device
    from advisor.cost.record import OfferKind
    from advisor.usecase import Placement, UseCase

SEGMENTS: dict[Placement, frozenset[str]] = {
    "cloud": frozenset({"datacenter"}),
    "workstation": frozenset({"workstation", "consumer"}),
    "gaming-gpu": frozenset({"consumer"}),
    "cpu": frozenset({"cpu"}),
}
# No phone or browser is in the device table. The smallest listed edge device stands in for them,
# and its figures get a threefold interval to either side: phones of one year differ by that much.
STAND_IN_SEGMENT = "edge"
STAND_IN_FACTOR = 3.0
CLIENT_PLACES = frozenset({"phone", "browser", "gaming-gpu", "microcontroller", "cpu"})


@dataclass(frozen=True)
class Place:
    """The devices to try, whether they are stand-ins, and how they are paid for."""

    devices: tuple[Device, ...]
    proxy: bool
    kinds: tuple[OfferKind, ...]
    client: bool


def place_of(use_case: UseCase, catalog: Catalog) -> Place:
    """Devices and kinds of offer for a use case. Raises UnknownName for a device not listed."""
    client = use_case.placement in CLIENT_PLACES
    kinds: tuple[OfferKind, ...] = ("on-demand", "spot") if may_leave(use_case) else ("owned",)
    if use_case.placement == "workstation":
        kinds = ("owned",)
    if use_case.devices:
        named = {device.id: device for device in map(catalog.device, use_case.devices)}
        return Place(tuple(named.values()), False, kinds, client)
    if use_case.placement in ("phone", "browser"):
        edge = [d for d in catalog.devices.values() if d.segment == STAND_IN_SEGMENT]
        smallest = sorted(edge, key=lambda d: (d.bandwidth_gb_s, d.id))[:1]
        return Place(tuple(smallest), True, kinds, client)
    segments = SEGMENTS.get(use_case.placement, frozenset())
    if use_case.placement == "cloud" and not may_leave(use_case):
        segments = segments | {"workstation"}
    found = [d for d in catalog.devices.values() if d.segment in segments]
    return Place(tuple(sorted(found, key=lambda d: d.id)), False, kinds, client)


def widened(figure: Figure, factor: float = STAND_IN_FACTOR) -> Figure:
    """A stand-in's figure: its interval stretched to either side, its basis assumed."""
    return figure.model_copy(
        update={
            "low": figure.low / factor,
            "high": figure.high * factor,
            "basis": Basis.assumed,
            "source": f"{figure.source}; a stand-in device",
        }
    )
