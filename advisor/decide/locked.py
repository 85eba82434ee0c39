"""Rules that could not be applied for want of an answer, and which answer that is.

A rule returns NotApplicable as soon as what it needs is not there. The use case is watched while it
does so: the last field that it read before, if nobody stated that field, is the one to ask for.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any

from advisor.assessment import LockedRule
from advisor.decide.questions import question_of
from advisor.rules import Case, NotApplicable, rules_of_scope
from advisor.usecase import UseCase

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.decide.outcome import Outcome
    from advisor.rules import Rule


class _Watched(UseCase):
    """A use case that notes which of its fields are read."""

    def __getattribute__(self, name: str) -> Any:
        if name == "model_fields_set":
            return _Noted(super().__getattribute__(name), self.__dict__["seen"])
        if name in UseCase.model_fields:
            self.__dict__["seen"].append(name)
        return super().__getattribute__(name)


class _Noted(Set[str]):
    """The set of stated fields, which notes what it is asked for."""

    def __init__(self, stated: Set[str], seen: list[str]) -> None:
        self._stated, self._seen = stated, seen

    def __contains__(self, name: object) -> bool:
        self._seen.append(str(name))
        return name in self._stated

    def __iter__(self) -> Any:
        return iter(self._stated)

    def __len__(self) -> int:
        return len(self._stated)


def locked_rules(use_case: UseCase, chosen: Outcome) -> list[LockedRule]:
    """Rules on the use case and on the chosen family that wait for an answer, by code."""
    family = chosen.view.family if chosen.view is not None else None
    rules = [*rules_of_scope("use-case"), *(rules_of_scope("family") if family else ())]
    found = [_locked(one, use_case, family) for one in rules]
    return sorted((one for one in found if one is not None), key=lambda one: one.code)


def _locked(rule: Rule, use_case: UseCase, family: Family | None) -> LockedRule | None:
    seen: list[str] = []
    outcome = rule.check(rule, Case(_watched(use_case, seen), family))
    if not isinstance(outcome, NotApplicable) or not seen:
        return None
    if seen[-1] in use_case.model_fields_set:
        return None
    return LockedRule(
        code=rule.code,
        title=rule.title,
        reason=outcome.reason,
        field=seen[-1],
        question=question_of(seen[-1]),
    )


def _watched(use_case: UseCase, seen: list[str]) -> UseCase:
    values = {name: getattr(use_case, name) for name in UseCase.model_fields}
    made = _Watched.model_construct(_fields_set=set(use_case.model_fields_set), **values)
    made.__dict__["seen"] = seen
    return made
