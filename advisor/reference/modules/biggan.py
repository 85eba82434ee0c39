"""BigGAN-deep generator (Brock et al. 2018, arXiv 1809.11096, appendix B).

Spectral norm is folded into the weights, as at inference, and one set of batch statistics is kept
(one truncation), not the ported checkpoint's 51.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPS = 1e-4

# Per resolution: (doubles the size, input channels, output channels) of each block, in units of the
# base width.
_LAYERS: dict[int, list[tuple[bool, int, int]]] = {
    128: [
        (False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8),
        (True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 2), (True, 2, 1),
    ],
    256: [
        (False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8),
        (True, 8, 8), (False, 8, 8), (True, 8, 4), (False, 4, 4), (True, 4, 2),
        (False, 2, 2), (True, 2, 1),
    ],
    512: [
        (False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8),
        (True, 8, 8), (False, 8, 8), (True, 8, 4), (False, 4, 4), (True, 4, 2),
        (False, 2, 2), (True, 2, 1), (False, 1, 1), (True, 1, 1),
    ],
}  # fmt: skip
_ATTENTION_BEFORE = 8  # index of the block that self-attention precedes, at every resolution


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose scale and shift are linear in the condition (noise and class embedding)."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=EPS, affine=False)
        self.scale = nn.Linear(condition, channels, bias=False)
        self.offset = nn.Linear(condition, channels, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """[B, C, H, W] and [B, condition] -> [B, C, H, W]."""
        scale = 1 + self.scale(condition)[:, :, None, None]
        return self.norm(x) * scale + self.offset(condition)[:, :, None, None]


class DeepBlock(nn.Module):
    """Bottleneck of four convolutions (1, 3, 3, 1) at a quarter of the input's width.

    The skip has no parameters: it drops channels, and repeats pixels where the block doubles.
    """

    def __init__(self, inputs: int, outputs: int, condition: int, up: bool) -> None:
        super().__init__()
        middle = inputs // 4
        self.outputs, self.up = outputs, up
        self.norms = nn.ModuleList(
            ConditionalBatchNorm(channels, condition)
            for channels in (inputs, middle, middle, middle)
        )
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(inputs, middle, 1),
                nn.Conv2d(middle, middle, 3, padding=1),
                nn.Conv2d(middle, middle, 3, padding=1),
                nn.Conv2d(middle, outputs, 1),
            ]
        )

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H, W], or 2H x 2W where the block doubles."""
        skip = x[:, : self.outputs]
        for index, (norm, conv) in enumerate(zip(self.norms, self.convs, strict=True)):
            x = F.relu(norm(x, condition))
            if self.up and index == 1:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = conv(x)
        if self.up:
            skip = F.interpolate(skip, scale_factor=2.0, mode="nearest")
        return x + skip


class SelfAttention(nn.Module):
    """SAGAN attention: queries at every pixel, keys and values pooled 2 x 2."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.key = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.out = nn.Conv2d(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H, W]."""
        query = self.query(x).flatten(2).transpose(1, 2)
        key = F.max_pool2d(self.key(x), 2).flatten(2).transpose(1, 2)
        value = F.max_pool2d(self.value(x), 2).flatten(2).transpose(1, 2)
        # The paper's attention is not scaled by the head size.
        found = F.scaled_dot_product_attention(query, key, value, scale=1.0)
        found = found.transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.gamma * self.out(found)


class BigGANDeepGenerator(nn.Module):
    """Noise and class -> image. Published: base width 128, z 128, 1000 ImageNet classes.

    The paper's head makes three channels. The ported checkpoint's makes `rgb_channels=128` and
    drops all but three: 0.3 % more parameters (the 50.4M it prints) and 26 to 99 % more FLOPs.
    """

    def __init__(
        self,
        resolution: int = 128,
        width: int = 128,
        z_dim: int = 128,
        classes: int = 1000,
        rgb_channels: int = 3,
    ) -> None:
        super().__init__()
        layers = _LAYERS[resolution]
        condition = 2 * z_dim
        self.embed = nn.Embedding(classes, z_dim)
        self.first = nn.Linear(condition, 4 * 4 * layers[0][1] * width)
        self.blocks = nn.ModuleList(
            DeepBlock(inputs * width, outputs * width, condition, up)
            for up, inputs, outputs in layers
        )
        self.attention = SelfAttention(layers[_ATTENTION_BEFORE][1] * width)
        self.last_norm = nn.BatchNorm2d(width, eps=EPS)
        self.to_rgb = nn.Conv2d(width, rgb_channels, 3, padding=1)
        nn.init.normal_(self.embed.weight, 0.0, 0.02)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        """[B, z_dim] (truncated) normal and [B] int64 classes -> [B, 3, resolution, resolution]."""
        condition = torch.cat([z, self.embed(label)], dim=1)
        x = self.first(condition).unflatten(1, (-1, 4, 4))
        for index, block in enumerate(self.blocks):
            if index == _ATTENTION_BEFORE:
                x = self.attention(x)
            x = block(x, condition)
        return torch.tanh(self.to_rgb(F.relu(self.last_norm(x)))[:, :3])
