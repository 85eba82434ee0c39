"""`advisor generate`: one output of a model's reference implementation, saved as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from advisor.cli.common import catalog_option, json_option, print_json, workload_options


@click.command()
@click.argument("model")
@click.option(
    "--flavour",
    type=click.Choice(["debug", "full"]),
    default="debug",
    show_default=True,
    help="debug is tiny; full is the published size.",
)
@click.option("--weights", metavar="DIR", help="Your own safetensors files (default: random).")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="Torch's name: cpu, cuda, mps.")
@click.option("--out", required=True, metavar="FILE", help="The file to write.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@workload_options
@catalog_option
@json_option
def generate(
    model: str,
    flavour: str,
    weights: str | None,
    seed: int,
    device: str,
    out: str,
    force: bool,
    catalog_dir: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Run MODEL once and save what it makes: PNG, GIF, WAV, PLY, OBJ, text.

    Weights and inputs are random: sizes, calls and formats are the real ones, the content is noise.
    With --weights the weights are yours; prompts stay random. A batch gives one file per item.
    """
    import importlib.util

    from advisor.catalog import load_catalog
    from advisor.errors import InputError, MissingExtra

    if importlib.util.find_spec("torch") is None:
        raise MissingExtra("generating", "profile")
    from advisor.reference.generate import generate as run
    from advisor.reference.output import file_for

    catalog = load_catalog(catalog_dir)
    entry = catalog.models[model]
    axes = {key: value for key, value in asked.items() if value is not None and value is not False}
    files = [Path(out)]
    if entry.output is not None:
        files = _files(file_for(entry.output.kind, out), axes.get("batch", 1))
    for file in files:
        if file.exists() and not force:
            raise InputError(f"{file} exists: give another --out or --force")
    output = run(
        entry, flavour=flavour, seed=seed, catalog=catalog, device=device, weights=weights, **axes
    )
    for item, file in enumerate(files):
        output.save(file, item)
    if as_json:
        shape = list(output.data.shape)
        print_json(
            {
                "model": model,
                "flavour": flavour,
                "kind": output.kind,
                "shape": shape,
                "calls": output.calls,
                "files": [str(file) for file in files],
            }
        )
        return
    for file in files:
        click.echo(str(file))
    calls = ", ".join(f"{name} x {number}" for name, number in output.calls.items())
    whose = "your weights" if weights else "random weights: the content is noise"
    click.echo(f"{model} ({flavour}, {whose}): {calls}", err=True)


def _files(file: Path, items: int) -> list[Path]:
    """One file per item of the batch: made-1.png, made-2.png."""
    if items == 1:
        return [file]
    return [file.with_name(f"{file.stem}-{item + 1}{file.suffix}") for item in range(items)]
