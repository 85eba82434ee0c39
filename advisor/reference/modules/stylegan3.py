"""StyleGAN3 generators T and R (Karras et al. 2021, arXiv 2106.12423).

Signals stay band-limited: every non-linearity runs at a raised sampling rate between a Kaiser
low-pass upsampling filter and a downsampling one. The published code fuses the three steps in a
CUDA kernel; here they are depthwise (transposed) convolutions, which do the same multiply-adds
and can be traced, but move more memory.

Shapes: B batch, S style width, C channels, H and W the layer's size with margin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from advisor.reference.modules.stylegan import EqualLinear, Mapping, modulated_conv

LAYERS, CRITICAL = 14, 2  # the last two layers fill the image's band completely
FIRST_CUTOFF, FIRST_STOPBAND, LAST_STOPBAND = 2.0, 2**2.1, 2**0.3
MARGIN = 10  # pixels kept around the image so that its border is not a visible reference
FILTER_TAPS = 6  # per unit of resampling
OVERSAMPLING = 2  # at the non-linearity
OUTPUT_SCALE = 0.25
CLAMP = 256.0


@dataclass(frozen=True)
class Signal:
    """What flows between two layers: sampling, and the band it fills (cycles per image)."""

    channels: int
    size: int  # pixels along an edge, margins included
    rate: float
    cutoff: float
    half_width: float  # of the filters' transition


def plan_signals(resolution: int, channel_base: int, channel_max: int) -> list[Signal]:
    """The signal that each layer makes, image last; bands widen geometrically up to the image's."""
    last_cutoff = resolution / 2
    signals = []
    for index in range(LAYERS + 1):
        way = min(index / (LAYERS - CRITICAL), 1)
        cutoff = FIRST_CUTOFF * (last_cutoff / FIRST_CUTOFF) ** way
        stopband = FIRST_STOPBAND * (last_cutoff * LAST_STOPBAND / FIRST_STOPBAND) ** way
        rate = 2 ** math.ceil(math.log2(min(2 * stopband, resolution)))
        margin = 0 if index >= LAYERS - 1 else 2 * MARGIN
        channels = 3 if index == LAYERS else round(min(channel_base / 2 / cutoff, channel_max))
        half_width = max(stopband, rate / 2) - cutoff
        signals.append(Signal(channels, rate + margin, rate, cutoff, half_width))
    return signals


def low_pass(taps: int, cutoff: float, width: float, rate: float, radial: bool = False) -> Tensor:
    """Kaiser-windowed low-pass filter of unit sum: [taps], or [taps, taps] where it is radial.

    `cutoff`, transition `width` and sampling `rate` are in cycles per image.
    """
    if taps == 1:
        return torch.ones(1, dtype=torch.float32)
    # Kaiser's formulas: attenuation that so many taps can reach, and the window that reaches it.
    attenuation = 2.285 * (taps - 1) * math.pi * width / (rate / 2) + 7.95
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation > 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    else:
        beta = 0.0
    window = np.kaiser(taps, beta)
    x = (np.arange(taps) - (taps - 1) / 2) / rate
    if radial:
        radius = np.hypot(*np.meshgrid(x, x))
        kernel = _jinc(2 * math.pi * cutoff * radius) * np.outer(window, window)
    else:
        kernel = np.sinc(2 * cutoff * x) * window
    return torch.tensor(kernel / kernel.sum(), dtype=torch.float32)


def _jinc(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """J1(x) / x, the ideal circular low-pass; filters have even length, so x is never 0."""
    bessel: NDArray[np.float64] = torch.special.bessel_j1(torch.from_numpy(x)).numpy()
    return bessel / x


class FourierInput(nn.Module):
    """A fixed random set of waves within the first band, rotated and shifted by the style."""

    frequencies: Tensor
    phases: Tensor

    def __init__(self, style: int, made: Signal) -> None:
        super().__init__()
        self.made, channels = made, made.channels
        waves = torch.randn(channels, 2, dtype=torch.float32)
        radius = waves.norm(dim=1, keepdim=True)
        # Bends the normal distribution's radii into a uniform disc.
        waves = waves / (radius * radius.square().exp().pow(0.25))
        self.register_buffer("frequencies", waves * made.cutoff)
        self.register_buffer("phases", torch.rand(channels, dtype=torch.float32) - 0.5)
        self.weight = nn.Parameter(torch.randn(channels, channels))
        self.affine = EqualLinear(style, 4)
        with torch.no_grad():
            # No rotation or shift to begin with.
            self.affine.weight.zero_()
            self.affine.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))

    def forward(self, style: Tensor) -> Tensor:
        """[B, S] -> [B, C, size, size]; angles in fp32, as waves need their fractions."""
        t = self.affine(style).float()
        t = t / t[:, :2].norm(dim=1, keepdim=True)
        cosine, sine, shift = t[:, 0], t[:, 1], t[:, 2:]
        turn = torch.stack([cosine, -sine, sine, cosine], dim=1).unflatten(1, (2, 2))
        waves = self.frequencies.float()
        turned = waves @ turn  # [B, C, 2]
        phases = self.phases.float() - (turned * shift[:, None]).sum(2)
        # Waves near the sampling limit are faded out.
        size, rate, band = self.made.size, self.made.rate, self.made.cutoff
        fade = 1 - (turned.norm(dim=2) - band) / (rate / 2 - band)
        axis = torch.arange(size, device=style.device, dtype=torch.float32)
        axis = (axis + 0.5 - size / 2) / rate
        grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
        angles = grid.flatten(0, 1) @ turned.transpose(1, 2) + phases[:, None]  # [B, H W, C]
        values = torch.sin(2 * math.pi * angles) * fade.clamp(0, 1)[:, None]
        mixed = values.to(style.dtype) @ (self.weight / math.sqrt(len(waves))).T
        return mixed.transpose(1, 2).unflatten(2, (size, size))


