"""Parler-TTS's decoder: MusicGen's, with the transcript's embeddings put before the codes.

After huggingface/parler-tts (README; helpers/model_init_scripts/init_model_600M.py for the size).
The kept library's MusicGen decoder does the work; what it lacks is the transcript, and places for
given embeddings (it gives all of them the first one).

Shapes: B batch, P transcript tokens, K codebooks, N tokens of the description, C width, V codes.
"""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import Tensor, nn


class Places(nn.Module):
    """Sinusoidal places of embeddings [B, P, 1] or of tokens [B, K, 1], after those seen before."""

    def __init__(self, table: Any) -> None:
        super().__init__()
        self.table = table  # the library's own, [longest, C]

    def forward(self, shown: Tensor, seen: int = 0) -> Tensor:
        """[P, C] or [1, C]; the library shows one channel of embeddings, or all tokens."""
        length = shown.shape[1] if shown.is_floating_point() else shown.shape[2]
        places: Tensor = self.table.weights[seen : seen + length]
        return places


class ParlerDecoder(nn.Module):
    """Transcript, description and codes so far -> scores of the next code of every codebook.

    Published for mini v1: 24 layers of 1024, 16 heads, feed-forward 4096, nine codebooks of 1,088.
    """

    def __init__(
        self,
        vocab_size: int = 1088,
        text_vocab_size: int = 32128,
        num_hidden_layers: int = 24,
        ffn_dim: int = 4096,
        num_attention_heads: int = 16,
        hidden_size: int = 1024,
        num_codebooks: int = 9,
        max_position_embeddings: int = 4096,
    ) -> None:
        super().__init__()
        library = importlib.import_module("transformers")
        config = library.MusicgenDecoderConfig(
            vocab_size=vocab_size,
            num_hidden_layers=num_hidden_layers,
            ffn_dim=ffn_dim,
            num_attention_heads=num_attention_heads,
            hidden_size=hidden_size,
            num_codebooks=num_codebooks,
            max_position_embeddings=max_position_embeddings,
            pad_token_id=None,
            bos_token_id=None,
        )
        self.transcript = nn.Embedding(text_vocab_size, hidden_size)
        self.codes = library.MusicgenForCausalLM._from_config(
            config, dtype=torch.get_default_dtype()
        )
        inner = self.codes.model.decoder
        inner.embed_positions = Places(inner.embed_positions)

    def prefill(
        self,
        prompt: Tensor,
        input_ids: Tensor,
        encoder_hidden_states: Tensor,
        attention_mask: Tensor,
    ) -> Any:
        """int64 [B, P] and first codes [B x K, 1], [B, N, C], additive mask [B, 1, P + 1, P + 1].

        Gives the library's output: logits [B x K, P + 1, V] and the key-value cache.
        """
        tables = self.codes.model.decoder.embed_tokens
        first = input_ids.reshape(len(prompt), len(tables), -1)
        start = torch.stack([table(first[:, k]) for k, table in enumerate(tables)]).sum(0)
        return self.codes(
            inputs_embeds=torch.cat([self.transcript(prompt), start], dim=1),
            encoder_hidden_states=encoder_hidden_states,
            attention_mask=attention_mask,
            use_cache=True,
        )

    def forward(
        self,
        input_ids: Tensor,
        encoder_hidden_states: Tensor,
        attention_mask: Tensor,
        past_key_values: Any,
    ) -> Any:
        """One more code per codebook, [B x K, 1], after what the cache holds."""
        return self.codes(
            input_ids=input_ids,
            encoder_hidden_states=encoder_hidden_states,
            attention_mask=attention_mask,
            past_key_values=past_key_values,
            use_cache=True,
        )
