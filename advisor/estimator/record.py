"""What an estimate says."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

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

    @property
    def spare_gib(self) -> float:
        return self.device_memory_gib - self.peak_memory_gib.value
