"""Measurements in place of predictions: what `advisor profile` found on this very device.

A stage whose call was measured (same component, sizes, batch, dtype and mode) takes its measured
time; if all stages have one, the whole does. The basis is `measured` for exactly this workload and
`scaled` where only the number of calls differs (other steps, other tokens).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import CannotEstimate, DataError
from advisor.estimator.record import Estimate, StageEstimate
from advisor.figure import Basis, Figure
from advisor.paths import data_dir, home_dir

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.profiler.record import Point, StageProfile, Timing
    from advisor.workload import Workload

# A generation with another number of calls: caches grow, clocks fall. A judgement, not measured.
SCALED_SPREAD = 0.1

CallKey = tuple[str, str, int]  # component, call key, batch


def with_measurements(
    estimate: Estimate, model: Model, catalog: Catalog, asked: Basis | None = None
) -> Estimate:
    """The estimate with whatever was measured for its device put in place of predictions.

    asked: nothing better than this basis is used, and CannotEstimate says what it lacks.
    """
    unread: list[str] = []
    points = list(measured_points(estimate.device, model, estimate.workload, catalog, unread))
    if unread:
        estimate = estimate.model_copy(update={"notes": [*estimate.notes, *unread]})
    if asked is Basis.scaled:
        points = [point for point in points if point.workload != estimate.workload]
    if asked is not None:
        _require(points, asked, estimate, model)
    if not points:
        return estimate
    exact = next((p for p in reversed(points) if p.workload == estimate.workload), None)
    basis = Basis.measured if exact is not None else Basis.scaled
    measured = {_key(stage): (stage, point) for point in points for stage in point.stages}
    keys = _call_keys(model, estimate.workload)
    stages = [
        measured_stage(stage, measured[key], basis)
        if (key := keys[stage.name]) in measured
        else stage
        for stage in estimate.stages
    ]
    if any(stage.latency_s.basis is not basis for stage in stages):
        return estimate.model_copy(
            update={"stages": stages, "notes": [*estimate.notes, "some stages were measured here"]}
        )
    return with_whole(estimate, stages, exact, basis)


def _require(points: list[Point], asked: Basis, estimate: Estimate, model: Model) -> None:
    """CannotEstimate, one sentence, where the points do not give every stage at a basis."""
    if asked is Basis.measured:
        points = [point for point in points if point.workload == estimate.workload]
    measured = {_key(stage) for point in points for stage in point.stages}
    keys = _call_keys(model, estimate.workload)
    lacking = [name for name, key in keys.items() if key not in measured]
    if lacking:
        where = "exactly this workload" if asked is Basis.measured else "another number of calls"
        raise CannotEstimate(
            f"{model.id} on {estimate.device} has no basis '{asked}': {', '.join(lacking)} "
            f"not validly measured at {where}: run `advisor profile {model.id}` there"
        )


def with_whole(
    estimate: Estimate, stages: list[StageEstimate], exact: Point | None, basis: Basis
) -> Estimate:
    """The estimate of stages that were all measured; `exact` is a point of exactly its workload."""
    latency = stages[0].latency_s
    for stage in stages[1:]:
        latency = latency.plus(stage.latency_s)
    if exact is not None and exact.end_to_end is not None:
        latency = _figure(exact.end_to_end, 1, basis, latency.source)
    share = latency.value / estimate.latency_s.value
    changes = {
        "stages": stages,
        "latency_s": latency,
        "first_output_s": _first_output(estimate, stages, latency, share),
        "energy_j": _energy(stages, estimate),
    }
    return estimate.model_copy(update=changes)


def _first_output(
    estimate: Estimate, stages: list[StageEstimate], latency: Figure, share: float
) -> Figure:
    """As predicted where the first piece is part of a stage, corrected by what was measured."""
    if estimate.first_output_s.value == estimate.latency_s.value:
        return latency
    figure = estimate.first_output_s.times(share)
    return figure.model_copy(update={"basis": Basis.scaled, "source": latency.source})


def _energy(stages: list[StageEstimate], estimate: Estimate) -> Figure | None:
    energies = [stage.energy_j for stage in stages if stage.energy_j is not None]
    if len(energies) < len(stages) or any(e.basis is Basis.datasheet for e in energies):
        return estimate.energy_j
    total = energies[0]
    for energy in energies[1:]:
        total = total.plus(energy)
    return total


def measured_stage(
    stage: StageEstimate, found: tuple[StageProfile, Point], basis: Basis
) -> StageEstimate:
    """The stage with the time, and the energy if there was a counter, of a measurement of it."""
    profile, point = found
    source = f"measured on this device on {point.measured_on}"
    latency = _figure(profile.timing, stage.calls, basis, source)
    changes: dict[str, object] = {
        "latency_s": latency,
        "bound": "measured",
        "achieved_tflops": stage.flops / latency.value / 1e12 if latency.value else 0.0,
    }
    if profile.energy is not None:
        joules = profile.energy.joules_per_call * stage.calls
        changes["energy_j"] = Figure.exact(joules, "J", basis, source)
    return stage.model_copy(update=changes)


def _figure(timing: Timing, calls: int, basis: Basis, source: str) -> Figure:
    """Seconds of `calls` calls: the median, from the fastest window to the 95th percentile."""
    slack = 0.0 if basis is Basis.measured else SCALED_SPREAD
    return Figure(
        value=timing.median_s * calls,
        low=timing.min_s * calls * (1 - slack),
        high=timing.p95_s * calls * (1 + slack),
        unit="s",
        basis=basis,
        source=source,
    )


def _key(stage: StageProfile) -> CallKey:
    return stage.component, stage.key, stage.batch


def _call_keys(model: Model, workload: Workload) -> dict[str, CallKey]:
    from advisor.plan import plan

    return {s.name: (s.component, s.key, s.batch) for s in plan(model, workload)}


def measured_points(
    device: str, model: Model, workload: Workload, catalog: Catalog, unread: list[str] | None = None
) -> Iterator[Point]:
    """Valid points of the model on the device at this dtype and mode, latest last.

    A damaged file gives none; `unread` gets a sentence that says so.
    """
    from advisor.profiler.identity import made_from
    from advisor.profiles import profile_folders, profile_path, read_profile

    for folder in profile_folders():
        file = profile_path(folder, device, model.id)
        if device not in measured_devices(folder) or not file.is_file():
            continue
        try:
            profile = read_profile(file)
        except DataError:
            if unread is not None:
                unread.append(
                    f"the measurements in {device}/{file.name} are damaged, so a prediction "
                    "stands: see `advisor profiles check`"
                )
            continue
        wanted = made_from(model, catalog)
        same = [
            point
            for point in profile.points
            if point.valid
            and point.flavour == "full"
            and not point.training
            and point.made_from == wanted
            and (point.workload.dtype, point.workload.mode) == (workload.dtype, workload.mode)
        ]
        yield from sorted(same, key=lambda p: (p.measured_on, p.end_to_end is not None))


def measured_devices(folder: Path) -> frozenset[str]:
    """Devices that a profile folder holds anything about."""
    return _listed(folder, folder.stat().st_mtime_ns) if folder.is_dir() else frozenset()


@lru_cache(maxsize=8)
def _listed(folder: Path, _changed_ns: int) -> frozenset[str]:
    return frozenset(entry.name for entry in folder.iterdir() if entry.is_dir())


def any_measured() -> frozenset[str]:
    """Devices with a profile in any folder that answers are made from. Cheap: lists folders."""
    folders = (data_dir("profiles"), home_dir() / "profiles")
    return frozenset().union(*(measured_devices(folder) for folder in folders))
