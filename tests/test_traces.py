"""Traces as data: totals, scaling to other batches and sizes, and the way to disk and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.traces import (
    OP_CLASSES,
    TRACED_BYTES,
    CallTrace,
    Op,
    call_from_json,
    experts_read,
)

COUNTS = st.integers(0, 10**6)


@st.composite
def operations(draw: st.DrawFn) -> Op:
    op_class = draw(st.sampled_from(OP_CLASSES))
    length = {"matmul": 4, "convolution": 6, "attention": 5}.get(op_class, 1)
    weight = draw(COUNTS)
    return Op(
        op_class,
        "kind",
        draw(st.integers(1, 50)),
        draw(COUNTS),
        weight + draw(COUNTS),
        draw(COUNTS),
        weight,
        tuple(draw(st.integers(1, 1000)) for _ in range(length)),
    )


@st.composite
def calls(draw: st.DrawFn) -> CallTrace:
    ops = draw(st.lists(operations(), min_size=1, max_size=6))
    return CallTrace("toy", "call n=4", 1, tuple(ops), draw(COUNTS), 1000, 10)


@given(calls())
def test_a_trace_survives_json(call: CallTrace) -> None:
    assert call_from_json("toy", 1000, 10, call.to_json()) == call


@given(calls(), st.integers(1, 64))
def test_a_batch_multiplies_work_and_leaves_weights(call: CallTrace, batch: int) -> None:
    scaled = call.at_batch(batch)
    assert scaled.flops == call.flops * batch
    assert scaled.launches == call.launches
    assert scaled.peak_activation_bytes == call.peak_activation_bytes * batch
    for before, after in zip(call.ops, scaled.ops, strict=True):
        assert after.weight_bytes == before.weight_bytes
        moved = before.read_bytes - before.weight_bytes
        assert after.read_bytes - after.weight_bytes == moved * batch
        assert after.write_bytes == before.write_bytes * batch


@given(calls(), st.integers(1, 32), st.integers(1, 32))
def test_batches_compose(call: CallTrace, first: int, second: int) -> None:
    assert call.at_batch(first).at_batch(first * second) == call.at_batch(first * second)


@given(calls())
def test_the_own_batch_and_size_change_nothing(call: CallTrace) -> None:
    assert call.at_batch(1) is call
    assert call.at_size(1) is call


@given(calls(), st.floats(1.01, 16))
def test_a_larger_size_is_never_cheaper_and_says_what_it_was_made_from(
    call: CallTrace, ratio: float
) -> None:
    scaled = call.at_size(ratio)
    assert scaled.flops >= call.flops
    assert scaled.bytes_moved >= call.bytes_moved
    assert scaled.note.startswith("scaled")
    assert call.key in scaled.note


def test_self_attention_grows_by_the_square_and_cross_attention_does_not() -> None:
    def attention(keys: int) -> Op:
        return Op("attention", "sdpa", 1, 1000, 100, 100, 0, (1, 8, 1024, keys, 64))

    own, cross = (
        CallTrace("toy", "call", 1, (attention(keys),), 0, 0, 0).at_size(2) for keys in (1024, 77)
    )
    assert (own.flops, own.ops[0].dims) == (4000, (1, 8, 2048, 2048, 64))
    assert (cross.flops, cross.ops[0].dims) == (2000, (1, 8, 2048, 77, 64))


@given(st.integers(2, 256), st.integers(1, 5000))
def test_experts_read_lie_between_one_and_all(experts: int, rows: int) -> None:
    read = experts_read(experts, rows)
    assert 1 - 1e-9 <= read <= min(experts, rows) + 1e-9


def test_more_rows_meet_more_experts() -> None:
    op = Op("matmul", "experts/16", 1, 100, 260, 10, 160, (1, 1, 10, 8))
    call = CallTrace("toy", "call", 1, (op,), 0, 0, 0)
    assert call.at_batch(1000).ops[0].weight_bytes == pytest.approx(16 * 160, rel=1e-6)
    assert call.ops[0].weight_bytes == TRACED_BYTES * 10 * 8
