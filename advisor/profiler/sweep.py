"""A sweep: many points, each in a child process, each on disk before the next begins.

A sweep that was stopped goes on where it stopped: a point is skipped when the profile holds it with
the same hash of catalog entry, components, local code and profiler version. Needs no torch.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from advisor.catalog import Catalog
from advisor.errors import DataError, dotted
from advisor.profiler.child import ChildResult, Limits, Listener, run_child, worker_command
from advisor.profiler.identity import PointSpec, made_from
from advisor.profiler.record import Environment, Point
from advisor.profiler.suites import cost_s
from advisor.profiles import existing, keep_point

Runner = Callable[[PointSpec, Limits, Listener], ChildResult]
Report = Callable[[str], None]
ENVIRONMENT_LIMIT = Limits(seconds=120.0)
_PROGRESS = "> "


@dataclass(frozen=True)
class Settings:
    """How a sweep measures."""

    folder: Path
    limits: Limits = field(default_factory=Limits)
    again: bool = False  # measure also what is there already


@dataclass(frozen=True)
class Done:
    """A point that is on disk, measured now or found there."""

    model: str
    point: Point
    file: Path
    found: bool = False


def to_stderr(text: str) -> None:
    """Progress for people."""
    print(text, file=sys.stderr, flush=True)


def local_device() -> str:
    """cuda where the driver names a GPU, else cpu."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return "cuda" if pynvml.nvmlDeviceGetCount() else "cpu"
    except Exception:  # no package, no driver, no permission: all mean "no GPU here"
        return "cpu"


def in_child(spec: PointSpec, limits: Limits, listen: Listener) -> ChildResult:
    """Measure a point in a child process of its own."""
    return run_child(worker_command(), spec.model_dump_json(), limits, listen)


def local_environment(device: str, catalog_dir: str | None = None) -> Environment:
    """This machine, asked in a child: a broken driver cannot take the sweep with it."""
    job = json.dumps({"device": device, "catalog_dir": catalog_dir})
    child = run_child([*worker_command(), "environment"], job, ENVIRONMENT_LIMIT)
    if child.outcome != "measured":
        raise DataError(f"device '{device}' cannot be examined: {child.text or child.outcome}")
    return Environment.model_validate_json(child.text)


def sweep(
    specs: Iterable[PointSpec],
    catalog: Catalog,
    environment: Environment,
    settings: Settings,
    runner: Runner = in_child,
    report: Report = to_stderr,
) -> list[Done]:
    """Measure what is missing; returns every point asked for that is on disk afterwards."""
    wanted = list({(s.model, s.key): s for s in specs}.values())
    done = [found_point(s, catalog, environment.device, settings, report) for s in wanted]
    waiting = [s for s, found in zip(wanted, done, strict=True) if found is None]
    report(f"{len(wanted)} points, {len(wanted) - len(waiting)} measured already")
    _tell_other_versions(done, environment, settings, report)
    results = [found for found in done if found is not None]
    left = TimeLeft([cost_s(spec, catalog) for spec in waiting])
    ceiling = Ceiling(results)
    for number, spec in enumerate(waiting):
        report(f"[{number + 1}/{len(waiting)}] {spec.model}: {spec.key}{left}")
        left.start(number)
        if ceiling.above(spec):
            report("  skipped: a smaller batch did not fit, or took too long")
            continue
        child = runner(spec, settings.limits, progress(report))
        point = to_point(spec, child, catalog, settings.limits)
        file = keep_point(
            settings.folder, environment.device, spec.model, point, environment, report
        )
        results.append(Done(spec.model, point, file))
        ceiling.learn(results[-1])
        report(f"  {summary(point)}")
    return results


def progress(report: Report) -> Listener:
    """Shows the child's own progress lines, and none of the libraries' chatter."""
    return lambda line: report(f"    {line[2:]}") if line.startswith(_PROGRESS) else None


