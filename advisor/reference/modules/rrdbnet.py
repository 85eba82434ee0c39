"""Super-resolution generators: RRDBNet of ESRGAN and Real-ESRGAN, and its compact sibling.

ESRGAN: Wang et al. 2018, arXiv 1809.00219. Real-ESRGAN: Wang et al. 2021, arXiv 2107.10833.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RESIDUAL_SCALE = 0.2  # keeps 69 nested dense blocks stable without normalisation


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class DenseBlock(nn.Module):
    """Five 3 x 3 convolutions; each sees the block's input and all earlier outputs."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        grown = [_conv(width + index * growth, growth) for index in range(4)]
        self.convs = nn.ModuleList([*grown, _conv(width + 4 * growth, width)])
        for conv in self.convs:
            # ESRGAN's small initialisation: the block starts close to the identity.
            nn.init.kaiming_normal_(conv.weight)
            with torch.no_grad():
                conv.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, H, W] -> [B, width, H, W]."""
        seen = x
        for conv in self.convs[:-1]:
            seen = torch.cat([seen, F.leaky_relu(conv(seen), 0.2)], dim=1)
        return x + RESIDUAL_SCALE * self.convs[-1](seen)


class ResidualInResidual(nn.Module):
    """Three dense blocks inside one more scaled residual (RRDB)."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DenseBlock(width, growth) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, H, W] -> [B, width, H, W]."""
        return x + RESIDUAL_SCALE * self.blocks(x)


class RRDBNet(nn.Module):
    """Image -> the same image four times as wide and high.

    Published: 23 blocks of 64 channels, growth 32. All blocks run at the input's resolution; two
    nearest-neighbour doublings follow, so most memory is spent after them.
    """

    def __init__(
        self, in_channels: int = 3, width: int = 64, blocks: int = 23, growth: int = 32
    ) -> None:
        super().__init__()
        self.first = _conv(in_channels, width)
        self.body = nn.Sequential(*(ResidualInResidual(width, growth) for _ in range(blocks)))
        self.body_end = _conv(width, width)
        self.doublings = nn.ModuleList([_conv(width, width), _conv(width, width)])
        self.detail = _conv(width, width)
        self.last = _conv(width, in_channels)

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] in 0..1 -> [B, 3, 4H, 4W], around 0..1."""
        features = self.first(image)
        x = features + self.body_end(self.body(features))
        for conv in self.doublings:
            x = F.leaky_relu(conv(F.interpolate(x, scale_factor=2.0, mode="nearest")), 0.2)
        return self.last(F.leaky_relu(self.detail(x), 0.2))


class SRVGGNetCompact(nn.Module):
    """Image -> the same image `scale` times as wide and high, by a plain stack of convolutions.

    Real-ESRGAN's general-x4v3 has 32 inner convolutions of 64 channels. The stack predicts what to
    add to the nearest-neighbour enlargement, in one pixel shuffle at the end.
    """

    def __init__(
        self, num_conv: int = 32, width: int = 64, in_channels: int = 3, scale: int = 4
    ) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = [_conv(in_channels, width), nn.PReLU(width)]
        for _ in range(num_conv):
            layers += [_conv(width, width), nn.PReLU(width)]
        layers += [_conv(width, in_channels * scale**2), nn.PixelShuffle(scale)]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] in 0..1 -> [B, 3, scale H, scale W]."""
        enlarged = F.interpolate(image, scale_factor=float(self.scale), mode="nearest")
        return enlarged + self.layers(image)
