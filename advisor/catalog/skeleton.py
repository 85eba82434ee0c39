"""`advisor catalog new`: an entry to fill in, written from one that works. Needs no torch.

The model and its largest component are copied from a pattern: it plans, traces and runs as it is.
What is a fact of the pattern and not of the new model says TODO, which `catalog check` reports.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

from advisor.catalog.invariants import TODO
from advisor.catalog.load import Catalog
from advisor.catalog.schema import Component, Model
from advisor.errors import InputError, printable
from advisor.files import write_atomic

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_FILLED = 96

# What a person must know of each field, written above it. {like} is the pattern.
_MODEL_NOTES = {
    "name": "As its makers write it.",
    "family": "One of the families: `advisor catalog` lists them. The mechanism is its way to run.",
    "summary": "What it is, in one or two sentences.",
    "inputs": "Words of Modality (advisor/catalog/schema.py). What it takes, and what it makes.",
    "tasks": "What people use it for, in a word or two each.",
    "controls": "Words of Control (advisor/catalog/schema.py): what steers the output.",
    "licence": (
        "commercial: yes, conditional (then say `conditions`), no or unknown. `confirmed: false` "
        "where you have not looked it up."
    ),
    "components": "role: what the stages below call it. component: a file in components/.",
    "axes": "What a request may set: default, range, step (multiple, offset), and the source.",
    "symbols": "Sizes from the axes, in order. + - * / // %, min, max, ceil, a if b else c.",
    "stages": (
        "In order: which role, which entry of its component, how often (calls), at which batch "
        "factor and sizes. `wire` says where inputs come from (advisor/reference/wire.py)."
    ),
    "scheduler": "A class of diffusers and its settings.",
    "output": "What comes out: its kind and shape. Sound needs sample_rate_hz, video fps.",
    "debug_axes": "The tiny request of tests, with the `debug` sizes of the components.",
    "trace_points": "Further requests whose traces are stored (`advisor trace --rebuild`).",
    "native_dtype": "What it is published in: bf16, fp16 or fp32.",
    "sources": "Where the architecture is described: paper, repository, model card.",
}
# What is taken over from a pattern; the rest are its own facts.
_ARCHITECTURE = """id name family mechanism summary inputs outputs tasks controls licence components
    axes symbols stages scheduler scheduler_config output debug_axes trace_points native_dtype
    sources""".split()
_MODEL_OPTIONAL = """
# Where you have them, with their source:
# released: 2026-01-31
# released_source: the paper's first version
# tier: {value: 3, reason: one sentence}     # 1 demonstration ... 5 best of its modality
# quality:
# - metric: FID
#   value: 9.9
#   dataset: COCO 2014, 30,000 prompts
#   source: the paper's table
# no_quality: why there is no figure          # where there is none
# notes: what a reader must know
"""
_COMPONENT_NOTES = {
    "library": "diffusers, transformers (then also config_class), or local (advisor/reference).",
    "config": "Constructor arguments of the published size, from its config.json.",
    "debug": "What makes it tiny: the same code in milliseconds on a CPU.",
    "parameters": "Exact, of the full size: `advisor catalog check` counts it (with torch).",
    "entries": (
        "Ways to call it: inputs as shapes in symbols, b is the batch, c.x reads the config. "
        "`size` is what activations grow with."
    ),
    "sources": "Where the configuration comes from.",
}
_COMPONENT_OPTIONAL = """
# The count that a source prints ("1.3B" is 1300000000 with a half_width of 50000000):
# published_parameters:
#   value: 1300000000
#   half_width: 50000000
#   source: the model card
"""


def write_skeleton(catalog: Catalog, name: str, like: str, folder: str | Path) -> list[Path]:
    """Write the model's and its component's file into `folder`; both paths, the model's first.

    Raises InputError where a file or a shipped entry of that name exists, or the name is no id;
    UnknownName for the pattern.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"'{printable(name)}' is not an id: use small letters, digits, dot, hyphen, underscore"
        )
    pattern = catalog.models[like]
    if not pattern.runnable:
        raise InputError(f"{like} cannot be a pattern: {pattern.not_runnable}")
    part = largest_component(catalog, pattern)
    own = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
    place = Path(folder)
    files = [place / "models" / f"{name}.yaml", place / "components" / f"{own}.yaml"]
    for known, entry in ((catalog.models, name), (catalog.components, own)):
        if entry in known:
            raise InputError(f"'{entry}' is in the catalog already: take another name")
    for file in files:
        if file.exists():
            raise InputError(f"{file} exists: take another name or remove it first")
    write_atomic(files[0], model_text(pattern, name, part.id, own))
    write_atomic(files[1], component_text(part, own))
    return files


def largest_component(catalog: Catalog, model: Model) -> Component:
    """The component with most parameters, of those that serve."""
    parts = [catalog.components[p.component] for p in model.components if not p.training_only]
    return max(parts, key=lambda component: component.parameters)


def model_text(pattern: Model, name: str, component: str, own: str) -> str:
    """A model's entry made from `pattern`, with `own` in the place of its largest component."""
    data = pattern.model_dump(mode="json", exclude_defaults=True, include=set(_ARCHITECTURE))
    data |= {
        "id": name,
        "name": TODO,
        "summary": TODO,
        "licence": {"name": TODO, "commercial": "unknown", "source": TODO, "confirmed": False},
        "sources": [TODO],
    }
    for part in data["components"]:
        if part["component"] == component:
            part["component"] = own
    for axis in data.get("axes", {}).values():
        axis["source"] = TODO
    head = (
        f"# A model, made by `advisor catalog new {name} --like {pattern.id}`: look up each TODO."
    )
    return _commented(head, data, _MODEL_NOTES) + _MODEL_OPTIONAL


def component_text(pattern: Component, own: str) -> str:
    """A component's entry made from `pattern`; counts and checks of the pattern are left out."""
    data = pattern.model_dump(mode="json", exclude_defaults=True)
    for fact in ("published_parameters", "notes"):
        data.pop(fact, None)
    for entry in data["entries"].values():
        entry.pop("checks", None)
    data |= {"id": own, "sources": [TODO]}
    head = f"# A component: one torch module. Made from {pattern.id}: put in your configuration."
    return _commented(head, data, _COMPONENT_NOTES) + _COMPONENT_OPTIONAL


def _commented(head: str, data: dict[str, Any], notes: dict[str, str]) -> str:
    """Fields one after the other, each with its note above it."""
    blocks = [head]
    for field, value in data.items():
        lines = []
        if field in notes:
            lines += _comment(notes[field])
        dumped = yaml.safe_dump(
            {field: _plain(value)},
            sort_keys=False,
            width=_FILLED,
            default_flow_style=None if isinstance(value, dict | list) else False,
            allow_unicode=True,
        )
        lines.append(dumped.rstrip())
        blocks.append("\n".join(lines))
    return "\n".join(blocks) + "\n"


def _plain(value: Any) -> Any:
    """Whole numbers without a point, as people write them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _comment(text: str) -> list[str]:
    filled = textwrap.wrap(text, _FILLED, initial_indent="# ", subsequent_indent="# ")
    return ["", *filled]
