"""Stored training traces, in `catalog/training/<component>.json`; others are made on demand.

    trace = training_store(catalog).trace(part)

In order: the stored trace, one made earlier on this machine, tracing now (a few seconds, needs
torch). Nothing is scaled to another size: without torch an unknown size is an error.
"""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import CannotEstimate, DataError
from advisor.files import write_atomic
from advisor.paths import cache_dir
from advisor.traces import Op
from advisor.training import Adapted, Part, TrainingTrace

if TYPE_CHECKING:
    from advisor.catalog import Catalog

FOLDER = "training"
TRAINING_VERSION = 1  # raise when the result for the same component changes


class TrainingStore:
    """The training traces of a catalog, read when asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._stored: dict[str, dict[str, TrainingTrace]] = {}
        self._traced: dict[Part, TrainingTrace] = {}

    def trace(self, part: Part, on_demand: bool = True) -> TrainingTrace:
        """The trace of a part at batch 1. CannotEstimate where it cannot be had.

        on_demand: trace now what is not stored. An assessment does not: it never needs torch, and
        says the same where torch is installed.
        """
        stored = self._of(part.component)
        if part.key in stored:
            return stored[part.key]
        if not on_demand:
            raise CannotEstimate(f"no training trace of {part.component} at '{part.key}' is stored")
        if part not in self._traced:
            self._traced[part] = self._made(part)
        return self._traced[part]

    def _of(self, component: str) -> dict[str, TrainingTrace]:
        if component not in self._stored:
            files = [folder / FOLDER / f"{component}.json" for folder in self._catalog.folders]
            self._stored[component] = {
                key: value
                for file in files
                if file.is_file()
                for key, value in read_training(file).items()
            }
        return self._stored[component]

    def _made(self, part: Part) -> TrainingTrace:
        if importlib.util.find_spec("torch") is None:
            raise CannotEstimate(
                f"no training trace of {part.component} at '{part.key}' is stored: install "
                "advisor[profile] to trace it here"
            )
        from advisor.traintrace import trace_training

        component = self._catalog.components[part.component]
        made_from = training_made_from(component)
        file = cache_dir() / FOLDER / f"{component.id}-{made_from}.json"
        cached = read_training(file) if file.is_file() else {}
        if part.key not in cached:
            cached[part.key] = trace_training(component, part)
            write_training(file, component.id, made_from, list(cached.values()))
        return cached[part.key]


@lru_cache(maxsize=8)
def training_store(catalog: Catalog) -> TrainingStore:
    """The store of a catalog, one per process."""
    return TrainingStore(catalog)


def training_made_from(component: Any) -> str:
    """Hash of what a component's training traces depend on."""
    from advisor.trace import made_from

    return f"{made_from(component)}-{TRAINING_VERSION}"


def write_training(file: Path, component: str, made_from: str, traces: list[TrainingTrace]) -> None:
    """Write a component's training traces, one group of operations per line."""
    header = {
        "component": component,
        "made_from": made_from,
        "parameters": traces[0].parameters,
    }
    blocks = [_block(trace) for trace in sorted(traces, key=lambda one: one.key)]
    text = json.dumps(header)[:-1] + ', "calls": [\n' + ",\n".join(blocks) + "\n]}\n"
    write_atomic(file, text)


def _block(trace: TrainingTrace) -> str:
    groups = {"forward": trace.forward, **{f"backward {m}": o for m, o in trace.backward.items()}}
    if trace.recomputed is not None:
        groups["recomputed"] = trace.recomputed
    head = {
        "key": trace.key,
        "moments": trace.moments,
        "adapted": [list(vars(one).values()) for one in trace.adapted],
    }
    counts: dict[tuple[Any, ...], list[int]] = {}
    for index, ops in enumerate(groups.values()):
        for op in ops:
            counts.setdefault(_row(op), [0] * len(groups))[index] += op.count
    rows = [json.dumps([*row[:2], n, *row[2:]], separators=(",", ":")) for row, n in counts.items()]
    body = {**head, "groups": list(groups)}
    return json.dumps(body)[:-1] + ', "ops": [\n' + ",\n".join(rows) + "\n]}"


def _row(op: Op) -> tuple[Any, ...]:
    sizes = op.flops, op.read_bytes, op.write_bytes, op.weight_bytes
    return (op.op_class, op.kind, *sizes, *op.dims)


def read_training(file: Path) -> dict[str, TrainingTrace]:
    """The training traces in a file by key. Raises DataError naming the file if it is broken."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return {call["key"]: _call(data, call) for call in data["calls"]}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"{file} cannot be read ({type(error).__name__}): run `advisor training --rebuild`"
        ) from None


def _call(data: dict[str, Any], call: dict[str, Any]) -> TrainingTrace:
    groups: dict[str, list[Op]] = {name: [] for name in call["groups"]}
    for op_class, kind, counts, flops, read, write, weight, *dims in call["ops"]:
        for ops, count in zip(groups.values(), counts, strict=True):
            if count:
                ops.append(Op(op_class, kind, count, flops, read, write, weight, tuple(dims)))
    done = {name: tuple(ops) for name, ops in groups.items()}
    return TrainingTrace(
        component=data["component"],
        key=call["key"],
        parameters=data["parameters"],
        forward=done["forward"],
        backward={
            name.removeprefix("backward "): ops
            for name, ops in done.items()
            if name.startswith("backward ")
        },
        recomputed=done.get("recomputed"),
        moments={
            name: tuple((now, held) for now, held in corners)
            for name, corners in call["moments"].items()
        },
        adapted=tuple(Adapted(*one) for one in call["adapted"]),
    )
