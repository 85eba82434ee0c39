"""Variants of a plan: tiles, slices, adapters and taking turns on the device.

The catalog's components say what their library can do (`tiling`, `slicing`); this arithmetic says
which calls that makes. Needs no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from advisor.catalog.schema import config_symbols
from advisor.errors import InputError
from advisor.expr import evaluate, evaluate_int
from advisor.plan import JOIN, Stage, Symbols

if TYPE_CHECKING:
    from advisor.catalog import Component, Model, StageSpec
    from advisor.catalog.schema import Tiling
    from advisor.workload import Workload

LOOPS = ("denoise", "autoregress")  # their components are the ones that adapters are trained for

Size = tuple[int, int]  # rows and columns of one tile


def varied(
    stages: Sequence[Stage],
    model: Model,
    workload: Workload,
    components: Mapping[str, Component],
    flavour: str = "full",
) -> list[Stage]:
    """The stages with the workload's variants applied. InputError for one the model cannot do."""
    _refuse(stages, model, workload, components)
    specs = {spec.name: spec for spec in model.stages}
    made = []
    for plain in stages:
        stage, component = plain, components[plain.component]
        if workload.slicing and stage.entry in component.slicing and stage.batch > 1:
            stage = replace(stage, calls=stage.calls * stage.batch, batch=1)
        if workload.lora_rank is not None and stage.component in adapted(model):
            stage = replace(stage, lora_rank=workload.lora_rank)
        cut = tiles(stage, specs[stage.name], component, flavour) if workload.tiling else None
        made += [stage] if cut is None else cut.stages(stage)
    return made


def _refuse(
    stages: Sequence[Stage],
    model: Model,
    workload: Workload,
    components: Mapping[str, Component],
) -> None:
    """InputError, one sentence, for a variant that the model cannot do."""
    used = [(stage.entry, components[stage.component]) for stage in stages]
    if workload.tiling and not any(entry in part.tiling for entry, part in used):
        raise InputError(f"{model.id} has no part that works in tiles: leave out tiling")
    if workload.slicing and not any(entry in part.slicing for entry, part in used):
        raise InputError(f"{model.id} has no part that slices a batch: leave out slicing")
    if workload.lora_rank is not None and not adapted(model):
        raise InputError(
            f"{model.id} has no denoiser or language model to adapt: leave out lora_rank"
        )
    if workload.offload == "none":
        return
    if len({stage.component for stage in stages}) < 2:
        raise InputError(f"{model.id} runs one component, offloading saves nothing: leave it out")
    if any(spec.loop not in ("once", "denoise") for spec in model.stages):
        raise InputError(
            f"{model.id} calls its components in turn within one loop, so that offloading would "
            "copy them at every step: leave out offload"
        )


def adapted(model: Model) -> frozenset[str]:
    """Components that carry an adapter: those of the denoising or token loop."""
    return frozenset(
        model.component_of(spec.component) for spec in model.stages if spec.loop in LOOPS
    )


def turns(stages: Sequence[Stage]) -> Counter[str]:
    """How often each component is brought to the device when one at a time is there."""
    names = [stage.component for stage in stages]
    return Counter(name for index, name in enumerate(names) if names[:index][-1:] != [name])


@dataclass(frozen=True)
class Tiles:
    """One call cut into tiles.

    sizes: tiles of each size, largest first. rows: rows of tiles that are joined. lines,
    line_values: rows and columns that are blended and the values in all of them. kept, whole:
    values of all tiles' outputs, and of the joined one. passes: see Tiling.
    """

    names: tuple[str, str]
    sizes: tuple[tuple[Size, int], ...]
    rows: int
    lines: int
    line_values: int
    kept: int
    whole: int
    passes: int

    def stages(self, stage: Stage) -> list[Stage]:
        """One stage per size of tile and one that joins them."""
        cut = []
        for number, (size, count) in enumerate(self.sizes):
            symbols = {**dict(stage.symbols), **dict(zip(self.names, size, strict=True))}
            cut.append(
                replace(
                    stage,
                    name=tile_name(stage.name, size) if number else stage.name,
                    calls=stage.calls * count,
                    symbols=tuple(symbols.items()),
                    held=self.kept * stage.batch,
                )
            )
        join = {
            "rows": self.rows,
            "lines": self.lines,
            "values": self.line_values,
            "kept": self.kept,
            "whole": self.whole,
        }
        return [
            *cut,
            replace(stage, name=f"{stage.name}-join", entry=JOIN, symbols=tuple(join.items())),
        ]


def tile_name(stage: str, size: Size) -> str:
    """Name of the stage that runs the smaller tiles of an edge: 'decode-128x64'."""
    return f"{stage}-{size[0]}x{size[1]}"


def tiles(stage: Stage, spec: StageSpec, component: Component, flavour: str) -> Tiles | None:
    """How a stage is cut; None where its component cannot, or the library sees no need to."""
    tiling = component.tiling.get(stage.entry)
    if tiling is None:
        return None
    symbols: Symbols = dict(stage.symbols)
    config = {**tiling.defaults, **config_symbols(component, flavour)}
    scale = evaluate(tiling.scale, symbols, config)
    planes = evaluate_int(tiling.planes, symbols, config)
    joins = evaluate_int(tiling.joins, symbols, config)
    top, left = (
        _cut(name, symbols[name], tile, stride, scale)
        for name, tile, stride in _sizes(tiling, config, spec.tile if flavour == "full" else None)
    )
    if not (top.needed or left.needed):
        return None
    return Tiles(
        names=(top.name, left.name),
        sizes=_grouped(top.tiles, left.tiles),
        rows=joins * len(top.tiles),
        lines=joins * (top.lines * len(left.tiles) + left.lines * len(top.tiles)),
        line_values=planes * (top.lines * sum(left.outputs) + left.lines * sum(top.outputs)),
        kept=planes * sum(top.outputs) * sum(left.outputs),
        whole=planes * round(symbols[top.name] * scale) * round(symbols[left.name] * scale),
        passes=evaluate_int(tiling.passes, symbols, config),
    )


def _sizes(
    tiling: Tiling, config: Mapping[str, Any], own: int | None
) -> list[tuple[str, int, int]]:
    """(name, tile, stride) of both sizes; a model's `own` tile keeps the library's overlap."""
    sizes = []
    for name, size in tiling.sizes.items():
        tile, stride = (evaluate_int(e, {}, config) for e in (size.tile, size.stride))
        sizes.append((name, own, own * stride // tile) if own else (name, tile, stride))
    return sizes


@dataclass(frozen=True)
class _Cut:
    """One size cut into tiles: their lengths in and out, and the lines blended along it."""

    name: str
    needed: bool
    tiles: list[int]
    outputs: list[int]
    lines: int


def _cut(name: str, total: int, tile: int, stride: int, scale: float) -> _Cut:
    """Tiles start every `stride`; the last ones are what is left, as the libraries do it."""
    lengths = [min(tile, total - start) for start in range(0, total, stride)]
    outputs = [round(length * scale) for length in lengths]
    overlap = round((tile - stride) * scale)
    lines = sum(min(one, other, overlap) for one, other in pairwise(outputs))
    return _Cut(name, total > tile, lengths, outputs, lines)


def _grouped(rows: Sequence[int], columns: Sequence[int]) -> tuple[tuple[Size, int], ...]:
    """Tiles of equal size with their number, the largest first."""
    counted = Counter((row, column) for row in rows for column in columns)
    return tuple(sorted(counted.items(), key=lambda item: (-item[0][0] * item[0][1], item[0])))
