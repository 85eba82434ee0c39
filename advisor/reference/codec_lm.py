"""Codec language models: autoregression over several codebooks of an audio codec.

With a delay (MusicGen, arXiv 2306.05284, section 2.2) each codebook lags some steps behind the
first: a step draws one token per codebook, of different frames. What lies before the first frame or
after the last is the pad token. A clip of F frames with a largest lag of L takes F + L steps.
With a window (Bark) the codebooks take turns in one stream, and after every window of tokens the
context is read anew. With a depth decoder (CSM) a small model draws the other codebooks of a frame
one after the other. Without any the tokens are one stream and the loop is plain autoregression.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from advisor.reference.autoregress import autoregress, draw, draw_tokens, sizes
from advisor.reference.stage import Run, calls_of

HISTORY = 630  # coarse tokens that Bark keeps in view


def codec_lm(run: Run, name: str) -> torch.Tensor:
    """The codes of the clip: [batch, codebooks, frames], or [rows, tokens] of one stream."""
    wire = run.specs[name].wire
    if name in run.outputs:  # it ran inside the loop of the stage before it
        codes: torch.Tensor = run.outputs[name]
        return codes
    if "_window" in wire:
        return windows(run, name)
    if "_parts" in wire:
        return in_depth(run, name)
    return delayed(run, name) if "_delay" in wire else autoregress(run, name)


def delayed(run: Run, name: str) -> torch.Tensor:
    """Codes [batch, codebooks, frames], one token per codebook and step."""
    wire = run.specs[name].wire
    wires = run.wires(run.stages[name], {})
    books, pad = wires.size(wire["_codebooks"]), wires.size(wire["_delay"])
    lags = wire.get("_lags", list(range(books)))
    steps = calls_of(run, name) + 1
    frames = steps - max(lags)

    def settle(step: int, token: torch.Tensor) -> torch.Tensor:
        frame = step - torch.tensor(lags, device=token.device)
        inside = ((frame >= 0) & (frame < frames)).repeat(len(token) // books)
        return torch.where(inside[:, None], token, pad)

    tokens = draw_tokens(run, name, settle)
    return undo_delay(tokens.reshape(-1, books, steps), lags)


def undo_delay(tokens: torch.Tensor, lags: Sequence[int]) -> torch.Tensor:
    """Delayed tokens [b, codebooks, frames + largest lag] -> codes [b, codebooks, frames]."""
    frames = tokens.shape[2] - max(lags)
    return torch.stack([tokens[:, k, lag : lag + frames] for k, lag in enumerate(lags)], dim=1)


def windows(run: Run, name: str) -> torch.Tensor:
    """Codes [batch, codebooks, frames] of a stream that alternates between codebooks.

    The stage reads the context (wired to `history`), the one that `_parts` calls `step` goes on
    from its cache.
    """
    wire = run.specs[name].wire
    step = wire["_parts"]["step"]
    offset, size, books = wire["_slices"]
    total = calls_of(run, name) + calls_of(run, step)
    sampler = torch.Generator("cpu").manual_seed(run.seed + 3)
    stream = torch.empty(run.workload.batch, 0, dtype=torch.int64, device=run.device)
    while stream.shape[1] < total:
        result = run.call(name, {"history": stream[:, -HISTORY:]}, sizes(run, name))
        last = min(stream.shape[1] + wire["_window"], total)
        while True:
            start = offset + size * (stream.shape[1] % books)
            token = draw(result.logits[..., start : start + size], sampler) + start
            stream = torch.cat([stream, token], dim=1)
            if stream.shape[1] == last:
                break
            cache = result.past_key_values
            seen = {"k": cache.get_seq_length()}
            result = run.call(step, {"token": token, "cache": cache}, seen)
    starts = offset + size * torch.arange(books, device=run.device)
    codes = stream.reshape(len(stream), -1, books) - starts
    run.outputs[step] = codes.transpose(1, 2)
    return run.outputs[step]


def in_depth(run: Run, name: str) -> torch.Tensor:
    """Codes [batch, codebooks, frames]: the stage draws a frame's first code, `_parts` the rest.

    `first` reads the stage's last hidden state and the first code, `step` goes on from its cache.
    """
    wire = run.specs[name].wire
    parts = wire["_parts"]
    result = run.outputs[wire["_start"]]
    sampler = torch.Generator("cpu").manual_seed(run.seed + 4)
    frames = [_frame(run, wire, result, sampler)]
    for _ in range(calls_of(run, name)):
        loop = {"token": frames[-1][:, None], "cache": result.past_key_values}
        result = run.call(name, loop, sizes(run, name))
        frames.append(_frame(run, wire, result, sampler))
    codes = torch.stack(frames, dim=2)
    run.outputs.update(dict.fromkeys(parts.values(), codes))
    return codes


def _frame(run: Run, wire: Any, result: Any, sampler: torch.Generator) -> torch.Tensor:
    """All codes of one frame, [batch, codebooks]."""
    _, size, books = wire["_slices"]
    codes = [draw(result.logits[..., :size], sampler)]
    hidden = result.hidden_states[-1][:, -1]
    made = run.call(wire["_parts"]["first"], {"token": codes[0], "hidden": hidden})
    codes.append(draw(made.logits[..., :size], sampler))
    for book in range(2, books):
        loop = {"token": codes[-1], "cache": made.past_key_values}
        made = run.call(wire["_parts"]["step"], loop, {"k": book})
        codes.append(draw(made.logits[..., :size], sampler))
    return torch.cat(codes, dim=1)
