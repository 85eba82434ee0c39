"""The autoencoder of HunyuanVideo 1.5, its attention mask made in one step.

The library fills the mask of its middle attention row by row, one row per latent position: over a
hundred thousand operations for a clip, which a trace records one by one. This mask is the same.
Layer table: AutoencoderKLHunyuanVideo15 of diffusers 0.42.1.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKLHunyuanVideo15


class HunyuanVideo15VAE(AutoencoderKLHunyuanVideo15):
    """AutoencoderKLHunyuanVideo15; positions attend to their own frame and to those before."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        for part in self.modules():
            if hasattr(part, "prepare_causal_attention_mask"):
                part.prepare_causal_attention_mask = causal_by_frame


def causal_by_frame(
    n_frame: int,
    n_hw: int,
    dtype: torch.dtype,
    device: torch.device,
    batch_size: int | None = None,
) -> torch.Tensor:
    """Additive mask [n_frame * n_hw] squared, one for the whole batch.

    The library repeats it per item in a shape that attention takes for heads, and fails from two
    items on.
    """
    frame = torch.arange(n_frame * n_hw, device=device) // n_hw
    mask = torch.zeros(len(frame), len(frame), dtype=dtype, device=device)
    mask.masked_fill_(frame[None, :] > frame[:, None], float("-inf"))
    return mask
