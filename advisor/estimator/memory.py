"""Peak device memory: weights, the largest live activations, workspace, context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from advisor.estimator.quantised import linear_parameters
from advisor.estimator.quick import made
from advisor.estimator.record import MemoryParts
from advisor.traces import TRACED_BYTES

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model
    from advisor.estimator.rates import Rates
    from advisor.estimator.setting import Setting
    from advisor.plan import Stage
    from advisor.traces import CallTrace

GIB = 2.0**30
FULL_BYTES = 4.0


def parameter_count(model: Model, catalog: Catalog) -> int:
    """Parameters of all components that serve a request; a shared component counts once."""
    return sum(catalog.components[c].parameters * n for c, n in resident(model))


def weight_bytes(model: Model, catalog: Catalog, setting: Setting) -> float:
    """Bytes of resident weights and buffers."""
    held = (copies * sum(component_bytes(n, catalog, setting)) for n, copies in resident(model))
    return sum(held)


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


Counted = Literal["allocated", "reserved"]  # torch's two totals; see docs/estimating.md


@dataclass(frozen=True)
class LivePeak:
    """The stage that needs most beside the resident weights, in bytes.

    activations: peak of live tensors. convolution: input and output of the largest convolution.
    widened: what the stage's own weights take more while it runs in fp32. full: whether it does.
    """

    activations: float
    convolution: float
    widened: float = 0.0
    full: bool = False

    def need(self, rates: Rates, counted: Counted = "allocated") -> float:
        """Bytes at the peak of live tensors, or while the largest convolution runs.

        cuDNN rearranges a 16-bit convolution's input and output into channels-last copies, so that
        moment takes a multiple of their bytes and can exceed the peak of live tensors. fp32
        kernels copy less.
        """
        width = "full" if self.full else "half"
        live = 1.0 if counted == "allocated" else rates.get(f"reserved_live_{width}")
        workspace = rates.get(f"{counted}_convolution_{width}")
        return self.widened + max(live * self.activations, workspace * self.convolution)


def live_peak(
    called: Iterable[tuple[Stage, CallTrace]],
    setting: Setting,
    rates: Rates,
    counted: Counted = "allocated",
) -> LivePeak:
    """The largest need over the stages, in the setting's dtype."""
    return max(
        (stage_peak(stage, trace, setting, rates) for stage, trace in called),
        key=lambda live: live.need(rates, counted),
        default=LivePeak(0.0, 0.0),
    )


def stage_peak(stage: Stage, trace: CallTrace, setting: Setting, rates: Rates) -> LivePeak:
    """What one stage needs. Where the pipeline upcasts it, everything in it is fp32."""
    upcast = setting.at(stage) is not setting
    element = setting.at(stage).activation_bytes
    live = trace.peak_activation_bytes * rates.older_share(stage.component, stage.entry, setting)
    if not setting.fused_attention:
        live += 2 * round(_largest_scores(trace))  # the scores and their softmax
    moved = [
        op.read_bytes - op.weight_bytes + op.write_bytes
        for op in trace.ops
        if op.op_class == "convolution"
    ]
    width = element / TRACED_BYTES
    widened = trace.parameters * (FULL_BYTES - setting.weight_bytes) if upcast else 0.0
    full = element == FULL_BYTES
    return LivePeak(live * width, max(moved, default=0) * width, widened, full)


def fused_projections(called: Iterable[tuple[Stage, CallTrace]], setting: Setting) -> float:
    """Bytes of the joined query, key and value weights that `fuse_qkv_projections` adds.

    diffusers keeps the three separate ones beside them (models/attention_processor.py,
    `fuse_projections`), so each self-attention holds 3 x width^2 weights twice.
    """
    if not setting.fused_qkv:
        return 0.0
    sizes: dict[str, float] = {}
    for stage, trace in called:
        joined = sum(
            3.0 * (op.dims[1] * op.dims[4]) ** 2 * op.count
            for op in trace.ops
            if op.op_class == "attention" and op.dims[2] == op.dims[3]
        )
        if stage.calls > 1:  # the denoiser is what gets fused
            sizes[stage.component] = max(sizes.get(stage.component, 0.0), joined)
    return sum(sizes.values()) * setting.weight_bytes


def _largest_scores(trace: CallTrace) -> float:
    """Bytes of the largest attention matrix, traced width."""
    sizes = [
        float(op.dims[0] * op.dims[1] * op.dims[2] * op.dims[3] * TRACED_BYTES)
        for op in trace.ops
        if op.op_class == "attention"
    ]
    return max(sizes, default=0.0)


def memory_parts(weights: float, live: LivePeak, device: Device, rates: Rates) -> MemoryParts:
    """The parts in GiB."""
    return made(
        MemoryParts,
        weights_gib=weights / GIB,
        activations_gib=live.activations / GIB,
        workspace_gib=(live.need(rates) - live.activations) / GIB,
        context_gib=context_gib(device, rates),
    )


def context_gib(device: Device, rates: Rates) -> float:
    """The driver's context: GPUs are driven through one, CPUs and Apple's are not."""
    return 0.0 if device.segment in ("cpu", "apple") else rates.get("context_mib") / 1024


def total_gib(parts: MemoryParts) -> float:
    """The peak: tensors, workspace and context."""
    return allocated_gib(parts) + parts.context_gib


def allocated_gib(parts: MemoryParts) -> float:
    """The peak as torch.cuda.max_memory_allocated counts it."""
    return parts.weights_gib + parts.activations_gib + parts.workspace_gib


def reserved_gib(
    weights: float, live: LivePeak, rates: Rates, device: Device | None = None
) -> float:
    """What PyTorch's allocator holds: blocks it keeps for reuse included.

    When a device runs short the allocator frees its spare blocks and cuDNN takes kernels with less
    workspace, so no more than the device has is held unless the tensors alone need it.
    """
    held = (weights + live.need(rates, "reserved")) / GIB
    if device is None:
        return held
    room = device.memory_gib - context_gib(device, rates)
    return min(held, max(room, (weights + live.need(rates)) / GIB))
