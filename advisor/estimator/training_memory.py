"""Peak memory of a training step, by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.estimator import memory
from advisor.estimator.record import Record
from advisor.traces import TRACED_BYTES

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device
    from advisor.estimator.rates import Rates
    from advisor.estimator.setting import Setting
    from advisor.estimator.training_step import TrainingStep

MASTER_BYTES = 4.0
MOMENTS_BYTES: dict[str, float] = {"adamw": 8.0, "adamw8bit": 2 * (1 + 4 / 256)}


class TrainingMemory(Record):
    """Peak device memory by part, GiB. They add up to the peak.

    activations: saved and live tensors at the peak, less gradients that exist only later.
    """

    weights_gib: float
    gradients_gib: float
    optimiser_gib: float
    activations_gib: float
    workspace_gib: float
    context_gib: float

    @property
    def total_gib(self) -> float:
        return sum(float(value) for value in vars(self).values())


def training_memory(
    step: TrainingStep,
    setting: Setting,
    optimiser: str,
    device: Device,
    rates: Rates,
    catalog: Catalog,
    all_resident: bool,
) -> TrainingMemory:
    """The parts of the peak; torch's AdamW over many tensors needs one more copy of them."""
    trained, full = step.trained, step.method == "full"
    mixed = full and setting.dtype != "fp32"
    gradient = trained * (2.0 if mixed else 4.0)
    state = trained * (MOMENTS_BYTES[optimiser] + (MASTER_BYTES if mixed else 0.0))
    weights = sum(
        copies * sum(memory.component_bytes(name, catalog, setting))
        for name, (_, copies) in step.networks.items()
    )
    if not full:
        weights += trained * MASTER_BYTES
    if all_resident:
        others = {name: n for name, n in memory.resident(step.model) if name not in step.networks}
        weights += sum(
            n * sum(memory.component_bytes(name, catalog, setting)) for name, n in others.items()
        )
    width = setting.activation_bytes / TRACED_BYTES
    held = step.activation_bytes(2.0) * width
    convolution = step.largest_convolution * width
    kind = "full" if setting.dtype == "fp32" else "half"
    workspace = max(rates.get(f"allocated_convolution_{kind}") - 1, 0.0) * convolution
    if optimiser == "adamw":  # exists after backward, when activations are gone
        workspace = max(workspace, trained * 4.0 - held)
    on_gpu = device.segment not in ("cpu", "apple")
    return TrainingMemory(
        weights_gib=weights / memory.GIB,
        gradients_gib=gradient / memory.GIB,
        optimiser_gib=state / memory.GIB,
        activations_gib=held / memory.GIB,
        workspace_gib=workspace / memory.GIB,
        context_gib=rates.get("context_mib") / 1024 if on_gpu else 0.0,
    )
