"""Backward warping: what frame interpolation and optical flow share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def backwarp(image: Tensor, flow: Tensor) -> Tensor:
    """[B, C, H, W] read at each pixel's own position plus `flow` [B, 2, H, W]: [B, C, H, W].

    Channels of the flow are (right, down) in pixels. Values between pixels are bilinear; outside,
    the nearest pixel of the border is read. Positions have the image's dtype: fp16 and bf16 are
    off by a fraction of a pixel, or more, far from the centre of a large image.
    """
    height, width = image.shape[-2:]
    steps = [_centred(size, image) for size in (height, width)]
    down, right = torch.meshgrid(*steps, indexing="ij")
    # grid_sample counts from -1 at the first pixel's centre to 1 at the last one's.
    x = right + flow[:, 0] * (2 / max(width - 1, 1))
    y = down + flow[:, 1] * (2 / max(height - 1, 1))
    grid = torch.stack([x, y], dim=-1)
    return F.grid_sample(image, grid, padding_mode="border", align_corners=True)


def resize(x: Tensor, height: int, width: int) -> Tensor:
    """[B, C, ., .] -> [B, C, height, width], bilinear."""
    return F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)


def _centred(size: int, like: Tensor) -> Tensor:
    return torch.linspace(-1, 1, size, device=like.device, dtype=like.dtype)
