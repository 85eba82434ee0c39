"""The decision: families x models x devices x offers -> ranking, verdict, slots, flip points.

    decide(use_case, catalog=catalog, sources=sources, as_of=today) -> Assessment

Elimination first (rules of severity `bar`), then criteria (advisor.decide.score). `judge` does
one pass, `outcome` reads the choice from it, `flips` runs both again under other requirements.
"""

from __future__ import annotations

from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from advisor.assessment import Assessment, Assumption
from advisor.decide import answer
from advisor.decide.adapting import adaptation_cost
from advisor.decide.bench import Bench
from advisor.decide.changes import least_changes
from advisor.decide.composites import composites_of
from advisor.decide.flips import choice_flips, flip_points
from advisor.decide.gates import gates_of, pilot_of
from advisor.decide.hosted import hosted_flip
from advisor.decide.judge import Judgement, judge
from advisor.decide.locked import locked_rules
from advisor.decide.money import money_page
from advisor.decide.outcome import NOT_FEASIBLE, Outcome, outcome
from advisor.decide.provenance import (
    accuracy_of,
    data_version,
    digests_of,
    load_curve_of,
    roof_of,
)
from advisor.decide.questions import question_of
from advisor.decide.readiness import readiness_of
from advisor.decide.robustness import robustness_of
from advisor.decide.route import route_of
from advisor.decide.sources import Sources, default_sources
from advisor.decide.summary import flip_summary
from advisor.decide.tornado import tornado_of
from advisor.rules.reading import is_generative

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.rules.policy import Policy
    from advisor.usecase import UseCase

__all__ = [
    "NOT_FEASIBLE",
    "Bench",
    "Judgement",
    "Outcome",
    "Sources",
    "data_version",
    "decide",
    "engine_version",
    "judge",
    "outcome",
]


def decide(
    use_case: UseCase,
    *,
    catalog: Catalog,
    as_of: date,
    sources: Sources | None = None,
    flips: bool = True,
    policy: Policy | None = None,
) -> Assessment:
    """The whole answer.

    `flips=False` leaves out what is searched for: flip points, least changes, tornado, composites.
    `policy`: other rules, severities or weights than the shipped ones (advisor.rules.policy); the
    answer names each change among its warnings.
    """
    own = sources or default_sources(catalog, as_of, use_case.terms)
    bench = Bench(catalog, own, policy, search=flips)
    judgement = judge(use_case, bench)
    chosen = outcome(judgement)
    conditions = answer.conditions_of(judgement, chosen)
    apis = bench.sources.apis(use_case)
    money = money_page(catalog, use_case, bench, chosen, apis, as_of)
    warnings = [*_warnings(judgement, chosen), *bench.policy.notes]
    if money is not None and money.price_age.sentence is not None:
        warnings.insert(0, money.price_age.sentence)
    adapting = adaptation_cost(use_case, chosen, catalog, bench.sources)
    if isinstance(adapting, str):
        warnings.append(adapting)
    found, choices, least = [], [], []
    if flips and chosen.view is None:
        least = least_changes(use_case, bench, judgement)
        conditions = [one.sentence for one in least]
    elif flips:
        found = flip_points(use_case, bench, judgement)
        choices = choice_flips(use_case, bench, judgement)
        crossing, never = hosted_flip(use_case, chosen, apis)
        warnings += never
        found += crossing
        found.sort(key=lambda flip: (flip.factor, flip.field, flip.direction))
    readiness = readiness_of(use_case, chosen.view.family if chosen.view else None)
    route = route_of(judgement, chosen, apis)
    gates = gates_of(use_case, chosen, readiness)
    return Assessment(
        use_case=use_case,
        assumed=_assumed(use_case),
        as_of=as_of,
        data_version=data_version(catalog),
        engine_version=engine_version(),
        headline=answer.headline(judgement, chosen, route),
        verdict=chosen.verdict,
        family=chosen.family,
        serve=answer.serve_slot(judgement, chosen, route),
        offline=answer.offline_slot(judgement, chosen),
        weights=judgement.weights,
        candidates=answer.candidate_results(judgement, chosen),
        tried=judgement.tried,
        barred=sum(bool(one.bars) for v in judgement.families.values() for one in v.judged),
        barred_by=dict(sorted(judgement.barred_by.items())),
        families=answer.family_results(judgement, chosen),
        apis=apis,
        adaptation=None if isinstance(adapting, str) else adapting,
        findings=[*judgement.findings, *_deciding(judgement, chosen)],
        conditions=conditions,
        flip_points=found,
        confidence=answer.confidence_of(judgement, chosen),
        warnings=warnings,
        money=money,
        route=route,
        robustness=robustness_of(judgement, chosen),
        choice_flips=choices,
        flip_summary=flip_summary(found, choices, least) if flips else "",
        least_changes=least,
        tornado=tornado_of(use_case, bench, chosen) if flips else [],
        composites=composites_of(use_case, bench) if flips else [],
        readiness=readiness,
        gates=gates,
        pilot=pilot_of(use_case, chosen, gates),
        accuracy=accuracy_of(chosen),
        roof=roof_of(chosen),
        load_curve=load_curve_of(use_case, chosen),
        locked_rules=locked_rules(use_case, chosen),
        digests=digests_of(use_case, catalog),
    )


def _deciding(judgement: Judgement, chosen: Outcome) -> list:
    """Findings that set the verdict and are not on the use case itself."""
    codes = {finding.code for finding in judgement.findings}
    return [finding for finding in chosen.deciding if finding.code not in codes]


def _assumed(use_case: UseCase) -> list[Assumption]:
    return [
        Assumption(field=name, value=_plain(value), question=question_of(name))
        for name, value in use_case.assumed().items()
    ]


def _plain(value: object) -> object:
    """A default as plain data."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if dump else value


def _warnings(judgement: Judgement, chosen: Outcome) -> list[str]:
    warnings = []
    if chosen.best is not None and chosen.best.option.proxy:
        place = judgement.use_case.placement
        warnings.append(
            f"No {place} is in the device table: {chosen.best.option.device.name} stands in for it."
        )
    if judgement.use_case.placement == "microcontroller":
        warnings.append(
            "No microcontroller is in the device table: families are judged, not models."
        )
    if chosen.view is not None and chosen.best is None and is_generative(chosen.view.family):
        warnings.append("The chosen family has no model that could be estimated for this use case.")
    return warnings


def engine_version() -> str:
    """The version of this program."""
    try:
        return version("advisor")
    except PackageNotFoundError:
        return "0+checkout"
