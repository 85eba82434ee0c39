"""Where each rule speaks: its firing case with one thing changed at a time, as a table of text.

    python -m tests.rules.reach      accept what the rules say now (review the difference)

One block a rule. `families`, `outputs`, `inputs` and `words` list the values with which it still
speaks (or, after `aside`, steps aside); `needs` the fields without which it no longer speaks as
before; `numbers` the value at which each stated number changes what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from advisor.catalog.schema import Modality
from advisor.errors import InputError
from advisor.rules import Case, Finding, NotApplicable, all_rules
from advisor.usecase import Placement, UseCase, parse_use_case
from tests.rules.families import FAMILIES
from tests.rules.options import OPTION_ROWS
from tests.rules.table import Fields
from tests.rules.table_more import ROWS, USE_CASE_ROWS

GOLD = Path(__file__).with_name("reach.txt")
WORDS: Mapping[str, tuple[str, ...]] = {
    "placement": get_args(Placement),
    "error_tolerance": ("zero", "low", "medium", "high"),
    "reviewer": ("none", "automatic-test", "human"),
    "task": ("create", "complete", "in-between", "transform", "select", "compress"),
}
HALVINGS = 60  # of a number's range: more than a float has digits
QUIET = frozenset({"aside", "silent", "refused"})

Outcome = Callable[[Fields], str]


def reach_of_all() -> str:
    """The whole table."""
    return "\n".join("\n".join(_block(code)) for code in sorted(_cases())) + "\n"


def _cases() -> dict[str, Case]:
    """Each rule's firing case, from the tables that prove it."""
    cases = {code: row[0] for code, row in OPTION_ROWS.items()}
    for code, row in ROWS.items():
        cases[code] = Case(_parsed(row.fires), FAMILIES[row.family])
    for code, (fires, _, _) in USE_CASE_ROWS.items():
        cases[code] = Case(_parsed(fires or {}))
    return cases


def _parsed(fields: Fields) -> UseCase:
    return parse_use_case({"title": "a test", **fields})


def _block(code: str) -> Iterator[str]:
    rule = next(one for one in all_rules() if one.code == code)
    fires = _cases()[code]
    fields = fires.use_case.model_dump(mode="json", exclude_unset=True)

    def judged(case: Case) -> str:
        found = rule.check(rule, case)
        if isinstance(found, Finding):
            return found.sentence
        return "aside" if isinstance(found, NotApplicable) else "silent"

    def outcome(changed: Fields) -> str:
        try:
            return judged(replace(fires, use_case=_parsed({**fields, **changed})))
        except InputError:
            return "refused"

    yield code
    if fires.family is not None:
        others = {name: judged(replace(fires, family=card)) for name, card in FAMILIES.items()}
        yield from _lines("families", others)
    kinds = get_args(Modality)
    yield from _lines("outputs", {kind: outcome({"outputs": [kind]}) for kind in kinds})
    role = (fields.get("inputs") or [{}])[0].get("role", "prompt")
    given = {kind: outcome({"inputs": [{"modality": kind, "role": role}]}) for kind in kinds}
    yield from _lines("inputs", given)
    for name, words in WORDS.items():
        yield from _lines(name, {word: outcome({name: word}) for word in words})
    yield from _needs(fires, fields, judged)
    yield from _numbers(fields, outcome)


def _lines(name: str, outcomes: Mapping[str, str]) -> Iterator[str]:
    """Which values speak and which step aside; nothing where all do the same."""
    kinds = {value: said if said in QUIET else "says" for value, said in outcomes.items()}
    if len(set(kinds.values())) == 1:
        return
    for kind in ("says", "aside"):
        values = [value for value, said in kinds.items() if said == kind]
        if values:
            yield f"  {name} {kind}: {' '.join(values)}"


def _needs(fires: Case, fields: Fields, judged: Callable[[Case], str]) -> Iterator[str]:
    before = judged(fires)
    changed = []
    for name in fields:
        if name in ("title", "outputs"):
            continue
        rest = {key: value for key, value in fields.items() if key != name}
        try:
            after = judged(replace(fires, use_case=_parsed(rest)))
        except InputError:
            continue
        if after != before:
            changed.append(name)
    if changed:
        yield f"  needs: {' '.join(sorted(changed))}"


def _numbers(fields: Fields, outcome: Outcome) -> Iterator[str]:
    limit: Fields = fields.get("latency") or {}

    def with_limit(changed: Fields) -> str:
        return outcome({"latency": {**limit, **changed}})

    for stated, said in ((fields, outcome), (limit, with_limit)):
        for name, value in sorted(stated.items()):
            if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                for far in (value * 1e-4, value * 1e4):
                    yield from _threshold(name, value, type(value)(far), said)


def _threshold(name: str, near: float, far: float, outcome: Outcome) -> Iterator[str]:
    """Where a rule begins or ceases to speak between two values of a number, by halving."""

    def says(value: float) -> bool:
        return outcome({name: value}) not in QUIET

    if says(near) == says(far) or outcome({name: far}) == "refused":
        return
    whole = isinstance(near, int)
    inside, outside = near, far
    for _ in range(HALVINGS):
        middle = (inside + outside) // 2 if whole else (inside + outside) / 2
        if middle in (inside, outside):
            break
        inside, outside = (middle, outside) if says(middle) == says(near) else (inside, middle)
    at = inside if whole else float(f"{inside:.9g}")
    kinds = {True: "says", False: "does not"}
    beyond = "above" if far > near else "below"
    yield f"  {name}: {kinds[says(at)]} at {at:g}, {kinds[says(far)]} {beyond}"


if __name__ == "__main__":
    GOLD.write_text(reach_of_all(), encoding="utf-8")
