"""Radiance fields: the NeRF MLP and a multi-resolution hash grid with a small MLP.

NeRF: Mildenhall et al. 2020, arXiv 2003.08934. Hash grid: Mueller et al. 2022, arXiv 2201.05989, at
the setting of threestudio's DreamFusion recipe.

Shapes: N points. Densities are per unit of length, colours 0..1.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POINT_OCTAVES, DIRECTION_OCTAVES = 10, 4


def positional_encoding(x: Tensor, octaves: int) -> Tensor:
    """[N, D] -> [N, D (1 + 2 octaves)]: x, then its sines and cosines at doubling frequencies."""
    frequencies = 2.0 ** torch.arange(octaves, device=x.device, dtype=torch.float32)
    angles = (x.float()[..., None, :] * frequencies[:, None]).flatten(-2)
    return torch.cat([x, angles.sin().to(x.dtype), angles.cos().to(x.dtype)], dim=-1)


class NeRFMLP(nn.Module):
    """Eight layers of 256 with the input fed again to the sixth; colour depends on direction."""

    def __init__(
        self,
        width: int = 256,
        layers: int = 8,
        skip: int = 5,
        point_features: int = 3 * (1 + 2 * POINT_OCTAVES),
        direction_features: int = 3 * (1 + 2 * DIRECTION_OCTAVES),
    ) -> None:
        super().__init__()
        self.skip = skip
        inputs = [point_features] + [width] * (layers - 1)
        inputs[skip] += point_features
        self.trunk = nn.ModuleList(nn.Linear(size, width) for size in inputs)
        self.density = nn.Linear(width, 1)
        self.feature = nn.Linear(width, width)
        self.directed = nn.Linear(width + direction_features, width // 2)
        self.colour = nn.Linear(width // 2, 3)

    def forward(self, points: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
        """Encoded points [N, 63] and directions [N, 27] -> density [N, 1], colour [N, 3]."""
        x = points
        for index, layer in enumerate(self.trunk):
            if index == self.skip:
                x = torch.cat([points, x], dim=-1)
            x = F.relu(layer(x))
        directed = F.relu(self.directed(torch.cat([self.feature(x), directions], dim=-1)))
        return F.relu(self.density(x)), torch.sigmoid(self.colour(directed))

    def query(self, points: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
        """Positions [N, 3] and unit directions [N, 3] -> density [N, 1], colour [N, 3]."""
        dtype = self.colour.weight.dtype  # positions may be finer than the model's numbers
        return self(
            positional_encoding(points, POINT_OCTAVES).to(dtype),
            positional_encoding(directions, DIRECTION_OCTAVES).to(dtype),
        )


class HashGridNeRF(nn.Module):
    """Points -> features interpolated from 16 grids -> one hidden layer -> density and colour.

    A grid with more corners than 2^19 shares its entries by hashing. Nearly all parameters are
    table entries, of which a point touches 8 per level. One bias-free MLP has both heads, as in the
    recorded count; threestudio gives density and colour an MLP of 64 each, and biases density
    towards the centre.
    """

    _PRIMES = (1, 2_654_435_761, 805_459_861)

    def __init__(
        self,
        levels: int = 16,
        features: int = 2,
        log2_entries: int = 19,
        base: int = 16,
        scale: float = 1.4473,
        hidden: int = 64,
    ) -> None:
        super().__init__()
        self.scales = [base * scale**level - 1 for level in range(levels)]  # cells along an edge
        self.corners = [math.ceil(cells) + 1 for cells in self.scales]
        self.entries = 2**log2_entries
        # Dense levels are rounded up to whole lines of 8. One tensor per level: the gradient of a
        # slice would be as large as all levels together.
        self.tables = nn.ParameterList(
            torch.empty(min(-(-(n**3) // 8) * 8, self.entries), features).uniform_(-1e-4, 1e-4)
            for n in self.corners
        )
        self.mlp = nn.Sequential(
            nn.Linear(levels * features, hidden, bias=False),
            nn.ReLU(),
            nn.Linear(hidden, 4, bias=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Encoded points [N, levels x features] -> raw density and colour [N, 4]."""
        return self.mlp(features)

    def encode(self, points: Tensor) -> Tensor:
        """Points [N, 3] in 0..1 -> [N, levels x features], differentiable in points and table."""
        # In fp32: the finest grid has 4096 cells, more than bf16 can tell apart.
        points = points.float()
        encoded = [
            self._interpolate(points * cells + 0.5, corners, table)
            for cells, corners, table in zip(self.scales, self.corners, self.tables, strict=True)
        ]
        return torch.cat(encoded, dim=-1)

    def query(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Points [N, 3] in 0..1 -> density [N, 1], colour [N, 3]."""
        raw = self(self.encode(points))
        return F.softplus(raw[:, :1]), torch.sigmoid(raw[:, 1:])

    def _interpolate(self, position: Tensor, corners: int, table: Tensor) -> Tensor:
        """Trilinear mix of the eight entries around a [N, 3] position in cells: [N, features]."""
        low = position.detach().floor()
        fraction = position - low
        low = low.long()
        index, weight = [], []
        for offset in itertools.product((0, 1), repeat=3):
            near = [part if o else 1 - part for o, part in zip(offset, fraction.T, strict=True)]
            weight.append(near[0] * near[1] * near[2])
            corner = [part + o for o, part in zip(offset, low.T, strict=True)]
            index.append(self._entry(corner, corners))
        entries = F.embedding(torch.stack(index, dim=1) % len(table), table)
        weights = torch.stack(weight, dim=1).to(entries.dtype)
        return (entries * weights[..., None]).sum(1)

    def _entry(self, corner: list[Tensor], corners: int) -> Tensor:
        """Where a corner's entry lies, before wrapping: row-major if the grid fits, else hashed."""
        x, y, z = corner
        if corners**3 <= self.entries:
            return x + corners * (y + corners * z)
        p, q, r = self._PRIMES
        return (x * p) ^ (y * q) ^ (z * r)
