"""Volume rendering: rays of a camera, points along them, and their colours put together.

After NeRF (Mildenhall et al. 2020, arXiv 2003.08934, section 4). The scene lies in the cube 0..1,
the camera looks at its middle. Shapes: R rays, S samples per ray.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

MIDDLE, DISTANCE = 0.5, 1.5  # of the scene, and of the camera from it
NEAR, FAR = DISTANCE - 0.9, DISTANCE + 0.9  # the cube's half diagonal is 0.87
HALF_VIEW = math.tan(math.radians(20.0))  # half the field of view


def camera_rays(
    height: int, width: int, azimuth: float, elevation: float, device: str | torch.device = "cpu"
) -> tuple[Tensor, Tensor]:
    """Origins and unit directions, each [R, 3], of a view's pixels row by row. Angles: radians."""
    backward = torch.tensor(
        [
            math.cos(elevation) * math.cos(azimuth),
            math.cos(elevation) * math.sin(azimuth),
            math.sin(elevation),
        ]
    )
    right = torch.tensor([-math.sin(azimuth), math.cos(azimuth), 0.0])
    up = torch.linalg.cross(backward, right)
    y, x = torch.meshgrid(_centres(height), _centres(width), indexing="ij")
    across, along = x.flatten()[:, None] * right, y.flatten()[:, None] * up
    directions = (across - along) * HALF_VIEW - backward
    directions = directions / directions.norm(dim=-1, keepdim=True)
    origins = (MIDDLE + DISTANCE * backward).expand_as(directions)
    return origins.to(device), directions.to(device)


def _centres(count: int) -> Tensor:
    """Middles of `count` pixels between -1 and 1."""
    return (torch.arange(count) + 0.5) / count * 2 - 1


def depths(rays: int, samples: int, device: str | torch.device = "cpu") -> Tensor:
    """The middles of `samples` equal sections between the near and far plane, [R, S]."""
    section = (torch.arange(samples, device=device) + 0.5) / samples
    return (NEAR + (FAR - NEAR) * section).expand(rays, samples)


def denser_depths(depth: Tensor, weights: Tensor, extra: int) -> Tensor:
    """`depth` [R, S] and `extra` more where the weights [R, S] are: [R, S + extra], in order.

    Inverse transform sampling at evenly spaced quantiles: no randomness (section 5.2).
    """
    chances = (weights + 1e-5) / (weights + 1e-5).sum(-1, keepdim=True)
    cumulative = chances.cumsum(-1)
    quantiles = ((torch.arange(extra, device=depth.device) + 0.5) / extra).expand(len(depth), extra)
    index = torch.searchsorted(cumulative, quantiles.contiguous()).clamp(max=depth.shape[1] - 1)
    before = (cumulative - chances).gather(1, index)
    inside = (quantiles - before) / chances.gather(1, index)
    section = (FAR - NEAR) / depth.shape[1]
    found = depth.gather(1, index) + (inside.clamp(0, 1) - 0.5) * section
    return torch.cat([depth, found], dim=1).sort(dim=1).values


def points_along(origins: Tensor, directions: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Positions, and the direction again for each of them: both [R x S, 3]."""
    positions = origins[:, None] + depth[..., None] * directions[:, None]
    return positions.flatten(0, 1), directions.repeat_interleave(depth.shape[1], dim=0)


def ray_weights(density: Tensor, depth: Tensor) -> Tensor:
    """How much each sample's colour counts, [R, S], from densities [R, S]; at most 1 in sum."""
    gaps = torch.cat([depth.diff(dim=1), torch.full_like(depth[:, :1], 1e-2)], dim=1)
    seen = 1 - torch.exp(-density * gaps)
    passed = torch.cumprod(torch.cat([torch.ones_like(seen[:, :1]), 1 - seen + 1e-10], 1), 1)
    return seen * passed[:, :-1]


def composite(density: Tensor, colour: Tensor, depth: Tensor, background: float = 1.0) -> Tensor:
    """Pixel colours [R, 3] from densities [R x S, 1] and colours [R x S, 3] over a background."""
    weights = ray_weights(density.reshape(depth.shape), depth)
    pixels = (weights[..., None] * colour.reshape(*depth.shape, 3)).sum(1)
    return pixels + (1 - weights.sum(1, keepdim=True)) * background


def in_scene(positions: Tensor) -> Tensor:
    """1 where a position [N, 3] lies in the cube, else 0: [N, 1]."""
    return ((positions >= 0) & (positions <= 1)).all(-1, keepdim=True).to(positions.dtype)


def as_image(pixels: Tensor, height: int, width: int) -> Tensor:
    """Pixels [R, 3] of 0..1 as an image [1, 3, height, width] of -1..1."""
    return pixels.reshape(1, height, width, 3).permute(0, 3, 1, 2) * 2 - 1
