"""VQ-VAE for 32 px images (van den Oord et al. 2017, arXiv 1711.00937).

Published shape of the network: two halvings, two residual blocks, 512 codes of 64 numbers on an
8 x 8 grid; the widths (128, 32 in the residual branch) are those of DeepMind's public example.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ResidualStack(nn.Module):
    """ReLU, 3 x 3, ReLU, 1 x 1 around a skip, repeated; one ReLU at the end."""

    def __init__(self, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.ReLU(),
                nn.Conv2d(width, hidden, 3, padding=1, bias=False),
                nn.ReLU(),
                nn.Conv2d(hidden, width, 1, bias=False),
            )
            for _ in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, H, W] -> [B, width, H, W]."""
        for branch in self.branches:
            x = x + branch(x)
        return F.relu(x)


class VQVAE(nn.Module):
    """Image <-> grid of codes, four times smaller each way."""

    def __init__(
        self,
        width: int = 128,
        residual_width: int = 32,
        residual_layers: int = 2,
        codes: int = 512,
        code_dim: int = 64,
    ) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, width // 2, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            ResidualStack(width, residual_width, residual_layers),
            nn.Conv2d(width, code_dim, 1),
        )
        self.codebook = nn.Embedding(codes, code_dim)
        self.decoder = nn.Sequential(
            nn.Conv2d(code_dim, width, 3, padding=1),
            ResidualStack(width, residual_width, residual_layers),
            nn.ConvTranspose2d(width, width // 2, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(width // 2, 3, 4, stride=2, padding=1),
        )
        nn.init.uniform_(self.codebook.weight, -1 / codes, 1 / codes)

    def encode(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] -> continuous latents [B, code_dim, H/4, W/4], before quantisation."""
        return self.encoder(image)

    def quantise(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Latents -> (nearest codes in their place, their int64 indices [B, H/4, W/4]).

        The gradient passes the rounding unchanged (straight-through estimator).
        """
        points = latents.movedim(1, -1).flatten(1, 2)
        # In fp32: in bf16 many codes would be equally near.
        distance = torch.cdist(points.float(), self.codebook.weight.float())
        index = distance.argmin(-1).unflatten(1, latents.shape[2:])
        nearest = self.codebook(index).movedim(-1, 1)
        return latents + (nearest - latents).detach(), index

    def decode(self, latents: Tensor) -> Tensor:
        """Quantised latents [B, code_dim, H/4, W/4] -> [B, 3, H, W]."""
        return self.decoder(latents)

    def decode_indices(self, index: Tensor) -> Tensor:
        """Code indices [B, H/4, W/4], as a prior would draw them -> [B, 3, H, W]."""
        return self.decode(self.codebook(index).movedim(-1, 1))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Image -> (reconstruction, latents before quantisation, code indices)."""
        latents = self.encode(image)
        quantised, index = self.quantise(latents)
        return self.decode(quantised), latents, index
