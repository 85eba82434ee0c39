"""Rules that could not be applied for want of an answer, and which answer that is.

A rule returns NotApplicable as soon as what it needs is not there. The use case is watched while it
does so: the last field that it read before, if nobody stated that field, is the one to ask for.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any, cast

from advisor.assessment import LockedRule
from advisor.decide.questions import question_of
from advisor.decide.recall import STATED, Watched
from advisor.rules import Case, NotApplicable, all_rules

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.decide.outcome import Outcome
    from advisor.rules import Rule
    from advisor.usecase import UseCase


class _Last(Watched):
    """A use case that notes which of its fields was asked for last, by value or by being stated."""

    last = ""

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        if name == STATED:
            return _Noted(value, self)
        if name in self._fields:
            self.last = name
        return value


class _Noted(Set[str]):
    """The set of stated fields, which notes what it is asked for."""

    def __init__(self, stated: Set[str], watched: _Last) -> None:
        self._stated, self._watched = stated, watched

    def __contains__(self, name: object) -> bool:
        self._watched.last = str(name)
        return name in self._stated

    def __iter__(self) -> Any:
        return iter(self._stated)

    def __len__(self) -> int:
        return len(self._stated)


def locked_rules(use_case: UseCase, chosen: Outcome) -> list[LockedRule]:
    """Rules on the use case and on the chosen family that wait for an answer, by code."""
    family = chosen.view.family if chosen.view is not None else None
    scopes = ("use-case", "family") if family is not None else ("use-case",)
    rules = [one for one in all_rules() if one.scope in scopes]
    found = [_locked(one, use_case, family) for one in rules]
    return sorted((one for one in found if one is not None), key=lambda one: one.code)


def _locked(rule: Rule, use_case: UseCase, family: Family | None) -> LockedRule | None:
    watched = _Last(use_case)
    outcome = rule.check(rule, Case(cast("UseCase", watched), family))
    field = watched.last
    if not isinstance(outcome, NotApplicable) or not field or field in use_case.model_fields_set:
        return None
    return LockedRule(
        code=rule.code,
        title=rule.title,
        reason=outcome.reason,
        field=field,
        question=question_of(field),
    )
