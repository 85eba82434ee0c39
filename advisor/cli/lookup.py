"""Commands that look things up: devices, rules."""

from __future__ import annotations

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
