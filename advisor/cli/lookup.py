"""Commands that look things up: devices, rules."""

from __future__ import annotations

import click

from advisor.cli.common import (
    catalog_option,
    chosen_policy,
    json_option,
    policy_options,
    print_json,
    print_table,
)


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


RULE_FIELDS = (
    "code",
    "title",
    "severity",
    "weight",
    "verdict_cap",
    "concern",
    "scope",
    "detection",
    "why",
    "remedy",
    "source",
    "based_on",
)


@click.command()
@click.argument("code", required=False)
@policy_options
@json_option
def rules(code: str | None, rules_dir: str | None, policy_file: str | None, as_json: bool) -> None:
    """The rules by code; with CODE, that rule's page."""
    from advisor.rules.docs import rule_page

    policy = chosen_policy(rules_dir, policy_file)
    shown = [policy.rule(code)] if code is not None else list(policy.rules)
    if as_json:
        found = [{name: getattr(one, name) for name in RULE_FIELDS} for one in shown]
        print_json(found if code is None else found[0])
    elif code is not None:
        click.echo(rule_page(shown[0]), nl=False)
    else:
        print_table(
            ["code", "severity", "points", "concern", "looks at", "title"],
            [[r.code, r.severity, r.weight or None, r.concern, r.scope, r.title] for r in shown],
        )
