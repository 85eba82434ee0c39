"""StyleGAN2 generator and discriminator, configuration F (Karras et al. 2019, arXiv 1912.04958).

The [1, 3, 3, 1] anti-alias filter is applied as three 2 x 2 box means, which is the same filter
([1, 1] convolved three times) and has no multiply-adds; published profiles leave it out too.
Noise is drawn anew at each call, so there are no noise buffers; the running mean style that
truncation needs is the caller's: `mean + psi * (generator.mapping(z) - mean)`.

Shapes: B batch, S style width, C channels, R resolution.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPS = 1e-8
GAIN = math.sqrt(2)  # restores unit variance after a leaky rectifier


def activate(x: Tensor) -> Tensor:
    """Leaky rectifier with its gain."""
    return F.leaky_relu(x, 0.2) * GAIN


class EqualLinear(nn.Module):
    """Dense layer whose weights are stored at unit variance and scaled when used.

    `rate` slows a layer's learning by storing its weights that much larger.
    """

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.gain, self.rate = rate / math.sqrt(inputs), rate

    def forward(self, x: Tensor) -> Tensor:
        """[..., inputs] -> [..., outputs]."""
        return F.linear(x, self.weight * self.gain, self.bias * self.rate)


class EqualConv(nn.Module):
    """Convolution with the same run-time scaling; keeps the size unless it has a stride."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, bias: bool = True, stride: int = 1
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.gain, self.stride = 1 / math.sqrt(inputs * kernel**2), stride
        self.padding = kernel // 2 if stride == 1 else 0

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H', W']."""
        return F.conv2d(x, self.weight * self.gain, self.bias, self.stride, self.padding)


def blur(x: Tensor, padding: tuple[int, int, int], last_stride: int = 1) -> Tensor:
    """The [1, 3, 3, 1] filter in both directions; `padding` is that of each of its three boxes."""
    strides = (1, 1, last_stride)
    for pad, stride in zip(padding, strides, strict=True):
        x = F.avg_pool2d(x, 2, stride, pad)
    return x


def modulated_conv(
    x: Tensor,
    weight: Tensor,
    style: Tensor,
    gain: Tensor | float = 1.0,
    demodulate: bool = True,
    padding: int = 0,
    up: bool = False,
) -> Tensor:
    """Convolve [B, C, H, W] with weights [out, C, k, k] scaled per sample by [B, C] styles.

    Scaling the activations before and after is the same as scaling the weights, and lets a batch
    share one convolution. Demodulation divides by the expected norm of each output channel, and
    multiplies by `gain`. `up` makes it a transposed convolution to 2 H + 1.
    """
    x = x * style[:, :, None, None]
    if up:
        x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    else:
        x = F.conv2d(x, weight, padding=padding)
    if demodulate:
        energy = weight.square().sum((2, 3)) * style.square()[:, None]
        x = x * (torch.rsqrt(energy.sum(2) + EPS) * gain)[:, :, None, None]
    return x


class Mapping(nn.Module):
    """Normalises z and maps it to the style space, in slow-learning layers."""

    def __init__(self, z_dim: int, style: int, layers: int, rate: float = 0.01) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            EqualLinear(z_dim if index == 0 else style, style, rate=rate) for index in range(layers)
        )

    def forward(self, z: Tensor) -> Tensor:
        """[B, z_dim] -> [B, S]."""
        x = z * torch.rsqrt(z.square().mean(1, keepdim=True) + EPS)
        for layer in self.layers:
            x = activate(layer(x))
        return x


class StyledConv(nn.Module):
    """Modulated 3 x 3 convolution, noise, bias and rectifier; may double the size first."""

    def __init__(self, inputs: int, outputs: int, style: int, up: bool = False) -> None:
        super().__init__()
        self.up = up
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.affine = EqualLinear(style, inputs, bias=1.0)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, C, H, W] and [B, S] -> [B, outputs, H, W], twice the size with `up`."""
        if self.up:
            x = modulated_conv(x, self.weight, self.affine(style), up=True)
            x = blur(x, padding=(1, 0, 0)) * 4  # times 4: three of four pixels went in as zeros
        else:
            x = modulated_conv(x, self.weight, self.affine(style), padding=1)
        noise = torch.randn(x.shape[0], 1, *x.shape[2:], device=x.device, dtype=x.dtype)
        return activate(x + self.noise_strength * noise + self.bias[:, None, None])


