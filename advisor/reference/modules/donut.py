"""Donut: a VAE for anomalies in seasonal monitoring series (Xu et al. 2018, arXiv 1802.03903)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MIN_DEVIATION = 1e-4


class DiagonalGaussian(nn.Module):
    """Two ReLU layers, then a mean and a standard deviation (softplus plus a floor)."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.mean = nn.Linear(hidden, outputs)
        self.deviation = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[..., inputs] -> mean and standard deviation, each [..., outputs]."""
        hidden = self.body(x)
        return self.mean(hidden), F.softplus(self.deviation(hidden)) + MIN_DEVIATION


class DonutVAE(nn.Module):
    """Window of a series <-> Gaussian latent. Published: window 120, hidden 100, latent 3 to 8."""

    def __init__(self, window: int = 120, hidden: int = 100, latent: int = 5) -> None:
        super().__init__()
        self.encoder = DiagonalGaussian(window, hidden, latent)
        self.decoder = DiagonalGaussian(latent, hidden, window)

    def encode(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """[B, window] standardised values -> latent mean and deviation, each [B, latent]."""
        return self.encoder(window)

    def decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """[..., latent] -> mean and deviation of the window's values, each [..., window]."""
        return self.decoder(z)

    def forward(self, window: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Window -> (mean, deviation, latent mean, latent deviation); eval mode takes no draw."""
        z_mean, z_deviation = self.encode(window)
        z = z_mean + z_deviation * torch.randn_like(z_mean) if self.training else z_mean
        mean, deviation = self.decode(z)
        return mean, deviation, z_mean, z_deviation

    def anomaly_score(self, window: Tensor, draws: int = 1024) -> Tensor:
        """Minus the expected log-likelihood per point over `draws` latents: [B, window], nats."""
        z_mean, z_deviation = self.encode(window)
        noise = torch.randn(draws, *z_mean.shape, device=z_mean.device, dtype=z_mean.dtype)
        mean, deviation = self.decode(z_mean + z_deviation * noise)
        squared = ((window - mean) / deviation).square()
        return (0.5 * (squared + math.log(2 * math.pi)) + deviation.log()).mean(0)
