"""FILM: the frame in the middle of two photos with large motion between them.

Reda et al. 2022, arXiv 2202.04901; sizes as in google-research/frame-interpolation
(models/film_net, training/config/film_net-Style.gin), which is written in TensorFlow. Pyramids are
lists, finest level first. One extractor and, from the fourth level on, one flow predictor serve
every scale: that is what makes large motion at fine scales look like small motion at coarse ones.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advisor.reference.modules.warp import backwarp, resize

Pyramid = list[Tensor]


class FeatureExtractor(nn.Module):
    """Cascaded features: level i joins what the shared tree finds from levels i, i-1, i-2 ..."""

    def __init__(self, filters: int, depth: int) -> None:
        super().__init__()
        widths = [filters << level for level in range(depth)]
        self.levels = nn.ModuleList(
            [
                nn.Sequential(*_conv(before, after), *_conv(after, after))
                for before, after in zip([3, *widths[:-1]], widths, strict=True)
            ]
        )

    def forward(self, images: Pyramid) -> Pyramid:
        """Images [B, 3, H / 2^i, W / 2^i] -> features [B, c_i, H / 2^i, W / 2^i]."""
        trees = [self._tree(image, len(images) - level) for level, image in enumerate(images)]
        return [
            torch.cat([trees[i - j][j] for j in range(min(i + 1, len(self.levels)))], dim=1)
            for i in range(len(images))
        ]

    def _tree(self, x: Tensor, left: int) -> Pyramid:
        """Ever coarser features of one image, no deeper than the pyramid has levels `left`."""
        found: Pyramid = []
        for level in self.levels[:left]:
            x = level(F.avg_pool2d(x, 2) if found else x)
            found.append(x)
        return found


class FlowPredictor(nn.Module):
    """Flow from one frame's features to the other's, at one scale: [B, 2, H, W]."""

    def __init__(self, inputs: int, width: int, convs: int) -> None:
        super().__init__()
        widths = [2 * inputs, *[width] * convs]
        layers = [layer for before, after in pairwise(widths) for layer in _conv(before, after)]
        self.layers = nn.Sequential(
            *layers, *_conv(width, width // 2, kernel=1), nn.Conv2d(width // 2, 2, 1)
        )

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        flow: Tensor = self.layers(torch.cat([one, other], dim=1))
        return flow


class Fusion(nn.Module):
    """Decoder of a U-Net over the warped pyramids: the picture."""

    def __init__(self, inputs: list[int], filters: int, specialized: int) -> None:
        super().__init__()
        widths = [filters << min(level, specialized) for level in range(len(inputs) - 1)]
        coarser = [*widths[1:], inputs[-1]]
        self.up = nn.ModuleList(
            [nn.Conv2d(before, after, 2) for before, after in zip(coarser, widths, strict=True)]
        )
        self.mix = nn.ModuleList(
            [
                nn.Sequential(*_conv(own + width, width), *_conv(width, width))
                for own, width in zip(inputs[:-1], widths, strict=True)
            ]
        )
        self.last = nn.Conv2d(widths[0], 3, 1)

    def forward(self, pyramid: Pyramid) -> Tensor:
        """Aligned features, finest first -> [B, 3, H, W]."""
        x = pyramid[-1]
        for own, up, mix in reversed(list(zip(pyramid[:-1], self.up, self.mix, strict=True))):
            x = F.interpolate(x, size=own.shape[-2:], mode="nearest")
            x = mix(torch.cat([own, up(F.pad(x, (0, 1, 0, 1)))], dim=1))
        picture: Tensor = self.last(x)
        return picture


class FILM(nn.Module):
    """Two frames -> the frame in the middle of the time between them.

    Published (Style): 7 levels, 5 of them fused, 64 filters, features 4 levels deep. Height and
    width must be multiples of 2 to the power of `pyramid_levels - 1`.
    """

    def __init__(
        self,
        pyramid_levels: int = 7,
        fusion_levels: int = 5,
        specialized_levels: int = 3,
        sub_levels: int = 4,
        filters: int = 64,
        flow_convs: tuple[int, ...] = (3, 3, 3, 3),
        flow_filters: tuple[int, ...] = (32, 64, 128, 256),
    ) -> None:
        super().__init__()
        self.pyramid_levels, self.fusion_levels = pyramid_levels, fusion_levels
        self.extract = FeatureExtractor(filters, sub_levels)
        widths = [
            sum(filters << level for level in range(min(i + 1, sub_levels)))
            for i in range(max(specialized_levels + 1, fusion_levels))
        ]
        # The last predictor is shared by all levels from `specialized_levels` on.
        self.predictors = nn.ModuleList(
            [
                FlowPredictor(widths[i], flow_filters[i], flow_convs[i])
                for i in range(specialized_levels + 1)
            ]
        )
        aligned = [2 * (3 + width) + 4 for width in widths[:fusion_levels]]
        self.fusion = Fusion(aligned, filters, specialized_levels)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Two [B, 3, H, W] in 0..1 -> [B, 3, H, W], around 0..1."""
        images = [self._images(frame) for frame in (first, second)]
        features = [self.extract(pyramid) for pyramid in images]
        # A flow is read backwards: the one towards the first frame warps the first frame.
        to_second = self.flow(*features)[: self.fusion_levels]
        to_first = self.flow(*reversed(features))[: self.fusion_levels]
        aligned = []
        for level, flows in enumerate(zip(to_first, to_second, strict=True)):
            halves = [0.5 * flow for flow in flows]
            warped = [
                backwarp(torch.cat([image[level], feature[level]], dim=1), half)
                for image, feature, half in zip(images, features, halves, strict=True)
            ]
            aligned.append(torch.cat([*warped, *halves], dim=1))
        return self.fusion(aligned)

    def flow(self, one: Pyramid, other: Pyramid) -> Pyramid:
        """Flow from `one` to `other` at every level [B, 2, H / 2^i, W / 2^i], coarse to fine."""
        last = len(self.predictors) - 1
        flow = self.predictors[last](one[-1], other[-1])
        flows = [flow]
        for level in reversed(range(len(one) - 1)):
            height, width = one[level].shape[-2:]
            flow = resize(2 * flow, height, width)
            warped = backwarp(other[level], flow)
            flow = flow + self.predictors[min(level, last)](one[level], warped)
            flows.append(flow)
        return flows[::-1]

    def _images(self, frame: Tensor) -> Pyramid:
        pyramid = [frame]
        while len(pyramid) < self.pyramid_levels:
            pyramid.append(F.avg_pool2d(pyramid[-1], 2))
        return pyramid


def _conv(inputs: int, outputs: int, kernel: int = 3) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.LeakyReLU(0.2)]