class ToRGB(nn.Module):
    """Modulated 1 x 1 convolution to an image, without demodulation."""

    def __init__(self, inputs: int, style: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.affine = EqualLinear(style, inputs, bias=1.0)
        self.bias = nn.Parameter(torch.zeros(3))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, C, H, W] and [B, S] -> [B, 3, H, W]."""
        style = self.affine(style) * self.gain
        return modulated_conv(x, self.weight, style, demodulate=False) + self.bias[:, None, None]


class StyleGAN2Generator(nn.Module):
    """z -> image: mapping, then per resolution two styled convolutions and an added RGB layer.

    Published at 1024 px: `min(channel_base / R, channel_max)` channels, styles of 512, eight
    mapping layers (two in the successor's automatic configuration).
    """

    def __init__(
        self,
        resolution: int = 1024,
        z_dim: int = 512,
        style_dim: int = 512,
        mapping_layers: int = 8,
        channel_base: int = 32768,
        channel_max: int = 512,
    ) -> None:
        super().__init__()
        sizes = [2**power for power in range(2, resolution.bit_length())]
        widths = [min(channel_base // size, channel_max) for size in sizes]
        self.mapping = Mapping(z_dim, style_dim, mapping_layers)
        self.constant = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.first = StyledConv(widths[0], widths[0], style_dim)
        self.ups = nn.ModuleList(
            StyledConv(below, width, style_dim, up=True)
            for below, width in itertools.pairwise(widths)
        )
        self.convs = nn.ModuleList(StyledConv(width, width, style_dim) for width in widths[1:])
        self.to_rgb = nn.ModuleList(ToRGB(width, style_dim) for width in widths)

    def forward(self, z: Tensor) -> Tensor:
        """[B, z_dim] standard normal -> [B, 3, R, R], trained to about -1..1."""
        return self.synthesis(self.mapping(z))

    def synthesis(self, style: Tensor) -> Tensor:
        """[B, S], one style for all layers -> [B, 3, R, R]."""
        x = self.first(self.constant.expand(style.shape[0], -1, -1, -1), style)
        image = self.to_rgb[0](x, style)
        for up, conv, to_rgb in zip(self.ups, self.convs, self.to_rgb[1:], strict=True):
            x = conv(up(x, style), style)
            # Bilinear doubling is the [1, 3, 3, 1] filter; only the border's fill differs.
            image = F.interpolate(image, scale_factor=2.0, mode="bilinear", align_corners=False)
            image = image + to_rgb(x, style)
        return image


class DiscriminatorBlock(nn.Module):
    """Two 3 x 3 convolutions, the second halving the size, and a filtered 1 x 1 skip."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = EqualConv(inputs, inputs, 3)
        self.down = EqualConv(inputs, outputs, 3, stride=2)
        self.skip = EqualConv(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H / 2, W / 2]."""
        y = activate(self.down(blur(activate(self.conv(x)), padding=(1, 1, 0))))
        return (y + self.skip(blur(x, padding=(1, 0, 0), last_stride=2))) * math.sqrt(0.5)


class StyleGAN2Discriminator(nn.Module):
    """Image -> logit: residual blocks down to 4 x 4, then a dense head."""

    def __init__(
        self, resolution: int = 1024, channel_base: int = 32768, channel_max: int = 512
    ) -> None:
        super().__init__()
        sizes = [2**power for power in range(resolution.bit_length() - 1, 1, -1)]
        widths = [min(channel_base // size, channel_max) for size in sizes]
        self.from_rgb = EqualConv(3, widths[0], 1)
        self.blocks = nn.Sequential(
            *(DiscriminatorBlock(a, b) for a, b in itertools.pairwise(widths))
        )
        self.last_conv = EqualConv(widths[-1] + 1, widths[-1], 3)
        self.hidden = EqualLinear(16 * widths[-1], widths[-1])
        self.logit = EqualLinear(widths[-1], 1)

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, R, R] in -1..1 -> logits [B, 1]; positive = real."""
        x = self.blocks(activate(self.from_rgb(image)))
        x = activate(self.last_conv(torch.cat([x, _group_deviation(x)], dim=1)))
        return self.logit(activate(self.hidden(x.flatten(1))))


def _group_deviation(x: Tensor, group: int = 4) -> Tensor:
    """How much samples of a group differ, one number each, as a plane [B, 1, H, W].

    Zero for a batch of one; this is what lets the discriminator notice missing variety.
    """
    batch, _, height, width = x.shape
    size = math.gcd(group, batch)
    groups = x.unflatten(0, (size, -1))
    deviation = (groups.var(0, unbiased=False) + EPS).sqrt().mean((1, 2, 3))
    return deviation.repeat(size)[:, None, None, None].expand(-1, 1, height, width)
