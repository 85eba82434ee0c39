"""EGNN denoiser of the equivariant diffusion model for molecules, EDM (arXiv 2203.17003).

Written after the paper (sections 2.2 and 3, appendix) and the training command of
ehoogeboom/e3_diffusion_for_molecules for QM9: nine layers of 256 features, attention, tanh, one
message step per coordinate step, sums that are not normalised.

Rotating, reflecting or moving the atoms does the same to the predicted coordinates and nothing to
the predicted features: coordinates enter the messages only as squared distances, and move only
along the lines between atoms.

Shapes: B batch, N atoms, A features of an atom (5 element scores and a charge), H hidden.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_TINY = 1e-8  # keeps the root's slope finite where an atom meets itself


def centred(positions: Tensor) -> Tensor:
    """[B, N, 3] with the centre of gravity at zero."""
    return positions - positions.mean(1, keepdim=True)


def _mlp(inputs: int, hidden: int) -> list[nn.Module]:
    return [nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, hidden)]


class MessageLayer(nn.Module):
    """One exchange of messages between all pairs of atoms, then one step of the coordinates."""

    def __init__(self, hidden: int, reach: float) -> None:
        super().__init__()
        pair = 2 * hidden + 2  # two atoms, their distance now and at the start
        self.reach = reach
        self.message = nn.Sequential(*_mlp(pair, hidden), nn.SiLU())
        self.attention = nn.Sequential(nn.Linear(hidden, 1), nn.Sigmoid())
        self.node = nn.Sequential(*_mlp(2 * hidden, hidden))
        self.step = nn.Sequential(*_mlp(pair, hidden), nn.SiLU(), nn.Linear(hidden, 1, bias=False))
        nn.init.xavier_uniform_(self.step[-1].weight, gain=0.001)  # first steps are small

    def forward(self, h: Tensor, x: Tensor, start: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
        """[B, N, H], [B, N, 3], first distances [B, N, N, 1] and 1 for pairs -> new h and x."""
        gap, squared = _gaps(x)
        distances = torch.cat([squared, start], dim=-1)
        messages = self.message(_pairs(h, distances))
        messages = messages * self.attention(messages) * others
        h = h + self.node(torch.cat([h, messages.sum(2)], dim=-1))
        direction = gap / ((squared + _TINY).sqrt() + 1)
        length = torch.tanh(self.step(_pairs(h, distances))) * self.reach
        return h, x + (direction * length * others).sum(2)


def _gaps(x: Tensor) -> tuple[Tensor, Tensor]:
    """Differences [B, N, N, 3] and squared distances [B, N, N, 1] of all pairs."""
    gap = x[:, :, None] - x[:, None]
    return gap, gap.square().sum(-1, keepdim=True)


def _pairs(h: Tensor, distances: Tensor) -> Tensor:
    """Features of both atoms of every pair, and their distances: [B, N, N, 2H + 2]."""
    atoms = h.shape[1]
    first = h[:, :, None].expand(-1, -1, atoms, -1)
    return torch.cat([first, first.transpose(1, 2), distances], dim=-1)


class EGNNDenoiser(nn.Module):
    """Noisy molecule and time -> the noise in it, coordinates and features.

    Published for QM9: 5 elements and the charge, 256 features, 9 layers.
    """

    def __init__(
        self, features: int = 6, hidden: int = 256, layers: int = 9, reach: float = 15.0
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(features + 1, hidden)
        self.layers = nn.ModuleList(MessageLayer(hidden, reach) for _ in range(layers))
        self.out = nn.Linear(hidden, features + 1)

    def forward(self, molecule: Tensor, time: Tensor) -> Tensor:
        """[B, N, 3 + A] and times [B] in 0..1 -> noise [B, N, 3 + A], coordinates centred."""
        atoms = molecule.shape[1]
        x = start_x = molecule[..., :3]
        when = time.to(molecule.dtype)[:, None, None].expand(-1, atoms, 1)
        h = self.embed(torch.cat([molecule[..., 3:], when], dim=-1))
        others = 1 - torch.eye(atoms, device=x.device, dtype=x.dtype)[..., None]
        start = _gaps(start_x)[1]
        for layer in self.layers:
            h, x = layer(h, x, start, others)
        noise = self.out(h)[..., :-1]  # the last channel is the time's
        return torch.cat([centred(x - start_x), noise], dim=-1)


def polynomial_betas(steps: int, power: float = 2.0, precision: float = 1e-5) -> list[float]:
    """Noise per step of EDM's schedule, `steps` + 1 values: signal (1 - (t/T)^power) (appendix B).

    Steps shrink the signal's power to no less than a thousandth, and `precision` of noise is left
    at both ends. QM9: 1,000 steps, power 2, precision 1e-5.
    """
    grid = torch.linspace(0, steps + 1, steps + 1, dtype=torch.float64) / (steps + 1)
    signal = (1 - grid**power).square()
    ratio = (signal[1:] / signal[:-1]).clamp(1e-3, 1.0)
    kept = torch.cat([signal[:1], signal[0] * ratio.cumprod(0)])
    power_left = (1 - 2 * precision) * kept + precision
    before = F.pad(power_left[:-1], (1, 0), value=1.0)
    betas: list[float] = (1 - power_left / before).tolist()
    return betas
