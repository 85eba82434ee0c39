"""SNAC: a neural audio codec whose codebooks run at different rates (arXiv 2410.14411).

Written after the layer table of hubertsiuzdak/snac (snac/layers.py, vq.py) and the configuration of
hubertsiuzdak/snac_24khz: depthwise convolutions, no attention (the 32 and 44 kHz models have one).
Weight norm is folded, as at inference. The decoder adds noise of learned strength, also when it
only decodes: the same codes give the same audio only under one seed.

Shapes: B batch, T coarsest codes, F frames (T x the coarsest stride), S samples, C channels.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Snake(nn.Module):
    """x + sin(a x)^2 / a with a learned rate per channel (arXiv 2006.08195)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.rate = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.rate * x).square() / (self.rate + 1e-9)


class ResidualUnit(nn.Module):
    """Depthwise convolution of seven dilated taps, then a mix of the channels."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Snake(channels),
            nn.Conv1d(
                channels, channels, 7, dilation=dilation, padding=3 * dilation, groups=channels
            ),
            Snake(channels),
            nn.Conv1d(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.layers(x)
        return x + mixed


class NoiseBlock(nn.Module):
    """Adds white noise, one draw per moment, scaled per channel by what is there."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.strength = nn.Conv1d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        noise = torch.randn((x.shape[0], 1, x.shape[2]), device=x.device, dtype=x.dtype)
        scaled: Tensor = noise * self.strength(x)
        return x + scaled


def _units(channels: int) -> list[nn.Module]:
    return [ResidualUnit(channels, dilation) for dilation in (1, 3, 9)]


def _encoder(width: int, rates: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv1d(1, width, 7, padding=3)]
    for rate in rates:
        layers += [*_units(width), Snake(width)]
        pad = math.ceil(rate / 2)
        layers.append(nn.Conv1d(width, 2 * width, 2 * rate, stride=rate, padding=pad))
        width *= 2
    return nn.Sequential(*layers, nn.Conv1d(width, width, 7, padding=3, groups=width))


def _decoder(latent: int, width: int, rates: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv1d(latent, latent, 7, padding=3, groups=latent),
        nn.Conv1d(latent, width, 1),
    ]
    for rate in rates:
        up = nn.ConvTranspose1d(
            width,
            width // 2,
            2 * rate,
            stride=rate,
            padding=math.ceil(rate / 2),
            output_padding=rate % 2,
        )
        width //= 2
        layers += [Snake(2 * width), up, NoiseBlock(width), *_units(width)]
    return nn.Sequential(*layers, Snake(width), nn.Conv1d(width, 1, 7, padding=3), nn.Tanh())


class Quantiser(nn.Module):
    """One codebook at its own rate: frames are averaged in groups of `stride` before look-up."""

    def __init__(self, channels: int, codes: int, code_dim: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.down = nn.Conv1d(channels, code_dim, 1)
        self.up = nn.Conv1d(code_dim, channels, 1)
        self.codebook = nn.Embedding(codes, code_dim)

    def choose(self, latents: Tensor) -> Tensor:
        """[B, C, F] -> the codes [B, F / stride] that point in the nearest direction."""
        pooled = F.avg_pool1d(latents, self.stride) if self.stride > 1 else latents
        direction = F.normalize(self.down(pooled).transpose(1, 2), dim=-1)
        return (direction @ F.normalize(self.codebook.weight, dim=-1).T).argmax(-1)

    def read(self, codes: Tensor) -> Tensor:
        """[B, F / stride] -> latents [B, C, F]."""
        latents: Tensor = self.up(self.codebook(codes).transpose(1, 2))
        return latents.repeat_interleave(self.stride, dim=-1)


class SNAC(nn.Module):
    """Audio <-> codes of several time scales. Published for 24 kHz: codes every 2048, 1024 and
    512 samples, 4,096 entries of 8 numbers each, 19.8M parameters."""

    def __init__(
        self,
        encoder_dim: int = 48,
        encoder_rates: tuple[int, ...] = (2, 4, 8, 8),
        decoder_dim: int = 1024,
        decoder_rates: tuple[int, ...] = (8, 8, 4, 2),
        codebook_size: int = 4096,
        codebook_dim: int = 8,
        vq_strides: tuple[int, ...] = (4, 2, 1),
    ) -> None:
        super().__init__()
        latent = encoder_dim * 2 ** len(encoder_rates)
        self.encoder = _encoder(encoder_dim, encoder_rates)
        self.quantisers = nn.ModuleList(
            Quantiser(latent, codebook_size, codebook_dim, stride) for stride in vq_strides
        )
        self.decoder = _decoder(latent, decoder_dim, decoder_rates)

    def encode(self, audio: Tensor) -> tuple[Tensor, ...]:
        """[B, 1, S] -> codes per scale, coarsest first: [B, T], [B, 2T], [B, 4T].

        S must be a whole number of coarsest codes; each codebook reads what those before left over.
        """
        rest: Tensor = self.encoder(audio)
        codes = []
        for quantiser in self.quantisers:
            codes.append(quantiser.choose(rest))
            rest = rest - quantiser.read(codes[-1])
        return tuple(codes)

    def decode(self, *codes: Tensor) -> Tensor:
        """Codes per scale, coarsest first -> audio [B, 1, S] in -1..1."""
        parts = zip(self.quantisers, codes, strict=True)
        latents = torch.stack([quantiser.read(chosen) for quantiser, chosen in parts]).sum(0)
        audio: Tensor = self.decoder(latents)
        return audio

    def forward(self, audio: Tensor) -> Tensor:
        """There and back: [B, 1, S] -> [B, 1, S]."""
        return self.decode(*self.encode(audio))
