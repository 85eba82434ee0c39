"""advisor prices: look them up, fetch them again, lay a client's own list over them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.common import catalog_option, json_option, parse_as_of, print_json, print_table

if TYPE_CHECKING:
    from advisor.pricelists import Refreshed

_HOURS = {"hour": 1.0, "month": 730.5, "year": 8766.0}
_SORTS = ("price", "spot", "device", "provider", "date")


class _Lookup(click.Group):
    """`advisor prices l4` looks prices up; the first word may also be one of the commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Lookup)
def prices() -> None:
    """Dated prices of devices to rent and of hosted models.

    `advisor prices [DEVICE]` is short for `advisor prices list [DEVICE]`; see its --help for
    filters, order and units. `refresh` is the only command of the program that uses the network.
    """


@prices.command("list")
@click.argument("device", required=False)
@click.option("--provider", help="Only this provider.")
@click.option("--region", help="Only this region.")
@click.option("--spot", "spot_only", is_flag=True, help="Only offers with a spot price.")
@click.option("--fresh", is_flag=True, help="Only prices that are not too old to quote.")
@click.option("--apis", is_flag=True, help="Hosted-API prices instead of devices.")
@click.option("--per", type=click.Choice(list(_HOURS)), default="hour", show_default=True)
@click.option(
    "--of", "of", type=click.Choice(["gpu", "instance"]), default="gpu", show_default=True,
    help="The price of one GPU, or of the whole instance.",
)  # fmt: skip
@click.option("--sort", type=click.Choice(_SORTS), default="price", show_default=True)
@click.option("--as-of", metavar="DATE", help="The day by which a price is old (default: today).")
@catalog_option
@json_option
def list_prices(
    device: str | None,
    provider: str | None,
    region: str | None,
    spot_only: bool,
    fresh: bool,
    apis: bool,
    per: str,
    of: str,
    sort: str,
    as_of: str | None,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Prices as the catalog holds them, cheapest first; old ones are marked."""
    from advisor.catalog import load_catalog
    from advisor.errors import UnknownName

    known, today = load_catalog(catalog_dir), parse_as_of(as_of)
    rows: list[Any] = list(known.api_prices if apis else known.prices)
    if provider is not None and provider not in {row.provider for row in rows}:
        raise UnknownName("provider", provider, {row.provider for row in rows})
    rows = [row for row in rows if provider in (None, row.provider)]
    if apis:
        _show_apis(rows, as_json)
        return
    if region is not None and region not in {row.region for row in known.prices}:
        raise UnknownName("region", region, {row.region for row in known.prices})
    wanted = None if device is None else known.device(device).id
    rows = [row for row in rows if wanted in (None, row.device) and region in (None, row.region)]
    rows = [row for row in rows if not spot_only or row.spot_usd_per_hour is not None]
    shown = [_shown(row, per, of, today) for row in rows]
    shown = sorted((one for one in shown if not (fresh and one["old"])), key=_order(sort))
    if as_json:
        print_json(shown)
    else:
        _show(shown, per, of)


def _shown(row: Any, per: str, of: str, today: Any) -> dict[str, Any]:
    """A row of the catalog with its price in the unit asked for, and whether it is too old."""
    from advisor.cost.offers import row_is_stale

    share = row.gpu_count if of == "gpu" else 1

    def each(usd: float | None) -> float | None:
        return None if usd is None or not share else usd * _HOURS[per] / share

    return {
        **row.model_dump(mode="json"),
        "unit": f"USD/{'GPU' if of == 'gpu' else 'instance'}-{per}",
        "on_demand": each(row.on_demand_usd_per_hour),
        "spot": each(row.spot_usd_per_hour),
        "old": row_is_stale(row, today),
    }


def _order(sort: str) -> Any:
    last = float("inf")

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        price = last if row["on_demand"] is None else row["on_demand"]
        first = {
            "price": price,
            "spot": last if row["spot"] is None else row["spot"],
            "device": row["device"] or "",
            "provider": row["provider"],
            "date": row["as_of"] or "",
        }[sort]
        return first, price, row["provider"], row["instance"], row["region"], row["as_of"] or ""

    return key


def _show(rows: list[dict[str, Any]], per: str, of: str) -> None:
    unit = f"USD/{'GPU' if of == 'gpu' else 'instance'}-{per}"
    print_table(
        ["device", "provider", "instance", "GPUs", "region", unit, "spot", "as of", ""],
        [
            [
                row["device"],
                row["provider"],
                row["instance"],
                row["gpu_count"],
                row["region"],
                row["on_demand"],
                row["spot"],
                row["as_of_text"],
                "old" if row["old"] else "",
            ]
            for row in rows
        ],
    )


def _show_apis(rows: list[Any], as_json: bool) -> None:
    rows.sort(key=lambda row: (row.modality, row.unit, row.usd_per_unit))
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    print_table(
        ["modality", "provider", "model", "USD", "per", "quality or size", "as of", "ends"],
        [
            [
                row.modality,
                row.provider,
                row.model,
                f"{row.usd_per_unit:g}",
                row.unit,
                row.quality_or_size,
                row.as_of_text,
                row.deprecated_on,
            ]
            for row in rows
        ],
    )


@prices.command("refresh")
@click.argument("source", required=False)
@click.option("--url", metavar="URL", help="Read SOURCE from this address instead (a mirror).")
@click.option("--allow-change", is_flag=True, help="Accept prices that changed over threefold.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0.1, 600), default=60.0,
              show_default=True, help="Seconds for each file.")  # fmt: skip
@json_option
def refresh_prices(
    source: str | None, url: str | None, allow_change: bool, timeout_s: float, as_json: bool
) -> None:
    """Fetch the prices of SOURCE, or of all sources, again.

    What is fetched is checked and laid over the shipped prices in ADVISOR_HOME/prices. A source
    that fails keeps its old list; then the exit code is 6.
    """
    from advisor.catalog import load_catalog
    from advisor.errors import DataError, InputError, UnknownName
    from advisor.pricelists import SOURCES, refresh

    if source is not None and source not in SOURCES:
        raise UnknownName("price source", source, SOURCES)
    if url is not None and source is None:
        raise InputError("--url needs a SOURCE: say which list the address holds")
    catalog, today = load_catalog(), parse_as_of(None)
    done: list[Refreshed] = []
    failed: dict[str, str] = {}
    for name in [source] if source else list(SOURCES):
        click.echo(f"fetching {name}", err=True)
        try:
            done.append(
                refresh(
                    SOURCES[name],
                    catalog,
                    today,
                    url=url,
                    allow_change=allow_change,
                    timeout_s=timeout_s,
                )
            )
        except DataError as error:
            failed[name] = str(error)
    if as_json:
        print_json({"refreshed": [_plain(one) for one in done], "failed": failed})
    else:
        for one in done:
            _show_refreshed(one)
    for reason in failed.values():
        click.echo(f"error: {reason}", err=True)
    sys.exit(6 if failed else 0)


@prices.command("import")
@click.argument("file", metavar="FILE.csv")
@json_option
def import_prices(file: str, as_json: bool) -> None:
    """Lay a client's own price list over the shipped prices.

    FILE.csv has exactly the columns device, gpu_count, per, usd_per_hour, region, provider,
    instance, as_of, notes; `per` is gpu or instance. It replaces a list imported before; delete
    ADVISOR_HOME/prices/client to be rid of it.
    """
    from advisor.catalog import load_catalog
    from advisor.pricelists import import_list

    done = import_list(file, load_catalog(), parse_as_of(None))
    if as_json:
        print_json(_plain(done))
    else:
        _show_refreshed(done)


def _plain(done: Refreshed) -> dict[str, Any]:
    return {**asdict(done), "as_of": done.as_of.isoformat() if done.as_of else None}


def _show_refreshed(done: Refreshed) -> None:
    dated = f"of {done.as_of}" if done.as_of else "undated"
    click.echo(f"{done.source}: {done.offers} offers {dated}, {len(done.changes)} changed;"
               f" wrote {done.path}")  # fmt: skip
    if done.changes:
        print_table(
            ["offer", "before", "after"],
            [[change.what, change.before, change.after] for change in done.changes],
        )
    if done.missing:
        click.echo(f"not in the source, left as they were: {', '.join(done.missing)}")
