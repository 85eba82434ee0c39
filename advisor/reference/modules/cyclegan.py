"""CycleGAN ResNet generator (Zhu et al. 2017, arXiv 1703.10593), after Johnson's style network."""

from __future__ import annotations

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two reflect-padded 3 x 3 convolutions around a skip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H, W]."""
        return x + self.layers(x)


class CycleGANResNet(nn.Module):
    """Image -> image: 7 x 7 stem, two halvings, residual blocks, two doublings, 7 x 7 head.

    Published: 9 blocks for 256 px (6 for 128 px) at 256 channels; instance norm without parameters.
    """

    def __init__(
        self, in_channels: int = 3, out_channels: int = 3, width: int = 64, blocks: int = 9
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(in_channels, width, 7)]
        layers += [nn.InstanceNorm2d(width), nn.ReLU()]
        for channels in (2 * width, 4 * width):
            layers.append(nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1))
            layers += [nn.InstanceNorm2d(channels), nn.ReLU()]
        layers += [ResidualBlock(4 * width) for _ in range(blocks)]
        for channels in (2 * width, width):
            layers.append(
                nn.ConvTranspose2d(2 * channels, channels, 3, stride=2, padding=1, output_padding=1)
            )
            layers += [nn.InstanceNorm2d(channels), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, out_channels, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] in -1..1, H and W multiples of 4 -> [B, 3, H, W] in -1..1."""
        return self.layers(image)
