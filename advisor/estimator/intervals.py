"""Which interval an estimate of latency gets: by mode, what bounds it, and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from advisor.estimator.rates import Generation, Interval, Rates

if TYPE_CHECKING:
    from advisor.catalog import Device
    from advisor.estimator.setting import Setting
    from advisor.estimator.timing import StageTime
    from advisor.plan import Stage
    from advisor.traces import CallTrace


class Timed(Protocol):
    """A stage with the time of one of its calls (stages.StageResult)."""

    @property
    def stage(self) -> Stage: ...
    @property
    def trace(self) -> CallTrace: ...
    @property
    def time(self) -> StageTime: ...


def mix(setting: Setting, results: Iterable[Timed], index: int) -> str:
    """The kind of estimate that intervals are kept by: 'eager.host', 'engine.memory' and so on.

    host: more than half of the time is the host's; else compute or memory (launch floors with it),
    whichever takes more of the device's time. Compiled calls with quantised weights are a kind of
    their own: whether the unpacking is fused depends on the kernel library.
    """
    total = host = compute = rest = 0.0
    for result in results:
        time, calls = result.time, result.stage.calls
        total += float(time.total[index]) * calls
        host += float(time.host[index]) * calls
        compute += float(time.compute[index]) * calls
        rest += float(time.memory[index] + time.launch[index]) * calls
    if setting.compiled:
        return "compiled-quantised" if setting.quantised else "compiled"
    bound = "host" if host > total / 2 else "compute" if compute > rest else "memory"
    return f"{'engine' if setting.engine else 'eager'}.{bound}"


def latency_interval(
    device: Device,
    generation: Generation,
    rates: Rates,
    setting: Setting,
    results: Sequence[Timed],
    index: int = 0,
) -> Interval:
    """The interval of the kind of estimate; a trace that was scaled widens whatever is found.

    Generations that no row was measured on have their own, from generations left out of the fit;
    makers that no row was measured on a judged one.
    """
    kind = mix(setting, results, index)
    if generation.evidence == "none" and not setting.engine:
        unseen = "latency.unseen-generation" if device.vendor == "NVIDIA" else "latency.no-evidence"
        found = rates.interval(unseen, "latency.no-evidence")
    else:
        found = rates.interval(
            f"latency.{kind}", f"latency.{kind.split('.')[0]}", "latency.compiled"
        )
    if any(result.trace.note.startswith("scaled") for result in results):
        extra = rates.interval("latency.scaled-trace")
        found = found.model_copy(
            update={"low": found.low * extra.low, "high": found.high * extra.high}
        )
    return found
