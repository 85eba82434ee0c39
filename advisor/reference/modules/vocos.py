"""Vocos: mel spectrogram -> waveform by predicting Fourier coefficients (arXiv 2306.00814).

Everything runs at the frame rate; one inverse transform at the end makes the samples.
Shapes: B batch, F frames, C channels, T samples (F x hop).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAX_MAGNITUDE = 100.0  # an untrained or diverging head must not overflow the exponential


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, layer norm, two dense layers, layer scale, skip."""

    def __init__(self, width: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, F] -> [B, C, F]."""
        y = self.norm(self.depthwise(x).transpose(1, 2))
        y = self.scale * self.contract(F.gelu(self.expand(y)))
        return x + y.transpose(1, 2)


class Vocos(nn.Module):
    """Published (mel, 24 kHz): 100 mel bands, 8 blocks of 512, transform 1024, hop 256.

    The Hann window is made at every call instead of being kept as a buffer.
    """

    def __init__(
        self,
        mels: int = 100,
        width: int = 512,
        hidden: int = 1536,
        layers: int = 8,
        n_fft: int = 1024,
        hop: int = 256,
    ) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.embed = nn.Conv1d(mels, width, 7, padding=3)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.blocks = nn.Sequential(
            *(ConvNeXtBlock(width, hidden, 1 / layers) for _ in range(layers))
        )
        self.last_norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, n_fft + 2)
        for module in self.modules():
            if isinstance(module, nn.Conv1d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)

    def forward(self, mel: Tensor) -> Tensor:
        """Log-mel spectrogram [B, mels, F] -> waveform [B, F x hop]."""
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        x = self.last_norm(self.blocks(x).transpose(1, 2))
        log_magnitude, phase = self.head(x).float().chunk(2, dim=-1)
        magnitude = log_magnitude.exp().clamp(max=MAX_MAGNITUDE)
        spectrum = torch.complex(magnitude * phase.cos(), magnitude * phase.sin())
        return self._overlap_add(spectrum).to(mel.dtype)

    def _overlap_add(self, spectrum: Tensor) -> Tensor:
        """Inverse transform of [B, F, n_fft/2 + 1] in fp32, `hop` samples per frame.

        torch.istft pads for centred frames; here the edges are cut so that F frames give F x hop
        samples.
        """
        window = torch.hann_window(self.n_fft, device=spectrum.device)
        frames = torch.fft.irfft(spectrum, n=self.n_fft, dim=-1) * window
        power = window.square().expand(1, spectrum.shape[1], -1)
        return self._fold(frames) / self._fold(power)

    def _fold(self, frames: Tensor) -> Tensor:
        """Add overlapping frames [B, F, n_fft] and cut both edges: [B, F x hop]."""
        count = frames.shape[1]
        length = (count - 1) * self.hop + self.n_fft
        added = F.fold(
            frames.transpose(1, 2), (1, length), kernel_size=(1, self.n_fft), stride=(1, self.hop)
        )
        edge = (self.n_fft - self.hop) // 2
        return added[:, 0, 0, edge : edge + count * self.hop]
