"""Plain convolutional image VAE at 64 px (Kingma and Welling 2013, arXiv 1312.6114).

No canonical published size exists; this is the widely used five-halvings one of 32 to 512 channels.
"""

from __future__ import annotations

from torch import Tensor, nn

from advisor.reference.modules.common import gaussian_sample


class ConvVAE(nn.Module):
    """Image <-> Gaussian latent, `len(widths)` halvings of a square image."""

    def __init__(
        self,
        latent: int = 128,
        widths: tuple[int, ...] = (32, 64, 128, 256, 512),
        resolution: int = 64,
    ) -> None:
        super().__init__()
        self.bottom = resolution // 2 ** len(widths)
        flat = widths[-1] * self.bottom**2
        down: list[nn.Module] = []
        for inputs, outputs in zip((3, *widths), widths, strict=False):
            down.append(nn.Conv2d(inputs, outputs, 3, stride=2, padding=1))
            down += [nn.BatchNorm2d(outputs), nn.LeakyReLU()]
        self.encoder = nn.Sequential(*down, nn.Flatten())
        self.mean = nn.Linear(flat, latent)
        self.log_variance = nn.Linear(flat, latent)
        self.expand = nn.Linear(latent, flat)
        up: list[nn.Module] = []
        for inputs, outputs in zip(widths[::-1], (*widths[-2::-1], widths[0]), strict=True):
            up.append(nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1))
            up += [nn.BatchNorm2d(outputs), nn.LeakyReLU()]
        self.decoder = nn.Sequential(*up, nn.Conv2d(widths[0], 3, 3, padding=1), nn.Tanh())

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, S, S] in -1..1 -> mean and log variance, each [B, latent]."""
        features = self.encoder(image)
        return self.mean(features), self.log_variance(features)

    def decode(self, z: Tensor) -> Tensor:
        """[B, latent] -> [B, 3, S, S] in -1..1."""
        return self.decoder(self.expand(z).unflatten(1, (-1, self.bottom, self.bottom)))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Image -> (reconstruction, mean, log variance); decodes the mean when in eval mode."""
        mean, log_variance = self.encode(image)
        z = gaussian_sample(mean, log_variance) if self.training else mean
        return self.decode(z), mean, log_variance
