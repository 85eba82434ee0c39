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
    from advisor.decide.outcome import Outcome


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
    scopes = ("use-case", "family") if family is not None else ("use-case",)
    found = []
    for scope in scopes:
        for one in rules_of_scope(scope):  # type: ignore[arg-type]
            seen: list[str] = []
            outcome = one.check(one, Case(_watched(use_case, seen), family))
            last = seen[-1] if seen else ""
            if isinstance(outcome, NotApplicable) and last not in use_case.model_fields_set:
                if last:
                    found.append(
                        LockedRule(
                            code=one.code,
                            title=one.title,
                            reason=outcome.reason,
                            field=last,
                            question=question_of(last),
                        )
                    )
    return sorted(found, key=lambda one: one.code)


def _watched(use_case: UseCase, seen: list[str]) -> UseCase:
    values = {name: getattr(use_case, name) for name in UseCase.model_fields}
    made = _Watched.model_construct(_fields_set=set(use_case.model_fields_set), **values)
    made.__dict__["seen"] = seen
    return made
