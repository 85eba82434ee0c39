"""Composite answers: the chains of catalog/composites.yaml that fit, timed and costed part by part.

Each part is answered by the engine as a use case of its own, without limits and budgets: those
hold for the whole. Parts run one after the other, so that times and costs add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.assessment import Composite, CompositePart
from advisor.decide.bench import Bench
from advisor.decide.fit import DEFAULT_FPS
from advisor.decide.judge import judge
from advisor.decide.knobs import varied
from advisor.figure import significant
from advisor.limits import limit_s
from advisor.rules.reading import about_text, chance_text, input_of, seconds_text, stated
from advisor.usecase import Input, Latency, Role

if TYPE_CHECKING:
    from advisor.catalog.composites import Composite as Chain
    from advisor.catalog.composites import Part, When
    from advisor.figure import Figure
    from advisor.usecase import UseCase


_ROLES: dict[str, Role] = {"text": "prompt", "video": "frame-pair"}


def composites_of(use_case: UseCase, bench: Bench) -> list[Composite]:
    """Chains that practice uses for such a use case, each with the sums of its parts."""
    chains = bench.catalog.composites.values()
    return [_composite(one, use_case, bench) for one in chains if fits(one.when, use_case)]


def fits(when: When, use_case: UseCase) -> bool:
    """Is the chain for use cases like this one?"""
    return (
        use_case.outputs[0] in when.outputs
        and use_case.task in when.tasks
        and (not when.inputs or input_of(use_case, *when.inputs))
        and not input_of(use_case, *when.without_inputs)
        and (not when.facts_from or use_case.facts_from in when.facts_from)
        and (not when.reviewers or use_case.reviewer in when.reviewers)
        and candidates_of(use_case) >= when.min_candidates
    )


def candidates_of(use_case: UseCase) -> int:
    """Candidates per item that the user stated: takes or samples, whichever is more."""
    takes = use_case.takes_per_item if stated(use_case, "takes_per_item") else 1
    return max(takes, use_case.samples_per_input)


def _composite(chain: Chain, use_case: UseCase, bench: Bench) -> Composite:
    parts = [_part(part, use_case, bench) for part in chain.parts]
    latency = _sum([(part.latency_s, part.per_item) for part in parts])
    usd = _sum([(part.usd_per_output, part.per_item) for part in parts])
    complete = all(part.latency_s is not None for part in parts)
    return Composite(
        id=chain.id,
        name=chain.name,
        parts=parts,
        latency_s=latency,
        usd_per_item=usd,
        complete=complete,
        sentence=_sentence(chain, use_case, latency, usd, complete),
        source=chain.source,
    )


def _part(part: Part, use_case: UseCase, bench: Bench) -> CompositePart:
    per_item = _per_item(part, use_case)
    if part.not_estimated:
        return _unknown(part, per_item, part.families[0], part.not_estimated)
    own = _own_use_case(part, use_case, per_item)
    bench = Bench(bench.catalog, bench.sources)
    views = judge(own, bench, only=frozenset(part.families)).feasible
    best = next((view.open[0] for view in views if view.open), None)
    if best is None:
        family = views[0].family.id if views else part.families[0]
        return _unknown(part, per_item, family, "no model of it can be run here")
    option = best.option
    return CompositePart(
        purpose=part.purpose,
        family=best.family.id,
        model=option.model.id,
        device=option.device.id,
        per_item=per_item,
        latency_s=option.estimate.latency_s.times(option.fit.pieces),
        usd_per_output=best.cost.usd_per_output if best.cost else None,
    )


def _unknown(part: Part, per_item: float, family: str, note: str) -> CompositePart:
    return CompositePart(
        purpose=part.purpose,
        family=family,
        model=None,
        device=None,
        per_item=per_item,
        latency_s=None,
        usd_per_output=None,
        note=note,
    )


def _per_item(part: Part, use_case: UseCase) -> float:
    if part.per_item == "candidates":
        return float(candidates_of(use_case))
    return float(part.per_item)


def _own_use_case(part: Part, use_case: UseCase, per_item: float) -> UseCase:
    """The part as a use case: its output and input, no limit, no budget, one take."""
    changes: dict[str, Any] = {
        "latency": Latency(),
        "budget_usd_per_item": None,
        "budget_usd_per_month": None,
        "takes_per_item": 1,
        "samples_per_input": 1,
        "volume_per_day": use_case.volume_per_day * per_item,
    }
    if part.output is not None and part.output != use_case.outputs[0]:
        changes |= {"outputs": [part.output], "duration_s": None, "fps": None, "controls": []}
    if part.input is not None:
        changes["inputs"] = [Input(modality=part.input, role=_ROLES.get(part.input, "subject"))]
    if part.task == "in-between":
        changes["task"] = part.task
    if part.half_rate:
        changes["fps"] = max(1.0, (use_case.fps or DEFAULT_FPS) / 2)
    return varied(use_case, **changes)


def _sum(figures: list[tuple[Figure | None, float]]) -> Figure | None:
    """Known parts times how often they run, added up; None where none is known."""
    total: Figure | None = None
    for figure, times in figures:
        if figure is not None:
            part = figure.times(times)
            total = part if total is None else total.plus(part)
    return total


def _sentence(
    chain: Chain,
    use_case: UseCase,
    latency: Figure | None,
    usd: Figure | None,
    complete: bool,
) -> str:
    if latency is None:
        return f"{chain.name}: no part of it could be estimated here."
    least = "" if complete else "at least "
    said = f"{chain.name}: {least}{about_text(latency.value)} one after the other"
    limit = limit_s(use_case)
    if limit is not None:
        chance = latency.chance_at_most(limit)
        said += f", within {seconds_text(limit)} with a chance of {'at most ' if least else ''}"
        said += chance_text(chance)
    if usd is not None:
        said += f", {least}{significant(usd.value)} USD per item"
    return f"{said}. {chain.why}"
