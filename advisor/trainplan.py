"""Which calls one training step of a model makes, by its mechanism. Needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.errors import CannotEstimate
from advisor.plan import Stage, plan
from advisor.training import Part, TrainingCall

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Component, Model
    from advisor.workload import Workload

_IDS = ("input_ids", "decoder_input_ids")
_CACHES = {"kv_cache", "cross_cache"}
_WHOLE = ("reconstruct", "score")  # entries of an autoencoder that run both halves

Symbols = dict[str, int]


def training_calls(model: Model, workload: Workload, catalog: Catalog) -> list[TrainingCall]:
    """The calls of one training step, in order. CannotEstimate says why a model has none.

    Denoisers: one call at one random timestep; text and latents are made beforehand. Language and
    codec models: the whole sequence without a cache. GANs whose critic is in the catalog: the turns
    of both networks, without regularisers. Autoencoders: encoder and decoder, without a critic.
    """
    stages = plan(model, workload)
    if model.mechanism == "score-distillation":
        raise CannotEstimate(
            f"{model.id} is not trained: every output is an optimisation of its own, which "
            "`advisor estimate` counts"
        )
    if model.mechanism == "iterative-denoising":
        return [TrainingCall(_part(_looped(model, stages, "denoise")[0]), 1, workload.batch)]
    if model.mechanism in ("autoregressive", "codec-lm"):
        return [TrainingCall(_sequence(model, stages, catalog), 1, workload.batch)]
    if any(part.training_only for part in model.components):
        return _both_turns(model, stages, workload, catalog)
    if model.family == "vae":
        return _autoencoder(stages, workload, catalog)
    raise CannotEstimate(
        f"{model.id}: its training needs networks that its catalog entry does not list (the critic "
        f"of a {model.family} model, or a renderer), so that a step cannot be counted"
    )


def _part(stage: Stage, **changes: Any) -> Part:
    return Part(component=stage.component, entry=stage.entry, symbols=stage.symbols, **changes)


def _looped(model: Model, stages: list[Stage], loop: str) -> list[Stage]:
    names = {spec.name for spec in model.stages if spec.loop == loop}
    found = [stage for stage in stages if stage.name in names]
    if not found:
        raise CannotEstimate(f"{model.id} has no '{loop}' stage to train")
    return found


def _sequence(model: Model, stages: list[Stage], catalog: Catalog) -> Part:
    """The largest language model over its whole sequence: what it reads and what it then makes."""
    loops = _looped(model, stages, "autoregress")
    stage = max(loops, key=lambda one: catalog.components[one.component].parameters)
    component = catalog.components[stage.component]
    starts = [
        one for one in stages if one.component == component.id and not _cached(component, one.entry)
    ]
    for start in starts:
        length = _length_symbol(component, start.entry)
        symbols = dict(start.symbols)
        if length in symbols:
            symbols[length] += stage.calls
            has_forward = _length_symbol(component, "forward") == length
            entry = "forward" if has_forward else start.entry
            return Part(component.id, entry, tuple(symbols.items()))
    raise CannotEstimate(
        f"{model.id}: its catalog entry has no call over a whole sequence, as training makes it"
    )


def _cached(component: Component, entry: str) -> bool:
    inputs = component.entries[entry].inputs.values()
    return any(isinstance(one, dict) and _CACHES & set(one) for one in inputs)


def _length_symbol(component: Component, entry: str) -> str | None:
    """The symbol that is the length of the token ids an entry takes."""
    if entry not in component.entries:
        return None
    inputs = component.entries[entry].inputs
    for name in _IDS:
        if isinstance(inputs.get(name), dict) and len(inputs[name].get("shape", [])) == 2:
            return str(inputs[name]["shape"][1])
    return None


def _both_turns(
    model: Model, stages: list[Stage], workload: Workload, catalog: Catalog
) -> list[TrainingCall]:
    """The critic on a real and a made output, then the generator through the critic.

    A pair of generators (unpaired translation) also closes each cycle: two calls of each. Networks
    that make outputs from noise make one more for the critic's turn.
    """
    critic = next(part for part in model.components if part.training_only)
    made = stages[-1]
    copies = next(
        part.count
        for part in model.components
        if not part.training_only and part.component == made.component
    )
    needed = _used_symbols(catalog.components[critic.component])
    symbols = tuple(pair for pair in made.symbols if pair[0] in needed)
    judge = Part(critic.component, "forward", symbols, methods=("full", "through"))
    generator, batch = _part(made), workload.batch
    calls = [
        TrainingCall(judge, 1, 2 * batch, copies=critic.count),
        TrainingCall(generator, copies, batch, copies=copies, turn=1),
        TrainingCall(judge, 1, batch, does="through", copies=critic.count, turn=1),
    ]
    if "image" not in model.inputs:
        calls.insert(0, TrainingCall(generator, 1, batch, does="forward"))
    return calls


def _used_symbols(component: Component) -> set[str]:
    text = str(component.entries["forward"].inputs)
    return {name for name in ("height", "width", "h", "w") if f"'{name}'" in text}


def _autoencoder(stages: list[Stage], workload: Workload, catalog: Catalog) -> list[TrainingCall]:
    component = catalog.components[stages[0].component]
    for entry in _WHOLE:
        if entry in component.entries:
            return [TrainingCall(Part(component.id, entry, stages[0].symbols), 1, workload.batch)]
    halves = [_part(stage, input_gradient=index > 0) for index, stage in enumerate(stages)]
    return [TrainingCall(half, 1, workload.batch) for half in halves]
