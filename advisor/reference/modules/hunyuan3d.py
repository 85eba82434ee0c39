"""Hunyuan3D 2.0 shape denoiser (arXiv 2501.12202): a Flux-style transformer over a vector set.

Latent shape tokens and image tokens first run in two streams that attend jointly, then in one. The
tokens are a set, so there is no position embedding. Shapes: B batch, N latent tokens, M image
tokens, W hidden width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advisor.reference.modules.common import merge_heads, split_heads


class Attention(nn.Module):
    """Projections of one stream, with RMS norm on each head's queries and keys."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.query_norm = nn.RMSNorm(hidden // heads, eps=1e-6)
        self.key_norm = nn.RMSNorm(hidden // heads, eps=1e-6)
        self.out = nn.Linear(hidden, hidden)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, N, W] -> queries, keys and values, each [B, heads, N, W / heads]."""
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        return self.query_norm(q), self.key_norm(k), v


class Modulation(nn.Module):
    """Shift, scale and gate vectors from the time embedding, `sets` times three."""

    def __init__(self, hidden: int, sets: int) -> None:
        super().__init__()
        self.sets = sets
        self.linear = nn.Linear(hidden, 3 * sets * hidden)

    def forward(self, time: Tensor) -> tuple[Tensor, ...]:
        """[B, W] -> 3 x sets tensors [B, 1, W]."""
        return self.linear(F.silu(time))[:, None].chunk(3 * self.sets, dim=-1)


def _norm(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Layer norm whose scale and shift come from the modulation alone."""
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


class Stream(nn.Module):
    """One side of a double block."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.modulation = Modulation(hidden, sets=2)
        self.attention = Attention(hidden, heads)
        self.mlp = nn.Sequential(
            nn.Linear(hidden, 4 * hidden),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * hidden, hidden),
        )


class DoubleBlock(nn.Module):
    """Two streams with their own weights and one attention over both."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.streams = nn.ModuleList([Stream(hidden, heads), Stream(hidden, heads)])

    def forward(self, latent: Tensor, image: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        """[B, N, W], [B, M, W] and [B, W] -> both streams, same shapes."""
        sides = [image, latent]
        vectors = [stream.modulation(time) for stream in self.streams]
        projected = [
            stream.attention.project(_norm(side, shift, scale))
            for stream, side, (shift, scale, *_) in zip(self.streams, sides, vectors, strict=True)
        ]
        q, k, v = (torch.cat(parts, dim=2) for parts in zip(*projected, strict=True))
        mixed = merge_heads(F.scaled_dot_product_attention(q, k, v))
        mixed_sides = mixed.split([image.shape[1], latent.shape[1]], dim=1)
        done = []
        for stream, side, part, (_, _, gate, shift, scale, mlp_gate) in zip(
            self.streams, sides, mixed_sides, vectors, strict=True
        ):
            x = side + gate * stream.attention.out(part)
            done.append(x + mlp_gate * stream.mlp(_norm(x, shift, scale)))
        return done[1], done[0]


class SingleBlock(nn.Module):
    """One stream; attention and MLP run in parallel from one projection into one."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.hidden, self.heads = hidden, heads
        self.modulation = Modulation(hidden, sets=1)
        self.enter = nn.Linear(hidden, 7 * hidden)  # queries, keys, values, and 4 x for the MLP
        self.query_norm = nn.RMSNorm(hidden // heads, eps=1e-6)
        self.key_norm = nn.RMSNorm(hidden // heads, eps=1e-6)
        self.leave = nn.Linear(5 * hidden, hidden)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """[B, M + N, W] and [B, W] -> [B, M + N, W]."""
        shift, scale, gate = self.modulation(time)
        parts = self.enter(_norm(x, shift, scale)).split([self.hidden] * 3 + [4 * self.hidden], -1)
        q, k, v = (split_heads(part, self.heads) for part in parts[:3])
        mixed = F.scaled_dot_product_attention(self.query_norm(q), self.key_norm(k), v)
        wide = F.gelu(parts[3], approximate="tanh")
        return x + gate * self.leave(torch.cat([merge_heads(mixed), wide], dim=-1))


class Hunyuan3DDiT(nn.Module):
    """One flow-matching call. Published: 16 double and 32 single blocks of 1024."""

    def __init__(
        self,
        in_channels: int = 64,
        context: int = 1536,
        hidden: int = 1024,
        heads: int = 16,
        depth: int = 16,
        depth_single: int = 32,
        time_features: int = 256,
    ) -> None:
        super().__init__()
        self.latent_in = nn.Linear(in_channels, hidden)
        self.image_in = nn.Linear(context, hidden)
        self.time_in = nn.Sequential(
            nn.Linear(time_features, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
        )
        self.double_blocks = nn.ModuleList(DoubleBlock(hidden, heads) for _ in range(depth))
        self.single_blocks = nn.ModuleList(SingleBlock(hidden, heads) for _ in range(depth_single))
        self.last_modulation = nn.Linear(hidden, 2 * hidden)
        self.last = nn.Linear(hidden, in_channels)

    def forward(self, latent: Tensor, time: Tensor, image: Tensor) -> Tensor:
        """Noisy latent [B, N, in_channels] -> velocity, same shape.

        `time` is `timestep_embedding(t, 256)` [B, 256], `image` DINOv2 tokens [B, M, context].
        """
        vector = self.time_in(time)
        x, context = self.latent_in(latent), self.image_in(image)
        for double in self.double_blocks:
            x, context = double(x, context, vector)
        joined = torch.cat([context, x], dim=1)
        for single in self.single_blocks:
            joined = single(joined, vector)
        shift, scale = self.last_modulation(F.silu(vector))[:, None].chunk(2, dim=-1)
        return self.last(_norm(joined[:, -latent.shape[1] :], shift, scale))
