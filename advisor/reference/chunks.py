"""Autoregressive video: chunks of latent frames, each denoised after the finished ones.

Keys and values of finished chunks stay in a cache. A chunk starts as noise and is denoised in a few
steps that only read the cache; one further call, on the finished frames at timestep 0, adds them
to it. Every chunk is decoded as soon as it is finished, latent frame by latent frame.

The stage of the first chunk's steps runs the whole loop; its `_parts` name the other stages:
`rollout` (the calls that add to the cache, and the steps of all later chunks), `decode_first` (the
clip's first latent frame) and `decode` (one call per further one). Wires may read `latents`,
`timestep`, `cache` and `keep`; when decoding, `frame` and `past`.
"""

from __future__ import annotations

import importlib
from typing import Any

import torch

from advisor.errors import DataError
from advisor.reference.denoise import latent_shape, make_scheduler
from advisor.reference.stage import Run, calls_of


def chunks(run: Run, name: str) -> torch.Tensor:
    """What a stage of the loop gives: the clip [b, 3, frames, height, width], or all latents."""
    if name not in run.outputs:
        latents, clip = _roll_out(run, name)
        parts = run.specs[name].wire["_parts"]
        run.outputs[parts["rollout"]] = latents
        run.outputs.update({parts[part]: clip for part in ("decode_first", "decode")})
        return latents
    value: torch.Tensor = run.outputs[name]
    return value


def _roll_out(run: Run, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    parts, shape = run.specs[name].wire["_parts"], latent_shape(run, name)
    count, left = divmod(1 + calls_of(run, parts["decode"]), shape[2])
    if left:
        raise DataError(
            f"{run.model.id}: {count * shape[2] + left} latent frames are no whole number of "
            f"chunks of {shape[2]}"
        )
    cache = importlib.import_module("transformers").DynamicCache()
    sampler = torch.Generator("cpu").manual_seed(run.seed + 1)
    finished: list[torch.Tensor] = []
    clip: list[torch.Tensor] = []
    past: Any = None
    for number in range(count):
        stage = parts["rollout"] if number else name
        latents = _denoised(run, name, stage, run.noise(shape), cache, sampler)
        keep = {"latents": latents, "timestep": torch.zeros(()), "cache": cache, "keep": True}
        run.call(parts["rollout"], keep)
        for frame in latents.split(1, dim=2):
            part = parts["decode"] if clip else parts["decode_first"]
            pictures, past = run.call(part, {"frame": frame, "past": past})
            clip.append(pictures)
        finished.append(latents)
    return torch.cat(finished, dim=2), torch.cat(clip, dim=2)


def _denoised(
    run: Run, name: str, stage: str, latents: torch.Tensor, cache: Any, sampler: torch.Generator
) -> torch.Tensor:
    """One chunk from noise, in as many steps as the first chunk's stage `name` has calls.

    Even noise levels from 1 down, before the scheduler's shift: 1, 3/4, 1/2, 1/4 for four steps.
    """
    scheduler, steps = make_scheduler(run, name), run.stages[name].calls
    scheduler.set_timesteps(sigmas=[1 - i / steps for i in range(steps)], device=run.device)
    for timestep in scheduler.timesteps:
        loop = {"latents": latents, "timestep": timestep, "cache": cache, "keep": False}
        flow = run.call(stage, loop)
        latents = scheduler.step(flow, timestep, latents, generator=sampler).prev_sample
        latents = latents.to(run.dtype)
    return latents
