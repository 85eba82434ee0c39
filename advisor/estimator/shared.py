"""What an estimate has in common on all devices: weights, live memory, adapters, copies, work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.adapters import adapter_parameters
from advisor.estimator import memory, offload
from advisor.estimator.quantised import linear_parameters
from advisor.estimator.setting import Setting

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.estimator.rates import Rates
    from advisor.estimator.stages import StageResult
    from advisor.workload import Workload


@dataclass(frozen=True)
class Shared:
    """What is the same on every device."""

    model: Model
    workload: Workload
    setting: Setting
    weights: float
    live: memory.LivePeak
    parameters: int
    flops: int
    turns: offload.Turns | None = None  # where one component at a time is on the device
    notes: tuple[str, ...] = ()


def shared_parts(
    model: Model, workload: Workload, results: list[StageResult], catalog: Catalog, rates: Rates
) -> Shared:
    """Weights, live memory, parameters and work of a model at a workload."""
    setting = Setting.of(workload)
    shared = Shared(
        model=model,
        workload=workload,
        setting=setting,
        weights=memory.weight_bytes(model, catalog, setting),
        live=memory.live_peak([(r.stage, r.trace) for r in results], setting, rates),
        parameters=memory.parameter_count(model, catalog),
        flops=sum(result.flops for result in results),
    )
    if workload.variants or setting.linear_only:
        return _varied(shared, results, catalog, rates)
    return shared


def _varied(shared: Shared, results: list[StageResult], catalog: Catalog, rates: Rates) -> Shared:
    """Memory, copies and notes of the workload's variants and of a quantised format."""
    setting, notes = shared.setting, []
    if setting.linear_only:
        share = _linear_share(shared.model, catalog)
        notes.append(
            f"{setting.dtype} holds the weights of linear layers, {share:.0%} of all here; the "
            "rest stays in 16 bit"
        )
    if shared.workload.tiling and not any(result.stage.held for result in results):
        notes.append("tiling changes nothing here: one tile holds the whole")
    adapters = _adapter_parameters(results)
    extra = adapters * setting.activation_bytes
    if adapters:
        notes.append(
            f"the adapter has {adapters:,} parameters on the attention projections, in 16 bit and "
            "not fused into the weights"
        )
    turn = None
    weights, live = shared.weights + extra, shared.live
    if shared.workload.offload != "none":
        turn = offload.take_turns(
            [(r.stage, r.trace) for r in results], catalog, setting, rates, extra
        )
        weights, live = turn.weights, turn.live
        notes.append(
            f"memory is that of the component that needs most; {turn.copied / 2**30:.1f} GiB cross "
            "the host bus per request, at an assumed rate: the bus was not measured"
        )
    return replace(shared, weights=weights, live=live, turns=turn, notes=tuple(notes))


def _linear_share(model: Model, catalog: Catalog) -> float:
    names = memory.resident(model)
    linear = sum(linear_parameters(catalog, name) * copies for name, copies in names)
    return linear / max(memory.parameter_count(model, catalog), 1)


def _adapter_parameters(results: list[StageResult]) -> int:
    """Parameters of the adapters; a component that runs in several stages has one."""
    sizes: dict[str, int] = {}
    for result in results:
        if rank := result.stage.lora_rank:
            name = result.stage.component
            sizes[name] = max(sizes.get(name, 0), adapter_parameters(result.trace, rank))
    return sum(sizes.values())
