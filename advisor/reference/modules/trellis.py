"""TRELLIS stage 1: flow transformer for the sparse structure (Xiang et al. 2024, arXiv 2412.01506).

Denoises a dense grid of voxel latents under image tokens; stage 2 (sparse, not here) fills the
occupied voxels. Shapes: B batch, N voxels (resolution^3), M image tokens, C channels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advisor.reference.modules.common import attend, merge_heads, split_heads


class HeadRMSNorm(nn.Module):
    """RMS norm over each head's channels, with a scale per head and channel."""

    def __init__(self, heads: int, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(heads, channels // heads))

    def forward(self, x: Tensor) -> Tensor:
        """[B, heads, N, D] -> [B, heads, N, D]."""
        return F.rms_norm(x, x.shape[-1:]) * self.gamma[:, None]


class SelfAttention(nn.Module):
    """Self-attention with normalised queries and keys."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.query_norm = HeadRMSNorm(heads, channels)
        self.key_norm = HeadRMSNorm(heads, channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, C] -> [B, N, C]."""
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        mixed = F.scaled_dot_product_attention(self.query_norm(q), self.key_norm(k), v)
        return self.out(merge_heads(mixed))


class CrossAttention(nn.Module):
    """Voxels look at the image."""

    def __init__(self, channels: int, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(context, 2 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        """[B, N, C] and [B, M, context] -> [B, N, C]."""
        key, value = self.key_value(image).chunk(2, dim=-1)
        return self.out(attend(self.query(x), key, value, self.heads))


class Block(nn.Module):
    """Self-attention and MLP modulated by time; cross-attention in between with a plain norm."""

    def __init__(self, channels: int, context: int, heads: int) -> None:
        super().__init__()
        self.modulation = nn.Linear(channels, 6 * channels)
        self.self_attention = SelfAttention(channels, heads)
        self.cross_norm = nn.LayerNorm(channels, eps=1e-6)
        self.cross_attention = CrossAttention(channels, context, heads)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 4 * channels),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * channels, channels),
        )

    def forward(self, x: Tensor, time: Tensor, image: Tensor) -> Tensor:
        """[B, N, C], [B, C] and [B, M, context] -> [B, N, C]."""
        vectors = self.modulation(F.silu(time))[:, None].chunk(6, dim=-1)
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = vectors
        x = x + gate * self.self_attention(_norm(x) * (1 + scale) + shift)
        x = x + self.cross_attention(self.cross_norm(x), image)
        return x + mlp_gate * self.mlp(_norm(x) * (1 + mlp_scale) + mlp_shift)


def _norm(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], eps=1e-6)


def voxel_positions(resolution: int, channels: int, device: torch.device) -> Tensor:
    """Sines and cosines of each voxel's coordinates, zero-padded: [resolution^3, channels]."""
    frequencies = channels // 6
    index = torch.arange(frequencies, device=device, dtype=torch.float32) / frequencies
    axis = torch.arange(resolution, device=device, dtype=torch.float32)
    grid = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).flatten(0, 2)
    angles = grid[..., None] / 10_000**index
    features = torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(1)
    return F.pad(features, (0, channels - features.shape[1]))


class TrellisSSFlow(nn.Module):
    """One flow-matching call. Published (image, large): 16^3 voxels, 24 blocks of 1024.

    The published code keeps the position table as a buffer of resolution^3 x channels; here it is
    made at every call, which costs one small elementwise pass.
    """

    def __init__(
        self,
        resolution: int = 16,
        in_channels: int = 8,
        channels: int = 1024,
        ctx: int = 1024,
        blocks: int = 24,
        heads: int = 16,
        time_features: int = 256,
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.time_in = nn.Sequential(
            nn.Linear(time_features, channels), nn.SiLU(), nn.Linear(channels, channels)
        )
        self.voxels_in = nn.Linear(in_channels, channels)
        self.blocks = nn.ModuleList(Block(channels, ctx, heads) for _ in range(blocks))
        self.voxels_out = nn.Linear(channels, in_channels)

    def forward(self, voxels: Tensor, time: Tensor, image: Tensor) -> Tensor:
        """Noisy voxels [B, N, in_channels] -> velocity, same shape.

        `time` is `timestep_embedding(1000 t, 256)` [B, 256], `image` DINOv2 tokens [B, M, ctx].
        """
        vector = self.time_in(time)
        x = self.voxels_in(voxels)
        x = x + voxel_positions(self.resolution, x.shape[-1], x.device).to(x.dtype)
        for block in self.blocks:
            x = block(x, vector, image)
        return self.voxels_out(_norm(x))
