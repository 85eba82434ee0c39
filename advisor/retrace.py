"""Remaking the stored traces: every call that the catalog's models make at their stored workloads.

    python -m advisor.retrace [MODEL ...]      (also: advisor trace --rebuild)

A component's file is rewritten only when what it was made from changed or a call is missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from advisor.catalog import Catalog, Component, Model, load_catalog
from advisor.errors import InputError
from advisor.plan import Stage, plan
from advisor.reference.build import build
from advisor.trace import made_from, trace_call
from advisor.traces import CallTrace
from advisor.tracestore import read_traces, write_traces
from advisor.workload import Workload

LARGE = 500_000_000  # parameters: from here on building with filled weights takes gigabytes


def stored_workloads(model: Model) -> list[Workload]:
    """The workloads whose traces are stored: the default and the model's `trace_points`."""
    return [model.workload(), *(model.workload(**point) for point in model.trace_points)]


def tile_stages(catalog: Catalog, model: Model) -> list[Stage]:
    """The largest tiles of the default workload; the smaller ones of its edges are interpolated."""
    names = {spec.name for spec in model.stages}
    try:
        stages = plan(model, model.workload(tiling=True), catalog.components)
    except InputError:
        return []  # nothing of the model works in tiles
    return [stage for stage in stages if stage.held and stage.name in names]


def needed_calls(catalog: Catalog, models: Iterable[Model]) -> dict[str, dict[str, Stage]]:
    """Every call the models make at their stored workloads: component -> key -> a stage."""
    needed: dict[str, dict[str, Stage]] = {}
    for model in models:
        if not model.runnable:
            continue
        for workload in stored_workloads(model):
            for stage in plan(model, workload):
                needed.setdefault(stage.component, {})[stage.key] = stage
        for stage in tile_stages(catalog, model):
            needed.setdefault(stage.component, {})[stage.key] = stage
        for part in model.components:
            if part.component not in catalog.components:
                raise KeyError(f"{model.id}: component {part.component} is not in the catalog")
    return needed


def retrace(catalog: Catalog, folder: Path, names: Iterable[str] = ()) -> list[str]:
    """Bring `folder` (traces/) up to date; returns the components that were traced."""
    models = [catalog.models[name] for name in names] or list(catalog.models.values())
    done = []
    for name, stages in sorted(needed_calls(catalog, models).items()):
        component = catalog.components[name]
        file = folder / f"{name}.json"
        kept = _kept(file, component)
        missing = {key: stage for key, stage in stages.items() if key not in kept}
        if missing:
            _trace_all(component, file, kept, missing)
            done.append(name)
    return done


def _kept(file: Path, component: Component) -> dict[str, CallTrace]:
    """Stored calls that are still true of the component."""
    if not file.is_file():
        return {}
    header = json.loads(file.read_text(encoding="utf-8"))
    return read_traces(file) if header.get("made_from") == made_from(component) else {}


def _trace_all(
    component: Component, file: Path, kept: dict[str, CallTrace], missing: dict[str, Stage]
) -> None:
    modules: dict[str, torch.nn.Module] = {}
    calls = dict(kept)
    for key, stage in sorted(missing.items()):
        device = component.entries[stage.entry].trace_on
        if device not in modules:
            dtype = torch.bfloat16 if device == "meta" else torch.float32
            modules[device] = _built(component, device, dtype)
        symbols = dict(stage.symbols)
        calls[key] = trace_call(component, stage.entry, symbols, key, module=modules[device])
    write_traces(file, component.id, made_from(component), list(calls.values()))


def _built(component: Component, device: str, dtype: torch.dtype) -> torch.nn.Module:
    if component.parameters < LARGE:
        return build(component, "full", device, dtype)
    with unfilled():
        module = build(component, "full", device, dtype)
    if hasattr(module, "tie_weights"):
        module.tie_weights()  # left undone with the filling
    return module


@contextmanager
def unfilled() -> Iterator[None]:
    """Within it modules are built with weights that nobody fills.

    What is counted does not depend on them, and memory that was never written to takes none: the
    calls that have to run for real would need 4 bytes per parameter.
    """
    from transformers.initialization import no_init_weights

    names = [n for n in dir(torch.nn.init) if n.endswith("_") and not n.startswith("_")]
    kept = {name: getattr(torch.nn.init, name) for name in names}
    for name in names:
        setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)
    try:
        with no_init_weights():
            yield
    finally:
        for name, function in kept.items():
            setattr(torch.nn.init, name, function)


def main() -> None:
    catalog = load_catalog()
    for name in retrace(catalog, catalog.folders[0] / "traces", sys.argv[1:]):
        print(f"traced {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
