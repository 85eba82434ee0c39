"""Users' own rules: found in installed packages or in a folder, checked, and kept from crashing.

A folder of rules is Python code. It is run only when the user names it (`--rules DIR`, or
ADVISOR_HOME/rules for the command line); the web never loads one.
"""

from __future__ import annotations

import importlib.util
import re
import stat
import sys
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from advisor.errors import AdvisorError, InputError
from advisor.rules.base import Case, Concern, Finding, NotApplicable, Outcome, Rule, Scope, Severity

GROUP = "advisor.rules"
CODE = re.compile(r"[A-Z]{3}[0-9]{3}")


def installed_rules() -> list[tuple[str, list[Rule]]]:
    """(where, rules) of each entry point of the group `advisor.rules`.

    An entry point names a Rule, a list or tuple of rules, or a module that holds rules.
    """
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        where = f"entry point {point.name} ({point.value})"
        try:
            loaded = point.load()
        except Exception as error:  # somebody else's code: anything can go wrong in it
            raise InputError(f"{where} cannot be loaded: {_short(error)}") from error
        found.append((where, [checked(one, where) for one in _rules_of(loaded)]))
    return found


def rules_in(folder: str | Path) -> list[Rule]:
    """The rules of all .py files of a folder, in order of file name and code.

    Raises InputError when the folder is missing, holds no rule, may be written by others, or
    holds code that fails.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"no folder of rules at {place}: give a folder that holds .py files")
    files = sorted(file for file in place.glob("*.py") if not file.name.startswith(("_", "test_")))
    for path in [place, *files]:
        if path.stat().st_mode & stat.S_IWOTH:
            raise InputError(f"{path} may be written by anybody: chmod o-w it before it is run")
    rules = [checked(one, str(file)) for file in files for one in _rules_of(_module(file))]
    if not rules:
        raise InputError(f"no rules in {place}: a rule is a module-level `Rule` of a .py file")
    return rules


def _module(file: Path) -> ModuleType:
    name = f"advisor_own_rules_{re.sub(r'[^a-zA-Z0-9_]', '_', file.stem)}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and annotations look their module up by name
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"{file} cannot be loaded: {_short(error)}") from error
    return module


def _rules_of(found: Any) -> list[Rule]:
    if isinstance(found, Rule):
        return [found]
    values = vars(found).values() if isinstance(found, ModuleType) else found
    try:
        rules = [value for value in values if isinstance(value, Rule)]
    except TypeError:
        rules = []
    return sorted(dict.fromkeys(rules), key=lambda one: one.code)


def checked(one: Rule, where: str) -> Rule:
    """The rule, guarded: what it raises or wrongly returns becomes one sentence. Raises InputError
    with the first fault of its fields."""
    faults = faults_of(one)
    if faults:
        raise InputError(f"{where}: rule {one.code}: {faults[0]}")
    inner = one.check

    def guarded(rule: Rule, case: Case) -> Outcome:
        try:
            outcome = inner(rule, case)
        except AdvisorError:
            raise
        except Exception as error:
            raise InputError(f"{where}: rule {rule.code} failed: {_short(error)}") from error
        if outcome is None or isinstance(outcome, Finding | NotApplicable):
            return outcome
        kind = type(outcome).__name__
        raise InputError(
            f"{where}: rule {rule.code} returned {kind}: return rule.says(...), None or "
            "NotApplicable(reason)"
        )

    return replace(one, check=guarded)


def faults_of(one: Rule) -> list[str]:
    """What is wrong with a rule's fields, each as a sentence; empty when nothing is."""
    faults = []
    if not CODE.fullmatch(one.code):
        faults.append("the code is not three capitals and three digits, such as ACM101")
    for name, allowed in (("severity", Severity), ("concern", Concern), ("scope", Scope)):
        if getattr(one, name) not in get_args(allowed):
            faults.append(f"{name} is not one of {', '.join(get_args(allowed))}")
    empty = [n for n in ("title", "detection", "why", "remedy", "source") if not getattr(one, n)]
    faults += [f"{name} is empty" for name in empty]
    if (one.weight > 0) != (one.severity in ("for", "against")) or not 0 <= one.weight <= 3:
        faults.append("a weight of 1 to 3 belongs to `for` and `against`, and to nothing else")
    return faults


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
