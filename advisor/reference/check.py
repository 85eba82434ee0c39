"""The invariants that need torch: exact parameters, stored traces still true, debug flavours run.

Stated once: `advisor catalog check` and the tests of the shipped catalog run the same functions.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from advisor.catalog import Catalog, Component, Model
from advisor.catalog.check import Finding, Report, located
from advisor.catalog.invariants import Fault
from advisor.errors import AdvisorError
from advisor.plan import plan
from advisor.reference import stage as stage_room
from advisor.reference.build import build, count
from advisor.reference.generate import generate
from advisor.reference.output import Output
from advisor.reference.stage import debug_workload
from advisor.trace import made_from


def check_built(catalog: Catalog, report: Report, *, run: bool = False) -> Report:
    """`report` with the findings of building its components and, with `run`, of generating."""
    with warnings.catch_warnings():  # of libraries about their own old ways: nobody can act on them
        warnings.simplefilter("ignore")
        logging.getLogger("transformers").setLevel(logging.ERROR)
        return _checked(catalog, report, run)


def _checked(catalog: Catalog, report: Report, run: bool) -> Report:
    found = list(report.findings)
    for name in report.components:
        component = catalog.components[name]
        found += located(catalog.components.path(name), list(built_faults(component)))
        found += stale_traces(catalog, component)
    notes = [] if run else ["debug flavours were not run: add --run"]
    if run:
        for name in report.models:
            model = catalog.models[name]
            found += located(catalog.models.path(name), list(run_faults(catalog, model)))
    return replace(report, findings=sorted(set(found)), notes=notes)


def built_faults(component: Component) -> Iterator[Fault]:
    """Built on the meta device at full size, it has exactly the parameters that are stated."""
    try:
        parameters, buffers = count(build(component, "full", "meta", torch.bfloat16))
    except Exception as error:  # any library may refuse its configuration in its own way
        yield "config", f"{component.class_name} cannot be built from it: {_reason(error)}"
        return
    if parameters != component.parameters:
        yield "parameters", f"is {component.parameters:,}, the module has {parameters:,}"
    if buffers != component.buffers:
        yield "buffers", f"is {component.buffers:,}, the module has {buffers:,}"


def stale_traces(catalog: Catalog, component: Component) -> Iterator[Finding]:
    """The stored traces that are used were made from the component as it is now."""
    files = [folder / "traces" / f"{component.id}.json" for folder in catalog.folders]
    used = next((file for file in reversed(files) if file.is_file()), None)
    if used is not None and _header(used).get("made_from") != made_from(component):
        text = "was made from another configuration: run `advisor trace --rebuild`"
        yield Finding(str(used), 0, text)


def _header(file: Path) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return header


def run_faults(catalog: Catalog, model: Model) -> Iterator[Fault]:
    """In its debug flavour it makes what it says, by the calls of its plan, the same every time."""
    if not model.runnable:
        return
    try:
        output, seen = counted_run(catalog, model)
        again = generate(model, catalog=catalog)
    except Exception as error:  # whatever a module raises on a wrong shape
        yield "stages", f"its debug flavour does not run: {_reason(error)}"
        return
    yield from output_faults(catalog, model, output, seen)
    if not np.array_equal(output.data, again.data):
        yield "stages", "the same seed gave two different outputs"


def counted_run(catalog: Catalog, model: Model) -> tuple[Output, Counter[str]]:
    """A debug generation, and how often each entry point ("component entry") was really called."""
    seen: Counter[str] = Counter()
    names = {
        id(entry): f"{part.component} {name}"
        for part in model.components
        for name, entry in catalog.components[part.component].entries.items()
    }
    real = stage_room.__dict__["call"]  # by name: mypy takes it for another room's own

    def counted(module: Any, entry: Any, inputs: Any) -> Any:
        seen[names.get(id(entry), "")] += 1
        return real(module, entry, inputs)

    with mock.patch.object(stage_room, "call", counted):
        return generate(model, catalog=catalog), seen


def output_faults(
    catalog: Catalog, model: Model, output: Output, seen: Counter[str]
) -> Iterator[Fault]:
    """Kind and shape as catalogued, finite, not constant, and each stage called as planned."""
    expected: Counter[str] = Counter()
    for stage in plan(model, debug_workload(model)):
        if output.calls[stage.name] != stage.calls:
            yield (
                "stages",
                f"stage {stage.name} ran {output.calls[stage.name]} times, "
                f"its plan says {stage.calls}",
            )
        if not stage.name.endswith("_backward"):  # autograd's work, counted in forward passes
            expected[f"{stage.component} {stage.entry}"] += stage.calls
    for name in sorted(expected.keys() | seen.keys()):
        if expected[name] != seen[name]:
            yield "stages", f"{name} was called {seen[name]} times, its plan says {expected[name]}"
    values = output.data.astype(np.float64)
    if not np.isfinite(values).all():
        yield "output", "holds numbers that are not finite"
    elif values.size > 1 and values.min() == values.max():
        yield "output", "is the same number everywhere: the stages are not wired"


def _reason(error: Exception) -> str:
    text = str(error).strip().splitlines()
    first = text[0][:200] if text else "no reason given"
    return first if isinstance(error, AdvisorError) else f"{type(error).__name__}: {first}"
