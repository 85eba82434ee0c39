"""Stored traces, and what to do when the one asked for is not stored.

    store = trace_store(catalog)
    store.stage_trace(stage)   # the trace of one call of the stage, at the stage's batch

In order: the stored trace; one made earlier on this machine; tracing now (where torch is installed
and `on_demand` allows it); up to three stored ones of the same structure interpolated; the nearest
one scaled. What is not exact says so in `CallTrace.note`. No torch is imported unless tracing.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from advisor.adapters import join_trace, with_adapter
from advisor.catalog import Catalog, Component
from advisor.catalog.schema import config_symbols
from advisor.errors import CannotEstimate, DataError
from advisor.expr import evaluate
from advisor.files import write_atomic
from advisor.paths import cache_dir
from advisor.plan import JOIN, Stage, Symbols, call_key
from advisor.traces import TRACE_SCHEMA, TRACED_BYTES, CallTrace, Op, call_from_json

MAX_STAGES = 8192  # traces at a batch that are kept; a whole catalog at four batches needs 1,140
STEEPEST = 3.0  # power of the size: attention over pixels by frames grows by less


class TraceStore:
    """All stored traces of a catalog, read when asked for."""

    def __init__(self, catalog: Catalog, on_demand: bool = False) -> None:
        self._catalog, self._on_demand = catalog, on_demand
        self._calls: dict[str, dict[str, CallTrace]] = {}
        self._made: dict[tuple[str, str], CallTrace] = {}
        self._stages: dict[tuple[Any, ...], CallTrace] = {}

    def stage_trace(self, stage: Stage) -> CallTrace:
        """The trace of one call of a stage, at its batch. CannotEstimate if there is none."""
        key = (stage.component, stage.key, stage.batch, stage.held, stage.lora_rank)
        if key not in self._stages:
            if len(self._stages) >= MAX_STAGES:
                self._stages.clear()
            self._stages[key] = self._at_batch(stage)
        return self._stages[key]

    def _at_batch(self, stage: Stage) -> CallTrace:
        component = self._catalog.components[stage.component]
        if stage.entry == JOIN:
            return join_trace(stage, component.parameters, component.buffers)
        call = self.call_trace(component, stage.entry, dict(stage.symbols))
        if stage.lora_rank:
            call = with_adapter(call, stage.lora_rank)
        call = call.at_batch(stage.batch)
        if stage.held:
            peak = call.peak_activation_bytes + stage.held * TRACED_BYTES
            return replace(call, peak_activation_bytes=peak)
        return call

    def call_trace(self, component: Component, entry: str, symbols: Symbols) -> CallTrace:
        """The trace of a call at batch 1."""
        key = call_key(entry, symbols)
        made = self._made.get((component.id, key))
        if made is None:
            made = self.stored(component.id).get(key) or self._make(component, entry, symbols, key)
            self._made[component.id, key] = made
        return made

    def stored(self, component: str) -> dict[str, CallTrace]:
        """The stored calls of a component by key; empty if none are stored."""
        if component not in self._calls:
            files = [folder / "traces" / f"{component}.json" for folder in self._catalog.folders]
            self._calls[component] = {
                key: value
                for file in files
                if file.is_file()
                for key, value in read_traces(file).items()
            }
        return self._calls[component]

    def _make(self, component: Component, entry: str, symbols: Symbols, key: str) -> CallTrace:
        if self._on_demand and importlib.util.find_spec("torch") is not None:
            return self._traced(component, entry, symbols, key)
        near = self._nearest(component, entry, symbols)
        if not near:
            raise CannotEstimate(
                f"no trace of {component.id} at '{key}' is stored: install advisor[profile] "
                "to trace it here, or run `advisor trace --rebuild`"
            )
        return _derived(near, self._size(component, entry, symbols), key)

    def _traced(self, component: Component, entry: str, symbols: Symbols, key: str) -> CallTrace:
        from advisor.trace import made_from, trace_call

        file = cache_dir() / "traces" / f"{component.id}-{made_from(component)}.json"
        cached = read_traces(file) if file.is_file() else {}
        if key not in cached:
            cached[key] = trace_call(component, entry, symbols, key)
            write_traces(file, component.id, made_from(component), list(cached.values()))
        return cached[key]

    def _nearest(
        self, component: Component, entry: str, symbols: Symbols
    ) -> list[tuple[float, CallTrace]]:
        """Stored traces of the same entry with their sizes, nearest first.

        Near in every symbol: one size tells neither a long film from a wide one nor how many
        earlier frames are attended to.
        """
        stored = {
            key: trace
            for key, trace in self.stored(component.id).items()
            if key.split(" ")[0] == entry
        }
        order = sorted(stored, key=lambda key: _distance(_symbols(key), symbols))
        return [(self._size(component, entry, _symbols(key)), stored[key]) for key in order]

    def _size(self, component: Component, entry: str, symbols: Symbols) -> float:
        size = component.entries[entry].size
        return max(evaluate(size, {**symbols, "b": 1}, config_symbols(component)), 1e-9)


@lru_cache(maxsize=8)
def trace_store(catalog: Catalog, on_demand: bool = False) -> TraceStore:
    """The store of a catalog, one per process. `on_demand` may import torch to trace."""
    return TraceStore(catalog, on_demand)


def read_traces(file: Path) -> dict[str, CallTrace]:
    """The calls in a trace file by key. Raises DataError naming the file if it is broken."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["schema"] != TRACE_SCHEMA:
            raise DataError(f"{file} has trace schema {data['schema']}, not {TRACE_SCHEMA}")
        header = data["component"], data["parameters"], data["buffers"]
        return {call["key"]: call_from_json(*header, call) for call in data["calls"]}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"{file} cannot be read ({type(error).__name__}): run `advisor trace --rebuild`"
        ) from None


