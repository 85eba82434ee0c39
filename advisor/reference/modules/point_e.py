"""Point-E: diffusion of coloured point clouds (Nichol et al. 2022, arXiv 2212.08751).

A plain transformer. Points are a set, so there is no position embedding; time and condition enter
as extra tokens.
Shapes: B batch, P points, W width, C condition tokens.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from advisor.reference.modules.common import attend


def _mlp(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


class Block(nn.Module):
    """Pre-norm self-attention and a four times wider GELU MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = _mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, tokens, W] -> [B, tokens, W]."""
        q, k, v = self.qkv(self.norm_attention(x)).chunk(3, dim=-1)
        x = x + self.out(attend(q, k, v, self.heads))
        return x + self.mlp(self.norm_mlp(x))


class PointE(nn.Module):
    """One denoising call. Published sizes: 12 x 512 (40M), 24 x 1024 (300M), 24 x 2048 (1B).

    `cond` is `grid` for CLIP's image tokens, `vec` for one CLIP text or image vector. `low_res` is
    the number of points the upsampler is given beside the ones it makes, 0 for the base models.
    """

    def __init__(
        self,
        width: int = 512,
        layers: int = 12,
        heads: int = 8,
        cond: Literal["grid", "vec"] = "grid",
        cond_dim: int = 1024,
        low_res: int = 0,
        in_channels: int = 6,
        out_channels: int = 12,
    ) -> None:
        super().__init__()
        self.time = _mlp(width)
        self.condition = (
            nn.Sequential(nn.LayerNorm(cond_dim), nn.Linear(cond_dim, width))
            if cond == "grid"
            else nn.Linear(cond_dim, width)
        )
        self.points_in = nn.Linear(in_channels, width)
        self.low_res_in = nn.Linear(in_channels, width) if low_res else None
        self.norm_in = nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm_out = nn.LayerNorm(width)
        self.points_out = nn.Linear(width, out_channels)

    def forward(
        self, points: Tensor, time: Tensor, condition: Tensor, low_res: Tensor | None = None
    ) -> Tensor:
        """Noisy points [B, P, 6] (x, y, z, red, green, blue) -> noise and its variance [B, P, 12].

        `time` is `timestep_embedding(t, width)` [B, W]; `condition` is [B, C, cond_dim], or
        [B, cond_dim] for a vector; `low_res` [B, points, 6] goes with the upsampler alone.
        """
        condition = self.condition(condition)
        tokens = [condition if condition.dim() == 3 else condition[:, None]]
        if self.low_res_in is not None:
            if low_res is None:
                raise ValueError("the upsampler needs the low-resolution points")
            tokens.append(self.low_res_in(low_res))
        tokens = [self.time(time)[:, None], *tokens, self.points_in(points)]
        x = self.norm_out(self.blocks(self.norm_in(torch.cat(tokens, dim=1))))
        return self.points_out(x[:, -points.shape[1] :])
