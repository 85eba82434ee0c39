"""Sections of a comparison: requirements that differ, what changed and why, prices and evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from advisor.comparison import Comparison, compare
from advisor.figure import Basis
from advisor.report import words
from advisor.report.doc import Block, Bullets, Cell, Column, Paragraph, Subheading, Table
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count

if TYPE_CHECKING:
    from advisor.assessment import Assessment, FamilyResult
    from advisor.comparison import Change
    from advisor.report.comparison import Side

LISTED = 15  # rows of a list of changes; the command shows them all
_UNCOMPARED = ("title", "description")
_IN_TABLE = ("conditions", "month", "accepted item", "response")  # told elsewhere, side by side


def against_first(sides: list[Side]) -> list[tuple[Side, Comparison]]:
    """Every side but the first, compared with the first."""
    first = sides[0].view.assessment
    return [(side, compare(first, side.view.assessment)) for side in sides[1:]]


def requirements(sides: list[Side]) -> list[Block]:
    """Requirements that are not the same on all sides, values side by side."""
    asked = [_asked(side) for side in sides]
    names = list(dict.fromkeys(name for one in asked for name in one))
    rows = [[one.get(name, (UNKNOWN, False)) for one in asked] for name in names]
    differing = [(name, row) for name, row in zip(names, rows, strict=True) if len(set(row)) > 1]
    same = count(len(names) - len(differing))
    if not differing:
        return [Paragraph(text=f"None: all {same} requirements are the same on every side.")]
    return [
        Table(
            caption=label("caption.differing"),
            columns=[
                Column(label=label("column.requirement"), width=1.2),
                *(Column(label=f"{side.letter}: {side.name}", width=1.5) for side in sides),
            ],
            rows=[[Cell(text=_title(name)), *_values(row)] for name, row in differing],
            note=f"{same} requirements are the same on every side.",
            dense=True,
        )
    ]


def _asked(side: Side) -> dict[str, tuple[str, bool]]:
    """Requirement -> (value in words, whether it was assumed); nested ones by dotted name."""
    use_case = side.view.assessment.use_case
    data = use_case.model_dump(mode="json", exclude=set(_UNCOMPARED))
    found: dict[str, tuple[str, bool]] = {}
    for name, value in data.items():
        assumed = name in side.view.assumed
        if name == "latency":
            found[name] = (words.limit_text(use_case, side.view.limit_s), assumed)
        else:
            for path, text in _flat(name, value):
                found[path] = (text, assumed and text != UNKNOWN)
    return found


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value and "modality" not in value:
        for key, one in value.items():
            yield from _flat(f"{path}.{key}", one)
    else:
        yield path, words.plain_value(path, value) or UNKNOWN


def _title(path: str) -> str:
    name, _, rest = path.partition(".")
    title = words.FIELDS.get(name, name)
    return f"{title}: {rest.replace('_', ' ').replace('.', ' ')}" if rest else title


def _values(row: list[tuple[str, bool]]) -> list[Cell]:
    cells = []
    for index, (text, assumed) in enumerate(row):
        sign = "" if index == 0 else "= as A" if row[index] == row[0] else "≠ differs from A"
        basis = Basis.assumed if assumed else Basis.asked
        cells.append(Cell(text=text, sub=sign, basis=None if text == UNKNOWN else basis))
    return cells


def changes(sides: list[Side]) -> list[Block]:
    """Side by side with the first: what changed in the answer, and the rules that changed it."""
    blocks: list[Block] = []
    for side, found in against_first(sides):
        blocks += [
            Subheading(text=label("heading.against_first", letter=side.letter)),
            Paragraph(text=found.sentence),
        ]
        blocks += _answer_changes(side, found)
        blocks += [Bullets(items=[_fate(sides[0], side), _fate(side, sides[0])])]
        blocks += _families(sides[0], side)
        blocks += _conditions(sides[0].view.assessment, side)
    return blocks


def _answer_changes(side: Side, found: Comparison) -> list[Block]:
    told = [one for one in found.result if not one.what.startswith("family ")
            and one.what not in _IN_TABLE]  # fmt: skip
    return [_list(f"What changed in the answer of {side.letter}", side, told)] if told else []


def _fate(of: Side, there: Side) -> str:
    """What became of one side's option, or of its model, on the other: its rank, or its bars."""
    option = of.view.chosen
    if option is None:
        return f"{of.letter} runs no option."
    listed = there.view.assessment.candidates
    exact = [one for one in listed if one.id == option.id]
    found = exact or [one for one in listed if one.model == option.model]
    name = f"{option.model_name} on {option.device_name}" if exact else option.model_name
    if not listed:
        return f"{of.letter} runs {name}: {there.letter} looked at no option."
    if not found:
        kept = f"{count(len(listed))} of {count(there.view.assessment.tried)} options tried"
        return f"{of.letter} runs {name}: {there.letter} keeps {kept}, none of this model."
    if found[0].rank is not None:
        return f"{of.letter} runs {name}: it ranks {found[0].rank} in {there.letter}."
    bars = " ".join(f"{one.sentence} ({one.code})" for one in there.view.bars_of(found[0]))
    return f"{of.letter} runs {name}: barred in {there.letter}. {bars}"