def write_traces(file: Path, component: str, made_from: str, calls: list[CallTrace]) -> None:
    """Write a component's calls, one operation group per line so that diffs can be read."""
    header = {
        "schema": TRACE_SCHEMA,
        "component": component,
        "made_from": made_from,
        "parameters": calls[0].parameters,
        "buffers": calls[0].buffers,
    }
    write_atomic(file, _layout(header, [call.to_json() for call in calls]))


def _layout(header: dict[str, Any], calls: list[dict[str, Any]]) -> str:
    lines = [json.dumps(header)[:-1] + ', "calls": [']
    for number, call in enumerate(sorted(calls, key=lambda c: str(c["key"]))):
        ops = call.pop("ops")
        lines.append(json.dumps(call)[:-1] + ', "ops": [')
        lines.append(",\n".join(json.dumps(op, separators=(",", ":")) for op in ops))
        lines.append("]}" + ("," if number < len(calls) - 1 else ""))
    return "\n".join([*lines, "]}", ""])


def _symbols(key: str) -> Symbols:
    return {name: int(value) for name, value in (part.split("=") for part in key.split(" ")[1:])}


def _derived(near: list[tuple[float, CallTrace]], size: float, key: str) -> CallTrace:
    """Interpolated between up to three stored traces of one structure, else the nearest scaled."""
    first_size, first = near[0]
    alike = {first_size: first}
    for other_size, other in near[1:]:
        if other_size in alike or _structure(first) != _structure(other):
            continue
        pairs = (
            (kept, other) if kept_size < other_size else (other, kept)
            for kept_size, kept in alike.items()
        )
        if all(_grows(small, large) for small, large in pairs):
            alike[other_size] = other
    if len(alike) == 1:
        return replace(first.at_size(size / first_size), key=key)
    return _between(list(alike.items())[:3], size, key)


def _structure(trace: CallTrace) -> list[tuple[Any, ...]]:
    return [(op.op_class, op.kind, len(op.dims)) for op in trace.ops]


def _distance(one: Symbols, other: Symbols) -> float:
    """How far two sizes of a call are apart: the sum over symbols of the logarithm's change."""
    return sum(
        abs(math.log(max(one.get(name, 0), 1) / max(other.get(name, 0), 1)))
        for name in sorted(one.keys() | other.keys())
    )


