"""Generating: the stages of a model in order, each in its loop, to an actual output.

    output = generate("sdxl-base-1.0", steps=2)     # debug flavour: tiny, on the CPU
    output.save("image")                            # image.png

The plan's estimate is a sum over the same stages, so that the sum can be checked against the whole.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from advisor.catalog import Catalog, Model, load_catalog
from advisor.errors import CannotEstimate, DataError
from advisor.reference.output import Output, to_output
from advisor.reference.stage import Run, debug_workload, whole
from advisor.reference.weights import Weights
from advisor.reference.wire import first_tensor
from advisor.workload import Workload

# Which file and function runs a loop; a family's or a mechanism's own way comes first.
LOOPS: dict[str, str] = {
    "once": "single_pass",
    "denoise": "denoise",
    "autoregress": "autoregress",
    "distil": "distil",
    "codec-lm/autoregress": "codec_lm",
    "codec-lm/denoise": "masked",
    "structure-diffusion/denoise": "structure",
    "audio-ar/autoregress": "continuous",
    "audio-diffusion/autoregress": "continuous",
    "frame-interpolation/once": "interpolate",
    "video-ar/autoregress": "chunks",
}


def generate(
    model: Model | str,
    *,
    flavour: str = "debug",
    seed: int = 0,
    catalog: Catalog | None = None,
    device: str | torch.device = "cpu",
    weights: str | Path | None = None,
    **axes: Any,
) -> Output:
    """One generation. The same seed and device give the same output.

    Weights are random unless `weights` names a folder of the user's own (weights.py); prompts and
    other inputs are random either way. `axes` as in the workload (steps, width, batch ...). Raises
    CannotEstimate for a model without a reference implementation, InputError for an axis it does
    not have and for weights that do not fit.
    """
    catalog = catalog or load_catalog()
    model = catalog.models[model] if isinstance(model, str) else model
    if not model.runnable:
        raise CannotEstimate(f"{model.id} has no reference implementation: {model.not_runnable}")
    workload = workload_for(model, flavour, **axes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        own = Weights(weights, model) if weights is not None else None
        run = Run(model, workload, catalog, flavour=flavour, device=device, seed=seed, weights=own)
        return run_stages(run)


def workload_for(model: Model, flavour: str, **axes: Any) -> Workload:
    """The workload of a flavour: published defaults for full, the tiny one for debug."""
    return debug_workload(model, **axes) if flavour == "debug" else model.workload(**axes)


def run_stages(run: Run) -> Output:
    """Run every stage of the plan in its loop; the last stage's output is the generation."""
    value: Any = None
    for spec in run.model.stages:
        if spec.name not in run.stages and spec.loop != "autoregress":
            continue  # the workload leaves it out
        value = loop_function(run.model, spec.loop)(run, spec.name)
        if "_final" in spec.wire:
            value = run.wires(run.stages[spec.name], {"result": value}).tensor(spec.wire["_final"])
        run.outputs[spec.name] = value
    spec_out = run.model.output
    if spec_out is None:
        raise DataError(f"{run.model.id}: the catalog entry says nothing about its output")
    shape = tuple(whole(run, expression) for expression in spec_out.shape)
    return to_output(spec_out, first_tensor(value), shape, run.counted(), grid_of(run))


def grid_of(run: Run) -> tuple[int, ...] | None:
    """Samples along each axis where the last stage reads its field on a grid; else None."""
    last = list(run.stages)[-1]
    for wire in run.specs[last].wire.values():
        inner = wire.get("scale", wire) if isinstance(wire, dict) else None
        if isinstance(inner, dict) and "grid" in inner:
            return tuple(run.wires(run.stages[last], {}).sizes(inner["grid"]))
    return None


def loop_function(model: Model, loop: str) -> Callable[[Run, str], Any]:
    """The function that runs a loop of a model's mechanism."""
    ways = (f"{model.family}/{loop}", f"{model.mechanism}/{loop}", loop)
    room = next(LOOPS[way] for way in ways if way in LOOPS)
    module = importlib.import_module(f"advisor.reference.{room}")
    function: Callable[[Run, str], Any] = getattr(module, room)
    return function
