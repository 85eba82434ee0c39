"""Remaking the stored training traces: every model that can be trained, at its default workload.

    python -m advisor.retrain [MODEL ...]      (also: advisor training --rebuild [MODEL])

A model whose step cannot be traced is named with the reason and left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from advisor.catalog import Catalog, Component, load_catalog
from advisor.errors import AdvisorError
from advisor.reference.build import DTYPES, build
from advisor.training import Part, TrainingTrace
from advisor.trainplan import training_calls
from advisor.trainstore import FOLDER, read_training, training_made_from, write_training
from advisor.traintrace import trace_training


def needed_parts(catalog: Catalog, names: Iterable[str] = ()) -> dict[str, dict[str, Part]]:
    """Every part of a training step at default workloads: component -> key -> part."""
    models = [catalog.models[name] for name in names] or list(catalog.models.values())
    needed: dict[str, dict[str, Part]] = {}
    for model in models:
        if not model.runnable:
            continue
        try:
            calls = training_calls(model, model.workload(), catalog)
        except AdvisorError:
            continue
        for call in calls:
            known = needed.setdefault(call.part.component, {})
            known[call.part.key] = call.part
    return needed


def retrain(
    catalog: Catalog, folder: Path, names: Iterable[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """Bring `folder` (training/) up to date: (components traced, component -> why it was not)."""
    done, failed = [], {}
    for name, parts in sorted(needed_parts(catalog, names).items()):
        component, file = catalog.components[name], folder / f"{name}.json"
        kept = _kept(file, component)
        missing = {key: part for key, part in parts.items() if key not in kept}
        if not missing:
            continue
        try:
            made = _trace_all(component, missing)
        except AdvisorError as error:
            failed[name] = str(error)
            continue
        traces = [*kept.values(), *made]
        write_training(file, name, training_made_from(component), traces)
        done.append(name)
    return done, failed


def _kept(file: Path, component: Component) -> dict[str, TrainingTrace]:
    if not file.is_file():
        return {}
    header = json.loads(file.read_text(encoding="utf-8"))
    return read_training(file) if header["made_from"] == training_made_from(component) else {}


def _trace_all(component: Component, missing: dict[str, Part]) -> list[TrainingTrace]:
    made = []
    module = None
    for _, part in sorted(missing.items()):
        device = component.entries[part.entry].trace_on
        if device != "meta":
            raise AdvisorError("its call cannot run on the meta device, so its step is not traced")
        module = module or build(component, "full", device, DTYPES["bf16"])
        made.append(trace_training(component, part, module=module))
    return made


def main() -> None:
    catalog = load_catalog()
    done, failed = retrain(catalog, catalog.folders[0] / FOLDER, sys.argv[1:])
    for name in done:
        print(f"traced {name}", file=sys.stderr)
    for name, reason in failed.items():
        print(f"not traced: {name}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