def to_point(spec: PointSpec, child: ChildResult, catalog: Catalog, limits: Limits) -> Point:
    """The child's point; what kept it from measuring is a result too."""
    outcome, text = child.outcome, child.text
    if outcome == "measured":
        try:
            return Point.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = dotted(first["loc"])
            outcome, text = "failed", f"the result is not a record: {place}: {first['msg']}"
    return Point(
        key=spec.key,
        workload=spec.workload,
        flavour=spec.flavour,
        training=spec.purpose == "train",
        outcome=outcome,
        message=text,
        seconds_per_stage=spec.seconds_per_stage,
        seed=spec.seed,
        seconds_spent=limits.seconds if outcome == "timed-out" else 0.0,
        measured_on=date.today().isoformat(),
        made_from=made_from(catalog.models[spec.model], catalog),
    )


def found_point(
    spec: PointSpec, catalog: Catalog, device: str, settings: Settings, report: Report
) -> Done | None:
    """The point on disk that makes measuring needless. A time-out is tried again with more time."""
    profile = existing(settings.folder, device, spec.model, report)
    if profile is None or settings.again:
        return None
    wanted = made_from(catalog.models[spec.model], catalog)
    for point in profile.points:
        if point.key != spec.key or point.made_from != wanted:
            continue
        if point.outcome == "timed-out" and settings.limits.seconds > point.seconds_spent:
            continue
        return Done(spec.model, point, settings.folder / device / f"{spec.model}.json", found=True)
    return None


def _tell_other_versions(
    done: list[Done | None], environment: Environment, settings: Settings, report: Report
) -> None:
    """Points measured with another torch stay, but nobody shall take them for this one's."""
    others = set()
    for model in {d.model for d in done if d is not None}:
        profile = existing(settings.folder, environment.device, model)
        others |= {e.torch for e in profile.environments.values()} if profile else set()
    if others - {environment.torch}:
        named = ", ".join(sorted(others - {environment.torch}))
        report(
            f"some were measured with torch {named}, not {environment.torch}: --again repeats them"
        )


class Ceiling:
    """Batches that need not be tried since a smaller one did not fit or took too long."""

    def __init__(self, results: Iterable[Done]) -> None:
        self._failed: dict[str, int] = {}
        for result in results:
            self.learn(result)

    def learn(self, done: Done) -> None:
        point = done.point
        if point.outcome not in ("out-of-memory", "timed-out"):
            return
        series = _series(done.model, point.workload.batch, point.key)
        self._failed[series] = min(point.workload.batch, self._failed.get(series, sys.maxsize))

    def above(self, spec: PointSpec) -> bool:
        batch = spec.workload.batch
        return batch > self._failed.get(_series(spec.model, batch, spec.key), sys.maxsize)


def _series(model: str, batch: int, key: str) -> str:
    """Names the points that differ only in their batch."""
    return f"{model}: {key.replace(f'batch {batch},', 'batch,')}"


class TimeLeft:
    """Time left, from expected costs corrected by how long the points so far really took."""

    def __init__(self, costs: list[float], now: Callable[[], float] = time.monotonic) -> None:
        self._costs, self._now = costs, now
        self._begin, self._number = now(), 0

    def start(self, number: int) -> None:
        """Point `number` begins."""
        self._number = number

    def seconds(self) -> float | None:
        """None before the first point is through."""
        done, rest = sum(self._costs[: self._number + 1]), sum(self._costs[self._number + 1 :])
        return (self._now() - self._begin) / done * rest if self._now() > self._begin else None

    def __str__(self) -> str:
        left = self.seconds() if self._number or self._now() - self._begin > 1 else None
        if left is None:
            return f" (expected {_duration(sum(self._costs))} in all)" if self._costs else ""
        return f" (about {_duration(left)} left)"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"


def summary(point: Point) -> str:
    """One line about a point."""
    if point.outcome != "measured":
        return f"{point.outcome}: {point.message}"
    valid = sum(stage.validity.valid for stage in point.stages)
    text = f"{point.summed_s:.4g} s in {len(point.stages)} stages, {valid} of them valid"
    if point.end_to_end is not None and point.residual_s is not None:
        share = point.residual_s / point.end_to_end.median_s
        text += f"; whole {point.end_to_end.median_s:.4g} s, residual {share:+.1%}"
    return text
