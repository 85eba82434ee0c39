"""OpTable: the operations of one call as arrays, in the bytes of a dtype."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from advisor.estimator.quantised import is_linear
from advisor.traces import OP_CLASSES, TRACED_BYTES

if TYPE_CHECKING:
    from advisor.estimator.setting import Setting
    from advisor.traces import CallTrace

Array = NDArray[np.float64]
CLASS_INDEX: dict[str, int] = {name: index for index, name in enumerate(OP_CLASSES)}


# Fused attention kernels work on whole tiles: heads of 40 cost as 64, 16 queries as 64
# (FlashAttention-2 is compiled for head sizes 32, 64, 96, 128, 160, 192, 224, 256).
SCORE_TILE = 64
HEAD_STEP = 32


@dataclass(frozen=True)
class OpTable:
    """One entry per group of equal operations; every array has the length n of groups.

    op_class: index into OP_CLASSES. count: operations in the group. The rest is of ONE operation:
    flops; activation_bytes (read and written) and weight_bytes in the dtype; depth: length of the
    sum behind one output (k of a matmul, c_in/groups x kernel of a convolution); scores: entries
    of the attention matrix; head: head size; tiled_queries, tiled_keys: rounded up to whole tiles
    (times batch and heads, and alone); kernel: elements of a convolution's kernel; rows: outputs
    per weight column, 0 where the weights are not quantised though others are.
    """

    op_class: NDArray[np.int64]
    count: Array
    flops: Array
    activation_bytes: Array
    weight_bytes: Array
    depth: Array
    scores: Array
    head: Array
    tiled_queries: Array
    tiled_keys: Array
    kernel: Array
    rows: Array

    def of_class(self, *names: str) -> NDArray[np.bool_]:
        """Which operations belong to one of the classes."""
        wanted = np.zeros(len(OP_CLASSES), dtype=bool)
        wanted[[CLASS_INDEX[name] for name in names]] = True
        return wanted[self.op_class]

    def column(self) -> OpTable:
        """The same table with arrays of shape (n, 1), to meet arrays over devices."""
        return OpTable(**{name: value[:, None] for name, value in vars(self).items()})

    @staticmethod
    def joined(tables: Sequence[OpTable]) -> OpTable:
        """Several tables as one, in order."""
        return OpTable(
            **{name: np.concatenate([vars(t)[name] for t in tables]) for name in vars(tables[0])}
        )


def op_table(
    trace: CallTrace, setting: Setting, vocabulary: frozenset[int] = frozenset()
) -> OpTable:
    """The table of a call at its traced batch, in the setting's dtype.

    `vocabulary`: widths of output layers, which stay in 16 bit where others are quantised.
    """
    raw = np.array(
        [
            (
                CLASS_INDEX[op.op_class],
                op.count,
                op.flops,
                op.read_bytes + op.write_bytes,
                op.weight_bytes,
                *_shape(op.op_class, op.dims),
            )
            for op in trace.ops
        ],
        dtype=np.float64,
    ).reshape(-1, 12)
    _, count, flops, moved, weights, depth, scores, head, queries, keys, kernel, rows = raw.T
    width: Any = setting.weight_bytes
    if setting.linear_only:
        narrow = np.array([is_linear(op, vocabulary) for op in trace.ops], dtype=bool)
        width = np.where(narrow, setting.weight_bytes, setting.activation_bytes)
        rows = np.where(narrow, rows, 0.0)
    return OpTable(
        op_class=raw[:, 0].astype(np.int64),
        count=count,
        flops=flops,
        activation_bytes=(moved - weights) * (setting.activation_bytes / TRACED_BYTES),
        weight_bytes=weights * (width / TRACED_BYTES),
        depth=depth,
        scores=scores,
        head=head,
        tiled_queries=queries,
        tiled_keys=keys,
        kernel=kernel,
        rows=rows,
    )


def _shape(op_class: str, dims: tuple[int, ...]) -> tuple[float, ...]:
    """(depth, scores, head, tiled queries, tiled keys, kernel, rows) of one operation."""
    if op_class == "matmul":
        batch, m, _, k = dims
        return k, 0, 0, 0, 0, 0, batch * m
    if op_class == "convolution":
        images, c_in, _, outputs, kernel, groups = dims
        return c_in * kernel / max(groups, 1), 0, 0, 0, 0, kernel, images * outputs
    if op_class == "attention":
        batch, heads, queries, keys, head = dims
        tiles = batch * heads * _up(queries, SCORE_TILE)
        return 0, batch * heads * queries * keys, head, tiles, _up(keys, SCORE_TILE), 0, queries
    return 0, 0, 0, 0, 0, 0, 0


def _up(value: float, step: int) -> float:
    return math.ceil(value / step) * step
