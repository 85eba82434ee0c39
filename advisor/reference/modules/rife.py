"""RIFE: the frame between two frames, by flow that is estimated from the wanted instant itself.

Huang et al. 2022, arXiv 2011.06294; sizes as in hzwer/ECCV2022-RIFE (model/IFNet.py, IFNet_m.py,
refine.py). Three flow blocks from coarse to fine, then a U-Net that repairs what warping cannot
show. The teacher block of training is left out: inference never runs it.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from advisor.reference.modules.warp import backwarp, resize

FLOW_CHANNELS = 4  # from the wanted instant to the first frame (x, y) and to the second (x, y)


class FlowBlock(nn.Module):
    """Flow and blending mask at a coarser scale: two halvings, eight convolutions, one doubling."""

    def __init__(self, inputs: int, width: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.halve = nn.Sequential(
            *_prelu_conv(inputs, width // 2, stride=2), *_prelu_conv(width // 2, width, stride=2)
        )
        body = [layer for _ in range(8) for layer in _prelu_conv(width, width)]
        self.body = nn.Sequential(*body)
        self.enlarge = nn.ConvTranspose2d(width, FLOW_CHANNELS + 1, 4, 2, 1)

    def forward(self, seen: Tensor, flow: Tensor | None) -> tuple[Tensor, Tensor]:
        """[B, C, H, W], flow so far -> changes of flow [B, 4, H, W] and of mask [B, 1, H, W]."""
        height, width = seen.shape[-2:]
        coarse = (height // self.scale, width // self.scale)
        if self.scale > 1:
            seen = resize(seen, *coarse)
        if flow is not None:
            if self.scale > 1:
                flow = resize(flow, *coarse) / self.scale
            seen = torch.cat([seen, flow], dim=1)
        x = self.halve(seen)
        x = resize(self.enlarge(self.body(x) + x), height, width)
        return x[:, :FLOW_CHANNELS] * (2 * self.scale), x[:, FLOW_CHANNELS:]


class ContextNet(nn.Module):
    """Features of one frame at 1/2, 1/4, 1/8 and 1/16 of its size, each warped by the flow."""

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = [3, width, 2 * width, 4 * width, 8 * width]
        self.levels = nn.ModuleList([_halving(before, after) for before, after in pairwise(sizes)])

    def forward(self, frame: Tensor, flow: Tensor) -> list[Tensor]:
        """[B, 3, H, W], flow [B, 2, H, W] -> four [B, c, H / 2^i, W / 2^i]."""
        warped = []
        for level in self.levels:
            frame = level(frame)
            flow = resize(flow, frame.shape[-2], frame.shape[-1]) / 2
            warped.append(backwarp(frame, flow))
        return warped


class RefineNet(nn.Module):
    """U-Net over frames, warped frames, mask and flow; context enters at every coarser level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        c = width
        self.down = nn.ModuleList(
            [
                _halving(4 * 3 + 1 + FLOW_CHANNELS, 2 * c),
                _halving(4 * c, 4 * c),
                _halving(8 * c, 8 * c),
                _halving(16 * c, 16 * c),
            ]
        )
        self.up = nn.ModuleList(
            [
                _doubling(32 * c, 8 * c),
                _doubling(16 * c, 4 * c),
                _doubling(8 * c, 2 * c),
                _doubling(4 * c, c),
            ]
        )
        self.last = nn.Conv2d(c, 3, 3, 1, 1)

    def forward(self, seen: Tensor, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """[B, 17, H, W] and the two frames' context -> what to add, [B, 3, H, W] in -1..1."""
        skips, x = [], seen
        for level, *context in zip(self.down, first, second, strict=True):
            x = level(x)
            skips.append(x)
            x = torch.cat([x, *context], dim=1)
        for level, skip in zip(self.up, [*skips[-2::-1], None], strict=True):
            x = level(x)
            if skip is not None:
                x = torch.cat([x, skip], dim=1)
        return 2 * torch.sigmoid(self.last(x)) - 1


class RIFE(nn.Module):
    """Two frames -> the frame between them.

    Published: blocks of 240, 150 and 90 channels at 1/4, 1/2 and full size, context of 16.
    `timed` is RIFE_m: the wanted instant is one more input channel; without it, it is the middle.
    Height and width must be multiples of 32.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (240, 150, 90),
        scales: tuple[int, ...] = (4, 2, 1),
        context: int = 16,
        timed: bool = False,
    ) -> None:
        super().__init__()
        frames = 2 * 3 + timed
        warped = 2 * 3 + 1 + FLOW_CHANNELS  # warped frames, mask and flow of the block before
        self.blocks = nn.ModuleList(
            [
                FlowBlock(frames if index == 0 else frames + warped, width, scale)
                for index, (width, scale) in enumerate(zip(widths, scales, strict=True))
            ]
        )
        self.timed = timed
        self.context = ContextNet(context)
        self.refine = RefineNet(context)

    def flow(
        self, first: Tensor, second: Tensor, instant: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Flow [B, 4, H, W], mask before its sigmoid [B, 1, H, W], both frames warped."""
        given = [first, second]
        if self.timed:
            time = first.new_full((first.shape[0],), 0.5) if instant is None else instant
            given.append(time.view(-1, 1, 1, 1).expand(-1, 1, *first.shape[-2:]))
        flow, mask = self.blocks[0](torch.cat(given, dim=1), None)
        warped = self._warp(first, second, flow)
        for block in self.blocks[1:]:
            change, mask_change = block(torch.cat([*given, *warped, mask], dim=1), flow)
            flow, mask = flow + change, mask + mask_change
            warped = self._warp(first, second, flow)
        return flow, mask, *warped

    def forward(self, first: Tensor, second: Tensor, instant: Tensor | None = None) -> Tensor:
        """Two [B, 3, H, W] in 0..1, instant [B] from 0 to 1 -> [B, 3, H, W] in 0..1."""
        flow, mask, from_first, from_second = self.flow(first, second, instant)
        weight = torch.sigmoid(mask)
        blend = from_first * weight + from_second * (1 - weight)
        seen = torch.cat([first, second, from_first, from_second, mask, flow], dim=1)
        context = [self.context(first, flow[:, :2]), self.context(second, flow[:, 2:])]
        return (blend + self.refine(seen, *context)).clamp(0, 1)

    @staticmethod
    def _warp(first: Tensor, second: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
        return backwarp(first, flow[:, :2]), backwarp(second, flow[:, 2:])


def _prelu_conv(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.PReLU(outputs)]


def _halving(inputs: int, outputs: int) -> nn.Sequential:
    """Two convolutions, the first with stride 2."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(outputs, outputs, 3, 1, 1),
        nn.LeakyReLU(0.2),
    )


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2))
