"""Decorators that turn a small function into a Rule.

    @family_rule("LAT103", "...", "bar", "latency", detection=..., why=..., remedy=..., source=...)
    def _(rule: Rule, use_case: UseCase, family: Family) -> Outcome: ...

The function gets only what its scope may look at, so it cannot read an estimate that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from advisor.rules.base import Case, Concern, NotApplicable, Outcome, Rule, Scope, Severity
from advisor.rules.evidence import source_of

if TYPE_CHECKING:
    from advisor.catalog import Family, Model
    from advisor.usecase import UseCase

Check = Callable[[Rule, Case], Outcome]
Make = Callable[[Check], Rule]


def _maker(
    scope: Scope,
    code: str,
    title: str,
    severity: Severity,
    concern: Concern,
    texts: dict[str, Any],
) -> Make:
    """A function from a check to its Rule. `texts` are the remaining fields of Rule."""
    based_on = tuple(texts.pop("based_on", ()))
    source = texts.pop("source", "")
    cited = "; ".join(part for part in (source, source_of(*based_on) if based_on else "") if part)

    def make(check: Check) -> Rule:
        return Rule(
            code=code,
            title=title,
            severity=severity,
            concern=concern,
            scope=scope,
            check=check,
            source=cited,
            based_on=based_on,
            **texts,
        )

    return make


def use_case_rule(
    code: str, title: str, severity: Severity, concern: Concern, **texts: Any
) -> Callable[[Callable[[Rule, UseCase], Outcome]], Rule]:
    """A rule over the use case alone."""
    make = _maker("use-case", code, title, severity, concern, texts)

    def decorate(function: Callable[[Rule, UseCase], Outcome]) -> Rule:
        return make(lambda rule, case: function(rule, case.use_case))

    return decorate


def family_rule(
    code: str, title: str, severity: Severity, concern: Concern, **texts: Any
) -> Callable[[Callable[[Rule, UseCase, Family], Outcome]], Rule]:
    """A rule over one family in the light of the use case."""
    make = _maker("family", code, title, severity, concern, texts)

    def decorate(function: Callable[[Rule, UseCase, Family], Outcome]) -> Rule:
        def check(rule: Rule, case: Case) -> Outcome:
            if case.family is None:
                return NotApplicable("there is no family to judge")
            return function(rule, case.use_case, case.family)

        return make(check)

    return decorate


def model_rule(
    code: str, title: str, severity: Severity, concern: Concern, **texts: Any
) -> Callable[[Callable[[Rule, Case, Model], Outcome]], Rule]:
    """A rule over one published model; the case holds its shortfalls against what was asked."""
    make = _maker("model", code, title, severity, concern, texts)

    def decorate(function: Callable[[Rule, Case, Model], Outcome]) -> Rule:
        def check(rule: Rule, case: Case) -> Outcome:
            if case.model is None:
                return NotApplicable("there is no model to judge")
            return function(rule, case, case.model)

        return make(check)

    return decorate


def candidate_rule(
    code: str, title: str, severity: Severity, concern: Concern, **texts: Any
) -> Callable[[Check], Rule]:
    """A rule over a model on a device at a price."""
    return _maker("candidate", code, title, severity, concern, texts)
