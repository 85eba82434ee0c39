"""How the response grows with the load on a fleet whose size stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.cost.fleet import Service, whole_s
from advisor.cost.record import LoadCurve

if TYPE_CHECKING:
    from advisor.cost.serving import ServingCase

# Of the GPUs' time at the central estimate; 0.95 is as far as the queue was checked (docs/cost.md).
UTILISATIONS = (0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def load_curve(case: ServingCase) -> LoadCurve | None:
    """p95 against requests per second at both ends of the latency; None where nothing queues."""
    demand, service = case.demand, case.value
    if not service.shared or (demand.batch_window_s is not None and service.stoppable):
        return None
    now = case.numbers()
    capacity = now.running * service.slots / service.job_s  # jobs a second
    loads = [share * capacity for share in UTILISATIONS]

    def p95(end: Service, jobs_per_s: float) -> float | None:
        if jobs_per_s * end.job_s >= now.running * end.slots:
            return None
        return whole_s(end, demand, case.policy, jobs_per_s, now.running, 95)

    values, lows = ([p95(end, load) for load in loads] for end in (service, case.low))
    return LoadCurve(
        gpus=now.running,
        planned_requests_per_s=now.jobs_per_s,
        requests_per_s=loads,
        utilisation=list(UTILISATIONS),
        p95_s=[value for value in values if value is not None],
        p95_s_low=[low for low in lows if low is not None],
        p95_s_high=[p95(case.high, load) for load in loads],
    )
