"""`advisor catalog`: list models, show one entry whole, start a new one, check a folder."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.common import catalog_option, json_option, print_json
from advisor.errors import InputError, UnknownName

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Family, Model


class EntryGroup(click.Group):
    """A group whose further names are entries: `catalog check` runs a command, `catalog sd-1.5`
    shows an entry."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            return "show", show, args
        return super().resolve_command(ctx, args)


@click.group(
    cls=EntryGroup,
    invoke_without_command=True,
    subcommand_metavar="[NAME | new MODEL | check [DIR]]",
)
@click.option("--family", metavar="ID", help="Only models of this family.")
@click.option("--output", metavar="KIND", help="Only what makes this (image, speech, video, ...).")
@click.option("--input", "input_", metavar="KIND", help="Only what takes this (text, image, ...).")
@click.option(
    "--licence",
    type=click.Choice(["yes", "conditional", "no", "unknown"]),
    help="Only this answer to: may it be used commercially?",
)
@click.option("--max-parameters", metavar="N", help="Only models up to this size, such as 3B.")
@click.option("--min-parameters", metavar="N", help="Only models from this size on.")
@click.option("--runnable", is_flag=True, help="Only models with a reference implementation.")
@click.option("--search", metavar="TEXT", help="Only models that say this, in any field of prose.")
@catalog_option
@json_option
@click.pass_context
def catalog(context: click.Context, catalog_dir: str | None, as_json: bool, **asked: Any) -> None:
    """Families and models; with NAME, one family, model or component whole.

    `catalog new MODEL` writes a commented entry to fill in, `catalog check` looks for mistakes.
    """
    if context.invoked_subcommand is not None:
        return
    from advisor.catalog import load_catalog

    known = load_catalog(catalog_dir)
    models = [known.models[name] for name in sorted(known.models)]
    if asked["family"] is not None:
        known.families[asked["family"]]  # an unknown family is an error that names the near ones
    chosen = [model for model in models if _wanted(known, model, asked)]
    if as_json:
        families = [_family_row(known, item) for item in known.families.values()]
        rows = [model_row(known, model) for model in chosen]
        print_json({"version": known.version, "families": families, "models": rows})
        return
    _list(known, chosen, len(models))


def _wanted(known: Catalog, model: Model, asked: dict[str, Any]) -> bool:
    size = parameters(known, model)
    least, most = (size_of(asked[f"{end}_parameters"]) for end in ("min", "max"))
    return (
        asked["family"] in (None, model.family)
        and _modality(asked["output"]) in (None, *model.outputs)
        and _modality(asked["input_"]) in (None, *model.inputs)
        and asked["licence"] in (None, model.licence.commercial)
        and (not asked["runnable"] or model.runnable)
        and (most is None or (size is not None and size <= most))
        and (least is None or (size is not None and size >= least))
        and (asked["search"] is None or asked["search"].casefold() in _prose(model))
    )


def _modality(name: str | None) -> str | None:
    """The word if it is one of the vocabulary. Raises UnknownName with the nearest ones."""
    from typing import get_args

    from advisor.catalog.schema import Modality

    if name is not None and name not in get_args(Modality):
        raise UnknownName("modality", name, get_args(Modality))
    return name


def _prose(model: Model) -> str:
    tier = model.tier.reason if model.tier else ""
    words = [model.id, model.name, model.family, model.summary, model.licence.name, model.notes]
    return "\n".join([*words, tier, *model.tasks, *model.controls]).casefold()


_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}


def size_of(text: str | None) -> float | None:
    """A count as people write it: 3B, 350M, 1_500_000. Raises InputError on anything else."""
    if text is None:
        return None
    match = re.fullmatch(
        r"(\d+(?:\.\d+)?)([KMBGT]?)", text.replace(",", "").replace("_", "").upper()
    )
    if match is None:
        raise InputError(f"'{text[:40]}' is not a number of parameters: write it as 3B or 350M")
    return float(match[1]) * _UNITS[match[2]]


