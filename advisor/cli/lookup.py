"""Commands that look things up: catalog, devices, prices, rules."""

from __future__ import annotations

from typing import Any

import click

from advisor.cli.common import catalog_option, json_option, print_json, print_table


@click.command()
@click.argument("name", required=False)
@click.option("--family", help="Only models of this family.")
@click.option("--output", "modality", help="Only what makes this modality (image, speech, ...).")
@click.option("--runnable", is_flag=True, help="Only models with a reference implementation.")
@catalog_option
@json_option
def catalog(
    name: str | None,
    family: str | None,
    modality: str | None,
    runnable: bool,
    catalog_dir: str | None,
    as_json: bool,
) -> None:
    """Families and models; with NAME, one family, model or component whole."""
    from advisor.catalog import load_catalog

    known = load_catalog(catalog_dir)
    if name is not None:
        _one(known, name, as_json)
        return
    if family is not None:
        known.families[family]  # an unknown family is an error that names the near ones
    models = [
        model
        for model in known.models.values()
        if (family is None or model.family == family)
        and (modality is None or modality in model.outputs)
        and (not runnable or model.runnable)
    ]
    rows = [_model_row(known, model) for model in models]
    if as_json:
        families = [_family_row(known, item) for item in known.families.values()]
        print_json({"version": known.version, "families": families, "models": rows})
        return
    columns = ["id", "family", "makes", "parameters", "runs", "licence", "tier"]
    print_table(
        columns,
        [
            [
                row["id"],
                row["family"],
                ", ".join(row["outputs"]),
                row["parameters"],
                "yes" if row["runnable"] else "no",
                row["licence"]["commercial"],
                row["tier"],
            ]
            for row in rows
        ],
        title=f"{len(rows)} models, {len(known.families)} families, catalog {known.version}",
    )


def _one(known: Any, name: str, as_json: bool) -> None:
    from advisor.errors import UnknownName

    for entries in (known.models, known.families, known.components):
        if name in entries:
            entry = entries[name]
            break
    else:
        raise UnknownName("catalog entry", name, [*known.models, *known.families])
    if as_json:
        data = entry.model_dump(mode="json")
        if name in known.models:
            data["parameters"] = parameters(known, entry)
        print_json(data)
        return
    import yaml

    click.echo(
        yaml.safe_dump(entry.model_dump(mode="json", exclude_defaults=True), sort_keys=False)
    )


def parameters(known: Any, model: Any) -> int | None:
    """Parameters that serve: unique components, without those only used in training."""
    if not model.components:
        return None
    ids = {part.component for part in model.components if not part.training_only}
    return sum(known.components[name].parameters for name in sorted(ids))


def _model_row(known: Any, model: Any) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "family": model.family,
        "mechanism": model.mechanism,
        "inputs": model.inputs,
        "outputs": model.outputs,
        "tasks": model.tasks,
        "parameters": parameters(known, model),
        "runnable": model.runnable,
        "not_runnable": model.not_runnable,
        "licence": model.licence.model_dump(mode="json"),
        "tier": model.tier.value if model.tier else None,
        "released": model.released.isoformat() if model.released else None,
    }


def _family_row(known: Any, family: Any) -> dict[str, Any]:
    models = known.models_of(family.id)
    return {
        "id": family.id,
        "name": family.name,
        "mechanism": family.mechanism,
        "summary": family.summary,
        "outputs": family.outputs,
        "maturity": family.maturity,
        "models": len(models),
        "runnable": sum(model.runnable for model in models),
    }


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
