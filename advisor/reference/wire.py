"""Wires: where the inputs of a stage come from, written in a model's catalog entry.

A wire is a name, a number or one operation:

    latents, timestep, token, cache     what the loop around the stage holds at this moment
    result                              the call's own output (only in `_output` and `_logits`)
    encode_text.hidden_states.-2        output of an earlier stage, and a path of fields and indices
    {cat: [a, b], dim: -1}              joined               {stack: [a, b], dim: 0} or of one list
    {add: [a, b]}                       summed               {scale: a, by: x, plus: y}
    {pad: a, size: n}                   zeros added to the last dimension until it has n
    {narrow: a, dim: d, start: s, size: n}                   {clamp: a, low: x, high: y}
    {reshape: a, shape: [-1, n]}        {permute: a, dims: [0, 2, 1]}
    {repeat: a, times: n, dim: d}       each element n times in a row
    {argmax: a, dim: -1}                {resize: a, size: [h, w]}   nearest neighbour
    {unpack: a, height: h, width: w}    2x2 patches [b, h*w, 4c] to an image [b, c, 2h, 2w]
    {fill: x}                           the input's whole shape filled with a number
    {values: [x, y]}                    one row of numbers
    {grid: [1, h, w]}                   coordinates of all points of a grid, one row each
    {causal: true}                      additive mask: 0 up to the own position, very negative after
    frequencies, rotary, normal, and those of rays: see tables.py

Sizes and numbers are catalog expressions over the workload's symbols; `c.field` reads the
configuration of the component that is called. Names that start with `_` steer the loop:

    _output: wire          what the stage gives on, made from `result` (default: the whole output)
    _final: wire           what the whole loop gives on, made from the loop's `result`
    _noise: [b, 4, h, w]   shape of a denoise loop's latents, if no input is plainly wired to them
    _until: x              the stage makes the steps down to this share of the training timesteps
    _continues: stage      and this one the rest, from the other's latents (denoise.py)
    _guidance: x           weight of guidance, where it is not the workload's
    _steps: n              steps given to the scheduler, where it makes more calls than steps
    _join: d               dimension along which the outputs of several calls are joined
    _start: stage          the stage that gives an autoregressive loop its first token and its cache
    _symbols: {k: expr}    sizes that change with the number of the call, `i` (from 0)
    _logits: wire          logits in `result` (default: result.logits)
    _delay: pad            codebooks lag one step each, filled with the token `pad` (codec_lm.py)
    _lags: [0, 8, 9]       steps that each codebook lags, where they are others
    _codebooks: n          rows of tokens per request, where there is a delay
    _mask: token           stands for a place not filled yet (masked.py)
    _window: n             tokens drawn before the context is read anew (codec_lm.py)
    _slices: [a, n, k]     k codebooks of n tokens from token a on take turns in one stream
    _value, _state: wire   prediction and state in `result` (continuous.py)
    _head: stage           makes the prediction from `result` (continuous.py)
    _draw: name            how a prediction becomes the next value (continuous.py)
    _parts: {part: stage}  the other stages of a score-distillation loop (distil.py) or of a loop
                           over chunks of video (chunks.py)
    _given: n              frames between which others are made (interpolate.py)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from advisor.errors import DataError
from advisor.expr import evaluate, evaluate_int
from advisor.reference.tables import TABLES

STEERING = frozenset(
    [
        "_output",
        "_final",
        "_noise",
        "_steps",
        "_until",
        "_continues",
        "_guidance",
        "_join",
        "_start",
        "_symbols",
        "_logits",
        "_delay",
        "_lags",
        "_codebooks",
        "_mask",
        "_window",
        "_slices",
        "_value",
        "_state",
        "_draw",
        "_head",
        "_parts",
        "_given",
    ]
)


@dataclass(frozen=True)
class Wires:
    """What wires may read: symbols, the component's configuration, earlier outputs, loop values."""

    symbols: Mapping[str, float]
    config: Mapping[str, Any]
    outputs: Mapping[str, Any]
    loop: Mapping[str, Any] = field(default_factory=dict)
    device: str | torch.device = "cpu"

    def number(self, expression: Any) -> float:
        return evaluate(expression, self.symbols, self.config)

    def size(self, expression: Any) -> int:
        return evaluate_int(expression, self.symbols, self.config)

    def sizes(self, expressions: list[Any]) -> list[int]:
        return [self.size(expression) for expression in expressions]

    def value(self, wire: Any) -> Any:
        """What a name leads to, of any kind; operations give tensors."""
        return self._named(wire) if isinstance(wire, str) else self.tensor(wire)

    def tensor(self, wire: Any, shape: tuple[int, ...] = ()) -> torch.Tensor:
        """The wire as a tensor. `shape` is that of the input to fill (for `fill` and `causal`)."""
        if isinstance(wire, str):
            return first_tensor(self._named(wire))
        if isinstance(wire, int | float):
            return torch.full(shape, float(wire), device=self.device)
        names = [name for name in _OPERATIONS if name in wire]
        if len(names) != 1:
            raise DataError(f"wire {wire} is not one operation: known are {', '.join(_OPERATIONS)}")
        return _OPERATIONS[names[0]](self, wire, shape)

    def _named(self, name: str) -> Any:
        first, *path = name.split(".")
        if first in self.loop:
            value = self.loop[first]
        elif first in self.outputs:
            value = self.outputs[first]
        else:
            known = ", ".join([*self.loop, *self.outputs]) or "nothing"
            raise DataError(f"wire '{name}': no stage or value '{first}' yet, only {known}")
        for part in path:
            value = _inside(value, part, name)
        return value


