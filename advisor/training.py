"""Training traces: forward and backward of one call, and the work of adapters and optimiser.

    calls = training_calls(model, workload, catalog)   # trainplan.py: denoiser, or both networks
    trace = training_store(catalog).trace(calls[0].part)           # trainstore.py: stored, or made

Read without torch; `traintrace.py` writes. The optimiser's and the adapters' work follow from
shapes, so that any rank can be asked. FLOPs: 1 multiply-add = 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from advisor.plan import call_key
from advisor.traces import TRACED_BYTES, Op, OpClass

_POINTWISE: tuple[OpClass, ...] = ("normalisation", "elementwise", "memory")


@dataclass(frozen=True)
class Part:
    """One call that a training step makes, as it is traced (batch 1).

    input_gradient: the gradient goes on to what came before it. methods: what is traced.
    """

    component: str
    entry: str
    symbols: tuple[tuple[str, int], ...]
    input_gradient: bool = False
    methods: tuple[str, ...] = ("full", "lora")

    @property
    def key(self) -> str:
        suffix = " input_gradient" if self.input_gradient else ""
        return "train " + call_key(self.entry, dict(self.symbols)) + suffix


@dataclass(frozen=True)
class TrainingCall:
    """A part, how often and at which batch a step runs it, and what of it.

    does: train = forward, backward, update; through = backward only to its input (a critic in the
    generator's turn); forward = no gradient.
    """

    part: Part
    calls: int
    batch: int
    does: Literal["train", "through", "forward"] = "train"
    copies: int = 1  # networks of this kind that are trained
    turn: int = 0  # what is saved for backward is held within a turn


@dataclass(frozen=True)
class Adapted:
    """`count` linear layers that a LoRA adapter is put beside; rows at batch 1.

    input_gradient: the gradient goes through them to earlier layers.
    """

    count: int
    rows: int
    inputs: int
    outputs: int
    input_gradient: bool


@dataclass(frozen=True)
class TrainingTrace:
    """Forward and backward of one part at batch 1 and 2 bytes per element.

    backward: by method. recomputed: what checkpointing runs again, None where the library offers
    no checkpointing for the class. moments: by method (and "+checkpointing"), corners of (live
    bytes without weights and their gradients, bytes of gradients held at that moment).
    """

    component: str
    key: str
    parameters: int
    forward: tuple[Op, ...]
    backward: dict[str, tuple[Op, ...]]
    recomputed: tuple[Op, ...] | None
    moments: dict[str, tuple[tuple[int, int], ...]]
    adapted: tuple[Adapted, ...]

    def flops(self, method: str, checkpointing: bool = False) -> int:
        """FLOPs of forward and backward, without adapters and optimiser."""
        again = self.recomputed or () if checkpointing else ()
        return sum(op.flops * op.count for op in (*self.forward, *self.backward[method], *again))

    def activation_bytes(
        self, method: str, checkpointing: bool, batch: int, gradient_width: float
    ) -> float:
        """Peak live bytes beyond weights and all gradients: at most 0 gradients are still to come.

        The peak of activations and gradients together, less the gradients in the end.
        """
        corners = self.moments[method + ("+checkpointing" if checkpointing else "")]
        held = self.parameters * TRACED_BYTES if method == "full" else 0
        scale = gradient_width / TRACED_BYTES
        return max(now * batch + (gradient - held) * scale for now, gradient in corners)


def merged(ops: Iterable[Op]) -> tuple[Op, ...]:
    """Operations with FLOPs as they are; the others of a class as one row with their mean bytes.

    Pointwise time is linear in bytes and launches, so that nothing is lost to an estimate.
    """
    kept = [op for op in ops if op.op_class not in _POINTWISE]
    rest = [op for op in ops if op.op_class in _POINTWISE]
    for op_class in _POINTWISE:
        same = [op for op in rest if op.op_class == op_class]
        count = sum(op.count for op in same)
        if count:
            read, write, weight = (
                round(sum(getattr(op, name) * op.count for op in same) / count)
                for name in ("read_bytes", "write_bytes", "weight_bytes")
            )
            kept.append(Op(op_class, "merged", count, 0, read, write, weight, (0,)))
    return tuple(kept)


def adapter_parameters(trace: TrainingTrace, rank: int) -> int:
    """Trained weights of adapters of `rank` (arXiv 2106.09685): rank x (inputs + outputs) each."""
    return sum(one.count * rank * (one.inputs + one.outputs) for one in trace.adapted)


def adapter_ops(trace: TrainingTrace, rank: int) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
    """(forward, backward) operations of the adapters at batch 1."""
    forward: list[Op] = []
    backward: list[Op] = []
    for one in trace.adapted:
        m, k, n = one.rows, one.inputs, one.outputs
        down, up = _product(one.count, m, rank, k), _product(one.count, m, n, rank)
        scaled = _pointwise(2 * one.count, m * n)
        forward += [down, up, scaled]
        backward += [
            _pointwise(one.count, m * n),
            _product(one.count, n, rank, m),  # gradient of B
            _product(one.count, m, rank, n),  # toward A
            _product(one.count, rank, k, m),  # gradient of A
        ]
        if one.input_gradient:
            backward.append(_product(one.count, m, k, rank))
    return tuple(forward), tuple(backward)


def _product(count: int, m: int, n: int, k: int) -> Op:
    read, write = TRACED_BYTES * (m * k + k * n), TRACED_BYTES * m * n
    return Op("matmul", "mm", count, 2 * m * n * k, read, write, 0, (1, m, n, k))


def _pointwise(count: int, elements: int) -> Op:
    size = TRACED_BYTES * elements
    return Op("elementwise", "merged", count, 0, 2 * size, size, 0, (elements,))


# AdamW as torch.optim.AdamW runs it over many tensors at once (torch 2.13, _multi_tensor_adamw):
# tensors read and written by each pass over all trained weights p, gradients g, moments m and v,
# and one temporary t. A test holds the list to the operations that torch dispatches.
ADAMW_PASSES: tuple[tuple[str, int, int], ...] = (
    ("mul", 1, 1),  # p *= 1 - lr x decay
    ("lerp", 2, 1),  # m += (g - m) x (1 - beta1)
    ("mul", 1, 1),  # v *= beta2
    ("addcmul", 3, 1),  # v += g x g x (1 - beta2)
    ("sqrt", 1, 1),  # t = sqrt(v)
    ("div", 1, 1),  # t /= bias correction
    ("add", 1, 1),  # t += epsilon
    ("addcdiv", 3, 1),  # p -= step x m / t
)
