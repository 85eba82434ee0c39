"""Commands that look things up: devices, prices, rules."""

from __future__ import annotations

from typing import Any

import click

from advisor.cli.common import catalog_option, json_option, print_json, print_table


@click.command()
@click.argument("name", required=False)
@click.option("--segment", help="Only this segment (datacenter, consumer, edge, ...).")
@catalog_option
@json_option
def devices(name: str | None, segment: str | None, catalog_dir: str | None, as_json: bool) -> None:
    """Hardware: dense peaks, bandwidth, usable memory, power."""
    from advisor.catalog import load_catalog

    known = load_catalog(catalog_dir)
    if name is not None:
        device = known.device(name)
        if as_json:
            print_json(device)
            return
        for field, value in device.model_dump(mode="json").items():
            click.echo(f"{field:<24}{'-' if value in (None, '', []) else value}")
        return
    chosen = [d for d in known.devices.values() if segment in (None, d.segment)]
    if as_json:
        print_json([device.model_dump(mode="json") for device in chosen])
        return
    print_table(
        ["id", "segment", "architecture", "GiB", "GB/s", "bf16 TFLOP/s", "fp8", "W", "year"],
        [
            [
                d.id,
                d.segment,
                d.architecture,
                d.memory_gib,
                d.bandwidth_gb_s,
                d.bf16_tflops,
                d.fp8_tflops,
                d.power_w,
                str(d.launch_year or "-"),
            ]
            for d in chosen
        ],
    )


@click.command()
@click.argument("device", required=False)
@click.option("--provider", help="Only this provider.")
@click.option("--region", help="Only this region.")
@click.option("--apis", is_flag=True, help="Hosted-API prices instead of devices.")
@click.option(
    "--per", type=click.Choice(["hour", "month", "year"]), default="hour", show_default=True
)
@catalog_option
@json_option
def prices(
    device: str | None,
    provider: str | None,
    region: str | None,
    apis: bool,
    per: str,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Dated prices of cloud devices (or, with --apis, of hosted models), cheapest first."""
    from advisor.catalog import load_catalog
    from advisor.errors import UnknownName

    known = load_catalog(catalog_dir)
    rows: list[Any] = list(known.api_prices if apis else known.prices)
    if provider is not None and provider not in {row.provider for row in rows}:
        raise UnknownName("provider", provider, {row.provider for row in rows})
    rows = [row for row in rows if provider in (None, row.provider)]
    if device is not None and not apis:
        wanted = known.device(device).id
        rows = [row for row in rows if row.device == wanted]
    if region is not None and not apis:
        rows = [row for row in rows if row.region == region]
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
    elif apis:
        _show_apis(rows)
    else:
        _show_prices(rows, per)


def _show_prices(rows: list[Any], per: str) -> None:
    hours = {"hour": 1.0, "month": 730.5, "year": 8766.0}[per]

    def each(row: Any, price: float | None) -> float | None:
        return None if price is None or not row.gpu_count else price * hours / row.gpu_count

    rows.sort(key=lambda row: each(row, row.on_demand_usd_per_hour) or float("inf"))
    print_table(
        ["device", "provider", "instance", "GPUs", "region", f"USD/GPU-{per}", "spot", "as of"],
        [
            [
                row.device,
                row.provider,
                row.instance,
                row.gpu_count,
                row.region,
                each(row, row.on_demand_usd_per_hour),
                each(row, row.spot_usd_per_hour),
                row.as_of_text,
            ]
            for row in rows
        ],
    )


def _show_apis(rows: list[Any]) -> None:
    rows.sort(key=lambda row: (row.modality, row.unit, row.usd_per_unit))
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


@click.command()
@click.argument("code", required=False)
@json_option
def rules(code: str | None, as_json: bool) -> None:
    """The rules by code; with CODE, one rule whole."""
    from advisor.rules import all_rules, rule

    fields = (
        "code",
        "title",
        "severity",
        "concern",
        "scope",
        "detection",
        "why",
        "remedy",
        "source",
    )
    if code is not None:
        chosen = {name: getattr(rule(code), name) for name in fields}
        if as_json:
            print_json(chosen)
            return
        for name, value in chosen.items():
            click.echo(f"{name:<11}{value}")
        return
    known = list(all_rules())
    if as_json:
        print_json([{name: getattr(item, name) for name in fields} for item in known])
        return
    print_table(
        ["code", "severity", "concern", "title"],
        [[item.code, item.severity, item.concern, item.title] for item in known],
    )
