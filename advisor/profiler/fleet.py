"""A sweep over a Ray cluster: one task per GPU (or per node without one), results gathered here.

Nodes are grouped by the device they have, and the whole sweep is measured once on every kind of
device: a point is a statement about a device, so that a point of one kind never stands for another.
Each task measures in a child process of its node, as a local sweep does. A task whose node is lost
goes to another node of its kind; every result is on disk here before its slot gets the next point.
"""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from advisor.catalog import Catalog
from advisor.cluster import connected
from advisor.errors import DataError
from advisor.profiler.child import ChildResult, Limits, run_child, worker_command
from advisor.profiler.identity import PointSpec
from advisor.profiler.record import Environment
from advisor.profiler.sweep import (
    Ceiling,
    Done,
    Report,
    Settings,
    found_point,
    summary,
    to_point,
    to_stderr,
)
from advisor.profiles import keep_point

MAX_LOSSES = 3  # a point that took this many nodes with it is not tried again
_POLL_S = 1.0
_REST_S = 15.0


@dataclass
class Slot:
    """One GPU of a node, or a node without one: it does one task at a time."""

    node: str
    resources: dict[str, float]
    rests_until: float = 0.0  # after a loss: the cluster needs a while to see that a node is gone


@dataclass
class Kind:
    """All slots with the same device, and the points that wait for one of them."""

    environment: Environment
    free: list[Slot] = field(default_factory=list)
    waiting: deque[PointSpec] = field(default_factory=deque)
    done: list[Done] = field(default_factory=list)
    ceiling: Ceiling = field(default_factory=lambda: Ceiling([]))


@dataclass(frozen=True)
class _Running:
    kind: Kind
    slot: Slot
    spec: PointSpec


def sweep_fleet(
    specs: Iterable[PointSpec],
    catalog: Catalog,
    settings: Settings,
    *,
    address: str | None = None,
    command: Sequence[str] | None = None,
    report: Report = to_stderr,
) -> list[Done]:
    """Measure what is missing on every kind of device of the cluster at `address`.

    Without an address Ray's own default holds (RAY_ADDRESS, a running cluster, else this machine).
    `command` is the child's command on the nodes. Points that could not be measured because their
    last node was lost are named and left for the next run.
    """
    with connected(address) as ray:
        fleet = _Fleet(ray, catalog, settings, list(command or worker_command()), report)
        return fleet.run(list(specs))