def first_tensor(value: Any) -> torch.Tensor:
    """The main tensor of a module's output: itself, or the first one inside."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple) and value:
        return first_tensor(value[0])
    raise DataError(f"a stage gave {type(value).__name__} where a tensor is needed: wire its field")


def fit(value: torch.Tensor, shape: tuple[int, ...], dtype: torch.dtype, name: str) -> torch.Tensor:
    """`value` in the input's dtype, its first dimension repeated to the input's.

    Raises DataError unless the shape is then exactly the one asked for.
    """
    if value.dim() == 0 and len(shape) == 1:
        value = value.reshape(1)
    have, want = value.shape[:1], shape[:1]
    if value.dim() == len(shape) > 0 and have != want and have[0] and want[0] % have[0] == 0:
        value = value.repeat(want[0] // have[0], *[1] * (value.dim() - 1))
    if tuple(value.shape) != shape:
        raise DataError(
            f"input '{name}' needs shape {list(shape)}, its wire gives {list(value.shape)}"
        )
    return value.to(dtype)


def _inside(value: Any, part: str, name: str) -> Any:
    try:
        if part.lstrip("-").isdigit():
            return value[int(part)]
        return value[part] if isinstance(value, dict) and part in value else getattr(value, part)
    except (AttributeError, IndexError, KeyError, TypeError):
        raise DataError(f"wire '{name}': {type(value).__name__} has no '{part}'") from None


def _cat(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return torch.cat([wires.tensor(part) for part in wire["cat"]], dim=wire.get("dim", 0))


def _stack(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    parts = wire["stack"]
    if isinstance(parts, str):  # an output that is itself a list of tensors
        return torch.stack(list(wires.value(parts)), dim=wire.get("dim", 0))
    return torch.stack([wires.tensor(part) for part in parts], dim=wire.get("dim", 0))


def _add(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    first, *others = (wires.tensor(part) for part in wire["add"])
    for other in others:
        first = first + other
    return first


def _scale(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    scaled = wires.tensor(wire["scale"]) * wires.number(wire.get("by", 1))
    return scaled + wires.number(wire.get("plus", 0))


def _pad(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    value = wires.tensor(wire["pad"])
    missing = wires.size(wire["size"]) - value.shape[-1]
    if missing < 0:
        raise DataError(f"wire {dict(wire)}: already {value.shape[-1]} wide, cannot be padded")
    return torch.nn.functional.pad(value, (0, missing))


def _narrow(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    start, size = wires.size(wire.get("start", 0)), wires.size(wire["size"])
    value = wires.tensor(wire["narrow"])
    if start + size > value.shape[wire["dim"]]:
        raise DataError(f"wire {dict(wire)} reaches past the end of {list(value.shape)}")
    return value.narrow(wire["dim"], start, size)


def _clamp(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return wires.tensor(wire["clamp"]).clamp(wires.number(wire["low"]), wires.number(wire["high"]))


def _reshape(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return wires.tensor(wire["reshape"]).reshape(wires.sizes(wire["shape"]))


def _permute(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return wires.tensor(wire["permute"]).permute(wire["dims"])


def _repeat(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    times = wires.size(wire["times"])
    return wires.tensor(wire["repeat"]).repeat_interleave(times, dim=wire.get("dim", 0))


def _argmax(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    return wires.tensor(wire["argmax"]).argmax(dim=wire.get("dim", -1))


def _resize(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    size = wires.sizes(wire["size"])
    return torch.nn.functional.interpolate(wires.tensor(wire["resize"]), size=size)


def _unpack(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    value = wires.tensor(wire["unpack"])
    height, width = wires.size(wire["height"]), wires.size(wire["width"])
    batch, _tokens, channels = value.shape
    value = value.reshape(batch, height, width, channels // 4, 2, 2)
    value = value.permute(0, 3, 1, 4, 2, 5)
    return value.reshape(batch, channels // 4, 2 * height, 2 * width)


def _fill(wires: Wires, wire: Mapping[str, Any], shape: tuple[int, ...]) -> torch.Tensor:
    return torch.full(shape, wires.number(wire["fill"]), device=wires.device, dtype=torch.float32)


def _values(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    numbers = [float(wires.number(expression)) for expression in wire["values"]]
    return torch.tensor([numbers], device=wires.device, dtype=torch.float32)


def _grid(wires: Wires, wire: Mapping[str, Any], _: tuple[int, ...]) -> torch.Tensor:
    sizes = wires.sizes(wire["grid"])
    axes = [torch.arange(size, device=wires.device, dtype=torch.float32) for size in sizes]
    mesh = torch.meshgrid(*axes, indexing="ij")
    return torch.stack(mesh, dim=-1).reshape(math.prod(sizes), len(sizes))


def _causal(wires: Wires, _: Mapping[str, Any], shape: tuple[int, ...]) -> torch.Tensor:
    lowest = torch.finfo(torch.bfloat16).min / 2  # finite in every dtype but fp16, as in libraries
    queries, keys = shape[-2:]
    hidden = torch.full((queries, keys), lowest, device=wires.device, dtype=torch.float32)
    return hidden.triu(keys - queries + 1).expand(shape)


_OPERATIONS: dict[str, Callable[[Wires, Mapping[str, Any], tuple[int, ...]], torch.Tensor]] = {
    "cat": _cat,
    "stack": _stack,
    "add": _add,
    "scale": _scale,
    "pad": _pad,
    "narrow": _narrow,
    "clamp": _clamp,
    "reshape": _reshape,
    "permute": _permute,
    "repeat": _repeat,
    "argmax": _argmax,
    "resize": _resize,
    "unpack": _unpack,
    "fill": _fill,
    "values": _values,
    "grid": _grid,
    "causal": _causal,
    **TABLES,
}
