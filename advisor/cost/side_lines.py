"""Lines of the cost tree beside the machines: people, storage and traffic, operations, devices.

What the client stated gets a sum; the rest says "depends on ..." and has none.
"""

from __future__ import annotations

from advisor.cost.demand import basis_of
from advisor.cost.record import DAYS_PER_MONTH, CostLine, LineKind, Offer
from advisor.figure import Basis, Figure, weakest
from advisor.usecase import UseCase

GIVEN = "as given by you"
_MB_PER_GB = 1000.0


def open_line(label: str, unit: str, kind: LineKind, note: str = "") -> CostLine:
    """A line without a sum."""
    return CostLine(
        kind=kind,
        label=f"{label}, which nobody stated",
        quantity=None,
        unit=unit,
        unit_price_usd=None,
        usd=None,
        note=note,
    )


def given_price(usd: float, unit: str) -> Figure:
    return Figure.exact(usd, unit, Basis.asked, GIVEN)


def product_line(
    label: str, kind: LineKind, quantity: Figure, unit: str, price: Figure
) -> CostLine:
    """Quantity x unit price; each end of the sum from the matching ends of both."""
    usd = Figure(
        value=quantity.value * price.value,
        low=quantity.low * price.low,
        high=quantity.high * price.high,
        unit="USD/month",
        basis=weakest([quantity.basis, price.basis]),
        source=" at ".join(dict.fromkeys((quantity.source, price.source))),
        as_of=price.as_of,
    )
    return CostLine(
        kind=kind, label=label, quantity=quantity, unit=unit, unit_price_usd=price, usd=usd
    )


def people_lines(use_case: UseCase) -> list[CostLine]:
    """Review and clean-up: hours from minutes per item, money only at a stated wage."""
    lines = []
    if use_case.review_minutes_per_item > 0:
        lines.append(_people(use_case, "review", "review_minutes_per_item"))
    elif use_case.reviewer == "human":
        lines.append(open_line("review: depends on minutes per item and hourly rate", "h/month",
                               "people"))  # fmt: skip
    if "cleanup_minutes_per_item" not in use_case.model_fields_set:
        lines.append(open_line("clean-up: depends on minutes per item and hourly rate", "h/month",
                               "people"))  # fmt: skip
    elif use_case.cleanup_minutes_per_item > 0:
        lines.append(_people(use_case, "clean-up", "cleanup_minutes_per_item"))
    return lines


def _people(use_case: UseCase, name: str, field: str) -> CostLine:
    minutes: float = getattr(use_case, field)
    hours = Figure.exact(
        use_case.volume_per_day * DAYS_PER_MONTH * minutes / 60,
        "h/month",
        weakest(basis_of(use_case, "volume_per_day", field)),
        f"{use_case.volume_per_day:g} items a day x {minutes:g} min x {DAYS_PER_MONTH:g} days",
    )
    wage = use_case.terms.people_usd_per_hour
    if wage is not None:
        return product_line(name, "people", hours, "h/month", given_price(wage, "USD/h"))
    return CostLine(
        kind="people",
        label=f"{name}: depends on the hourly rate, which nobody stated",
        quantity=hours,
        unit="h/month",
        unit_price_usd=None,
        usd=None,
        note="multiply by your own hourly rate",
    )


def storage_lines(use_case: UseCase) -> list[CostLine]:
    """Outputs kept and sent out once, where their size and the tariff are stated."""
    terms = use_case.terms
    if terms.stored_mb_per_item is None:
        label = "storage and egress: depends on the size of outputs and the provider's tariff"
        return [open_line(label, "GB/month", "storage")]
    basis = weakest(basis_of(use_case, "volume_per_day"))
    made_gb = use_case.volume_per_day * DAYS_PER_MONTH * terms.stored_mb_per_item / _MB_PER_GB
    told = f"{use_case.volume_per_day:g} items a day x {terms.stored_mb_per_item:g} MB"
    lines = []
    if terms.kept_months is None:
        lines.append(open_line("storage: depends on how long outputs are kept", "GB", "storage"))
    else:
        kept = Figure.exact(
            made_gb * terms.kept_months, "GB", basis, f"{told}, kept {terms.kept_months:g} months"
        )
        price = terms.storage_usd_per_gb_month
        lines.append(_storage("storage, once it is full", kept, price, "USD/GB-month"))
    sent = Figure.exact(made_gb, "GB/month", basis, f"{told}, sent out once")
    lines.append(_storage("egress", sent, terms.egress_usd_per_gb, "USD/GB"))
    return lines


def _storage(label: str, quantity: Figure, usd: float | None, unit: str) -> CostLine:
    if usd is not None:
        return product_line(label, "storage", quantity, quantity.unit, given_price(usd, unit))
    return CostLine(
        kind="storage",
        label=f"{label}: depends on the provider's tariff, which nobody stated",
        quantity=quantity,
        unit=quantity.unit,
        unit_price_usd=None,
        usd=None,
    )


def operations_line(use_case: UseCase) -> CostLine:
    """People, space and support around owned hardware: a fixed sum a month."""
    usd = use_case.terms.operations_usd_per_month
    if usd is None:
        label = "operations: depends on people, space and support"
        return open_line(label, "USD/month", "operations")
    once = Figure.exact(1.0, "month", Basis.asked, GIVEN)
    return product_line("operations", "operations", once, "x", given_price(usd, "USD/month"))


def devices_line(offer: Offer, use_case: UseCase) -> CostLine:
    """The users' devices: nothing, or the write-off of those that are bought for them."""
    price, months, count = offer.purchase_usd, offer.write_off_months, use_case.terms.edge_devices
    if price is None or months is None or count is None:
        zero = Figure.exact(0.0, "USD/month", Basis.assumed, offer.source)
        note = offer.notes[0] if offer.notes else ""
        return CostLine(kind="devices", label="users' own devices", quantity=None, unit="devices",
                        unit_price_usd=None, usd=zero, note=note)  # fmt: skip
    monthly = Figure(
        value=price.value / months.value,
        low=price.low / months.high,
        high=price.high / months.low,
        unit="USD/device-month",
        basis=weakest([price.basis, months.basis]),
        source=f"{price.source} over {months.value:g} months",
        as_of=price.as_of,
    )
    devices = Figure.exact(float(count), "devices", Basis.asked, GIVEN)
    return product_line("devices, bought once, written off", "devices", devices, "devices", monthly)
