"""Settings under which a training step fits a device, before it crashes there."""

from __future__ import annotations

from typing import Any

from advisor.catalog import Catalog, Device
from advisor.errors import AdvisorError
from advisor.estimator.training import TrainingEstimate, estimate_training

# In the order in which they cost least: recompute blocks, smaller moments, train adapters only.
SAVINGS: tuple[dict[str, Any], ...] = (
    {"checkpointing": True},
    {"optimiser": "adamw8bit"},
    {"checkpointing": True, "optimiser": "adamw8bit"},
    {"method": "lora"},
    {"method": "lora", "checkpointing": True},
    {"method": "lora", "checkpointing": True, "dtype": "nf4"},
)


def fitting(
    model: str, device: str, catalog: Catalog, **asked: Any
) -> tuple[dict[str, Any], TrainingEstimate] | None:
    """The first change of settings with which the step fits; None where none of them is enough.

    Only changes: what was asked for already is no help. Batch and sample size stay.
    """
    for change in SAVINGS:
        changed = {name: value for name, value in change.items() if asked.get(name) != value}
        if not changed:
            continue
        try:
            made = estimate_training(model, device, catalog=catalog, **{**asked, **changed})
        except AdvisorError:
            continue  # no adapters, or no checkpointing, in this model
        if made.fits:
            return changed, made
    return None


def roomier(estimate: TrainingEstimate, catalog: Catalog, most: int = 3) -> list[Device]:
    """Devices with a price whose memory holds the peak as it is, the smallest first."""
    priced = {row.device for row in catalog.prices}
    need = estimate.peak_memory_gib.value
    found = [d for d in catalog.devices.values() if d.id in priced and d.memory_gib >= need]
    return sorted(found, key=lambda d: (d.memory_gib, d.id))[:most]
