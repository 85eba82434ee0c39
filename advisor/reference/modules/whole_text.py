"""Video transformers of diffusers that pick text tokens by value, with the whole text kept.

Their forward passes ask tensors for values (which tokens are padding), which a trace on the meta
device cannot answer. Here every text token takes part in its place: the widest case, with the same
weights. Layer tables: MochiTransformer3DModel and HunyuanVideo15Transformer3DModel of diffusers
0.42.1. Also the two parts of LTX-2 that diffusers keeps beside its pipeline, under their own names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from diffusers import HunyuanVideo15Transformer3DModel, MochiTransformer3DModel
from diffusers.models.embeddings import apply_rotary_emb
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder

__all__ = ["HunyuanVideo15WholeText", "LTX2TextConnectors", "LTX2Vocoder", "MochiWholeText"]


class MochiWholeText(MochiTransformer3DModel):
    """Mochi 1's transformer; every text token attends and is attended to."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.rope._create_rope = _rope_tables
        for block in self.transformer_blocks:
            block.attn1.processor = _JointAttention(_rotated)


def _rope_tables(freqs: torch.Tensor, pos: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines [points, heads, half a head]: the library's, outside any autocast."""
    angles = torch.einsum("nd,dhf->nhf", pos.float(), freqs.float())
    return angles.cos(), angles.sin()


class _JointAttention:
    """Video and text tokens in one attention without a mask, [video, text] along the sequence."""

    def __init__(self, rotate: Callable[..., torch.Tensor]) -> None:
        self._rotate = rotate

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None,
        image_rotary_emb: tuple[torch.Tensor, torch.Tensor],
    ) -> tuple[torch.Tensor, Any]:
        video, text = hidden_states, encoder_hidden_states

        def heads(value: torch.Tensor) -> torch.Tensor:
            return value.unflatten(2, (attn.heads, -1))

        queries = [
            self._rotate(attn.norm_q(heads(attn.to_q(video))), image_rotary_emb),
            attn.norm_added_q(heads(attn.add_q_proj(text))),
        ]
        keys = [
            self._rotate(attn.norm_k(heads(attn.to_k(video))), image_rotary_emb),
            attn.norm_added_k(heads(attn.add_k_proj(text))),
        ]
        values = [heads(attn.to_v(video)), heads(attn.add_v_proj(text))]
        joined = (torch.cat(parts, dim=1).transpose(1, 2) for parts in (queries, keys, values))
        made = torch.nn.functional.scaled_dot_product_attention(*joined)
        made = made.transpose(1, 2).flatten(2, 3)
        for_video, for_text = made.split([video.shape[1], text.shape[1]], dim=1)
        for_video = attn.to_out[1](attn.to_out[0](for_video))
        return for_video, attn.to_add_out(for_text) if hasattr(attn, "to_add_out") else for_text


def _rotated(value: torch.Tensor, tables: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Rotary position of neighbouring channel pairs; value [b, tokens, heads, size]."""
    cos, sin = tables
    even, odd = value[..., 0::2].float(), value[..., 1::2].float()
    pairs = (even * cos - odd * sin, even * sin + odd * cos)
    return torch.stack(pairs, dim=-1).flatten(-2).to(value.dtype)


class HunyuanVideo15WholeText(HunyuanVideo15Transformer3DModel):
    """HunyuanVideo 1.5's transformer for text to video.

    The glyph tokens come first, then the prompt's. Those of an image, which text to video leaves
    empty and masks out, are not made at all: then attention needs no mask of all pairs of tokens.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        for block in self.transformer_blocks:
            block.attn.set_processor(_JointAttention(partial(apply_rotary_emb, sequence_dim=1)))

    def forward(
        self,
        hidden_states: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        encoder_attention_mask: torch.Tensor,
        encoder_hidden_states_2: torch.Tensor,
    ) -> torch.Tensor:
        """The prediction, [b, out_channels, frames, height, width] as the latents."""
        shape, rotary = hidden_states.shape, self.rope(hidden_states)
        time = self.time_embed(timestep)
        video = self.x_embedder(hidden_states)
        glyphs = self.context_embedder_2(encoder_hidden_states_2)
        prompt = self.context_embedder(encoder_hidden_states, timestep, encoder_attention_mask)
        # Rows of the type table: 0 prompt, 1 glyphs.
        text = torch.cat([glyphs + self._type(1, glyphs), prompt + self._type(0, prompt)], dim=1)
        for block in self.transformer_blocks:
            video, text = block(video, text, time, None, rotary)
        return self._unpatched(self.proj_out(self.norm_out(video, time)), shape)

    def _type(self, number: int, part: torch.Tensor) -> torch.Tensor:
        index = torch.full(part.shape[:2], number, dtype=torch.long, device=part.device)
        made: torch.Tensor = self.cond_type_embed(index)
        return made

    def _unpatched(self, tokens: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        frame, side = self.config.patch_size_t, self.config.patch_size
        sizes = shape[2] // frame, shape[3] // side, shape[4] // side
        blocks = tokens.reshape(shape[0], *sizes, -1, frame, side, side)
        merged = blocks.permute(0, 4, 1, 5, 2, 6, 3, 7)
        return merged.flatten(6, 7).flatten(4, 5).flatten(2, 3)
