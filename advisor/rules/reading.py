"""How rules read a use case: time limits, places, kinds of output, traits of families."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.figure import significant

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase

DISCRETE = frozenset({"sequence", "table"})
JUDGED = frozenset({"label", "mask"})

# Memory that a program may take where nobody stated it (MB). Judgements, shown as assumed.
PLACE_MEMORY_MB = {"phone": 3_000.0, "browser": 2_000.0, "microcontroller": 64.0}

SMALL_PLACES = frozenset({"phone", "browser", "microcontroller"})
WEAK_PLACES = SMALL_PLACES | {"cpu"}


def has_trait(family: Family, *traits: str) -> bool:
    """Does the family bear any of these traits?"""
    return any(trait in family.traits for trait in traits)


def is_iterative(family: Family) -> bool:
    """A sampler of many steps, or an optimisation per item."""
    return has_trait(family, "many-step", "optimises-per-item")


def is_generative(family: Family) -> bool:
    return not has_trait(family, "no-generation")


def input_of(use_case: UseCase, *modalities: str) -> bool:
    """Does anything of these modalities go in?"""
    return any(given.modality in modalities for given in use_case.inputs)


def role_of(use_case: UseCase, *roles: str) -> bool:
    """Does any input have one of these roles?"""
    return any(given.role in roles for given in use_case.inputs)


def makes(use_case: UseCase, *modalities: str) -> bool:
    """Is any of these among what is asked for?"""
    return any(output in modalities for output in use_case.outputs)


def stated(use_case: UseCase, *fields: str) -> bool:
    """Did the user say all of these, rather than leave them to their defaults?"""
    return all(field in use_case.model_fields_set for field in fields)


def task_of(use_case: UseCase) -> str:
    """The stated task; where none is stated, what the inputs imply.

    Two frames ask for what lies between them, and a source asks to be transformed.
    """
    if stated(use_case, "task"):
        return use_case.task
    if role_of(use_case, "frame-pair"):
        return "in-between"
    return "transform" if role_of(use_case, "source") else use_case.task


def may_leave(use_case: UseCase) -> bool:
    """May data be sent to a hosted model?"""
    return use_case.data_boundary == "anywhere"


def memory_limit_mb(use_case: UseCase) -> float | None:
    """The stated memory limit, else what the place is assumed to give."""
    if use_case.memory_limit_mb is not None:
        return use_case.memory_limit_mb
    return PLACE_MEMORY_MB.get(use_case.placement)


def chance_text(share: float) -> str:
    """73 %; an estimate is never certain: over 99 %, under 1 %."""
    if share >= 0.995:
        return "over 99 %"
    return "under 1 %" if share < 0.005 else f"{share:.0%}".replace("%", " %")


def seconds_text(seconds: float) -> str:
    """A stated or located time: 1.4 s, 33 ms, 2.5 min, 3 h: three significant digits."""
    value, unit = _scaled(seconds)
    return f"{value:.3g} {unit}"


def about_text(seconds: float) -> str:
    """An estimated time: two significant digits, as everywhere where an interval stands by."""
    value, unit = _scaled(seconds)
    return f"{significant(value)} {unit}"


def _scaled(seconds: float) -> tuple[float, str]:
    if seconds < 0.9995:
        return seconds * 1e3, "ms"
    if seconds < 120:
        return seconds, "s"
    return (seconds / 60, "min") if seconds < 7200 else (seconds / 3600, "h")