def _list(caption: str, side: Side, found: list[Change]) -> Table:
    more = len(found) - LISTED
    return Table(
        caption=caption,
        columns=[
            Column(label=label("column.what"), width=1.4),
            Column(label="A", width=1.6),
            Column(label=side.letter, width=1.6),
        ],
        rows=[
            [
                Cell(text=one.what),
                Cell(text=one.before or UNKNOWN, sub="" if one.before else label("cell.not_there")),
                Cell(text=one.after or UNKNOWN, sub="" if one.after else label("cell.not_there")),
            ]
            for one in found[:LISTED]
        ],
        note=f"{count(more)} more: `advisor compare --all` lists them." if more > 0 else "",
        dense=True,
    )


def _families(first: Side, side: Side) -> list[Block]:
    """Families whose standing changed, with the rules that speak on one side only."""
    before = {one.family: one for one in first.view.assessment.families}
    pairs = [
        (before[one.family], one)
        for one in side.view.assessment.families
        if one.family in before and one.status != before[one.family].status
    ]
    if not pairs:
        return []
    rows = [
        [
            Cell(text=after.name, sub=after.family),
            Cell(text=words.STATUSES[old.status]),
            Cell(text=words.STATUSES[after.status]),
            Cell(text=_reasons(old, after, side.letter)),
        ]
        for old, after in pairs
    ]
    return [
        Table(
            caption=label("caption.families_changed", letter=side.letter),
            columns=[
                Column(label=label("column.family"), width=1.2),
                Column(label="A", width=0.9),
                Column(label=side.letter, width=0.9),
                Column(label=label("column.rules_one_side"), width=3.2),
            ],
            rows=rows,
            dense=True,
        )
    ]


def _reasons(before: FamilyResult, after: FamilyResult, letter: str) -> str:
    """Sentences of rules that speak on one side only; else each side's own sentence."""
    told = []
    for here, there, name in ((after, before, letter), (before, after, "A")):
        known = {one.code for one in there.findings}
        told += [
            f"{name} only: {one.sentence} ({one.code})"
            for one in here.findings
            if one.code not in known and one.severity in ("bar", "condition", "against")
        ]
    return " ".join(told) or f"A: {before.sentence} {letter}: {after.sentence}"


def _conditions(first: Assessment, side: Side) -> list[Block]:
    old, new = first.conditions, side.view.assessment.conditions
    told = [f"≠ {side.letter} only: {one}" for one in new if one not in old]
    told += [f"≠ A only: {one}" for one in old if one not in new]
    return [Bullets(items=told)] if told else []


def evidence(sides: list[Side]) -> list[Block]:
    """Prices, data and figures behind the answers that are not the same."""
    blocks: list[Block] = []
    for side, found in against_first(sides):
        for name, told in (("prices", found.prices), ("evidence", found.evidence)):
            if told:
                blocks.append(_list(label(f"differing.{name}", letter=side.letter), side, told))
    return blocks or [Paragraph(text="Prices and evidence are the same on every side.")]
