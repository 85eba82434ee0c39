"""Walking through a latent space: outputs decoded at points between two latents.

    walk = interpolate("conv-vae-64", points=5)     # debug flavour: tiny, on the CPU
    walk[0].save("first"), walk[-1].save("last")

Any autoencoder of the catalog with a decoding stage can be walked. The latents are drawn from a
standard normal distribution, the prior of a VAE, or given.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from advisor.catalog import Catalog, Model, load_catalog
from advisor.errors import CannotEstimate, InputError
from advisor.reference.generate import run_stages, workload_for
from advisor.reference.output import Output
from advisor.reference.stage import Run

LATENT = "latent"  # how wires name the latent that is fed
LATENTS = ("z", "latents")  # what decoders call it that take it from nowhere else


def interpolate(
    model: Model | str,
    *,
    points: int = 5,
    ends: tuple[Tensor, Tensor] | None = None,
    spherical: bool = False,
    flavour: str = "debug",
    seed: int = 0,
    catalog: Catalog | None = None,
    **axes: Any,
) -> list[Output]:
    """`points` outputs from one latent to another, both ends included; random weights.

    `ends` are two latents of the decoder's shape (drawn where none are given); `spherical` keeps
    their length, as for latents of a wide Gaussian. Raises CannotEstimate for a model that is not
    an autoencoder with a reference implementation, InputError for fewer than two points.
    """
    catalog = catalog or load_catalog()
    model = catalog.models[model] if isinstance(model, str) else model
    if points < 2:
        raise InputError(f"a walk from one latent to another has two points at least, not {points}")
    if model.family != "vae" or not model.runnable:
        raise CannotEstimate(f"{model.id} is no autoencoder that runs: there is no latent to walk")
    fed, name = _fed(model, catalog)
    workload = workload_for(model, flavour, **axes)
    modules: dict[str, torch.nn.Module] = {}

    def run() -> Run:
        return Run(fed, workload, catalog, flavour=flavour, seed=seed, modules=modules)

    start = run()
    shape = start.input_shape(name, LATENT)
    if shape is None:
        raise CannotEstimate(f"{model.id}: stage {name} takes no tensor as its latent")
    first, last = ends or (start.noise(shape), start.noise(shape))
    way = [place / (points - 1) for place in range(points)]
    return [_decoded(run(), between(first, last, part, spherical=spherical)) for part in way]


def between(first: Tensor, last: Tensor, part: float, *, spherical: bool = False) -> Tensor:
    """The latent at `part` (0..1) of the way, along the line or along the great circle."""
    if not spherical:
        return torch.lerp(first, last, part)
    cosine = torch.nn.functional.cosine_similarity(first.flatten(), last.flatten(), dim=0)
    angle = torch.acos(cosine.clamp(-1, 1))
    if angle.sin() < 1e-4:  # the same direction, or opposite ones: no one circle
        return torch.lerp(first, last, part)
    return (torch.sin((1 - part) * angle) * first + torch.sin(part * angle) * last) / angle.sin()


def _fed(model: Model, catalog: Catalog) -> tuple[Model, str]:
    """The model from the stage on that decodes the latent, which is fed from outside; its name."""
    made: list[str] = []
    for number, stage in enumerate(model.stages):
        entry = catalog.components[model.component_of(stage.component)].entries[stage.entry]
        given = [name for name in entry.inputs if _comes_from(stage.wire.get(name), made)]
        given += [name for name in entry.inputs if name in LATENTS and name not in stage.wire]
        if given:
            fed = stage.model_copy(update={"wire": {**stage.wire, given[0]: LATENT}})
            return model.model_copy(update={"stages": [fed, *model.stages[number + 1 :]]}), fed.name
        made.append(stage.name)
    raise CannotEstimate(f"{model.id}: no stage decodes a latent, there is nothing to walk through")


def _comes_from(wire: Any, stages: list[str]) -> bool:
    return isinstance(wire, str) and wire.split(".")[0] in stages


def _decoded(run: Run, latent: Tensor) -> Output:
    """One output; whatever else is drawn is the same at every point of the walk."""
    run.outputs[LATENT] = latent
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        return run_stages(run)
