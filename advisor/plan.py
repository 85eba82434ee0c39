"""A model at a workload as a list of stages. Needs no torch: shapes are arithmetic.

    plan(model, workload) -> [text_encoder x 1, denoiser x 50 at batch 2, decoder x 1]

The tracer, the profiler, the estimator and `generate()` all walk this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import CannotEstimate, InputError
from advisor.expr import evaluate_int

if TYPE_CHECKING:
    from advisor.catalog import Component, Model
    from advisor.workload import Workload

Symbols = dict[str, int]
JOIN = "join"  # entry of the stage that blends and joins the outputs of tiles; no component has it


@dataclass(frozen=True)
class Stage:
    """One component's entry point, called `calls` times at batch `batch` and `symbols`.

    `symbols` hold the sizes of one call without the batch: {"h": 128, "w": 128}. `held` is the
    number of values that finished tiles keep in memory beside the call. `lora_rank`: rank of the
    adapter that the component carries, 0 for none. `upcast`: runs in fp32 in an fp16 request.
    """

    name: str
    component: str  # component id, not role
    entry: str
    calls: int
    batch: int
    symbols: tuple[tuple[str, int], ...]
    first_output: bool
    held: int = 0
    lora_rank: int = 0
    upcast: bool = False

    @property
    def key(self) -> str:
        """Name of the stored trace of one call at batch 1: 'step h=128 w=128'."""
        return call_key(self.entry, dict(self.symbols))


def call_key(entry: str, symbols: Symbols) -> str:
    return " ".join([entry, *(f"{name}={value}" for name, value in sorted(symbols.items()))])


def plan(
    model: Model,
    workload: Workload,
    components: Mapping[str, Component] | None = None,
    flavour: str = "full",
) -> list[Stage]:
    """The stages of one generation, in order. Raises CannotEstimate if the model cannot run.

    A workload with variants (tiling, an adapter ...) needs the catalog's `components`, which say
    what their libraries do; without them, or where the model cannot, InputError.
    """
    if not model.runnable:
        raise CannotEstimate(f"{model.id} has no reference implementation: {model.not_runnable}")
    values = model.symbol_values(workload)
    stages = []
    for spec in model.stages:
        calls = evaluate_int(spec.calls, values)
        if calls == 0:
            continue
        stages.append(
            Stage(
                name=spec.name,
                component=model.component_of(spec.component),
                entry=spec.entry,
                calls=calls,
                batch=workload.batch * evaluate_int(spec.batch, values),
                symbols=tuple(
                    (name, evaluate_int(expression, values))
                    for name, expression in spec.symbols.items()
                ),
                first_output=spec.first_output,
                upcast=spec.upcast,
            )
        )
    if not workload.variants:
        return stages
    if components is None:
        raise InputError(
            f"{', '.join(workload.variants)} can be estimated and generated with but not measured: "
            "leave out what is not part of a plain request"
        )
    from advisor.variants import varied

    return varied(stages, model, workload, components, flavour)
