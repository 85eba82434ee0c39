"""Masked parallel decoding: all tokens of a clip are refined at once, level by level.

After SoundStorm (arXiv 2305.09636, section 3.3) and MaskGIT (arXiv 2202.04200): every token starts
masked. On the coarsest level each pass scores all masked frames, draws a code for each, and keeps
those it is surest of; a cosine says how many stay masked. Every other level is filled by one pass
with its likeliest codes. A plan of n calls for Q levels is thus n - (Q - 1) passes on the first
level and one on each other.

Inputs wired to `tokens` [b, levels, frames], `level` and `semantic` (drawn once per generation)
are filled by this loop; `_codebooks` is the number of levels, `_mask` the token of a masked place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from advisor.errors import DataError
from advisor.reference.stage import Run
from advisor.reference.wire import first_tensor


def masked(run: Run, name: str) -> Tensor:
    """The codes of the clip, int64 [batch, levels, frames], none of them masked."""
    spec, stage = run.specs[name], run.stages[name]
    if "_mask" not in spec.wire or "_codebooks" not in spec.wire:
        raise DataError(f"{run.model.id}, stage {name}: masked decoding needs _mask, _codebooks")
    wires = run.wires(stage, {})
    levels, mask = wires.size(spec.wire["_codebooks"]), wires.size(spec.wire["_mask"])
    passes = [stage.calls - (levels - 1), *[1] * (levels - 1)]
    if passes[0] < 1:
        raise DataError(f"{run.model.id}, stage {name}: {levels} levels need as many calls")
    tokens = torch.full(_shape(run, name, "tokens"), mask, device=run.device)
    semantic = _semantic(run, name, int(wires.config["semantic"]))
    sampler = torch.Generator("cpu").manual_seed(run.seed + 5)
    for level, count in enumerate(passes):
        for number in range(count):
            loop = {"tokens": tokens, "semantic": semantic, "level": level}
            logits = first_tensor(run.call(name, loop))
            stay = still_masked(tokens.shape[-1], number + 1, count)
            row = fill(tokens[:, level], logits, mask, stay, sampler if count > 1 else None)
            tokens = torch.cat([tokens[:, :level], row[:, None], tokens[:, level + 1 :]], dim=1)
    return tokens


def still_masked(frames: int, done: int, count: int) -> int:
    """How many of `frames` tokens stay masked after `done` of `count` passes: a cosine to zero."""
    return 0 if done == count else math.floor(frames * math.cos(math.pi / 2 * done / count))


def fill(
    row: Tensor, logits: Tensor, mask: int, stay: int, sampler: torch.Generator | None
) -> Tensor:
    """A level's tokens [b, frames] with all but the `stay` least certain masked ones filled.

    logits [b, frames, codes]; codes are drawn with `sampler`, without one the likeliest is taken.
    """
    chances = torch.softmax(logits.float().cpu(), dim=-1)
    if sampler is None:
        drawn = chances.argmax(-1)
    else:
        drawn = torch.multinomial(chances.flatten(0, 1), 1, generator=sampler).view(row.shape)
    certainty = chances.gather(-1, drawn[..., None])[..., 0]
    hidden = row.cpu() == mask
    certainty = certainty.masked_fill(~hidden, math.inf)  # what is set stays set
    least = certainty.argsort(dim=1)[:, :stay]
    keep_masked = torch.zeros_like(hidden).scatter(1, least, True)
    filled = torch.where(hidden & ~keep_masked, drawn, row.cpu())
    return filled.to(row.device)


def _shape(run: Run, name: str, wired_to: str) -> tuple[int, ...]:
    shape = run.input_shape(name, wired_to)
    if shape is None:
        raise DataError(f"{run.model.id}, stage {name}: no tensor input is wired to {wired_to}")
    return shape


def _semantic(run: Run, name: str, clusters: int) -> Tensor:
    """What a model of text or speech would give: semantic tokens, drawn evenly."""
    drawn = torch.randint(clusters, _shape(run, name, "semantic"), generator=run.generator)
    return drawn.to(run.device)
