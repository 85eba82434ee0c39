"""How a service is run, where the use case does not say: each default with its reason.

A default is `assumed` until the caller states it:

    ServingPolicy()                                # everything assumed
    ServingPolicy.stated(utilisation_cap=0.6)      # the cap is asked, the rest assumed
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from advisor.cost.queueing import Shape
from advisor.errors import InputError
from advisor.figure import Basis

CAPS = (0.01, 0.98)  # planned utilisations that can be stated

REASONS: dict[str, str] = {
    "utilisation_cap": "70 % busy at the peak leaves room for bursts and a lost GPU (judgement)",
    "service_scv": "all requests of one workload are taken to need the same time",
    "service_shape": "log-normal, where requests need different times (judgement)",
    "load_gb_per_s": "weights are read into GPU memory at 1 GB/s (judgement; 0.2 from a network"
    " disk, 3 from a local NVMe disk)",
    "load_gb_per_s_low": "0.2 GB/s, a network disk (judgement)",
    "load_gb_per_s_high": "3 GB/s, a local NVMe disk (judgement)",
    "max_wait_s": "a free GPU takes what waits and does not wait for more",
    "autoscale": "instances run all month",
    "min_replicas": "one GPU is always up",
    "spare_replicas": "no GPU stands by for one that fails",
    "spot_overhead": "10 % more hours for work lost and done again (judgement; AWS Spot Instance"
    " Advisor, 2025-05: L4 < 5 %, A100 5-10 %, H100 10-20 % interrupted a month)",
    "spot_overhead_low": "no interruption",
    "spot_overhead_high": "20 % (judgement)",
    "cold_start_s": "30 s to start a worker and load the weights (judgement; 5 to 120 s)",
    "cold_start_low_s": "5 s (judgement)",
    "cold_start_high_s": "120 s (judgement)",
    "startup_s": "5 min to start an instance (judgement; 1 to 15 min), without loading the weights",
    "idle_timeout_s": "5 s of idle time is billed after each request (RunPod's serverless rule)",
}


@dataclass(frozen=True, slots=True)
class ServingPolicy:
    """Planned utilisation, interruptions, cold starts, scaling. Shares are 0-1, times in seconds.

    service_scv, service_shape: spread of one request's time. max_wait_s: how long a part-filled
    batch is held back for more requests. autoscale: instances follow the hours of the day instead
    of standing at the peak's number. min_replicas: GPUs that are up at any hour. spare_replicas:
    GPUs beyond what is needed, so that as many may fail (1: N+1). Both are made whole instances.
    """

    utilisation_cap: float = 0.7
    service_scv: float = 0.0
    spot_overhead: float = 0.10
    spot_overhead_low: float = 0.0
    spot_overhead_high: float = 0.20
    cold_start_s: float = 30.0
    cold_start_low_s: float = 5.0
    cold_start_high_s: float = 120.0
    startup_s: float = 300.0
    idle_timeout_s: float = 5.0
    service_shape: Shape = "lognormal"
    load_gb_per_s: float = 1.0
    load_gb_per_s_low: float = 0.2
    load_gb_per_s_high: float = 3.0
    max_wait_s: float = 0.0
    autoscale: bool = False
    min_replicas: int = 1
    spare_replicas: int = 0
    asked: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not CAPS[0] <= self.utilisation_cap <= CAPS[1]:
            raise InputError(
                f"planned utilisation {self.utilisation_cap:g} cannot be held:"
                f" give {CAPS[0]:g} to {CAPS[1]:g}"
            )
        if not 0 <= self.service_scv <= 10:
            raise InputError(f"service_scv {self.service_scv:g} is out of range: give 0 to 10")
        _ordered(
            "spot_overhead", self.spot_overhead_low, self.spot_overhead, self.spot_overhead_high
        )
        _ordered("cold_start_s", self.cold_start_low_s, self.cold_start_s, self.cold_start_high_s)
        _ordered(
            "load_gb_per_s", self.load_gb_per_s_low, self.load_gb_per_s, self.load_gb_per_s_high
        )
        if not self.load_gb_per_s_low > 0:
            raise InputError("load_gb_per_s is not above 0 GB/s")
        if self.service_shape == "exponential" and self.service_scv != 1:
            raise InputError("exponential service times have service_scv 1: state both")
        for name in ("max_wait_s", "min_replicas", "spare_replicas"):
            if not 0 <= getattr(self, name) <= 1e6:
                raise InputError(f"{name} {getattr(self, name):g} is out of range: give 0 to 1e6")

    @classmethod
    def stated(cls, **values: Any) -> ServingPolicy:
        """A policy whose given values were asked for; a stated value has no interval of its own."""
        known = {field.name for field in fields(cls)} - {"asked"}
        for name in values:
            if name not in known:
                raise InputError(f"unknown policy '{name}': known are {', '.join(sorted(known))}")
        points: dict[str, Any] = dict(values)
        for name, ends in (
            ("spot_overhead", ("spot_overhead_low", "spot_overhead_high")),
            ("cold_start_s", ("cold_start_low_s", "cold_start_high_s")),
            ("load_gb_per_s", ("load_gb_per_s_low", "load_gb_per_s_high")),
        ):
            if name in values:
                points = {**dict.fromkeys(ends, values[name]), **points}
        return cls(**points, asked=frozenset(values))

    def basis(self, name: str) -> Basis:
        return Basis.asked if name in self.asked else Basis.assumed

    def source(self, name: str) -> str:
        return "stated" if name in self.asked else REASONS[name]


def _ordered(name: str, low: float, value: float, high: float) -> None:
    if not 0 <= low <= value <= high:
        raise InputError(f"{name}: {low:g}, {value:g}, {high:g} must rise and not be negative")
