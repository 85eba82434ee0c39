"""The operations and saved tensors of one training step, from its traced calls."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import CannotEstimate
from advisor.training import (
    ADAMW_PASSES,
    TrainingCall,
    TrainingTrace,
    adapter_ops,
    adapter_parameters,
)
from advisor.trainplan import training_calls
from advisor.trainstore import training_store

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.traces import Op
    from advisor.workload import Workload

# torch's multi-tensor kernels take up to 48 tensors of three lists per launch
# (depth_to_max_tensors in ATen/native/cuda/MultiTensorApply.cuh).
TENSORS_PER_LAUNCH = 48


@dataclass(frozen=True)
class TrainingStep:
    """The traced calls of a step, and how it is trained."""

    model: Model
    workload: Workload
    method: str
    rank: int
    checkpointing: bool
    calls: tuple[tuple[TrainingCall, TrainingTrace], ...]

    @classmethod
    def of(
        cls,
        model: Model,
        workload: Workload,
        method: str,
        rank: int,
        checkpointing: bool,
        catalog: Catalog,
        on_demand: bool = True,
    ) -> TrainingStep:
        store = training_store(catalog)
        planned = training_calls(model, workload, catalog)
        calls = tuple((call, store.trace(call.part, on_demand)) for call in planned)
        step = cls(model, workload, method, rank, checkpointing, calls)
        if method == "lora" and not step.adapters:
            raise CannotEstimate(
                f"{model.id} has no attention projections to put adapters beside: train it in full"
            )
        if checkpointing and all(trace.recomputed is None for _, trace in calls):
            raise CannotEstimate(
                f"the library offers no checkpointing for {calls[0][0].part.component}: leave it "
                "out"
            )
        return step

    @property
    def adapters(self) -> int:
        return sum(adapter_parameters(trace, self.rank) for _, trace in self.calls)

    @property
    def networks(self) -> dict[str, tuple[int, int]]:
        """Component -> (parameters, copies) of every network in the step."""
        return {call.part.component: (t.parameters, call.copies) for call, t in self.calls}

    @property
    def trained(self) -> int:
        if self.method == "lora":
            return self.adapters
        return sum(count * copies for count, copies in self.networks.values())

    def ops(self, *, forward: bool) -> list[tuple[tuple[Op, ...], int, int]]:
        """(operations at batch 1, calls, batch); blocks that run again count as forward."""
        found: list[tuple[tuple[Op, ...], int, int]] = []
        for call, trace in self.calls:
            method = "through" if call.does == "through" else self.method
            extra = adapter_ops(trace, self.rank) if self.method == "lora" else ((), ())
            if forward:
                again = (trace.recomputed or ()) if self._again(call) else ()
                repeated = extra[0] if again else ()
                ops = (*trace.forward, *extra[0], *again, *repeated)
            else:
                ops = () if call.does == "forward" else (*trace.backward[method], *extra[1])
            # A critic in the generator's turn and fakes for the critic's belong to every copy.
            found.append((ops, call.calls * call.copies, call.batch))
        return found

    def _again(self, call: TrainingCall) -> bool:
        return self.checkpointing and call.does != "forward"

    @property
    def flops(self) -> int:
        rows = [*self.ops(forward=True), *self.ops(forward=False)]
        return sum(op.flops * op.count * calls * batch for ops, calls, batch in rows for op in ops)

    def activation_bytes(self, gradient_bytes: float) -> float:
        """Live bytes at the peak at 2 bytes per element, gradients that exist in the end apart.

        What the networks of a turn saved is held together; turns follow one another.
        """
        turns: dict[int, float] = defaultdict(float)
        for call, trace in self.calls:
            if call.does == "forward":
                continue
            method = "through" if call.does == "through" else self.method
            again = self._again(call) and trace.recomputed is not None
            held = trace.activation_bytes(method, again, call.batch, gradient_bytes)
            turns[call.turn] += held * call.calls * call.copies
        return max(0.0, *turns.values())

    @property
    def largest_convolution(self) -> int:
        """Bytes that the largest convolution of the step reads and writes, weights apart."""
        rows = [*self.ops(forward=True), *self.ops(forward=False)]
        return max(
            (
                (op.read_bytes - op.weight_bytes + op.write_bytes) * batch
                for ops, _, batch in rows
                for op in ops
                if op.op_class == "convolution"
            ),
            default=0,
        )

    def optimiser_bytes(self, optimiser: str) -> tuple[float, float]:
        """(bytes moved, launches) of an update of all trained weights, held in fp32.

        8-bit AdamW is one kernel per tensor that reads weights, gradients and moments once.
        """
        tensors = self._trained_tensors()
        if optimiser == "adamw8bit":
            return self.trained * (4 + 4 + 4 + 2 * 2), float(tensors)
        passes = sum(read + write for _, read, write in ADAMW_PASSES)
        launches = len(ADAMW_PASSES) * -(-tensors // TENSORS_PER_LAUNCH)
        return self.trained * 4.0 * passes, float(launches)

    def _trained_tensors(self) -> int:
        """Trained tensors: two per adapter; in full, about two per product of the forward pass."""
        total = 0
        for call, trace in self.calls:
            if self.method == "lora":
                total += 2 * sum(one.count for one in trace.adapted)
            elif call.does == "train":
                weighted = (op.count for op in trace.forward if op.weight_bytes)
                total += 2 * sum(weighted) * call.copies
        return max(total, 1)
