"""Peak device memory: weights, the largest live activations, workspace, context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.estimator.quantised import linear_parameters
from advisor.estimator.quick import made
from advisor.estimator.record import MemoryParts
from advisor.traces import TRACED_BYTES

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model
    from advisor.estimator.rates import Rates
    from advisor.estimator.setting import Setting
    from advisor.traces import CallTrace

GIB = 2.0**30


def parameter_count(model: Model, catalog: Catalog) -> int:
    """Parameters of all components that serve a request; a shared component counts once."""
    return sum(catalog.components[c].parameters * n for c, n in resident(model))


def weight_bytes(model: Model, catalog: Catalog, setting: Setting) -> float:
    """Bytes of resident weights and buffers."""
    total = 0.0
    for name, copies in resident(model):
        weights, buffers = component_bytes(name, catalog, setting)
        total += copies * weights
        total += copies * buffers
    return total


def component_bytes(name: str, catalog: Catalog, setting: Setting) -> tuple[float, float]:
    """Bytes of a component's weights and of its buffers.

    A quantised format holds linear layers only (quantised.py); buffers are never quantised.
    """
    part = catalog.components[name]
    buffers = part.buffers * setting.activation_bytes
    if not setting.linear_only:
        return part.parameters * setting.weight_bytes, buffers
    linear = linear_parameters(catalog, name)
    rest = part.parameters - linear
    return linear * setting.weight_bytes + rest * setting.activation_bytes, buffers


def resident(model: Model) -> list[tuple[str, int]]:
    """(component, copies) that serve a request."""
    copies: dict[str, int] = {}
    for part in model.components:
        if not part.training_only:
            copies[part.component] = max(copies.get(part.component, 0), part.count)
    return sorted(copies.items())


@dataclass(frozen=True)
class LivePeak:
    """The stage that needs most: live tensors, and what its largest convolution works on, bytes."""

    activations: float
    convolution: float

    def need(self, per_convolution: float, per_activation: float = 1.0) -> float:
        """Bytes needed at the peak of live tensors or while the largest convolution runs.

        cuDNN rearranges a convolution's input and output in a workspace, so that moment takes a
        multiple of their bytes (`per_convolution`) and can exceed the peak of live tensors.
        """
        return max(per_activation * self.activations, per_convolution * self.convolution)


def live_peak(
    traces: Iterable[CallTrace],
    setting: Setting,
    per_convolution: float,
    per_activation: float = 1.0,
) -> LivePeak:
    """The largest need over the stages, in the setting's dtype."""
    return max(
        (_live(trace, setting) for trace in traces),
        key=lambda live: live.need(per_convolution, per_activation),
        default=LivePeak(0.0, 0.0),
    )


def _live(trace: CallTrace, setting: Setting) -> LivePeak:
    width = setting.activation_bytes / TRACED_BYTES
    live = trace.peak_activation_bytes
    if not setting.fused_attention:
        live += 2 * round(_largest_scores(trace))  # the scores and their softmax
    moved = [
        op.read_bytes - op.weight_bytes + op.write_bytes
        for op in trace.ops
        if op.op_class == "convolution"
    ]
    return LivePeak(live * width, max(moved, default=0) * width)


def _largest_scores(trace: CallTrace) -> float:
    """Bytes of the largest attention matrix, traced width."""
    sizes = [
        float(op.dims[0] * op.dims[1] * op.dims[2] * op.dims[3] * TRACED_BYTES)
        for op in trace.ops
        if op.op_class == "attention"
    ]
    return max(sizes, default=0.0)


def memory_parts(weights: float, live: LivePeak, device: Device, rates: Rates) -> MemoryParts:
    """The parts in GiB. A context exists on GPUs that are driven through one (not CPUs, Apple)."""
    need = live.need(rates.get("peak_per_convolution"))
    on_gpu = device.segment not in ("cpu", "apple")
    return made(
        MemoryParts,
        weights_gib=weights / GIB,
        activations_gib=live.activations / GIB,
        workspace_gib=(need - live.activations) / GIB,
        context_gib=rates.get("context_mib") / 1024 if on_gpu else 0.0,
    )


def total_gib(parts: MemoryParts) -> float:
    """The peak: tensors, workspace and context."""
    return allocated_gib(parts) + parts.context_gib


def allocated_gib(parts: MemoryParts) -> float:
    """The peak as torch.cuda.max_memory_allocated counts it."""
    return parts.weights_gib + parts.activations_gib + parts.workspace_gib


def reserved_gib(weights: float, live: LivePeak, rates: Rates) -> float:
    """What PyTorch's allocator holds when memory is plenty: blocks it keeps for reuse included."""
    return (weights + live.need(*reserved_shares(rates))) / GIB


def reserved_shares(rates: Rates) -> tuple[float, float]:
    """Reserved bytes per byte of the largest convolution and of live tensors."""
    return rates.get("reserved_per_convolution"), rates.get("reserved_per_activation")
