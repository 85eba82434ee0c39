"""Terms: what only the client knows about money. Everything is optional; None = nobody said it.

Amounts are USD. With a currency and its exchange rate, amounts may be written in it ("45 EUR") and
results are shown in it as well; the rate is the client's own word and is stated beside them.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from advisor.errors import InputError

Usd = Annotated[float, Field(ge=0, le=1e9)]
Share = Annotated[float, Field(ge=0, lt=1)]
RUN_MONTHS = 12.0  # over which costs are summed where nobody says how long it will run

_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([A-Z]{3})\s*")


class Terms(BaseModel):
    """Prices, people, discounts and ownership as the client states them.

    Device ids are keys of `gpu_usd_per_hour` and `purchase_usd`; both are per GPU, not per server.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    # Currency of the answer
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")
    units_per_usd: float | None = Field(None, ge=1e-6, le=1e9)  # 0.92 = one USD buys 0.92 EUR

    # People and time
    people_usd_per_hour: Usd | None = None  # of those who review and clean up
    run_months: float | None = Field(None, ge=0.01, le=240)  # costs are summed over this time

    # Rented
    regions: list[str] = Field(default=[], max_length=32)  # only these, named as in the prices
    gpu_usd_per_hour: dict[str, Annotated[float, Field(ge=1e-4, le=1e5)]] = Field(
        default={}, max_length=100
    )
    commitment_discount: Share | None = None  # off the on-demand price, for running all the time

    # Owned
    purchase_usd: dict[str, Annotated[float, Field(ge=0.01, le=1e7)]] = Field(
        default={}, max_length=100
    )
    server_factor: float | None = Field(None, ge=1, le=10)
    residual_share: Share | None = None
    depreciation_years: float | None = Field(None, ge=0.1, le=30)
    system_power_factor: float | None = Field(None, ge=1, le=10)
    pue: float | None = Field(None, ge=1, le=5)
    usd_per_kwh: float | None = Field(None, ge=0, le=10)
    operations_usd_per_month: Usd | None = None  # people, space and support of owned hardware
    edge_devices: int | None = Field(None, ge=1, le=100_000_000)  # bought for the users, once

    # Storage, traffic, carbon
    stored_mb_per_item: float | None = Field(None, ge=0, le=1e9)
    kept_months: float | None = Field(None, ge=0, le=1200)
    storage_usd_per_gb_month: Usd | None = None
    egress_usd_per_gb: Usd | None = None
    grid: str | None = Field(None, max_length=80)  # of catalog/energy.yaml: "fra", "us-va"

    @model_validator(mode="after")
    def _rate(self) -> Terms:
        if self.currency != "USD" and self.units_per_usd is None:
            raise ValueError(f"give units_per_usd: how many {self.currency} one USD buys")
        if self.currency == "USD" and self.units_per_usd not in (None, 1.0):
            raise ValueError("units_per_usd needs a currency other than USD")
        return self

    @property
    def rate(self) -> float:
        """Units of the currency for one USD."""
        return self.units_per_usd or 1.0

    def owning(self, device: str) -> dict[str, float]:
        """The stated terms of owning a device, by the names of `advisor.cost.owning.TERMS`."""
        names = ("server_factor", "residual_share", "depreciation_years", "system_power_factor")
        stated = {name: getattr(self, name) for name in (*names, "pue", "usd_per_kwh")}
        stated["purchase_usd"] = self.purchase_usd.get(device)
        return {name: value for name, value in stated.items() if value is not None}


def in_usd(data: dict[str, Any]) -> dict[str, Any]:
    """Plain data of a use case with amounts such as "45 EUR" turned into USD.

    Only fields with `usd` in their names are read so, and only the currency whose rate is stated
    counts. Raises InputError for another one.
    """
    terms = data.get("terms")
    known = terms if isinstance(terms, dict) else {}
    converted = {name: _usd(name, value, known) for name, value in data.items()}
    if isinstance(terms, dict):
        converted["terms"] = {name: _usd(name, value, known) for name, value in terms.items()}
    return converted


def _usd(name: object, value: Any, terms: dict[str, Any]) -> Any:
    if not isinstance(name, str) or "usd" not in name or name == "units_per_usd":
        return value
    if isinstance(value, dict):
        return {key: _usd(name, one, terms) for key, one in value.items()}
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return value
    amount, currency = float(match[1]), match[2]
    if currency == "USD":
        return amount
    rate = terms.get("units_per_usd")
    if currency != terms.get("currency") or not isinstance(rate, int | float) or not rate > 0:
        raise InputError(
            f"{name} is in {currency}: give its rate, terms: {{currency: {currency},"
            " units_per_usd: ...}"
        )
    return amount / rate


def device_amounts(texts: list[str]) -> dict[str, float]:
    """{"l4": 0.5} of ["l4=0.5"]: USD by device. Raises InputError with what to write instead."""
    amounts: dict[str, float] = {}
    for text in texts:
        device, equals, usd = text.partition("=")
        try:
            amount = float(usd)
        except ValueError:
            amount = -1.0
        if not (device.strip() and equals and 0 < amount < 1e9):
            raise InputError(f"'{text[:80]}' is not a price: write it as l4=0.55 (USD)")
        if device.strip() in amounts:
            raise InputError(f"'{device.strip()[:80]}' is priced twice: keep one")
        amounts[device.strip()] = amount
    return amounts
