"""Score distillation: a 3D field is optimised until its views look right to an image model.

DreamFusion (Poole et al. 2022, arXiv 2209.14988, section 3): render a view, encode it, add noise,
let the denoiser predict the noise with strong guidance, and push the view along the difference. The
denoiser is never differentiated. `_parts` of the field's stage names the other stages of the loop.

Backward passes are stages of the plan, counted in forward-equivalents: a layer's gradient costs one
more forward for its input and one for its weights (Hobbhahn and Sevilla 2021, "What's the backward-
forward FLOP ratio for neural networks?"). The field has both, so two; the frozen image encoder only
passes its gradient on, so one.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from advisor.errors import DataError, InputError
from advisor.reference.denoise import guide
from advisor.reference.stage import Run, calls_of, whole
from advisor.reference.volume import (
    as_image,
    camera_rays,
    composite,
    depths,
    in_scene,
    points_along,
)
from advisor.reference.wire import first_tensor

# Of the threestudio recipe (configs/dreamfusion-sd.yaml): share of the noise schedule, Adam betas.
LOWEST, HIGHEST = 0.02, 0.98
BETAS = (0.9, 0.99)
LEARNING_RATE = 0.01

Predict = Callable[[Tensor, Tensor], Tensor]


def distil(run: Run, name: str) -> Any:
    """Losses of all iterations, [iterations]; the field is left optimised in the run's modules.

    The stages that belong to the loop run inside it, when its first stage is reached.
    """
    if name in run.outputs:
        return run.outputs[name]
    if run.workload.batch != 1:
        raise InputError(f"{run.model.id} makes one asset at a time: ask for batch 1")
    parts = run.specs[name].wire.get("_parts")
    if parts is None:
        raise DataError(f"{run.model.id}, stage {name}: a distil loop needs `_parts`")
    loop = _Loop(run, name, parts)
    field = run.module(run.stages[name].component).requires_grad_(True)
    losses = optimise(
        field.parameters(),
        loop.latents,
        loop.predict,
        noise_schedule(run),
        calls_of(run, name),
        run.generator,
        after=loop.count_backward,
    )
    field.requires_grad_(False)
    run.outputs.update(dict.fromkeys(parts.values(), losses))
    return losses


def noise_schedule(run: Run) -> Any:
    """The denoiser's own schedule of noise, from diffusers: only its `add_noise` is used."""
    if run.model.scheduler is None:
        raise DataError(f"{run.model.id}: score distillation needs a scheduler for its noise")
    made = getattr(importlib.import_module("diffusers"), run.model.scheduler)
    return made(**run.model.scheduler_config)


def optimise(
    parameters: Iterable[Tensor],
    latents: Callable[[int], Tensor],
    predict: Predict,
    scheduler: Any,
    steps: int,
    generator: torch.Generator,
    learning_rate: float = LEARNING_RATE,
    after: Callable[[], None] = lambda: None,
) -> Tensor:
    """Losses of `steps` iterations of score distillation with Adam, [steps].

    `latents(step)` renders and encodes with gradient, `predict(noisy, timestep)` gives the guided
    noise. The loss is half the squared distance per element from what the denoiser would have: its
    gradient is w(t) (predicted - added noise), w(t) = 1 - alpha_bar(t) (equation 3).
    """
    optimiser = torch.optim.Adam(list(parameters), lr=learning_rate, betas=BETAS)
    losses = []
    for step in range(steps):
        with torch.enable_grad():
            clean = latents(step)
            loss = distillation_loss(clean, predict, scheduler, generator)
            optimiser.zero_grad()
            loss.backward()
        after()
        optimiser.step()
        losses.append(loss.detach() / clean.numel())
    return torch.stack(losses)


def distillation_loss(
    clean: Tensor, predict: Predict, scheduler: Any, generator: torch.Generator
) -> Tensor:
    """Half the squared distance of `clean` from its target: its gradient is the distilled score."""
    count = scheduler.config.num_train_timesteps
    low, high = int(LOWEST * count), int(HIGHEST * count)
    timestep = torch.randint(low, high + 1, (1,), generator=generator).to(clean.device)
    noise = torch.randn(clean.shape, generator=generator, dtype=torch.float32).to(clean)
    with torch.no_grad():
        noisy = scheduler.add_noise(clean, noise, timestep)
        weight = 1 - scheduler.alphas_cumprod.to(clean.device)[timestep]
        gradient = (weight.reshape(-1, 1, 1, 1) * (predict(noisy, timestep) - noise)).to(clean)
        target = clean - torch.nan_to_num(gradient)
    return 0.5 * (clean - target).square().sum()


class _Loop:
    """The stages of one iteration."""

    def __init__(self, run: Run, field: str, parts: dict[str, str]) -> None:
        self.run, self.parts, self.field = run, parts, field
        self.height, self.width = whole(run, "height"), whole(run, "width")
        self.samples = whole(run, "samples")

    def latents(self, step: int) -> Tensor:
        """A random view's latents, with gradient."""
        view = torch.rand(2, generator=self.run.generator).tolist()
        azimuth, elevation = 2 * math.pi * view[0], math.radians(-10 + 55 * view[1])
        image = self._render(azimuth, elevation)
        encoded = self.run.call(self.parts["encode"], {"image": self._enlarged(image)}, grad=True)
        return first_tensor(encoded)

    def _render(self, azimuth: float, elevation: float) -> Tensor:
        rays = camera_rays(self.height, self.width, azimuth, elevation, self.run.device)
        depth = depths(len(rays[0]), self.samples, self.run.device)
        points, _ = points_along(*rays, depth)
        density, colour = self.run.call(self.field, {"points": points.clamp(0, 1)}, grad=True)
        pixels = composite(density * in_scene(points).to(density), colour, depth)
        return as_image(pixels, self.height, self.width)

    def _enlarged(self, image: Tensor) -> Tensor:
        size = (8 * self.height, 8 * self.width)  # the encoder makes one latent of 8 x 8 pixels
        return torch.nn.functional.interpolate(image, size=size, mode="bilinear")

    def predict(self, noisy: Tensor, timestep: Tensor) -> Tensor:
        name = self.parts["denoise"]
        pair = first_tensor(self.run.call(name, {"latents": noisy, "timestep": timestep}))
        guided = self.run.stages[name].batch == 2
        return guide(pair, self.run.symbols["guidance"]) if guided else pair

    def count_backward(self) -> None:
        """The backward pass has just run: count it as the plan does, in forward-equivalents."""
        iterations = calls_of(self.run, self.field)
        for part in ("field_backward", "encode_backward"):
            name = self.parts[part]
            self.run.calls[name] += calls_of(self.run, name) // iterations
