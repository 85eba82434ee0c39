"""Operations that a variant adds to a traced call: unfused adapters, and the joining of tiles.

Both follow from shapes that the trace or the plan knows. Needs no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from advisor.errors import InputError
from advisor.plan import Stage
from advisor.traces import TRACED_BYTES, CallTrace, Op

LORA = "lora"  # kind of an adapter's products: its weights stay in 16 bit
_PLAIN = ("mm", "addmm", "bmm", "baddbmm")

Product = tuple[int, int, int]  # rows, outputs, inputs of one linear layer


def with_adapter(trace: CallTrace, rank: int) -> CallTrace:
    """The call with an unfused LoRA of `rank` on its attention projections (arXiv 2106.09685).

    Beside y = W x run B (A x), a scaling and an addition, as PEFT does: four launches per layer.
    InputError where no attention projection is found. Live memory is taken as unchanged: what an
    adapter holds for a moment is no larger than a projection, which is never the peak.
    """
    layers = attention_layers(trace)
    if not layers:
        raise InputError(
            f"{trace.component} has no attention projections to adapt: leave out lora_rank"
        )
    extra = [op for layer, count in layers.items() for op in _adapter(*layer, rank, count)]
    return replace(trace, ops=(*trace.ops, *extra))


def adapter_parameters(trace: CallTrace, rank: int) -> int:
    """Weights of the adapters: rank x (inputs + outputs) of every adapted layer."""
    return sum(rank * (n + k) * count for (_, n, k), count in attention_layers(trace).items())


def attention_layers(trace: CallTrace) -> Counter[Product]:
    """Query, key, value and output projections of a call, by (rows, outputs, inputs).

    Recognised by shape: rows as many as queries or keys (or two parts of them, where two streams
    attend together); heads x head size on one side, the width of the stream on the other. Layers
    that only look like one are left out by counting: four belong to a self-attention, two to each
    side of a cross-attention.
    """
    products = _products(trace)
    found: Counter[Product] = Counter()
    inners = {op.dims[1] * op.dims[4] for op in trace.ops if op.op_class == "attention"}
    for inner in sorted(inners):
        own, crossed, layers = _room(trace, products, inner)
        rows = {m for m, _, _ in products}
        joint = {m for m in rows if any(total - m in rows for total in own)}
        widths = {m: _width(products, inner, m) for m in {*own, *joint}}
        full = {m for m in crossed if any((m, inner) == (r, n) for r, n, _ in products)}
        matched = {
            (m, n, k): count
            for (m, n, k), count in products.items()
            if (k, n) == (inner, widths.get(m))
            or (k == widths.get(m) and n in (inner, 3 * inner))
            or (k == widths.get(m) and inner % n == 0 and count == 2 * layers[m])
            or (m in crossed and n == inner)
            or (m in crossed.keys() - full and inner % n == 0 and count == crossed[m])
        }
        room = own + crossed
        for (m, n, k), count in sorted(matched.items()):
            taken = min(count, count if m in joint else room[m])
            if taken > 0:
                found[m, n, k] = taken
                room[m] -= taken
    attentions = sum(op.count for op in trace.ops if op.op_class == "attention")
    # Fewer than a projection in and one out per attention: the shapes were not understood.
    return found if found.total() >= attentions else Counter()


def _products(trace: CallTrace) -> Counter[Product]:
    """Products by a matrix of weights: (rows, outputs, inputs) and their number."""
    counted: Counter[Product] = Counter()
    for op in trace.ops:
        if op.op_class == "matmul" and op.kind in _PLAIN:
            batch, m, n, k = op.dims
            if op.weight_bytes >= n * k * TRACED_BYTES:
                counted[batch * m, n, k] += op.count
    return counted


def _width(products: Counter[Product], inner: int, rows: int) -> int | None:
    """Width of a stream: what projections of its rows map to heads x head size and back."""
    into = {k for m, n, k in products if m == rows and n in (inner, 3 * inner)}
    back = {n for m, n, k in products if m == rows and k == inner}
    both = into & back
    return inner if inner in both else min(both, default=None)


def _room(
    trace: CallTrace, products: Counter[Product], inner: int
) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """By rows: layers on the query side, on the key side of cross-attention, and attentions."""
    own: Counter[int] = Counter()
    crossed: Counter[int] = Counter()
    attentions: Counter[int] = Counter()
    for op in trace.ops:
        if op.op_class != "attention" or op.dims[1] * op.dims[4] != inner:
            continue
        batch, _, queries, keys, _ = op.dims
        sides = queries != keys and any(
            m == batch * keys and inner % n == 0 and count >= 2 * op.count
            for (m, n, _), count in products.items()
        )
        own[batch * queries] += (2 if sides else 4) * op.count
        attentions[batch * queries] += op.count
        if sides:
            crossed[batch * keys] += 2 * op.count
    return own, crossed, attentions


def _adapter(m: int, n: int, k: int, rank: int, count: int) -> list[Op]:
    """The four operations that an adapter adds to one layer."""
    wide, narrow = m * n * TRACED_BYTES, m * rank * TRACED_BYTES
    down, up = rank * k * TRACED_BYTES, rank * n * TRACED_BYTES
    source = m * k * TRACED_BYTES
    return [
        Op(
            "matmul",
            LORA,
            count,
            2 * m * rank * k,
            source + down,
            narrow,
            down,
            (1, m, rank, k),
        ),
        Op("matmul", LORA, count, 2 * m * n * rank, narrow + up, wide, up, (1, m, n, rank)),
        Op("elementwise", LORA, count, 0, wide, wide, 0, (m * n,)),
        Op("elementwise", LORA, count, 0, 2 * wide, wide, 0, (m * n,)),
    ]


# What one line costs that is blended: two products, a sum and a copy, as diffusers' blend_v does.
_BLEND: Sequence[tuple[str, int, int]] = (
    ("mul", 1, 1),
    ("mul", 1, 1),
    ("add", 2, 1),
    ("copy_", 1, 1),
)


def join_trace(stage: Stage, parameters: int, buffers: int) -> CallTrace:
    """Blending the lines that tiles share, joining each row of tiles and then the rows.

    Exact in values moved; lines of several lengths are counted at their mean length.
    """
    sizes = dict(stage.symbols)
    lines, values = sizes["lines"], sizes["whole"] * stage.batch
    whole, rows = values * TRACED_BYTES, sizes["rows"]
    ops = [
        Op("memory", "cat", rows, 0, whole // rows, whole // rows, 0, (values // rows,)),
        Op("memory", "cat", 1, 0, whole, whole, 0, (values,)),
    ]
    if lines:
        line = round(sizes["values"] * stage.batch / lines)
        size = line * TRACED_BYTES
        ops += [
            Op("elementwise", kind, lines, 0, size * reads, size * writes, 0, (line,))
            for kind, reads, writes in _BLEND
        ]
    kept = sizes["kept"] * stage.batch * TRACED_BYTES
    return CallTrace(
        component=stage.component,
        key=stage.key,
        batch=stage.batch,
        ops=tuple(ops),
        peak_activation_bytes=kept + 2 * whole,  # tiles, joined rows, and the whole
        parameters=parameters,
        buffers=buffers,
    )
