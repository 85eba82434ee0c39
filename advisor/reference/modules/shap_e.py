"""Shap-E's decoder (Jun and Nichol 2023, arXiv 2305.02463): a latent becomes the weights of an MLP.

The renderer of diffusers, with its two uses as calls of their own: `project` writes the projected
weights into the field's MLP, `field` reads signed distance and colour at points.
"""

from __future__ import annotations

import importlib

import torch
from torch import Tensor

_Renderer: type = importlib.import_module("diffusers.pipelines.shap_e.renderer").ShapERenderer


class ShapEField(_Renderer):
    """One asset at a time: the MLP's weights are state."""

    @torch.no_grad()
    def project(self, latents: Tensor) -> Tensor:
        """Latents [1, rows, d_latent] -> all projected weights [1, weights], now in the MLP."""
        projected = self.params_proj(latents)
        for name, weight in self.mlp.named_parameters():
            made = projected.get(f"nerstf.{name}")
            if made is not None:
                weight.copy_(made[0])
        return torch.cat([made.flatten(1) for made in projected.values()], dim=1)

    def field(self, points: Tensor) -> Tensor:
        """Points [1, N, 3] in -1..1 -> signed distance and colour [1, N, 4]."""
        read = self.mlp(
            position=points, direction=None, ts=None, nerf_level="fine", rendering_mode="stf"
        )
        return torch.cat([read.signed_distance, read.channels], dim=-1)
