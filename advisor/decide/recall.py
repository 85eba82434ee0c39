"""What rules said of one use case, kept for the many variants of it that a search tries.

Each rule is run once while the fields it reads are noted. For a variant only those rules run again
that read a field which differs: a rule that saw the same values says the same. A search turns one
requirement at a time, so that nine rules in ten are spared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from advisor.rules import Case, Finding, Outcome, Rule

if TYPE_CHECKING:
    from advisor.usecase import UseCase

EVERYTHING = "*"  # a method was called: any field may have been read
STATED = "model_fields_set"


class Watched:
    """A use case that notes which of its fields are read."""

    def __init__(self, use_case: UseCase) -> None:
        self._use_case, self._fields = use_case, type(use_case).model_fields
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        known = name in self._fields or name == STATED
        self.read.add(name if known else EVERYTHING)
        return getattr(self._use_case, name)


class Recall:
    """Outcomes of rules on the first use case asked about, and the fields they rest on."""

    def __init__(self) -> None:
        self._base: UseCase | None = None
        self._asked: tuple[UseCase, frozenset[str]] | None = None
        self._said: dict[str, list[tuple[Rule, Outcome, frozenset[str]]]] = {}

    def findings(self, key: str, rules: Iterable[Rule], case: Case) -> list[Finding]:
        """What the rules find. `key` names what else than the use case they look at."""
        use_case = case.use_case
        if self._base is None:
            self._base = use_case
        if use_case is self._base:
            if key not in self._said:
                self._said[key] = _watched(rules, case)
            outcomes = [outcome for _, outcome, _ in self._said[key]]
        elif key not in self._said:
            outcomes = [rule.check(rule, case) for rule in rules]
        else:
            changed = self._changed(use_case)
            outcomes = [
                outcome if changed.isdisjoint(read) else rule.check(rule, case)
                for rule, outcome, read in self._said[key]
            ]
        return [outcome for outcome in outcomes if isinstance(outcome, Finding)]

    def _changed(self, use_case: UseCase) -> frozenset[str]:
        """Fields in which a variant differs from the first use case; always with EVERYTHING."""
        if self._asked is None or self._asked[0] is not use_case:
            base = self._base
            names = type(use_case).model_fields
            found = {n for n in names if getattr(use_case, n) != getattr(base, n)}
            if base is None or use_case.model_fields_set != base.model_fields_set:
                found.add(STATED)
            self._asked = (use_case, frozenset(found | {EVERYTHING}))
        return self._asked[1]


def _watched(rules: Iterable[Rule], case: Case) -> list[tuple[Rule, Outcome, frozenset[str]]]:
    """Each rule with what it says and the fields that it read."""
    watched = Watched(case.use_case)
    seen = replace(case, use_case=watched)  # type: ignore[arg-type]
    said = []
    for rule in rules:
        watched.read.clear()
        outcome = rule.check(rule, seen)
        said.append((rule, outcome, frozenset(watched.read)))
    return said
