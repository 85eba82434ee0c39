"""Autoregression: one position at a time, each drawn from what the last call predicted.

The first token and the key-value cache come from the stage that `_start` names (prefill); every
further call takes one token and the cache. Several codebooks are extra rows: a call's logits
[rows, positions, vocabulary] give one token per row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from advisor.errors import DataError
from advisor.reference.denoise import guide
from advisor.reference.stage import Run, calls_of
from advisor.reference.wire import first_tensor


def autoregress(run: Run, name: str) -> torch.Tensor:
    """All tokens drawn, [rows, calls + 1]: the first from the starting stage, then one per call."""
    return draw_tokens(run, name, lambda step, token: token)


def draw_tokens(
    run: Run, name: str, settle: Callable[[int, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """As `autoregress`; `settle(step, token)` may replace a drawn token [rows, 1] before use."""
    spec = run.specs[name]
    if "_start" not in spec.wire:
        raise DataError(f"{run.model.id}, stage {name}: an autoregress loop needs `_start`")
    result = run.outputs[spec.wire["_start"]]
    sampler = torch.Generator("cpu").manual_seed(run.seed + 2)
    tokens = [settle(0, draw(_guided(run, spec.wire["_start"], result.logits), sampler))]
    for step in range(1, calls_of(run, name) + 1):
        loop = {"token": tokens[-1], "cache": getattr(result, "past_key_values", None)}
        result = run.call(name, loop, sizes(run, name))
        tokens.append(settle(step, draw(_guided(run, name, _logits(run, name, result)), sampler)))
    return torch.cat(tokens, dim=1)


def draw(logits: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """One token per row, [rows, 1], drawn at temperature 1 from the last position's logits."""
    last = logits[:, -1] if logits.dim() == 3 else logits
    chances = torch.softmax(last.float().cpu(), dim=-1)
    return torch.multinomial(chances, 1, generator=generator).to(logits.device)


def _logits(run: Run, name: str, result: Any) -> torch.Tensor:
    wire = run.specs[name].wire.get("_logits", "result.logits")
    wires = run.wires(run.stages[name], {"result": result})
    return first_tensor(wires.value(wire))


def _guided(run: Run, name: str, logits: torch.Tensor) -> torch.Tensor:
    """Logits of the request's batch; a guidance pair is combined."""
    pair = run.stages[name].batch == 2 * run.workload.batch
    return guide(logits, run.symbols["guidance"]) if pair else logits


def sizes(run: Run, name: str) -> dict[str, int]:
    """The sizes of the coming call: those of the plan are the mean over all calls."""
    wires = run.wires(run.stages[name], {})
    sizes = run.specs[name].wire.get("_symbols", {})
    return {symbol: wires.size(expression) for symbol, expression in sizes.items()}