class FilteredLayer(nn.Module):
    """Modulated convolution, then bias, upsample, rectify, downsample."""

    up_filter: Tensor
    down_filter: Tensor
    magnitude: Tensor

    def __init__(
        self,
        style: int,
        source: Signal,
        target: Signal,
        kernel: int,
        rgb: bool,
        radial: bool,
    ) -> None:
        super().__init__()
        inputs, outputs = source.channels, target.channels
        self.rgb, self.kernel = rgb, kernel
        inner = max(source.rate, target.rate) * (1 if rgb else OVERSAMPLING)
        self.up, self.down = round(inner / source.rate), round(inner / target.rate)
        up_taps = 1 if rgb else FILTER_TAPS * self.up
        down_taps = 1 if rgb else FILTER_TAPS * self.down
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.affine = EqualLinear(style, inputs, bias=1.0)
        self.bias = nn.Parameter(torch.zeros(outputs))
        # Running power of the input, updated in training.
        self.register_buffer("magnitude", torch.ones((), dtype=torch.float32))
        self.register_buffer(
            "up_filter", low_pass(up_taps, source.cutoff, 2 * source.half_width, inner)
        )
        self.register_buffer(
            "down_filter",
            low_pass(down_taps, target.cutoff, 2 * target.half_width, inner, radial),
        )
        # Margins (negative: cut) that centre the raised signal and end at the target size.
        grown = (source.size + kernel - 1) * self.up
        total = (target.size - 1) * self.down + up_taps + down_taps - 1 - grown
        low = (total + self.up) // 2
        self.margins = (low - up_taps + 1, total - low + self.up - up_taps)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, inputs, H, W] and [B, S] -> [B, outputs, H', W']."""
        modulation = self.affine(style)
        gain = self.magnitude.rsqrt().to(style.dtype)
        if self.rgb:
            modulation = modulation * gain / math.sqrt(self.weight[0].numel())
            x = modulated_conv(x, self.weight, modulation, demodulate=False)
        else:
            x = modulated_conv(x, self.weight, modulation, gain, padding=self.kernel - 1)
        x = x + self.bias[:, None, None]
        x = self._raise(x)
        if not self.rgb:
            x = F.leaky_relu(x, 0.2) * math.sqrt(2)
        return self._lower(x.clamp(-CLAMP, CLAMP))

    def _raise(self, x: Tensor) -> Tensor:
        """Upsample by `up`; a transposed convolution never multiplies the zeros in between."""
        if self.up > 1:
            taps = (self.up_filter * self.up).to(x.dtype).expand(x.shape[1], 1, 1, -1)
            x = F.conv_transpose2d(x, taps, stride=(1, self.up), groups=x.shape[1])
            taps = taps.transpose(2, 3)
            x = F.conv_transpose2d(x, taps, stride=(self.up, 1), groups=x.shape[1])
        return F.pad(x, self.margins * 2)

    def _lower(self, x: Tensor) -> Tensor:
        """Downsample by `down`: along rows then columns, or at once by a radial filter."""
        if self.down == 1:
            return x
        taps, channels = self.down_filter.to(x.dtype), x.shape[1]
        if taps.dim() == 2:
            taps = taps.expand(channels, 1, -1, -1)
            return F.conv2d(x, taps, stride=self.down, groups=channels)
        taps = taps.expand(channels, 1, 1, -1)
        x = F.conv2d(x, taps, stride=(1, self.down), groups=channels)
        return F.conv2d(x, taps.transpose(2, 3), stride=(self.down, 1), groups=channels)


class StyleGAN3Generator(nn.Module):
    """z -> image. T: 3 x 3 kernels. R: twice the channels, 1 x 1 kernels and radial filters.

    Published: `channel_base` 32768, at most 512 (T); 65536, at most 1024 and kernel 1 (R). Buffers
    are the fixed waves, the filters and one running power per layer.
    """

    def __init__(
        self,
        resolution: int = 1024,
        z_dim: int = 512,
        style_dim: int = 512,
        mapping_layers: int = 2,
        channel_base: int = 32768,
        channel_max: int = 512,
        conv_kernel: int = 3,
    ) -> None:
        super().__init__()
        signals = plan_signals(resolution, channel_base, channel_max)
        self.mapping = Mapping(z_dim, style_dim, mapping_layers)
        self.waves = FourierInput(style_dim, signals[0])
        self.layers = nn.ModuleList()
        for index, (source, target) in enumerate(
            zip([signals[0], *signals[:-1]], signals, strict=True)
        ):
            rgb, critical = index == LAYERS, index >= LAYERS - CRITICAL
            radial = conv_kernel == 1 and not critical
            kernel = 1 if rgb else conv_kernel
            self.layers.append(FilteredLayer(style_dim, source, target, kernel, rgb, radial))

    def forward(self, z: Tensor) -> Tensor:
        """[B, z_dim] standard normal -> [B, 3, R, R], trained to about -1..1."""
        return self.synthesis(self.mapping(z))

    def synthesis(self, style: Tensor) -> Tensor:
        """[B, S], one style for all layers -> [B, 3, R, R]."""
        x = self.waves(style)
        for layer in self.layers:
            x = layer(x, style)
        return x * OUTPUT_SCALE
