"""Fetch a price list again, check it, and lay it over the shipped one; or change nothing.

A source is refused as a whole where it looks wrong: too few of the known offers in it, a price that
is three times the known one or a third of it, spot above on-demand, older than what is known, dated
in the future. The list that was there stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advisor.catalog import Catalog
from advisor.catalog.schema import ApiPrice, Price
from advisor.catalog.table_invariants import api_price_faults, price_faults
from advisor.errors import DataError
from advisor.files import plain_cell, write_atomic
from advisor.paths import home_dir
from advisor.pricelists.fetch import TIMEOUT_S, fetch
from advisor.pricelists.sources import ANY, Feed, Quote, Source, commit_date

MOST_CHANGE = 3.0  # times up or down
UNDATED = "spot undated"  # what the offers look for in a row's notes


@dataclass(frozen=True)
class Changed:
    """One price before and after, USD in the unit of its row."""

    what: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did: the file, its date, changes, and known offers that the source lacks."""

    source: str
    path: str
    as_of: date | None
    offers: int
    changes: list[Changed] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def list_file(name: str, table: str = "prices") -> Path:
    """Where a list of this name lies."""
    return home_dir() / "prices" / name / f"{table}.csv"


def refresh(
    source: Source,
    catalog: Catalog,
    today: date,
    *,
    url: str | None = None,
    allow_change: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> Refreshed:
    """Fetch, check and write one source. Raises DataError, the old list untouched.

    url: a mirror to read instead. allow_change: accept changes above threefold, after a look.
    """
    feed = _feed(source, today, url, timeout_s)
    address = url or source.url
    if source.table == "prices":
        found = _instances(source, feed, catalog, today, address)
    else:
        found = _units(source, feed, catalog, today, address)
    _check(source, found, allow_change, set(catalog.devices))
    target = list_file(source.name, source.table)
    write_atomic(target, table_text([pair.new for pair in found.pairs]))
    changes = [change for pair in found.pairs for change in pair.changes()]
    return Refreshed(source.name, str(target), feed.as_of, len(found.pairs), changes, found.missing)


def _feed(source: Source, today: date, url: str | None, timeout_s: float) -> Feed:
    feed = source.parse(fetch(url or source.url, source.max_bytes, timeout_s))
    if feed.as_of is None and source.date_url is not None and url is None:
        dated = commit_date(fetch(source.date_url, 1024 * 1024, timeout_s))
        feed = Feed(dated, feed.quotes, feed.units)
    if feed.as_of is not None and feed.as_of > today + timedelta(days=1):
        raise DataError(f"{source.name} is dated {feed.as_of}, in the future: nothing was changed")
    return feed


@dataclass(frozen=True)
class _Pair:
    """A row as it was and as it would be."""

    old: Price | ApiPrice
    new: Price | ApiPrice

    def prices(self) -> Iterator[tuple[str, float | None, float | None]]:
        old, new = self.old, self.new
        if isinstance(old, Price) and isinstance(new, Price):
            name = f"{old.provider} {old.instance} {old.region}"
            yield f"{name} on-demand", old.on_demand_usd_per_hour, new.on_demand_usd_per_hour
            yield f"{name} spot", old.spot_usd_per_hour, new.spot_usd_per_hour
        elif isinstance(old, ApiPrice) and isinstance(new, ApiPrice):
            name = f"{old.provider} {old.model} {old.quality_or_size}".rstrip()
            yield f"{name} per {old.unit}", old.usd_per_unit, new.usd_per_unit

    def changes(self) -> Iterator[Changed]:
        for what, before, after in self.prices():
            if before != after and not _same(before, after):
                yield Changed(what, before, after)


def _same(before: float | None, after: float | None) -> bool:
    """Equal but for rounding: some files print more digits than the catalog keeps."""
    return before is not None and after is not None and abs(after - before) <= 1e-3 * before


@dataclass(frozen=True)
class _Found:
    pairs: list[_Pair]
    missing: list[str]


def _instances(source: Source, feed: Feed, catalog: Catalog, today: date, address: str) -> _Found:
    pairs, missing = [], []
    known = [row for row in _newest(catalog.prices) if row.provider == source.name]
    for row in known:
        quote = feed.quotes.get((row.instance, row.region)) or feed.quotes.get((row.instance, ANY))
        if quote is None or quote.on_demand is None:
            missing.append(f"{row.instance} {row.region}")
            continue
        pairs.append(_Pair(row, _priced(source, row, quote, _dated(feed, today, address))))
    return _Found(pairs, missing)


def _newest(rows: Sequence[Price]) -> list[Price]:
    best: dict[tuple[str, str, str | None, str], Price] = {}
    for row in rows:
        key = (row.provider, row.instance, row.device, row.region)
        if key not in best or (row.as_of or date.min) > (best[key].as_of or date.min):
            best[key] = row
    return list(best.values())


def _dated(feed: Feed, today: date, address: str) -> dict[str, Any]:
    text = feed.as_of.isoformat() if feed.as_of else f"undated (fetched {today.isoformat()})"
    confidence = "dated-snapshot" if feed.as_of else "undated-snapshot"
    return {
        "as_of": feed.as_of,
        "as_of_text": text,
        "source": f"{address} (fetched {today.isoformat()})",
        "confidence": confidence,
    }


def _priced(source: Source, row: Price, quote: Quote, dated: dict[str, Any]) -> Price:
    """The row at new prices. A spot price that the source never holds is kept, as undated."""
    usd, spot, notes = quote.on_demand or 0.0, quote.spot, row.notes
    if not source.has_spot and row.spot_usd_per_hour is not None and row.spot_usd_per_hour <= usd:
        spot = row.spot_usd_per_hour
        if UNDATED not in notes:
            notes = f"{notes}; {UNDATED}".removeprefix("; ")
    prices = {
        "on_demand_usd_per_hour": usd,
        "spot_usd_per_hour": spot,
        "usd_per_gpu_hour": usd / row.gpu_count if row.gpu_count else None,
    }
    return _checked(Price, {**row.model_dump(), **prices, **dated, "notes": notes})


def _units(source: Source, feed: Feed, catalog: Catalog, today: date, address: str) -> _Found:
    pairs, missing = [], []
    for row in catalog.api_prices:
        if source.name not in row.source or row.confidence in ("suspect", "conflicting"):
            continue
        price = feed.units.get((row.provider, row.model, row.unit, row.quality_or_size))
        if price is None:
            missing.append(f"{row.provider} {row.model} {row.unit} {row.quality_or_size}".rstrip())
            continue
        data = {**row.model_dump(), **_dated(feed, today, address), "usd_per_unit": price}
        pairs.append(_Pair(row, _checked(ApiPrice, data)))
    return _Found(pairs, missing)


def _checked(schema: type[Any], data: dict[str, Any]) -> Any:
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        name = data.get("instance") or data.get("model")
        reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise DataError(f"{name}: {reason}: nothing was changed") from None


def _check(source: Source, found: _Found, allow_change: bool, devices: set[str]) -> None:
    count, known = len(found.pairs), len(found.pairs) + len(found.missing)
    if not known or count < source.min_found * known:
        raise DataError(
            f"{source.name} has {count} of the {known} known offers: its format may have changed;"
            " nothing was changed"
        )
    for pair in found.pairs:
        old, new = pair.old, pair.new
        if old.as_of is not None and new.as_of is not None and new.as_of < old.as_of:
            raise DataError(
                f"{source.name} is of {new.as_of}, older than the known {old.as_of}: nothing was"
                " changed"
            )
        faults = price_faults(new, devices) if isinstance(new, Price) else api_price_faults(new)
        for fault in faults:
            raise DataError(f"{source.name}: {fault}: nothing was changed")
        if not allow_change:
            _refuse_absurd(source, pair)


def _refuse_absurd(source: Source, pair: _Pair) -> None:
    for what, before, after in pair.prices():
        if before and after and not 1 / MOST_CHANGE <= after / before <= MOST_CHANGE:
            raise DataError(
                f"{source.name}: {what} would go from {before:g} to {after:g} USD: look at it, then"
                " add --allow-change; nothing was changed"
            )


def table_text(rows: Sequence[Price | ApiPrice]) -> str:
    """Rows as a table of the catalog: the same columns, unknown cells empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    columns = list(type(rows[0]).model_fields)
    writer.writerow(columns)
    for row in rows:
        data = row.model_dump(mode="json")
        writer.writerow([plain_cell(data[name]) for name in columns])
    return out.getvalue()
