"""Variants at run time: unfused adapters, and counting the tiles that a library makes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch

from advisor.errors import InputError
from advisor.variants import Tiles, tile_name

# Attention projections as diffusers and transformers name them; a trailing index is a Sequential.
PROJECTIONS = frozenset(
    "to_q to_k to_v to_out to_qkv add_q_proj add_k_proj add_v_proj to_add_out "
    "q_proj k_proj v_proj o_proj out_proj c_attn qkv".split()
)


class Adapter(torch.nn.Module):
    """A layer with an unfused LoRA beside it: y = W x + scale B (A x) (arXiv 2106.09685).

    x: [..., inputs]; y: [..., outputs].
    """

    def __init__(self, layer: torch.nn.Module, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.layer, self.scale = layer, 1.0
        weight: Any = layer.weight
        # transformers' Conv1D (GPT-2) keeps its matrix the other way round.
        outputs, inputs = weight.shape if isinstance(layer, torch.nn.Linear) else weight.T.shape
        self.down = self._like(weight, inputs, rank, generator)
        self.up = self._like(weight, rank, outputs, generator)

    @staticmethod
    def _like(
        weight: torch.Tensor, inputs: int, outputs: int, generator: torch.Generator
    ) -> torch.nn.Linear:
        made = torch.nn.Linear(inputs, outputs, False, device=weight.device, dtype=weight.dtype)
        if weight.device.type != "meta":
            drawn = torch.randn(made.weight.shape, generator=generator) * inputs**-0.5
            made.weight.data.copy_(drawn)
        return made.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + self.up(self.down(x)) * self.scale

    def __getattr__(self, name: str) -> Any:
        """The adapted layer answers for its weight and sizes, which some callers read."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("layer"), name)


def adapt(module: torch.nn.Module, rank: int, seed: int = 0) -> int:
    """Put an adapter beside every attention projection; returns how many. InputError if none."""
    generator = torch.Generator("cpu").manual_seed(seed)
    chosen = [
        (name, layer)
        for name, layer in module.named_modules()
        if _is_linear(layer) and _projects(module, name)
    ]
    if not chosen:
        raise InputError(
            f"{type(module).__name__} has no attention projections to adapt: leave out lora_rank"
        )
    for name, layer in chosen:
        parent, _, last = name.rpartition(".")
        setattr(module.get_submodule(parent), last, Adapter(layer, rank, generator))
    return len(chosen)


def _projects(module: torch.nn.Module, name: str) -> bool:
    """Whether a layer is an attention projection, by its name.

    Where one layer projects for attention and for the block's MLP at once (FLUX.2's single blocks),
    neither it nor its counterpart is one.
    """
    parent = module.get_submodule(name.rpartition(".")[0])
    local = name.endswith(".out") and hasattr(parent, "qkv")
    named = bool(PROJECTIONS.intersection(name.split(".")[-2:]))
    named = named or local or name.endswith("attn.c_proj")
    return named and not hasattr(parent, "to_qkv_mlp_proj")


def _is_linear(layer: torch.nn.Module) -> bool:
    return isinstance(layer, torch.nn.Linear) or type(layer).__name__ == "Conv1D"


class TileCounter:
    """Counts the calls of the network inside an autoencoder by the size of their input."""

    def __init__(self, part: torch.nn.Module, stage: str, cut: Tiles | None) -> None:
        self._part, self._stage, self._cut = part, stage, cut
        self._seen: Counter[tuple[int, ...]] = Counter()

    def __enter__(self) -> TileCounter:
        self._hook = self._part.register_forward_pre_hook(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()

    def _count(self, _: torch.nn.Module, args: tuple[Any, ...]) -> None:
        self._seen[tuple(args[0].shape[-2:])] += 1

    def calls(self) -> Counter[str]:
        """Calls by the names that the plan gives them; the join once per whole set of tiles."""
        if self._cut is None:
            return Counter({self._stage: self._seen.total()})
        counted: Counter[str] = Counter()
        largest = self._cut.sizes[0][0]
        for size, number in self._seen.items():
            pair = (size[0], size[1])
            name = self._stage if pair == largest else tile_name(self._stage, pair)
            counted[name] += number // self._cut.passes
        tiles_per_call = sum(count for _, count in self._cut.sizes)
        counted[f"{self._stage}-join"] = counted.total() // tiles_per_call
        return counted
