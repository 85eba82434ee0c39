"""Which weights an 8- or 4-bit format holds: those of linear layers, and not all of them.

bitsandbytes and torchao replace `torch.nn.Linear` and nothing else (huggingface/diffusers
docs/source/en/quantization/bitsandbytes.md; docs.pytorch.org/ao, `quantize_`, filter `_is_linear`):
convolutions, embeddings and normalisations stay in 16 bit, and so does the output layer of a
language model (`lm_head` is skipped unless asked for: transformers quantization docs). llama.cpp's
formats hold everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from advisor.traces import EXPERTS, TRACED_BYTES
from advisor.tracestore import trace_store

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.traces import Op

LINEAR = ("mm", "addmm", "bmm", "baddbmm")
HEAD_RATIO = 4  # an output layer is wider than any hidden one: over 4 times the stream


def is_linear(op: Op, vocabulary: frozenset[int]) -> bool:
    """Whether an operation multiplies by the weights of a linear layer that would be quantised."""
    if op.op_class != "matmul" or not op.weight_bytes:
        return False
    if op.kind.startswith(EXPERTS):
        return True
    n, k = op.dims[2:]
    return op.kind in LINEAR and not (n in vocabulary and n > HEAD_RATIO * k)


@lru_cache(maxsize=512)
def vocabulary(catalog: Catalog, component: str) -> frozenset[int]:
    """Sizes of the vocabularies that a component's configuration names."""
    return frozenset(_vocabularies(catalog.components[component].config))


def _vocabularies(config: Mapping[str, Any]) -> Iterator[int]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _vocabularies(value)
        elif name.endswith("vocab_size") and isinstance(value, int):
            yield value


@lru_cache(maxsize=512)
def linear_parameters(catalog: Catalog, component: str) -> int:
    """Weights of a component that a quantised format holds, read off its stored traces.

    The call that reads most counts. 0 without a stored trace: what nobody traced stays in 16 bit.
    """
    part = catalog.components[component]
    words = vocabulary(catalog, component)
    calls = trace_store(catalog).stored(component).values()
    most = max((sum(_weights(op, words) for op in call.ops) for call in calls), default=0)
    return min(most, part.parameters)


def _weights(op: Op, words: frozenset[int]) -> int:
    """Linear weights that the operations of a group hold; experts all of them."""
    if not is_linear(op, words):
        return 0
    batch, _, n, k = op.dims
    if op.kind.startswith(EXPERTS):
        return int(op.kind.removeprefix(EXPERTS)) * n * k * op.count
    return min(op.weight_bytes // TRACED_BYTES, batch * n * k) * op.count
