"""Traces: the operations of one call of a component. Read without torch, written by `trace.py`.

Stored beside the catalog in `catalog/traces/<component>.json`, at batch 1 and 2 bytes per element,
keyed by a hash of what they were made from. Batch and dtype are applied when a trace is used:
activations and FLOPs grow with the batch, weights do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

OpClass = Literal["matmul", "convolution", "attention", "normalisation", "elementwise", "memory"]
OP_CLASSES: tuple[OpClass, ...] = (
    "matmul",
    "convolution",
    "attention",
    "normalisation",
    "elementwise",
    "memory",
)
TRACE_SCHEMA = 1
TRACED_BYTES = 2  # bytes per element of the traced dtype (bf16)
EXPERTS = "experts/"  # kind of a mixture of experts' product, with the number it chooses from


@dataclass(frozen=True)
class Op:
    """`count` operations of one kind and shape.

    flops, read_bytes, write_bytes, weight_bytes are of ONE of them; weight_bytes are the part of
    read_bytes that are parameters. dims: matmul (batch, m, n, k); convolution (images, c_in, c_out,
    outputs per channel, kernel elements, groups); attention (batch, heads, queries, keys,
    head size); others (elements written,).
    """

    op_class: OpClass
    kind: str
    count: int
    flops: int
    read_bytes: int
    write_bytes: int
    weight_bytes: int
    dims: tuple[int, ...]


@dataclass(frozen=True)
class CallTrace:
    """All operations of one call, grouped; peak of live activations (weights not counted)."""

    component: str
    key: str  # plan.call_key
    batch: int
    ops: tuple[Op, ...]
    peak_activation_bytes: int
    parameters: int
    buffers: int
    note: str = ""  # empty = traced as it is; else how it was derived from a stored trace

    @property
    def flops(self) -> int:
        return sum(op.flops * op.count for op in self.ops)

    @property
    def launches(self) -> int:
        return sum(op.count for op in self.ops)

    @property
    def bytes_moved(self) -> int:
        return sum((op.read_bytes + op.write_bytes) * op.count for op in self.ops)

    def at_batch(self, batch: int) -> CallTrace:
        """The same call at another batch. FLOPs are exact.

        Bytes may be off by some 3 % (copies that appear only from two on, tables that do not grow)
        and launches by 4 %; peaks of encoders with position tables come out too high.
        """
        if batch == self.batch:
            return self
        ratio = batch / self.batch
        ops = tuple(_scale_batch(op, ratio) for op in self.ops)
        peak = round(self.peak_activation_bytes * ratio)
        return replace(self, batch=batch, ops=ops, peak_activation_bytes=peak)

    def at_size(self, ratio: float) -> CallTrace:
        """The same call with `ratio` times as many activations, where no trace is stored.

        Everything grows in proportion; self-attention (keys as many as queries) by the square.
        """
        if ratio == 1:
            return self
        ops = tuple(_scale_size(op, ratio) for op in self.ops)
        peak = round(self.peak_activation_bytes * ratio)
        note = f"scaled {ratio:.3g} times from the stored trace '{self.key}'"
        return replace(self, ops=ops, peak_activation_bytes=peak, note=note)

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "peak_activation_bytes": self.peak_activation_bytes,
            "flops": self.flops,
            "launches": self.launches,
            "ops": [
                [
                    op.op_class,
                    op.kind,
                    op.count,
                    op.flops,
                    op.read_bytes,
                    op.write_bytes,
                    op.weight_bytes,
                    *op.dims,
                ]
                for op in self.ops
            ],
        }


def experts_read(experts: int, rows: float) -> float:
    """How many of `experts` distinct ones `rows` rows meet, routed evenly and independently.

    Trained routers are less even, so that a batch reads fewer.
    """
    return experts * (1 - (1 - 1 / experts) ** rows)


def _scale_batch(op: Op, ratio: float) -> Op:
    weights = _weights_at(op, ratio)
    return Op(  # not `replace`: a sweep scales hundreds of thousands
        op.op_class,
        op.kind,
        op.count,
        round(op.flops * ratio),
        round((op.read_bytes - op.weight_bytes) * ratio) + weights,
        round(op.write_bytes * ratio),
        weights,
        _scale_dims(op, ratio),
    )


def _weights_at(op: Op, ratio: float) -> int:
    """Weights read when an operation has `ratio` times as many rows: more only for experts."""
    if not op.kind.startswith(EXPERTS):
        return op.weight_bytes
    experts, rows = int(op.kind.removeprefix(EXPERTS)), op.dims[1]
    more = experts_read(experts, rows * ratio) / experts_read(experts, rows)
    return round(op.weight_bytes * more)


def _scale_size(op: Op, ratio: float) -> Op:
    self_attention = op.op_class == "attention" and op.dims[3] >= op.dims[2] / 2
    activations = op.read_bytes - op.weight_bytes
    weights = _weights_at(op, ratio)
    return replace(
        op,
        flops=round(op.flops * (ratio**2 if self_attention else ratio)),
        read_bytes=round(activations * ratio) + weights,
        write_bytes=round(op.write_bytes * ratio),
        weight_bytes=weights,
        dims=_scale_dims(op, ratio, size=True, keys_too=self_attention),
    )


def _scale_dims(
    op: Op, ratio: float, *, size: bool = False, keys_too: bool = False
) -> tuple[int, ...]:
    """Dimensions after scaling: which of them grows depends on the class (see Op)."""
    grows: tuple[int, ...]
    if op.op_class == "matmul":
        grows = (0,) if op.dims[0] > 1 and not size else (1,)
    elif op.op_class == "convolution":
        grows = (3,) if size else (0,)
    elif op.op_class == "attention":
        grows = ((2, 3) if keys_too else (2,)) if size else (0,)
    else:
        grows = (0,)
    return tuple(round(d * ratio) if i in grows else d for i, d in enumerate(op.dims))


def call_from_json(
    component: str, parameters: int, buffers: int, data: dict[str, Any]
) -> CallTrace:
    """A stored call. The counts of its file's header are passed in."""
    return CallTrace(
        component=component,
        key=data["key"],
        batch=1,
        ops=tuple(_op(*row) for row in data["ops"]),
        peak_activation_bytes=data["peak_activation_bytes"],
        parameters=parameters,
        buffers=buffers,
    )


def _op(op_class: OpClass, kind: str, *numbers: int) -> Op:
    count, flops, read, write, weight, *dims = numbers
    return Op(op_class, kind, count, flops, read, write, weight, tuple(dims))
