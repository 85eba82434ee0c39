"""SoundStorm's masked audio model: a Conformer over all levels of a residual codec at once.

After arXiv 2305.09636 (sections 3 and 4): embeddings of one frame's codes are summed with that of
its semantic token, a bidirectional Conformer reads the frames, and every level has its own output
layer. Twelve layers, 16 heads, width 1024, feed-forward 4096, kernel 5, rotary positions: 350M.
The paper does not say how wide the convolution is inside; twice the width gives its 350M
parameters, once the width would give 316M.

Shapes: B batch, Q codec levels, F frames, N semantic tokens (half as many), C width, V codes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advisor.reference.modules.common import merge_heads, split_heads


def rotate(x: Tensor) -> Tensor:
    """Rotary position embedding of [B, H, F, D] (arXiv 2104.09864)."""
    frames, size = x.shape[-2:]
    index = torch.arange(0, size, 2, device=x.device, dtype=torch.float32)
    positions = torch.arange(frames, device=x.device, dtype=torch.float32)
    angle = torch.outer(positions, 10_000.0 ** (-index / size)).repeat(1, 2)
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return x * angle.cos().to(x.dtype) + turned * angle.sin().to(x.dtype)


class Attention(nn.Module):
    """Self-attention of every frame over all frames."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.inputs = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (split_heads(y, self.heads) for y in self.inputs(self.norm(x)).chunk(3, dim=-1))
        mixed: Tensor = self.out(
            merge_heads(F.scaled_dot_product_attention(rotate(q), rotate(k), v))
        )
        return mixed


class Convolution(nn.Module):
    """The Conformer's convolution (arXiv 2005.08100, section 2.2): gate, few taps, mix."""

    def __init__(self, width: int, inner: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.gate = nn.Conv1d(width, 2 * inner, 1)
        self.taps = nn.Conv1d(inner, inner, kernel, padding=kernel // 2, groups=inner)
        self.batch_norm = nn.BatchNorm1d(inner)
        self.out = nn.Conv1d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.glu(self.gate(self.norm(x).transpose(1, 2)), dim=1)
        mixed: Tensor = self.out(F.silu(self.batch_norm(self.taps(y)))).transpose(1, 2)
        return mixed


def _feed_forward(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, hidden), nn.SiLU(), nn.Linear(hidden, width)
    )


class ConformerLayer(nn.Module):
    """Half a feed-forward step, attention, convolution, the other half."""

    def __init__(self, width: int, heads: int, hidden: int, inner: int, kernel: int) -> None:
        super().__init__()
        self.before = _feed_forward(width, hidden)
        self.attention = Attention(width, heads)
        self.convolution = Convolution(width, inner, kernel)
        self.after = _feed_forward(width, hidden)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.before(x) / 2
        x = x + self.attention(x)
        x = x + self.convolution(x)
        y: Tensor = self.norm(x + self.after(x) / 2)
        return y


class SoundStorm(nn.Module):
    """Partly masked codes and semantic tokens -> scores of one level's codes at every frame.

    The number after the last code stands for a masked one.
    """

    def __init__(
        self,
        levels: int = 12,
        codes: int = 1024,
        semantic: int = 1024,
        width: int = 1024,
        layers: int = 12,
        heads: int = 16,
        hidden: int = 4096,
        expansion: int = 2,
        kernel: int = 5,
    ) -> None:
        super().__init__()
        self.codes = nn.ModuleList(nn.Embedding(codes + 1, width) for _ in range(levels))
        self.semantic = nn.Embedding(semantic, width)
        self.layers = nn.ModuleList(
            ConformerLayer(width, heads, hidden, expansion * width, kernel) for _ in range(layers)
        )
        self.heads = nn.ModuleList(nn.Linear(width, codes) for _ in range(levels))

    def forward(self, tokens: Tensor, semantic: Tensor, level: int) -> Tensor:
        """int64 [B, Q, F] and [B, N], F = 2 N -> logits [B, F, V] of `level` (0 is coarsest).

        Semantic tokens come at 25 a second, frames at 50: each serves two frames.
        """
        x = self.semantic(semantic).repeat_interleave(2, dim=1)
        for table, codes in zip(self.codes, tokens.unbind(1), strict=True):
            x = x + table(codes)
        for layer in self.layers:
            x = layer(x)
        logits: Tensor = self.heads[level](x)
        return logits
