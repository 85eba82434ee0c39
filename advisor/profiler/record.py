"""What a profile file holds. Units are in the names; None = not to be had here, never 0."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from advisor.workload import Workload

# 1: first version.
PROFILE_SCHEMA = 1

Outcome = Literal["measured", "out-of-memory", "timed-out", "died", "failed", "unsupported"]


class Record(BaseModel):
    """Base of the records: frozen, nothing unknown, finite numbers only.

    Not the estimator's Record: the estimator reads profiles, so profiles cannot import it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Environment(Record):
    """Where it was measured."""

    device: (
        str  # catalog id, or a slug of the board's or processor's name where the catalog lacks it
    )
    device_name: str
    cpu: str
    cpu_threads: int
    torch_threads: int
    memory_gib: float
    python: str
    torch: str
    cuda: str | None
    driver: str | None
    libraries: dict[str, str]
    commit: str | None  # with -dirty where program or catalog differ from the commit
    power_limit_w: float | None = None
    clock_mhz: float | None = None  # when it was read, before measuring
    clock_max_mhz: float | None = None
    memory_clock_mhz: float | None = None


class Timing(Record):
    """Seconds per call, from repeated windows of many calls each.

    Percentiles are of window means. The median's interval is the 95 % one; with fewer than six
    windows no interval reaches 95 %, and their range is given.
    """

    calls: int  # calls timed in all, warm-up apart
    median_s: float
    median_low_s: float
    median_high_s: float
    min_s: float
    p95_s: float
    p99_s: float
    cold_s: float  # the first call, with compiling where the mode compiles
    warmup_calls: int
    values_s: list[float]  # window means in the order they were measured


class MemoryUse(Record):
    """Memory of one call. Definitions differ, so each has its own name."""

    weights_gib: float  # parameters and buffers of all the model's components, all resident
    inputs_gib: float
    activations_gib: (
        float | None
    )  # GPU: allocator's peak over what it held before; CPU: resident set's
    workspace_gib: float | None  # what libraries keep between calls (cuBLAS)
    allocated_peak_gib: float | None  # torch allocator, tensors
    reserved_peak_gib: float | None  # torch allocator, with its cache
    driver_gib: float | None  # what the driver charges this process: reserved and its context
    resident_peak_gib: float | None  # process resident set (CPU), program and libraries included


class EnergyUse(Record):
    """Joules per call over a window long enough for the counter, and what surrounded it."""

    joules_per_call: float
    method: Literal["counter", "sampled"]
    window_s: float
    idle_w: float | None
    mean_w: float
    temperature_before_c: float | None
    temperature_after_c: float | None


class FlopsCount(Record):
    """One call counted three ways, 1 multiply-add = 2. None = that counter was not to be had."""

    trace: int | None
    fvcore: int | None
    torch: int | None
    unsupported: dict[str, int] = {}  # operations that fvcore did not know, with their number
    explanation: str = ""  # why they differ, where they do by more than 1 %

    def spread(self) -> float:
        """Relative difference of the largest and smallest count; 0 where fewer are known."""
        known = sorted(n for n in (self.trace, self.fvcore, self.torch) if n is not None)
        return (known[-1] - known[0]) / known[-1] if known and known[-1] else 0.0


class Validity(Record):
    """Whether the timing can be trusted, and why not. Notes do not make it invalid."""

    valid: bool
    reasons: list[str] = []
    notes: list[str] = []


class StageProfile(Record):
    """One stage, one call at a time. Training steps are stages named `train:<stage>`."""

    name: str
    component: str
    key: str  # plan.call_key
    calls: int  # calls in a whole generation
    batch: int
    timing: Timing
    memory: MemoryUse
    energy: EnergyUse | None
    flops: FlopsCount | None
    validity: Validity


class Point(Record):
    """One configuration and what came of it."""

    key: str
    workload: Workload
    flavour: str = "full"
    training: bool = False
    outcome: Outcome
    message: str = ""
    stages: list[StageProfile] = []
    end_to_end: Timing | None = None
    end_to_end_validity: Validity | None = None
    residual_s: float | None = None  # end to end less the sum of the stages
    seconds_per_stage: float | None = None  # the time that each stage was given
    seed: int = 0
    seconds_spent: float = 0.0
    measured_on: str = ""  # date
    made_from: str = ""  # hash of catalog entry, components, local code and profiler version
    environment: str = ""  # key into Profile.environments

    @property
    def valid(self) -> bool:
        """Measured, and every stage's verdict is good."""
        verdicts = [s.validity for s in self.stages]
        if self.end_to_end_validity is not None:
            verdicts.append(self.end_to_end_validity)
        return self.outcome == "measured" and all(v.valid for v in verdicts)

    @property
    def summed_s(self) -> float:
        """Seconds of a whole generation as the sum of its stages."""
        return sum(stage.timing.median_s * stage.calls for stage in self.stages)


class Frontier(Record):
    """The largest value of an axis that still fitted, by doubling and bisection.

    `tries` holds every value tried, so that an interrupted search goes on; `complete` says that
    largest and smallest_failing are one step apart or the axis ended.
    """

    axis: str
    workload: Workload  # the axis itself stands at its starting value
    memory_gib: float | None  # a limit that was asked for; None = the device's own memory
    largest: int | None
    smallest_failing: int | None
    tries: dict[int, Outcome]
    complete: bool
    note: str = ""
    made_from: str = ""
    measured_on: str = ""


class Profile(Record):
    """All points of one model on one device. Environments are those that points refer to."""

    schema_version: int = PROFILE_SCHEMA
    device: str
    model: str
    environments: dict[str, Environment] = {}
    points: list[Point] = []
    frontiers: list[Frontier] = []


class Rate(Record):
    """One operation of a calibration: its size, its time, what rate that is."""

    op_class: str
    dtype: str
    dims: list[int]  # as in traces.Op
    flops: int
    bytes_moved: int
    median_s: float
    low_s: float
    high_s: float
    tflops: float
    gb_per_s: float
    valid: bool


class Calibration(Record):
    """Rates measured on a device, by class and size of operation."""

    schema_version: int = PROFILE_SCHEMA
    device: str
    environment: Environment
    measured_on: str
    rates: list[Rate]
    left_out: list[str] = []  # probes that could not be timed, with the reason
    host_s_per_op: float  # the processor's time to issue one small operation
    launch_s: float  # the shortest operation, end to end, from an idle device
