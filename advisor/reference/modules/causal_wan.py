"""Wan 2.1 made causal: a chunk of video is denoised after the keys and values of earlier chunks.

Self Forcing: Huang et al. 2025, arXiv 2506.08009, after CausVid (Yin et al. 2024, arXiv
2412.07772). Weights and layers are Wan 2.1's, taken from diffusers; what differs is what a chunk
attends to, and that the autoencoder goes on where it left off.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d
from torch import Tensor, nn

Rotation = tuple[Tensor, Tensor]  # cosines and sines, [1, tokens, 1, head size]


class CausalWan(nn.Module):
    """Predicts the flow of one chunk of latents; the configuration is WanTransformer3DModel's.

    `cache` is a transformers cache with keys and values of the chunks before, [b, heads, tokens,
    head size] per layer. With `keep` the chunk's own are added to it: once per chunk, for the
    finished frames at timestep 0.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__()
        self.wan = WanTransformer3DModel(**config)
        self._visit = _Visit(self.wan.rope)
        self.wan.rope = self._visit
        for layer, block in enumerate(self.wan.blocks):
            block.attn1.set_processor(_CachedAttention(layer, self._visit))

    def forward(
        self, chunk: Tensor, timestep: Tensor, text: Tensor, cache: Any, keep: bool = False
    ) -> Tensor:
        """[b, c, frames, h, w], timestep [b], text [b, n, d] -> flow [b, c, frames, h, w]."""
        self._visit.cache, self._visit.keep = cache, keep
        try:
            flow: Tensor = self.wan(chunk, timestep, text, return_dict=False)[0]
        finally:
            self._visit.cache = None
        return flow


class _Visit(nn.Module):
    """What all layers of one call share: the cache, and rotary positions that go on after it."""

    def __init__(self, rope: nn.Module) -> None:
        super().__init__()
        self.rope = rope
        self.cache: Any = None
        self.keep = False

    def forward(self, chunk: Tensor) -> Rotation:
        """Rotations of a chunk [b, c, frames, h, w] that follows the frames in the cache."""
        frames, height, width = chunk.shape[2:]
        _, high, wide = self.rope.patch_size
        per_frame = (height // high) * (width // wide)
        seen = self.cache.get_seq_length() // per_frame
        whole = chunk.new_empty((1, 1, seen + frames, height, width), device="meta")  # its shape
        cosines, sines = self.rope(whole)
        return cosines[:, seen * per_frame :], sines[:, seen * per_frame :]


class _CachedAttention:
    """Self-attention of a chunk's tokens over the cache and themselves."""

    def __init__(self, layer: int, visit: _Visit) -> None:
        self.layer, self.visit = layer, visit

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: None = None,
        attention_mask: None = None,
        rotary_emb: Rotation | None = None,
    ) -> Tensor:
        query = attn.norm_q(attn.to_q(hidden_states)).unflatten(2, (attn.heads, -1))
        key = attn.norm_k(attn.to_k(hidden_states)).unflatten(2, (attn.heads, -1))
        value = attn.to_v(hidden_states).unflatten(2, (attn.heads, -1)).transpose(1, 2)
        assert rotary_emb is not None  # the transformer always passes it to self-attention
        query, key = (_rotated(x, rotary_emb).transpose(1, 2) for x in (query, key))
        key, value = self._with_past(key, value)
        out = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        projected: Tensor = attn.to_out[1](attn.to_out[0](out))
        return projected

    def _with_past(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        cache = self.visit.cache
        if self.visit.keep:
            grown: tuple[Tensor, Tensor] = cache.update(key, value, self.layer)
            return grown
        if cache.get_seq_length(self.layer) == 0:
            return key, value
        past = cache.layers[self.layer]
        return torch.cat([past.keys, key], dim=2), torch.cat([past.values, value], dim=2)


def _rotated(x: Tensor, rotation: Rotation) -> Tensor:
    """Pairs of neighbouring channels of [b, tokens, heads, size] turned by their positions."""
    cosines, sines = (table[..., ::2] for table in rotation)
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = [even * cosines - odd * sines, even * sines + odd * cosines]
    return torch.stack(turned, dim=-1).flatten(-2).to(x.dtype)  # the tables are fp32


class StreamingWanVAE(nn.Module):
    """Wan 2.1's decoder, a piece at a time; the configuration is AutoencoderKLWan's.

    The library decodes latent frame by latent frame with a cache of features, which it then drops.
    Here the cache is handed on, so that pieces give what one whole decode gives.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__()
        self.vae = AutoencoderKLWan(**config)

    def first(self, z: Tensor) -> tuple[Tensor, list[Any]]:
        """[b, c, t, h, w] at the start of a clip -> [b, 3, 4t - 3, 8h, 8w] in -1..1, cache."""
        return self._decode(z, [None] * len(self._cached_layers()), at_start=True)

    def next(self, z: Tensor, past: list[Any] | None = None) -> tuple[Tensor, list[Any]]:
        """[b, c, t, h, w] after what left the cache `past` -> [b, 3, 4t, 8h, 8w] in -1..1, cache.

        Without `past` (a call that is traced or timed alone) the features before are zeros.
        """
        if past is None:  # "Rep" is the library's word for a doubling of time without a past
            past = ["Rep" if n.endswith("time_conv") else None for n in self._cached_layers()]
        return self._decode(z, list(past), at_start=False)

    def _decode(self, z: Tensor, cache: list[Any], at_start: bool) -> tuple[Tensor, list[Any]]:
        x, frames = self.vae.post_quant_conv(z), []
        for i in range(z.shape[2]):
            start = at_start and i == 0
            piece = x[:, :, i : i + 1]
            frames.append(
                self.vae.decoder(piece, feat_cache=cache, feat_idx=[0], first_chunk=start)
            )
        return torch.cat(frames, dim=2).clamp(-1, 1), cache

    def _cached_layers(self) -> list[str]:
        """Names of the decoder's causal convolutions, in the order of the cache."""
        return [
            name
            for name, layer in self.vae.decoder.named_modules()
            if isinstance(layer, WanCausalConv3d) and not name.endswith("conv_shortcut")
        ]
