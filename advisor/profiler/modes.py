"""Ways to run a module: eager, compiled, training. Changes modules in place, not `call()`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from advisor.catalog import EntryPoint
from advisor.errors import InputError
from advisor.profiler.clock import Call
from advisor.reference.build import cache_lengths, call, rewind


@dataclass(frozen=True)
class Compiled:
    """An attribute of a module that was replaced by its compiled form."""

    owner: Any
    name: str
    call: Any


def prepare_compiled(module: torch.nn.Module, entries: list[EntryPoint]) -> list[Compiled]:
    """Compile what the entry points call, convolutions laid out channels-last.

    On a GPU with CUDA graphs (`reduce-overhead`), which replay a whole call as one launch.
    """
    channels_last(module)
    on_gpu = any(p.is_cuda for p in module.parameters())
    done: dict[tuple[int, str], Compiled] = {}
    for owner, name in (_target(module, entry) for entry in entries):
        if (id(owner), name) in done:
            continue
        compiled = torch.compile(
            getattr(owner, name), mode="reduce-overhead" if on_gpu else "default"
        )
        made = Compiled(owner, name, _graphed(compiled) if on_gpu else compiled)
        setattr(owner, name, made.call)
        done[id(owner), name] = made
    return list(done.values())


def channels_last(module: torch.nn.Module) -> None:
    """Lay out weights of two-dimensional convolutions channels-last; others have no such layout."""
    for part in module.modules():
        if isinstance(part, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            part.weight.data = part.weight.data.to(memory_format=torch.channels_last)


def _target(module: torch.nn.Module, entry: EntryPoint) -> tuple[Any, str]:
    """(owner, attribute) of what an entry point calls; a module is called by its forward."""
    owner: Any = module
    *parts, last = entry.method.split(".")
    for part in parts:
        owner = getattr(owner, part)
    inner = getattr(owner, last)
    return (inner, "forward") if isinstance(inner, torch.nn.Module) else (owner, last)


def _graphed(compiled: Any) -> Any:
    """A call whose outputs outlive the next one: a CUDA graph writes into the same memory."""
    from torch.utils._pytree import tree_map_only

    def run(*args: Any, **kwargs: Any) -> Any:
        torch.compiler.cudagraph_mark_step_begin()
        return tree_map_only(torch.Tensor, torch.clone, compiled(*args, **kwargs))

    return run


@contextmanager
def as_written(compiled: list[Compiled]) -> Iterator[None]:
    """Within it compiled modules run as they are written (for counting their operations)."""
    for item in compiled:
        delattr(item.owner, item.name)  # the method of the class shows again
    try:
        yield
    finally:
        for item in compiled:
            setattr(item.owner, item.name, item.call)


def repeatable(module: torch.nn.Module, entry: EntryPoint, inputs: dict[str, Any]) -> Call:
    """A call with its caches wound back after it, so that every call is the same."""
    lengths = cache_lengths(inputs)

    def once() -> Any:
        result = call(module, entry, inputs)
        if lengths:
            rewind(inputs, lengths)
        return result

    return once


def training_step(module: torch.nn.Module, entry: EntryPoint, inputs: dict[str, Any]) -> Call:
    """Forward, mean squared loss against noise, backward, AdamW. Raises InputError if it cannot.

    The optimiser's state exists from the first call on, gradients are freed in every one.
    """
    module.train().requires_grad_(True)
    trained = [p for p in module.parameters() if p.is_floating_point()]
    optimiser = torch.optim.AdamW(trained, lr=1e-5)
    targets: list[torch.Tensor] = []

    def step() -> torch.Tensor:
        with torch.enable_grad():
            output = next(floats_in(call(module, entry, inputs)), None)
            if output is None or not output.requires_grad:
                raise InputError("its output has no gradient: this stage cannot be trained alone")
            if not targets:
                targets.append(torch.randn_like(output, requires_grad=False))
            loss = torch.nn.functional.mse_loss(output.float(), targets[0].float())
            loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return loss.detach()

    return step


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """All tensors in nested values: outputs of libraries and caches included."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)
    elif hasattr(value, "self_attention_cache"):
        yield from tensors_in([value.self_attention_cache, value.cross_attention_cache])
    elif hasattr(value, "layers") and hasattr(value, "get_seq_length"):
        for layer in value.layers:
            yield from tensors_in([getattr(layer, n, None) for n in ("keys", "values")])
    elif hasattr(value, "__dict__"):  # distributions and other records of a decoder's output
        yield from tensors_in(list(vars(value).values()))


def floats_in(value: Any) -> Iterator[torch.Tensor]:
    """The floating-point tensors of a result."""
    return (t for t in tensors_in(value) if t.is_floating_point())


def is_finite(value: Any) -> bool:
    """Whether all numbers of a result are finite."""
    return all(bool(torch.isfinite(t).all()) for t in floats_in(value))
