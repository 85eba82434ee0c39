"""Denoising of structures: a cloud of atoms, coordinates and features together.

After EDM (arXiv 2203.17003, section 3): the noise of the coordinates has its centre of gravity at
zero, at the start and after every step, so that where the molecule lies says nothing. The steps
are diffusers' DDPM steps over EDM's own noise schedule; a schedule of T steps takes T + 1 calls,
the last of which reads the molecule off the nearly clean sample.
"""

from __future__ import annotations

import torch
from torch import Tensor

from advisor.errors import DataError
from advisor.reference.denoise import latent_shape, make_scheduler
from advisor.reference.modules.egnn import centred, polynomial_betas
from advisor.reference.stage import Run
from advisor.reference.wire import first_tensor


def structure(run: Run, name: str, noise: Tensor | None = None) -> Tensor:
    """The molecules, [batch, atoms, 3 + features]; `noise` replaces the starting cloud."""
    scheduler = make_scheduler(run, name)
    trained = scheduler.config.num_train_timesteps
    betas = polynomial_betas(trained - 1)
    scheduler = type(scheduler).from_config(scheduler.config, trained_betas=betas)
    scheduler.set_timesteps(run.stages[name].calls, device=run.device)
    if len(scheduler.timesteps) != run.stages[name].calls:
        raise DataError(
            f"{run.model.id}, stage {name}: the schedule makes {len(scheduler.timesteps)} calls, "
            f"the catalog says {run.stages[name].calls}"
        )
    generator = torch.Generator("cpu").manual_seed(run.seed + 1)
    latents = with_centre(run.noise(latent_shape(run, name)) if noise is None else noise)
    for timestep in scheduler.timesteps:
        predicted = first_tensor(run.call(name, {"latents": latents, "timestep": timestep}))
        moved = scheduler.step(predicted, timestep, latents, generator=generator)
        latents = with_centre(moved.prev_sample.to(run.dtype))
    return latents


def with_centre(latents: Tensor) -> Tensor:
    """[b, atoms, 3 + features] with the coordinates' centre of gravity at zero."""
    return torch.cat([centred(latents[..., :3]), latents[..., 3:]], dim=-1)
