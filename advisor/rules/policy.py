"""Which rules are asked and how much each counts: the shipped ones, a client's changes, own rules.

    policy = load_policy(rules_dir="our-rules", policy_file="acme.yaml")
    assess(use_case, policy=policy)

A policy file changes severities, weights and criteria without touching code; an own rule is the
same `Rule` class, from an installed package (entry point group `advisor.rules`) or from a folder
that the user names. docs/own-rules.md shows both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.errors import InputError, UnknownName, dotted, printable
from advisor.files import read_document
from advisor.rules.base import Rule, Scope, Severity
from advisor.rules.own import installed_rules, rules_in

# Without it no family could be told from those that make something else.
ALWAYS_ON = "MOD101"
Criterion = Literal["latency", "cost", "quality", "control", "risk"]


class RuleChange(BaseModel):
    """What a client changes about one rule; what is left out stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    disabled: bool = False
    severity: Severity | None = None
    weight: int | None = Field(None, ge=1, le=3)
    verdict_cap: Literal["no-go", "go-with-human-review", "go-with-guardrails", "none"] | None = (
        None
    )
    reason: str = Field(min_length=1, max_length=300)


class PolicyFile(BaseModel):
    """A client's policy: factors on the weights of the criteria, and changed rules by code."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=100)
    criteria: dict[Criterion, float] = Field(default={})
    rules: dict[str, RuleChange] = Field(default={})


@dataclass(frozen=True)
class Policy:
    """The rules in force, factors on criterion weights, and in words what differs from shipped."""

    rules: tuple[Rule, ...]
    criteria: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @cached_property
    def _scopes(self) -> dict[Scope, tuple[Rule, ...]]:
        found: dict[Scope, list[Rule]] = {}
        for one in self.rules:
            found.setdefault(one.scope, []).append(one)
        return {scope: tuple(group) for scope, group in found.items()}

    def of_scope(self, scope: Scope) -> tuple[Rule, ...]:
        """The rules that look at a use case, a family, a model or a candidate."""
        return self._scopes.get(scope, ())

    def rule(self, code: str) -> Rule:
        """One rule in force. Raises UnknownName with the nearest known codes."""
        for one in self.rules:
            if one.code == code.upper():
                return one
        raise UnknownName("rule", code, (one.code for one in self.rules))

    def without(self, code: str) -> Policy:
        """The same policy with one rule taken away (for ablation)."""
        return replace(self, rules=tuple(one for one in self.rules if one.code != code))

    def with_rules(self, own: list[Rule], where: str) -> Policy:
        """The same policy with own rules added. Raises InputError where a code is taken."""
        taken = {one.code for one in self.rules}
        for one in own:
            if one.code in taken:
                raise InputError(
                    f"{where}: rule {one.code} is there already: choose another code "
                    "(a policy file changes shipped rules)"
                )
            taken.add(one.code)
        notes = tuple(f"Own rule {one.code}: {one.title} ({where})." for one in own)
        return replace(self, rules=(*self.rules, *own), notes=(*self.notes, *notes))


@lru_cache(maxsize=1)
def shipped_policy() -> Policy:
    """The rules of this package, unchanged."""
    from advisor.rules import all_rules

    return Policy(all_rules())


@lru_cache(maxsize=1)
def installed_policy() -> Policy:
    """The shipped rules and those of installed packages (entry point group `advisor.rules`)."""
    policy = shipped_policy()
    for where, own in installed_rules():
        policy = policy.with_rules(own, where)
    return policy


def load_policy(
    rules_dir: str | Path | None = None, policy_file: str | Path | None = None
) -> Policy:
    """The installed policy, then the own rules of a folder, then the changes of a policy file.

    A folder of rules is Python code and is run: name only folders whose code you would run.
    Raises InputError, one sentence, for a folder or file that cannot be used.
    """
    policy = installed_policy()
    if rules_dir is not None:
        policy = policy.with_rules(rules_in(rules_dir), str(rules_dir))
    if policy_file is not None:
        policy = _changed(policy, _read(policy_file), str(policy_file))
    return policy


def _read(path: str | Path) -> PolicyFile:
    data, _ = read_document(path)
    try:
        found = PolicyFile.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = dotted(first["loc"])
        said = printable(first["msg"].lower(), 400)
        raise InputError(f"{path}: {place or 'policy'}: {said}") from None
    bad = [name for name, factor in found.criteria.items() if not 0 <= factor <= 10]
    if bad:
        raise InputError(f"{path}: criteria.{bad[0]}: give a factor from 0 to 10")
    if len(found.criteria) == 5 and not any(found.criteria.values()):
        raise InputError(f"{path}: criteria: at least one factor must be above 0")
    return found


def _changed(policy: Policy, changes: PolicyFile, where: str) -> Policy:
    known = {one.code: one for one in policy.rules}
    for code, change in changes.rules.items():
        if code not in known:
            raise InputError(f"{where}: {UnknownName('rule', code, known)}")
        if change.disabled and code == ALWAYS_ON:
            raise InputError(f"{where}: {code} cannot be disabled: it tells what families make")
    factors = {str(name): factor for name, factor in changes.criteria.items()}
    notes = [f"{changes.name} counts {name} {factor:g} times." for name, factor in factors.items()]
    notes += [
        f"{changes.name} {_said(change)} {code}: {change.reason}"
        for code, change in changes.rules.items()
    ]
    rules = tuple(
        _with(one, changes.rules[one.code]) if one.code in changes.rules else one
        for one in policy.rules
        if one.code not in changes.rules or not changes.rules[one.code].disabled
    )
    return Policy(rules, {**policy.criteria, **factors}, (*policy.notes, *notes))


def _said(change: RuleChange) -> str:
    if change.disabled:
        return "disables"
    named = {"severity": change.severity, "weight": change.weight, "cap": change.verdict_cap}
    said = ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)
    return f"sets {said or 'nothing'} of"


def _with(one: Rule, change: RuleChange) -> Rule:
    """Points belong to `for` and `against` alone: they come and go with the severity."""
    severity = change.severity or one.severity
    counts = severity in ("for", "against")
    weight = (change.weight or one.weight or 1) if counts else 0
    cap = one.verdict_cap if change.verdict_cap is None else change.verdict_cap
    return replace(
        one, severity=severity, weight=weight, verdict_cap=None if cap == "none" else cap
    )
