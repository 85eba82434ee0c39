"""DCGAN generator at 64 px (Radford et al. 2015, arXiv 1511.06434), PyTorch tutorial's size."""

from __future__ import annotations

from torch import Tensor, nn


class DCGANGenerator(nn.Module):
    """Noise -> image through five transposed convolutions, each doubling the size after the first.

    The published size has 64 base channels and z of 100.
    """

    def __init__(self, z_dim: int = 100, width: int = 64, out_channels: int = 3) -> None:
        super().__init__()
        widths = [8 * width, 4 * width, 2 * width, width]
        layers: list[nn.Module] = []
        previous = z_dim
        for index, channels in enumerate(widths):
            # The first one spreads 1 x 1 to 4 x 4; the others go from n to 2 n.
            stride, padding = (1, 0) if index == 0 else (2, 1)
            layers += [
                nn.ConvTranspose2d(previous, channels, 4, stride, padding, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ]
            previous = channels
        layers += [nn.ConvTranspose2d(previous, out_channels, 4, 2, 1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1.0, 0.02)

    def forward(self, z: Tensor) -> Tensor:
        """[B, z_dim, 1, 1] standard normal -> [B, 3, 64, 64] in -1..1."""
        return self.layers(z)
