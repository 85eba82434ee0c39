"""What an estimate says."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, computed_field, model_validator

from advisor.figure import Figure
from advisor.workload import Workload

Bound = Literal["compute", "memory", "host", "launch", "measured"]


class Record(BaseModel):
    """Base of all result records: frozen, nothing unknown, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class StageEstimate(Record):
    """One stage over all its calls in one request (a request is a batch)."""

    name: str
    component: str
    calls: int
    batch: int
    latency_s: Figure
    energy_j: Figure | None
    flops: int
    bytes_moved: int
    launches: int
    peak_activation_gib: float
    bound: Bound  # what decides its time
    achieved_tflops: float
    note: str = ""


class MemoryParts(Record):
    """Peak device memory by part, GiB. They add up to the peak."""

    weights_gib: float
    activations_gib: float
    workspace_gib: float
    context_gib: float


class Published(Record):
    """Somebody else's measurement of exactly this model, device, workload and mode.

    `measured`: latency_s or energy_j of the whole request, or peak_memory_gib, whose `scope` says
    what was counted (allocated, reserved, or reported: the source does not say). `trust`: 1 is
    scripted or audited, 2 good. `plain`: a current stack as installed, as an estimate assumes.
    """

    id: str
    measured: Literal["latency_s", "peak_memory_gib", "energy_j"]
    value: float
    scope: str
    framework: str
    trust: int
    source: str
    plain: bool


class Estimate(Record):
    """Latency, memory and energy of one model at one workload on one device.

    latency_s: the whole batch, end to end. first_output_s: until the first piece of output exists
    (first token, first audio chunk); equals latency_s for output that comes whole. energy_j: the
    device only, per request; None where the device's power is not known.
    """

    model: str
    device: str
    workload: Workload
    latency_s: Figure
    first_output_s: Figure
    peak_memory_gib: Figure
    energy_j: Figure | None
    flops: int
    parameters: int
    stages: list[StageEstimate]
    memory: MemoryParts
    device_memory_gib: float
    fits: bool  # the peak's value is within the device's usable memory
    notes: list[str] = []
    published: list[Published] = []  # evidence beside the prediction; filled by `estimate`

    @computed_field  # type: ignore[prop-decorator]
    @property
    def spare_gib(self) -> float:
        """What is left beside the peak's value; negative where it does not fit."""
        return self.device_memory_gib - self.peak_memory_gib.value

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, data: Any) -> Any:
        """A record that was written holds what is derived here."""
        if isinstance(data, dict) and "spare_gib" in data:
            return {name: value for name, value in data.items() if name != "spare_gib"}
        return data