def _grows(small: CallTrace, large: CallTrace) -> bool:
    """Whether nothing shrinks from one call to the other, as one size cannot explain it.

    (Fewer pixels and a longer sound track: a line through both would fall below nothing.)
    """
    fewer, more = _symbols(small.key), _symbols(large.key)
    return all(fewer[name] <= more.get(name, 0) for name in fewer) and all(
        a.count <= b.count
        and a.flops <= b.flops
        and a.read_bytes <= b.read_bytes
        and a.write_bytes <= b.write_bytes
        for a, b in zip(small.ops, large.ops, strict=True)
    )


def _between(points: list[tuple[float, CallTrace]], size: float, key: str) -> CallTrace:
    """The call at `size` from two or three stored ones, nearest first."""
    sizes = [stored for stored, _ in points]
    traces = [trace for _, trace in points]

    def at(values: Iterable[int]) -> int:
        return _through(list(zip(sizes, values, strict=True)), size)

    def op_of(same: tuple[Op, ...]) -> Op:
        weights = at(op.weight_bytes for op in same)
        return Op(
            same[0].op_class,
            same[0].kind,
            at(op.count for op in same),
            at(op.flops for op in same),
            # Apart, so that no operation reads less than its weights.
            at(op.read_bytes - op.weight_bytes for op in same) + weights,
            at(op.write_bytes for op in same),
            weights,
            tuple(at(dim) for dim in zip(*(op.dims for op in same), strict=True)),
        )

    ops = tuple(op_of(same) for same in zip(*(trace.ops for trace in traces), strict=True))
    names = " and ".join(f"'{trace.key}'" for trace in traces)
    how = "interpolated between" if min(sizes) <= size <= max(sizes) else "extrapolated from"
    return replace(
        traces[0],
        key=key,
        ops=ops,
        peak_activation_bytes=at(trace.peak_activation_bytes for trace in traces),
        note=f"{how} the stored traces {names}",
    )


def _through(points: list[tuple[float, int]], size: float) -> int:
    """The value at `size` of a quantity known at two or three other sizes, nearest first.

    Work and bytes are sums of a fixed part, one in proportion and one that grows by the square
    (attention, masks), so three points fix them. What bends the other way (a peak that another
    operation takes over) is no such sum: the two nearest points then decide.

    Logarithms of such a sum are convex in the logarithm of the size, so below the smallest point it
    lies above the power law through the two smallest. A line that falls under that, as of frames
    of which the first is cheaper, would reach nothing before the size does.
    """
    if len({value for _, value in points}) == 1:
        return points[0][1]
    return max(_fitted(points, size), _least(sorted(points)[:2], size))


def _fitted(points: list[tuple[float, int]], size: float) -> int:
    (a, x), (b, y) = points[:2]
    slope = (y - x) / (b - a)
    if len(points) == 3:
        c, z = points[2]
        bend = ((z - y) / (c - b) - slope) / (c - a)
        if bend >= 0:
            return max(round(x + slope * (size - a) + bend * (size - a) * (size - b)), 0)
        return max(round(x + slope * (size - a)), 0)
    return _power_or_line(a, x, b, y, size)


def _least(smallest: list[tuple[float, int]], size: float) -> int:
    """The power law through the two smallest points, below them; 0 where there is none."""
    (a, x), (b, y) = smallest
    if size >= a or x <= 0 or y < x:
        return 0
    power = min(math.log(y / x) / math.log(b / a), STEEPEST)
    return round(x * (size / a) ** power)


def _power_or_line(a: float, x: float, b: float, y: float, size: float) -> int:
    """Through two points: a power law where growth is faster than in proportion, else a line.

    Steeper than any operation grows is no law but two unlike calls: a line invents least.
    """
    grown = (y / x) / (b / a) if x > 0 and y > 0 else 1.0
    if (grown > 1.001) == (b > a) and abs(grown - 1) > 0.001:
        power = math.log(y / x) / math.log(b / a)
        if power <= STEEPEST:
            return round(x * (size / a) ** power)
    return max(round(x + (y - x) * (size - a) / (b - a)), 0)
