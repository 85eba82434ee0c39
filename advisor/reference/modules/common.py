"""Pieces that several families share: attention over split heads, timestep features, sampling.

Shapes: B batch, N and M tokens, C channels, H heads, D channels of one head (C = H x D).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[B, N, C] -> [B, H, N, D]."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """[B, H, N, D] -> [B, N, C]."""
    return x.transpose(1, 2).flatten(2)


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Full attention of [B, N, C] queries over [B, M, C] keys and values: [B, N, C]."""
    q, k, v = (split_heads(x, heads) for x in (query, key, value))
    return merge_heads(F.scaled_dot_product_attention(q, k, v))


def timestep_embedding(t: Tensor, width: int, max_period: float = 10_000.0) -> Tensor:
    """Cosines, then sines, of [B] diffusion times at `width / 2` geometric frequencies: [B, width].

    In fp32 whatever the model's dtype: times near 1000 have no fraction left in bf16.
    """
    half = width // 2
    index = torch.arange(half, device=t.device, dtype=torch.float32)
    angle = t.float()[:, None] * torch.exp(-math.log(max_period) / half * index)
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


def gaussian_sample(mean: Tensor, log_variance: Tensor) -> Tensor:
    """A draw from N(mean, exp(log_variance)) through which gradients flow to both."""
    return mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
