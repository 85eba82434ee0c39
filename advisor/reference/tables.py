"""Wire operations that make position tables and draws rather than rearrange what is there.

{frequencies: t, size: n, by: s}             cosines and sines of diffusion times, [b, n]
{rotary: [t, h, w], sizes: [d, e, f], part: cos, halves: true}
                                             rotary table of all points of a grid, [t*h*w, d+e+f]
{normal: mean, log_std: a, by: s}            one draw from a normal distribution
{ray_depths: r, samples: s}                  depths of s samples on each of r rays, [r, s]
{denser: depths, density: a, extra: n}       n more where the densities are, [r, s + n]
{ray_points: depths, view: [h, w], start: i, rays: r}
                                             samples on r of a view's rays, [r*s, 3]
{ray_directions: depths, view, start, rays}  the direction of each of those samples
{composite: depths, density: a, colour: c}   pixel colours, [r, 3] (see volume.py)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from advisor.reference import volume
from advisor.reference.modules.common import timestep_embedding

if TYPE_CHECKING:
    from advisor.reference.wire import Wires

Operation = Callable[["Wires", Mapping[str, Any], tuple[int, ...]], torch.Tensor]
AZIMUTH, ELEVATION = 0.5, 0.3  # radians: where a single view is taken from
_BASE = 10_000.0  # of rotary frequencies (arXiv 2104.09864)


def _frequencies(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    times = wires.tensor(wire["frequencies"]).reshape(-1) * wires.number(wire.get("by", 1))
    return timestep_embedding(times, wires.size(wire["size"]))


def _rotary(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    """Each axis of a grid has its own channels; `halves` repeats angles as abab, else aabb."""
    lengths, sizes = wires.sizes(wire["rotary"]), wires.sizes(wire["sizes"])
    angles = []
    for axis, (length, size) in enumerate(zip(lengths, sizes, strict=True)):
        table = _angles(length, size, bool(wire.get("halves")), wires.device)
        shape = [length if i == axis else 1 for i in range(len(lengths))]
        angles.append(table.reshape(*shape, size).expand(*lengths, size))
    grid = torch.cat(angles, dim=-1).reshape(math.prod(lengths), sum(sizes))
    return grid.cos() if wire["part"] == "cos" else grid.sin()


def _angles(length: int, size: int, halves: bool, device: str | torch.device) -> torch.Tensor:
    """Position times frequency, [length, size]."""
    index = torch.arange(0, size, 2, device=device, dtype=torch.float32)
    positions = torch.arange(length, device=device, dtype=torch.float32)
    angles = torch.outer(positions, _BASE ** (-index / size))
    return angles.repeat(1, 2) if halves else angles.repeat_interleave(2, dim=1)


def _normal(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    mean, log_std = wires.tensor(wire["normal"]), wires.tensor(wire["log_std"])
    noise = torch.randn(mean.shape, dtype=torch.float32)  # on the CPU: the same on every device
    return mean + noise.to(mean) * log_std.exp() * wires.number(wire.get("by", 1))


def _ray_depths(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return volume.depths(wires.size(wire["ray_depths"]), wires.size(wire["samples"]), wires.device)


def _denser(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    depth = wires.tensor(wire["denser"])
    density = wires.tensor(wire["density"]).reshape(depth.shape).float()
    weights = volume.ray_weights(density, depth)
    return volume.denser_depths(depth, weights, wires.size(wire["extra"]))


def _along(wires: Wires, wire: Mapping[str, Any], depths: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Points on the rays from `start` on; a batch sees the same rays again."""
    depth, start = wires.tensor(depths), wires.size(wire.get("start", 0))
    height, width = wires.sizes(wire["view"])
    origins, directions = volume.camera_rays(height, width, AZIMUTH, ELEVATION, wires.device)
    rays = start + torch.arange(len(depth), device=depth.device) % wires.size(wire["rays"])
    return volume.points_along(origins[rays], directions[rays], depth)


def _ray_points(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return _along(wires, wire, wire["ray_points"])[0]


def _ray_directions(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return _along(wires, wire, wire["ray_directions"])[1]


def _composite(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    density, colour = wires.tensor(wire["density"]), wires.tensor(wire["colour"])
    return volume.composite(density.float(), colour.float(), wires.tensor(wire["composite"]))


TABLES: dict[str, Operation] = {
    "frequencies": _frequencies,
    "rotary": _rotary,
    "normal": _normal,
    "ray_depths": _ray_depths,
    "denser": _denser,
    "ray_points": _ray_points,
    "ray_directions": _ray_directions,
    "composite": _composite,
}