def _list(known: Catalog, models: list[Model], all_models: int) -> None:
    """Models under their families, small before large."""
    from advisor.catalog.schema import FAMILY_IDS
    from advisor.cli import page

    columns = ["model", "makes", ">size", "commercial", ">tier", "runs", "released"]
    rows = {model.id: _cells(known, model) for model in models}
    for family in FAMILY_IDS:
        mine = [model for model in models if model.family == family]
        if not mine:
            continue
        mine.sort(key=lambda model: (parameters(known, model) or float("inf"), model.id))
        page.heading(f"{known.families[family].name}  ({family})")
        page.table(columns, [rows[model.id] for model in mine], like=list(rows.values()))
    page.heading(
        f"{len(models)} of {all_models} models in {len(known.families)} families; "
        f"{sum(model.runnable for model in models)} run here; catalog {known.version}"
    )
    page.paragraph(
        "size: parameters that serve. commercial: may it be used commercially. tier: 1 "
        "(demonstration) to 5 (best of its modality). `advisor catalog NAME` shows one whole."
    )


def _cells(known: Catalog, model: Model) -> list[str]:
    from advisor.cli import page

    return [
        model.id,
        ", ".join(model.outputs),
        page.human(parameters(known, model)),
        model.licence.commercial,
        str(model.tier.value) if model.tier else page.UNKNOWN,
        "yes" if model.runnable else "no",
        model.released.isoformat() if model.released else page.UNKNOWN,
    ]


@click.command()
@click.argument("name")
@catalog_option
@json_option
@click.pass_context
def show(context: click.Context, name: str, catalog_dir: str | None, as_json: bool) -> None:
    """One family, model or component whole."""
    from advisor.catalog import load_catalog

    before = context.parent.params if context.parent else {}  # `advisor catalog --json sd-1.5`
    as_json = as_json or bool(before.get("as_json"))
    known = load_catalog(catalog_dir or before.get("catalog_dir"))
    for kind in ("models", "families", "components"):
        entries = getattr(known, kind)
        if name in entries:
            break
    else:
        raise UnknownName(
            "catalog entry", name, [*known.models, *known.families, *known.components]
        )
    entry = entries[name]
    if as_json:
        data = entry.model_dump(mode="json")
        if kind == "models":
            data["parameters"] = parameters(known, entry)
        print_json(data)
        return
    if kind == "models":
        from advisor.cli.model_page import show_model

        show_model(known, entry)
        return
    from advisor.cli import entry_pages

    (entry_pages.show_family if kind == "families" else entry_pages.show_component)(known, entry)


@catalog.command()
@click.argument("model")
@click.option("--like", metavar="MODEL", default="taesd", show_default=True, help="The pattern.")
@click.option("--dir", "folder", metavar="DIR", help="Where to (default: ADVISOR_HOME/catalog).")
@catalog_option
def new(model: str, like: str, folder: str | None, catalog_dir: str | None) -> None:
    """Write a commented entry for MODEL, to be filled in: the model and its largest component.

    The entry works as it is, as a copy of the pattern; what you must look up says TODO.
    """
    from advisor.catalog import load_catalog
    from advisor.catalog.skeleton import write_skeleton
    from advisor.paths import home_dir

    place = folder or home_dir() / "catalog"
    for file in write_skeleton(load_catalog(catalog_dir), model, like, place):
        click.echo(str(file))
    click.echo(
        f"next: fill in what says TODO, then `advisor catalog check {place}` and "
        f"`advisor trace {model} --catalog {place}`",
        err=True,
    )


@catalog.command()
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--run", is_flag=True, help="Also generate with every model's debug flavour (torch).")
@json_option
def check(folder: str | None, run: bool, as_json: bool) -> None:
    """Look for mistakes in the catalog, or in a folder DIR laid over it.

    One sentence per finding, with file and line. Exit code 3 when something is wrong.
    """
    import importlib.util

    from advisor.catalog import load_catalog
    from advisor.catalog.check import check_catalog

    known = load_catalog(folder)
    report = check_catalog(known, folder)
    if importlib.util.find_spec("torch") is not None:
        from advisor.reference.check import check_built

        report = check_built(known, report, run=run)
    elif run:
        from advisor.errors import MissingExtra

        raise MissingExtra("running debug flavours", "profile")
    if as_json:
        print_json(report.to_json())
    else:
        for finding in report.findings:
            click.echo(str(finding))
        click.echo(report.summary(), err=True)
    if report.findings:
        sys.exit(3)


def parameters(known: Catalog, model: Model) -> int | None:
    """Parameters that serve: unique components, without those only used in training."""
    if not model.components:
        return None
    ids = {part.component for part in model.components if not part.training_only}
    return sum(known.components[name].parameters for name in sorted(ids))


def model_row(known: Catalog, model: Model) -> dict[str, Any]:
    """One model in the list of `advisor catalog --json`."""
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


def _family_row(known: Catalog, family: Family) -> dict[str, Any]:
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
