"""Calls built from shapes, as the tracer would record them, for tests of the physics."""

from __future__ import annotations

from advisor.traces import CallTrace, Op


def matmul(m: int, n: int, k: int, count: int = 1, batch: int = 1) -> Op:
    """[batch, m, k] times a weight [k, n], at 2 bytes per element."""
    return Op(
        "matmul",
        "mm",
        count,
        2 * batch * m * n * k,
        2 * (batch * m * k + k * n),
        2 * batch * m * n,
        2 * k * n,
        (batch, m, n, k),
    )


def convolution(channels: int, side: int, count: int = 1, images: int = 1) -> Op:
    """A 3 x 3 convolution that keeps the channels and the size."""
    outputs, moved = side * side, 2 * images * channels * side * side
    weights = 2 * channels * channels * 9
    return Op(
        "convolution",
        "convolution",
        count,
        2 * images * outputs * channels * channels * 9,
        moved + weights,
        moved,
        weights,
        (images, channels, channels, outputs, 9, 1),
    )


def attention(tokens: int, heads: int = 16, size: int = 64, count: int = 1, batch: int = 1) -> Op:
    moved = 2 * batch * heads * tokens * size
    return Op(
        "attention",
        "sdpa",
        count,
        4 * batch * heads * tokens * tokens * size,
        3 * moved,
        moved,
        0,
        (batch, heads, tokens, tokens, size),
    )


def pointwise(elements: int, count: int = 1) -> Op:
    return Op("elementwise", "add", count, 0, 4 * elements, 2 * elements, 0, (elements,))


def normalisation(elements: int, count: int = 1) -> Op:
    moved = 2 * elements
    return Op("normalisation", "native_layer_norm", count, 0, moved, moved, 0, (elements,))


def call(*ops: Op, peak: int = 0, parameters: int = 0) -> CallTrace:
    return CallTrace("synthetic", "step", 1, ops, peak, parameters, 0)


def transformer(tokens: int, width: int, blocks: int = 4) -> CallTrace:
    """Blocks of attention and a feed-forward part of four times the width."""
    return call(
        matmul(tokens, width, width, 4 * blocks),
        attention(tokens, max(width // 64, 1), 64, blocks),
        matmul(tokens, 4 * width, width, blocks),
        matmul(tokens, width, 4 * width, blocks),
        normalisation(tokens * width, 2 * blocks),
        pointwise(tokens * width, 4 * blocks),
        peak=12 * tokens * width,
    )


def convolutions(side: int, channels: int, blocks: int = 4) -> CallTrace:
    elements = channels * side * side
    return call(
        convolution(channels, side, 2 * blocks),
        normalisation(elements, 2 * blocks),
        pointwise(elements, 3 * blocks),
        peak=6 * elements,
    )
