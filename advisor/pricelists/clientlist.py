"""A client's own price list: a CSV file with exactly these columns, one offer a row.

    device,gpu_count,per,usd_per_hour,region,provider,instance,as_of,notes
    l40s,4,instance,5.20,frankfurt,our-cloud,gpu.4x,2026-11-01,frame contract 17
    h100-sxm,8,gpu,2.10,frankfurt,our-cloud,gpu.8h,2026-11-01,

`per` says what the price is for, `gpu` or `instance`: it is never guessed.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from advisor.catalog import Catalog
from advisor.catalog.base import Entry, Text
from advisor.catalog.load import read_rows, validated
from advisor.catalog.schema import Price
from advisor.catalog.table_invariants import price_faults
from advisor.errors import DataError, InputError
from advisor.files import write_atomic
from advisor.pricelists.refresh import Changed, Refreshed, list_file, table_text

CLIENT = "client"


class ClientPrice(Entry):
    """One row of a client's list. `usd_per_hour` is for one GPU or the whole instance: `per`."""

    device: Text
    gpu_count: int = Field(ge=1, le=1024)
    per: Literal["gpu", "instance"]
    usd_per_hour: float = Field(gt=0, le=1e5)
    region: Text
    provider: Text
    instance: Text
    as_of: date
    notes: str = ""

    def price(self, catalog: Catalog, source: str) -> Price:
        """As a row of the catalog; raises UnknownName for a device it does not hold."""
        whole = self.usd_per_hour * (self.gpu_count if self.per == "gpu" else 1)
        return Price(
            provider=self.provider,
            instance=self.instance,
            device=catalog.device(self.device).id,
            gpu_count=self.gpu_count,
            region=self.region,
            on_demand_usd_per_hour=whole,
            usd_per_gpu_hour=whole / self.gpu_count,
            as_of=self.as_of,
            as_of_text=self.as_of.isoformat(),
            source=source,
            confidence="contract",
            notes=self.notes,
        )


COLUMNS = tuple(ClientPrice.model_fields)


def import_list(file: str | Path, catalog: Catalog, today: date) -> Refreshed:
    """Read, check and keep a client's list; it replaces one imported before.

    Raises InputError with the line of the first row that cannot be used; then nothing is changed.
    """
    path = Path(file)
    try:
        rows = _rows(path, catalog, today)
    except DataError as error:  # a broken file of the user's is an input, not shipped data
        raise InputError(str(error)) from None
    target = list_file(CLIENT)
    write_atomic(target, table_text(rows))
    changes = [
        Changed(f"{row.provider} {row.instance} {row.region}", None, row.on_demand_usd_per_hour)
        for row in rows
    ]
    return Refreshed(CLIENT, str(target), max(row.as_of for row in rows if row.as_of), len(rows),
                     changes)  # fmt: skip


def _rows(path: Path, catalog: Catalog, today: date) -> list[Price]:
    found: list[Price] = []
    seen: set[tuple[str, str, str]] = set()
    for line, data in read_rows(path):
        where = f"{path}, line {line}"
        row = validated(ClientPrice, data, where)
        price = row.price(catalog, f"client's price list {path.name}, as given by you")
        key = (row.provider, row.instance, row.region)
        if key in seen:
            raise InputError(f"{where}: {' '.join(key)} is priced twice: keep one")
        if row.as_of > today:
            raise InputError(f"{where}: as_of {row.as_of} is in the future: give the list's date")
        for fault in price_faults(price, set(catalog.devices)):
            raise InputError(f"{where}: {fault}")
        seen.add(key)
        found.append(price)
    if not found:
        raise InputError(f"{path} has no rows: its columns are {', '.join(COLUMNS)}")
    return found
