"""All rules, by concern. A rule never names a model; the engine in advisor.decide applies them."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from advisor.errors import UnknownName
from advisor.rules.base import Case, Finding, NotApplicable, Outcome, Rule, Scope

CONCERNS = (
    "modality",
    "latency",
    "edge",
    "accuracy",
    "data",
    "control",
    "privacy",
    "safety",
    "licence",
    "quality",
    "cost",
    "maturity",
    "integration",
    "team",
)

# One module per concern; latency has a second one.
MODULES = (*CONCERNS, "waiting")

__all__ = [
    "CONCERNS",
    "Case",
    "Finding",
    "NotApplicable",
    "Outcome",
    "Rule",
    "Scope",
    "all_rules",
    "rule",
]


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by concern and code."""
    found: list[Rule] = []
    for name in MODULES:
        module = import_module(f"advisor.rules.{name}")
        found += [value for value in vars(module).values() if isinstance(value, Rule)]
    return tuple(sorted(found, key=lambda one: (CONCERNS.index(one.concern), one.code)))


@lru_cache(maxsize=1)
def _by_code() -> dict[str, Rule]:
    return {one.code: one for one in all_rules()}


def rule(code: str) -> Rule:
    """One rule by its code. Raises UnknownName with the nearest known codes."""
    try:
        return _by_code()[code.upper()]
    except KeyError:
        raise UnknownName("rule", code, _by_code()) from None