class _Fleet:
    def __init__(
        self, ray: Any, catalog: Catalog, settings: Settings, command: list[str], report: Report
    ) -> None:
        self._ray, self._catalog, self._settings = ray, catalog, settings
        self._command, self._report = command, report
        self._running: dict[Any, _Running] = {}
        self._losses: Counter[str] = Counter()

    def run(self, specs: list[PointSpec]) -> list[Done]:
        if not specs:
            return []
        kinds = self._kinds(specs[0])
        for kind in kinds:
            self._queue(kind, specs)
        while self._running or any(kind.waiting and kind.free for kind in kinds):
            for kind in kinds:
                self._start(kind)
            self._collect()
        for kind in kinds:
            self._tell_missing(kind)
        return [done for kind in kinds for done in kind.done]

    def _kinds(self, spec: PointSpec) -> list[Kind]:
        """The cluster's slots by device. Raises DataError where no node can measure."""
        on_gpu = spec.device.startswith("cuda")
        job = json.dumps({"device": spec.device, "catalog_dir": spec.catalog_dir})
        asked = {}
        for node in self._ray.nodes():
            count = int(node["Resources"].get("GPU" if on_gpu else "CPU", 0))
            if node["Alive"] and count:
                resources = {"num_gpus": 1.0} if on_gpu else {"num_cpus": float(count)}
                slots = [Slot(node["NodeID"], resources) for _ in range(count if on_gpu else 1)]
                command = [*self._command, "environment"]
                asked[self._task(slots[0], command, job, Limits(120.0))] = slots
        kinds: dict[str, Kind] = {}
        for reference, slots in asked.items():
            outcome, text = self._answer(reference) or ("died", "the node was lost")
            if outcome != "measured":
                self._report(f"node {slots[0].node[:8]} is not used: {text or outcome}")
                continue
            environment = Environment.model_validate_json(text)
            kinds.setdefault(environment.device, Kind(environment)).free += slots
        if not kinds:
            raise DataError(f"no node of the cluster can measure on {spec.device}")
        found = ", ".join(f"{len(kind.free)} x {name}" for name, kind in kinds.items())
        self._report(f"the cluster has {found}")
        return list(kinds.values())

    def _queue(self, kind: Kind, specs: list[PointSpec]) -> None:
        unique = {(spec.model, spec.key): spec for spec in specs}
        for spec in unique.values():
            device = kind.environment.device
            found = found_point(spec, self._catalog, device, self._settings, self._report)
            if found is None:
                kind.waiting.append(spec)
            else:
                kind.done.append(found)
        kind.ceiling = Ceiling(kind.done)
        left = len(kind.waiting)
        self._report(f"{kind.environment.device}: {left} points to measure, {len(kind.done)} there")

    def _start(self, kind: Kind) -> None:
        """Give every free slot a point. Slots of lost nodes are dropped."""
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        kind.free = [slot for slot in kind.free if slot.node in alive]
        rested = [slot for slot in kind.free if slot.rests_until <= time.monotonic()]
        while rested and kind.waiting:
            spec = kind.waiting.popleft()
            if kind.ceiling.above(spec):
                continue
            slot = rested.pop(0)
            kind.free.remove(slot)
            limits = self._settings.limits
            reference = self._task(slot, self._command, spec.model_dump_json(), limits)
            self._running[reference] = _Running(kind, slot, spec)

    def _collect(self) -> None:
        if not self._running:  # slots rest
            time.sleep(_POLL_S)
            return
        ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=_POLL_S)
        for reference in ready:
            task = self._running.pop(reference)
            answer = self._answer(reference)
            if answer is None:
                self._lost(task)
            else:
                self._keep(task, ChildResult(*answer))
                task.kind.free.append(task.slot)

    def _keep(self, task: _Running, child: ChildResult) -> None:
        kind, spec, settings = task.kind, task.spec, self._settings
        point = to_point(spec, child, self._catalog, settings.limits)
        here = kind.environment
        file = keep_point(settings.folder, here.device, spec.model, point, here, self._report)
        kind.done.append(Done(spec.model, point, file))
        kind.ceiling.learn(kind.done[-1])
        left = len(kind.waiting)
        self._report(f"{here.device}: {spec.model}: {spec.key}: {summary(point)} ({left} left)")

    def _lost(self, task: _Running) -> None:
        """The task's node (or its worker) is gone: its point waits again, its slot rests first."""
        task.slot.rests_until = time.monotonic() + _REST_S
        task.kind.free.append(task.slot)
        name = f"{task.kind.environment.device} {task.spec.model} {task.spec.key}"
        self._losses[name] += 1
        if self._losses[name] >= MAX_LOSSES:
            words = f"lost {MAX_LOSSES} nodes with it"
            self._keep(task, ChildResult("died", words))
            return
        self._report(f"node {task.slot.node[:8]} was lost: {task.spec.model} is tried elsewhere")
        task.kind.waiting.appendleft(task.spec)

    def _tell_missing(self, kind: Kind) -> None:
        for spec in kind.waiting:
            if not kind.ceiling.above(spec):
                self._report(f"not measured, no {kind.environment.device} is left: {spec.model}")

    def _task(self, slot: Slot, command: list[str], text: str, limits: Limits) -> Any:
        """Run a child on a slot's node, and on no other: the result speaks for that device."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        remote = self._ray.remote(_measure).options(
            **slot.resources,
            max_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(slot.node, soft=False),
        )
        return remote.remote(command, text, limits)

    def _answer(self, reference: Any) -> tuple[Any, str] | None:
        """What a task said; None where its node or worker was lost."""
        errors = self._ray.exceptions
        try:
            outcome, text = self._ray.get(reference)
        except errors.RayTaskError as error:
            return "failed", (str(error).splitlines() or ["no reason"])[-1][:300]
        except errors.RayError:
            return None
        return outcome, text


def _measure(command: list[str], text: str, limits: Limits) -> tuple[str, str]:
    """Runs on the node."""
    child = run_child(command, text, limits)
    return child.outcome, child.text
