"""Iterative denoising: latents start as noise and are improved once per scheduler timestep.

The scheduler is the published one, from diffusers. With guidance the stage runs on a pair of the
request's batch, first without the prompt and then with it, and the two predictions are combined.

Experts: a stage with `_until` makes the first steps, down to that share of the training timesteps;
the stage whose `_continues` names it makes the rest with the same scheduler, from where it stopped.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace
from typing import Any

import torch

from advisor.errors import DataError
from advisor.reference.stage import Run, whole
from advisor.reference.wire import first_tensor


def denoise(run: Run, name: str) -> torch.Tensor:
    """The final latents of the stage's loop. Raises DataError where scheduler and plan disagree."""
    wire, earlier = run.specs[name].wire, run.specs[name].wire.get("_continues")
    if earlier is None:
        scheduler = make_scheduler(run, name)
        latents = run.noise(latent_shape(run, name)) * getattr(scheduler, "init_noise_sigma", 1.0)
    else:
        scheduler, latents = run.outputs[f"{earlier}._scheduler"], run.outputs[earlier]
    timesteps = _own_timesteps(run, name, scheduler)
    generator = torch.Generator("cpu").manual_seed(run.seed + 1)
    extra = _if_taken(scheduler.step, generator=generator)
    guided = run.stages[name].batch == 2 * run.workload.batch
    for timestep in timesteps:
        loop = {"latents": _scaled(scheduler, latents, timestep), "timestep": timestep}
        prediction = _as_batch(run.call(name, loop))
        if guided:
            weight = wire.get("_guidance", "guidance")
            prediction = guide(prediction, run.wires(run.stages[name], {}).number(weight))
        latents = scheduler.step(prediction, timestep, latents, **extra).prev_sample
        latents = latents.to(run.dtype)
    if "_until" in wire:
        run.outputs[f"{name}._scheduler"] = scheduler
    return latents


def _own_timesteps(run: Run, name: str, scheduler: Any) -> Any:
    """The scheduler's timesteps that this stage makes: all, or one expert's share of them."""
    spec, calls = run.specs[name], run.stages[name].calls
    earlier = spec.wire.get("_continues")
    start = 0 if earlier is None else run.stages[earlier].calls
    own = scheduler.timesteps[start:]
    if "_until" in spec.wire:
        boundary = spec.wire["_until"] * scheduler.config["num_train_timesteps"]
        own = own[own >= boundary]
    if len(own) != calls:
        raise DataError(
            f"{run.model.id}, stage {name}: {run.model.scheduler} makes "
            f"{len(own)} calls, the catalog says {calls}"
        )
    return own


def guide(pair: torch.Tensor, guidance: float) -> torch.Tensor:
    """Classifier-free guidance (arXiv 2207.12598): away from the prediction without the prompt."""
    without, with_prompt = pair.chunk(2)
    return without + guidance * (with_prompt - without)


def make_scheduler(run: Run, name: str) -> Any:
    """The model's scheduler, set to the stage's number of steps.

    Where the schedule depends on the image's size, the model's symbol `mu` carries the shift.
    """
    if run.model.scheduler is None:
        raise DataError(f"{run.model.id}: stage {name} is a denoise loop but names no scheduler")
    made = getattr(importlib.import_module("diffusers"), run.model.scheduler)
    scheduler = made(**run.model.scheduler_config)
    steps = whole(run, run.specs[name].wire.get("_steps", run.stages[name].calls))
    extra: dict[str, Any] = {}
    if scheduler.config.get("use_dynamic_shifting"):
        extra["mu"] = run.symbols["mu"]
    scheduler.set_timesteps(steps, device=run.device, **extra)
    return scheduler


def latent_shape(run: Run, name: str) -> tuple[int, ...]:
    """Shape of a loop's latents at the request's batch: `_noise`, else the input wired to them."""
    stage, wire = run.stages[name], run.specs[name].wire
    if "_noise" in wire:
        single = replace(stage, batch=run.workload.batch)
        return tuple(run.wires(single, {}).sizes(wire["_noise"]))
    shape = run.input_shape(name, "latents")
    if shape is None:
        raise DataError(f"{run.model.id}, stage {name}: wire an input to latents or give `_noise`")
    return shape


def _scaled(scheduler: Any, latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
    """The latents as the model sees them; flow-matching schedulers leave them as they are."""
    if not hasattr(scheduler, "scale_model_input"):
        return latents
    scaled: torch.Tensor = scheduler.scale_model_input(latents, timestep)
    return scaled


def _as_batch(output: Any) -> torch.Tensor:
    """The prediction as one tensor; a list of one tensor per image becomes a batch."""
    inner = output[0] if isinstance(output, list | tuple) else getattr(output, "sample", output)
    if isinstance(inner, list):
        return torch.stack([first_tensor(item) for item in inner])
    return first_tensor(inner)


def _if_taken(function: Any, **arguments: Any) -> dict[str, Any]:
    taken = inspect.signature(function).parameters
    return {name: value for name, value in arguments.items() if name in taken}
