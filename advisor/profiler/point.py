"""One point: a model at a workload on the local device, stage by stage and end to end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from advisor.catalog import Catalog, EntryPoint
from advisor.errors import AdvisorError, InputError
from advisor.plan import Stage, plan
from advisor.profiler.clock import Call, Clock, clock_for
from advisor.profiler.energy import idle_power_w, measure_energy
from advisor.profiler.flops import count_flops
from advisor.profiler.identity import PointSpec, made_from
from advisor.profiler.judge import Observer
from advisor.profiler.measure import Budget, measure
from advisor.profiler.memory import measure_memory, storage_bytes, weights_bytes
from advisor.profiler.meter import Meter, meter_for
from advisor.profiler.modes import (
    Compiled,
    as_written,
    is_finite,
    prepare_compiled,
    repeatable,
    tensors_in,
    training_step,
)
from advisor.profiler.record import FlopsCount, Point, StageProfile, Timing, Validity
from advisor.reference.build import DTYPES, build, make_inputs
from advisor.reference.weights import Weights
from advisor.tracestore import trace_store

PROGRESS = "> "  # lines of the child's stderr that are shown as they come


def profile_point(spec: PointSpec, catalog: Catalog) -> Point:
    """Measure a point in this process. Out of memory and other failures are raised."""
    if spec.workload.dtype not in DTYPES:
        raise InputError(f"dtype {spec.workload.dtype} cannot be run: use {', '.join(DTYPES)}")
    return _Session(spec, catalog).point()


def runnable_stages(spec: PointSpec, catalog: Catalog) -> Iterator[tuple[Stage, Call]]:
    """Every stage of a point with the very call that is timed, for comparing with other timers."""
    session = _Session(spec, catalog)
    for stage in session.stages:
        subject = session.subject(stage)
        yield stage, repeatable(subject.module, subject.entry, subject.inputs)


@dataclass(frozen=True)
class _Bench:
    """The measuring instruments of one point."""

    clock: Clock
    meter: Meter | None
    idle_w: float | None
    budget: Budget


@dataclass(frozen=True)
class _Subject:
    """A stage with what is needed to call it."""

    stage: Stage
    module: torch.nn.Module
    entry: EntryPoint
    inputs: dict[str, Any]


class _Session:
    """Everything of one point: its modules are all built before the first stage is measured."""

    def __init__(self, spec: PointSpec, catalog: Catalog) -> None:
        self.spec, self.catalog = spec, catalog
        self.model = catalog.models[spec.model]
        self.started = time.monotonic()
        meter = meter_for(spec.device)
        idle_w = idle_power_w(meter) if meter and spec.purpose != "fit" else None
        self.bench = _Bench(
            clock_for(spec.device), meter, idle_w, Budget(seconds=spec.seconds_per_stage)
        )
        self.stages = plan(self.model, spec.workload)
        if spec.purpose == "train":
            self.stages = [heaviest(self.stages, catalog)]
        self.compiled: list[Compiled] = []
        self.modules = self._build()

    def point(self) -> Point:
        spec = self.spec
        work = {"measure": self._measured, "fit": self._run_once, "train": self._trained}
        stages = []
        for number, stage in enumerate(self.stages):
            say(f"stage {number + 1}/{len(self.stages)} {stage.name}")
            if (profile := work[spec.purpose](self.subject(stage))) is not None:
                stages.append(profile)
        whole = self._end_to_end() if spec.end_to_end else None
        point = Point(
            key=spec.key,
            workload=spec.workload,
            flavour=spec.flavour,
            training=spec.purpose == "train",
            outcome="measured",
            stages=stages,
            seconds_per_stage=spec.seconds_per_stage,
            seed=spec.seed,
            seconds_spent=round(time.monotonic() - self.started, 1),
            measured_on=date.today().isoformat(),
            made_from=made_from(self.model, self.catalog),
        )
        if whole is None:
            return point
        timing, validity = whole
        return point.model_copy(
            update={
                "end_to_end": timing,
                "end_to_end_validity": validity,
                "residual_s": timing.median_s - point.summed_s,
            }
        )

    def _build(self) -> dict[str, torch.nn.Module]:
        spec, built = self.spec, {}
        own = Weights(spec.weights, self.model) if spec.weights else None
        if own is not None:
            own.check(self.stages, self.catalog, spec.flavour)
        for name in dict.fromkeys(stage.component for stage in self.stages):
            component = self.catalog.components[name]
            dtype = DTYPES[spec.workload.dtype]
            built[name] = build(component, spec.flavour, spec.device, dtype, spec.seed)
            if own is not None:
                own.load(component, built[name])
            if spec.workload.mode == "compiled":
                used = {stage.entry for stage in self.stages if stage.component == name}
                entries = [component.entries[e] for e in sorted(used)]
                self.compiled += prepare_compiled(built[name], entries)
        return built

    def subject(self, stage: Stage) -> _Subject:
        component = self.catalog.components[stage.component]
        entry = component.entries[stage.entry]
        inputs = make_inputs(
            entry,
            component,
            dict(stage.symbols),
            batch=stage.batch,
            flavour=self.spec.flavour,
            device=self.spec.device,
            dtype=DTYPES[self.spec.workload.dtype],
            seed=self.spec.seed + 1,
        )
        return _Subject(stage, self.modules[stage.component], entry, inputs)

    def _run_once(self, subject: _Subject) -> None:
        """Only to see whether it fits."""
        with torch.no_grad():
            repeatable(subject.module, subject.entry, subject.inputs)()

    def _measured(self, subject: _Subject) -> StageProfile:
        run = repeatable(subject.module, subject.entry, subject.inputs)
        with torch.no_grad():
            profile = self._timed(run, subject, subject.stage.name)
        return profile.model_copy(update={"flops": self._flops(subject)})

    def _trained(self, subject: _Subject) -> StageProfile:
        step = training_step(subject.module, subject.entry, subject.inputs)
        profile = self._timed(step, subject, f"train:{subject.stage.name}")
        with FlopCounterMode(display=False) as counter, as_written(self.compiled):
            step()
        flops = FlopsCount(trace=None, fvcore=None, torch=int(counter.get_total_flops()))
        return profile.model_copy(update={"flops": flops, "calls": 1})

    def _timed(self, run: Any, subject: _Subject, name: str) -> StageProfile:
        bench, stage = self.bench, subject.stage
        observer = Observer(bench.meter)
        timing, validity = measure(run, bench.clock, bench.budget, watch=observer.watch)
        held = storage_bytes(tensors_in(subject.inputs))
        weights = weights_bytes(self.modules)
        memory, result = measure_memory(run, self.spec.device, weights, held, bench.meter)
        verdict = observer.judged(validity, is_finite(result))
        del result
        energy = None
        if bench.meter is not None:
            energy = measure_energy(run, bench.clock, bench.meter, timing.median_s, bench.idle_w)
        return StageProfile(
            name=name,
            component=stage.component,
            key=stage.key,
            calls=stage.calls,
            batch=stage.batch,
            timing=timing,
            memory=memory,
            energy=energy,
            flops=None,
            validity=verdict,
        )

    def _flops(self, subject: _Subject) -> FlopsCount | None:
        if not self.spec.count_flops:
            return None
        with as_written(self.compiled):
            return count_flops(subject.module, subject.entry, subject.inputs, self._traced(subject))

    def _traced(self, subject: _Subject) -> int | None:
        """FLOPs of the trace, made here if none is stored; a scaled one is no count."""
        if self.spec.flavour != "full":
            from advisor.trace import trace_call

            stage = subject.stage
            component = self.catalog.components[stage.component]
            traced = trace_call(
                component, stage.entry, dict(stage.symbols), stage.key, flavour=self.spec.flavour
            )
            return traced.at_batch(stage.batch).flops
        try:
            found = trace_store(self.catalog, on_demand=True).stage_trace(subject.stage)
        except AdvisorError:
            return None
        return None if found.note else found.flops

    def _end_to_end(self) -> tuple[Timing, Validity]:
        """A whole generation, looped as `generate()` does it, on the modules already built."""
        from advisor.reference.generate import run_stages
        from advisor.reference.stage import Run

        spec = self.spec

        def whole() -> None:
            run_stages(
                Run(
                    self.model,
                    spec.workload,
                    self.catalog,
                    flavour=spec.flavour,
                    device=spec.device,
                    seed=spec.seed,
                    modules=self.modules,
                )
            )

        say("end to end")
        with torch.no_grad():
            budget = replace(self.bench.budget, min_windows=5, min_s=0.0)
            observer = Observer(self.bench.meter)
            timing, validity = measure(whole, self.bench.clock, budget, watch=observer.watch)
        return timing, observer.judged(validity, finite=True)


def heaviest(stages: list[Stage], catalog: Catalog) -> Stage:
    """The stage with the most FLOPs in a generation: what training is mostly about.

    Stages that take a key-value cache are left out: training sees whole sequences.
    """
    store = trace_store(catalog)

    def cached(stage: Stage) -> bool:
        inputs = catalog.components[stage.component].entries[stage.entry].inputs.values()
        return any(isinstance(i, dict) and {"kv_cache", "cross_cache"} & set(i) for i in inputs)

    candidates = [stage for stage in stages if not cached(stage)]
    if not candidates:
        raise InputError(
            "no stage of this model takes a whole sequence: no training step to measure"
        )
    return max(candidates, key=lambda stage: store.stage_trace(stage).flops * stage.calls)


def say(text: str) -> None:
    """Progress to the parent."""
    print(f"{PROGRESS}{text}", file=sys.stderr, flush=True)
