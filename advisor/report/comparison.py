"""The report on two to four assessments side by side: what was asked, answered, and what changed.

The first is what the others are held against. A difference is told by a sign and a word, so that
it is seen in grey and heard: "= as A", "≠ differs from A", "≈ intervals overlap".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from advisor.errors import InputError
from advisor.report import words
from advisor.report.doc import (
    Block,
    BrandMark,
    Callout,
    Cell,
    Column,
    Entry,
    KeyValues,
    Kpi,
    Kpis,
    Paragraph,
    ReportDoc,
    Section,
    Table,
)
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count, figure_text, percent
from advisor.report.sections import changed
from advisor.report.sections.appendix import digest
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import Assessment
    from advisor.figure import Figure

LEAST, MOST = 2, 4
SAME, DIFFERS, OVERLAP = "= as A", "≠ differs from A", "≈ intervals overlap"


class Side(NamedTuple):
    """One assessment: "A", the name of its file, and its record."""

    letter: str
    name: str
    view: View


class Line(NamedTuple):
    """One row: what is told, its text on each side, and the figure behind it where there is one."""

    what: str
    texts: list[str]
    figures: list[Figure | None] | None = None


def comparison_doc(
    assessments: Sequence[tuple[str, Assessment]], brand: BrandMark | None = None
) -> ReportDoc:
    """The document that compares (file name, assessment) pairs. Raises InputError if not 2 to 4."""
    if not LEAST <= len(assessments) <= MOST:
        raise InputError(f"{LEAST} to {MOST} assessments can be compared, not {len(assessments)}")
    sides = [
        Side(letter, name, View(answer))
        for letter, (name, answer) in zip("ABCD", assessments, strict=False)
    ]
    records = [side.view.assessment for side in sides]
    same = all(_answer(one) == _answer(records[0]) for one in records)
    made = {
        "differing": changed.requirements(sides),
        "answers": [_table(sides, _lines(sides), label("caption.answers"))],
        "changes": changed.changes(sides),
        "evidence": changed.evidence(sides),
        "records": _records(sides),
    }
    return ReportDoc(
        report=label("report.comparison"),
        title=_title(records),
        verdict=label("comparison.same" if same else "comparison.different"),
        tone="good" if same else "info",
        decision=_decision(sides, same),
        meta=_meta(records),
        as_of=max(one.as_of for one in records),
        executive=_executive(sides),
        reading=_reading(),
        sections=[
            Section(
                id=name,
                number=str(number),
                title=label(f"section.{name}"),
                blocks=blocks,
                new_page=number == 1,
            )
            for number, (name, blocks) in enumerate(made.items(), 1)
        ],
        brand=brand,
    )


def _answer(one: Assessment) -> tuple[str, str, str | None]:
    return one.verdict, one.family, one.serve.candidate if one.serve else None


def _title(records: list[Assessment]) -> str:
    titles = dict.fromkeys(one.use_case.title for one in records)
    return next(iter(titles)) if len(titles) == 1 else "; ".join(titles)


def _decision(sides: list[Side], same: bool) -> str:
    letters = ", ".join(side.letter for side in sides)
    if same:
        return f"{letters} get the same verdict, family and serving option: {_served(sides[0])}."
    told = (
        f"{side.letter}: {words.VERDICTS[side.view.assessment.verdict][0]}, {_served(side)}"
        for side in sides
    )
    return "; ".join(told) + "."


def _served(side: Side) -> str:
    chosen, family = side.view.chosen, side.view.chosen_family
    if chosen is not None:
        return f"{chosen.model_name} on {chosen.device_name}"
    return family.name if family is not None else "nothing to run"


def _meta(records: list[Assessment]) -> list[Entry]:
    found = (
        ("meta.as_of", [one.as_of.isoformat() for one in records]),
        ("meta.catalog", [one.data_version for one in records]),
        ("meta.engine", [one.engine_version for one in records]),
    )
    return [
        Entry(label=label(key), value=values[0] if len(set(values)) == 1 else "differs, see 5")
        for key, values in found
    ]


def _executive(sides: list[Side]) -> list[Block]:
    cards = [
        Kpi(
            label=f"{side.letter}: {side.name}",
            value=words.VERDICTS[side.view.assessment.verdict][0],
            note=_served(side),
        )
        for side in sides
    ]
    short = [line for line in _lines(sides) if line.figures is not None][:5]
    sentences: list[Block] = [
        Callout(
            tone="info",
            title=label("heading.against_first", letter=side.letter),
            text=found.sentence,
        )
        for side, found in changed.against_first(sides)
    ]
    return [Kpis(items=cards), _table(sides, short, label("caption.figures")), *sentences]


def _lines(sides: list[Side]) -> list[Line]:
    """Every line of the table of answers."""
    answers = [side.view.assessment for side in sides]
    chosen = [side.view.chosen for side in sides]
    costs = [one.cost if one else None for one in chosen]
    units = [one.money.unit_costs if one.money else None for one in answers]
    texts = {
        "verdict": [words.VERDICTS[one.verdict][0] for one in answers],
        "confidence": [words.CONFIDENCE[one.confidence.level] for one in answers],
        "family": [side.view.chosen_family.name if side.view.chosen_family else UNKNOWN
                   for side in sides],
        "model": [f"{one.model_name}, {one.workload.describe()}" if one else UNKNOWN
                  for one in chosen],
        "device": [one.device_name if one else UNKNOWN for one in chosen],
        "offer": [one.offer.id if one else UNKNOWN for one in costs],
        "limit": [words.limit_text(side.view.assessment.use_case, side.view.limit_s)
                  for side in sides],
        "chance": [percent(one.chance_in_limit) if one and one.chance_in_limit is not None
                   else UNKNOWN for one in chosen],
        "tried": [count(one.tried) for one in answers],
        "barred": [count(one.barred) for one in answers],
    }  # fmt: skip
    figures: dict[str, list[Figure | None]] = {
        "response": [one.response_s if one else None for one in chosen],
        "per_1000": [one.usd_per_1000_outputs if one else None for one in costs],
        "per_item": [one.per_item if one else None for one in units],
        "per_month": [one.usd_per_month if one else None for one in costs],
        "memory": [one.estimate.peak_memory_gib if one else None for one in chosen],
        "energy": [one.estimate.energy_j if one else None for one in chosen],
    }
    lines = [Line(label(f"compared.{key}"), found) for key, found in texts.items()]
    return lines + [
        Line(label(f"compared.{key}"), [figure_text(one) for one in found], found)
        for key, found in figures.items()
    ]


def _table(sides: list[Side], lines: list[Line], caption: str) -> Table:
    rows = [
        [Cell(text=line.what), *(_cell(line, index) for index in range(len(sides)))]
        for line in lines
    ]
    return Table(
        caption=caption,
        columns=[
            Column(label=label("column.what"), width=1.1),
            *(Column(label=f"{side.letter}: {side.name}", width=1.6) for side in sides),
        ],
        rows=rows,
        marked=[index for index, line in enumerate(lines) if len(set(line.texts)) > 1],
        note="≈: the 90 % intervals overlap, so the two figures alone do not say which is larger.",
        dense=True,
    )


def _cell(line: Line, index: int) -> Cell:
    figure = line.figures[index] if line.figures else None
    basis = figure.basis if figure else None
    if line.figures and figure is None:
        return Cell(text=UNKNOWN, sub=label("cell.not_known"), tone="muted")
    return Cell(text=line.texts[index], sub="" if index == 0 else mark(line, index), basis=basis)


def mark(line: Line, index: int) -> str:
    """How the text or figure of a side stands to the first one's."""
    if line.texts[index] == line.texts[0] and not line.figures:
        return SAME
    first = line.figures[0] if line.figures else None
    other = line.figures[index] if line.figures else None
    if first is None or other is None:
        return DIFFERS
    if (first.value, first.low, first.high) == (other.value, other.low, other.high):
        return SAME
    if other.low > first.high:
        return "≠ higher than A"
    return "≠ lower than A" if other.high < first.low else OVERLAP


def _reading() -> list[Block]:
    return [
        Paragraph(
            text="A is what the others are held against. Figures stand with their 90 % interval "
            "and their evidence. Each assessment has a report of its own with all its figures."
        )
    ]


def _records(sides: list[Side]) -> list[Block]:
    entries = [
        Entry(
            label=f"{side.letter}: {side.name}",
            value=f"{one.use_case.title}; as of {one.as_of.isoformat()}, catalog "
            f"{one.data_version}, engine {one.engine_version}, record {digest(side.view)}",
        )
        for side in sides
        for one in [side.view.assessment]
    ]
    return [KeyValues(items=entries)]
