"""pix2pix (Isola et al. 2016, arXiv 1611.07004): U-Net generator and PatchGAN discriminator."""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn


class Pix2PixUNet(nn.Module):
    """Image -> image through `downs` halvings to 1 x 1 and back, with a skip at every size.

    Published: 8 halvings (inputs of 256 px), channels 64, 128, 256, then 512. Dropout in the three
    innermost full-width stages is the method's only noise; like batch norm it follows train/eval.
    """

    def __init__(
        self, in_channels: int = 3, out_channels: int = 3, width: int = 64, downs: int = 8
    ) -> None:
        super().__init__()
        widths = [width * min(2**level, 8) for level in range(downs)]
        self.downs = nn.ModuleList()
        self.ups = nn.ModuleList()
        for level, channels in enumerate(widths):
            outermost, innermost = level == 0, level == downs - 1
            above = in_channels if outermost else widths[level - 1]
            down: list[nn.Module] = [] if outermost else [nn.LeakyReLU(0.2)]
            down.append(nn.Conv2d(above, channels, 4, 2, 1, bias=False))
            if not (outermost or innermost):
                down.append(nn.BatchNorm2d(channels))
            self.downs.append(nn.Sequential(*down))

            # What comes up from below is joined with the skip, except at the bottom.
            joined = channels if innermost else 2 * channels
            target = out_channels if outermost else above
            up: list[nn.Module] = [
                nn.ReLU(),
                nn.ConvTranspose2d(joined, target, 4, 2, 1, bias=outermost),
                nn.Tanh() if outermost else nn.BatchNorm2d(target),
            ]
            if downs - 4 <= level < downs - 1 and channels == above:
                up.append(nn.Dropout(0.5))
            self.ups.append(nn.Sequential(*up))

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] in -1..1, H and W multiples of 2^downs -> [B, 3, H, W] in -1..1."""
        skips = []
        x = image
        for down in self.downs:
            x = down(x)
            skips.append(x)
        for level in range(len(self.ups) - 1, 0, -1):
            x = torch.cat([skips[level - 1], self.ups[level](x)], dim=1)
        return self.ups[0](x)


class PatchGAN(nn.Module):
    """Judges overlapping 70 x 70 patches; also CycleGAN's discriminator (arXiv 1703.10593).

    `in_nc` is 6 where the source image is shown beside the result (pix2pix), 3 where it is not.
    Instance norm has no parameters, so its convolutions carry a bias.
    """

    def __init__(
        self,
        in_nc: int = 6,
        norm: Literal["batch", "instance"] = "batch",
        width: int = 64,
        layers: int = 3,
    ) -> None:
        super().__init__()
        make_norm = nn.BatchNorm2d if norm == "batch" else nn.InstanceNorm2d
        activation = partial(nn.LeakyReLU, 0.2)
        stack: list[nn.Module] = [nn.Conv2d(in_nc, width, 4, 2, 1), activation()]
        previous = width
        for level in range(1, layers + 1):
            channels = width * min(2**level, 8)
            stride = 2 if level < layers else 1
            stack += [
                nn.Conv2d(previous, channels, 4, stride, 1, bias=norm == "instance"),
                make_norm(channels),
                activation(),
            ]
            previous = channels
        stack.append(nn.Conv2d(previous, 1, 4, 1, 1))
        self.layers = nn.Sequential(*stack)

    def forward(self, image: Tensor) -> Tensor:
        """[B, in_nc, H, W] -> logits [B, 1, H/8 - 2, W/8 - 2], one per patch; positive = real."""
        return self.layers(image)
