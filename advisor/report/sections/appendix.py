"""Appendices: every figure, all options, method, glossary, how to reproduce."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from advisor.figure import Figure
from advisor.report import words
from advisor.report.doc import (
    Block,
    Bullets,
    Cell,
    Column,
    Commands,
    Entry,
    KeyValues,
    Paragraph,
    Subheading,
    Table,
)
from advisor.report.numbers import (
    UNKNOWN,
    count,
    day,
    exact,
    figure_text,
    percent,
    significant,
)
from advisor.report.view import View, brief_device

if TYPE_CHECKING:
    from advisor.assessment import Accuracy, CandidateResult

Named = tuple[str, Figure | None]
DIGITS = 4


def figures(view: View) -> list[Block]:
    """Every figure of the options shown and of hosted APIs, as computed, with its evidence."""
    sources = _Sources()
    blocks: list[Block] = [
        Paragraph(
            text="Figures as computed, to four digits; the body of the report rounds to two. The "
            "interval is 90 %. A figure without an interval is a count, a price or a stated value. "
            "Numbers of sources are those of the list at the end."
        )
    ]
    for one in view.leading[:1]:
        name = f"Figures of option {one.rank}: {one.id}"
        blocks.append(_figure_table(name, list(_of_option(one)), sources))
    others = [
        (f"{one.rank}: {name}", figure)
        for one in view.leading[1:]
        for name, figure in _in_short(one)
    ]
    if others:
        caption = "Figures of the other leading options; the number is the option's"
        blocks.append(_figure_table(caption, others, sources))
    apis: list[Named] = [
        (f"{one.provider} {one.model}, per output", one.usd_per_output)
        for one in view.assessment.apis
    ]
    if apis:
        blocks.append(_figure_table("Figures of hosted APIs", apis, sources))
    if len(blocks) == 1:
        return [Paragraph(text="The answer rests on rules alone.")]
    return [*blocks, Paragraph(text=f"Sources. {sources.listed()}", tone="note")]


class _Sources:
    """Sources in the order of their first use, each with a number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, source: str) -> str:
        return str(self._numbers.setdefault(source, len(self._numbers) + 1))

    def listed(self) -> str:
        return " ".join(f"[{number}] {source}." for source, number in self._numbers.items())


def _of_option(one: CandidateResult) -> Iterator[Named]:
    """All figures of the first option: stages and lines of the cost tree too."""
    estimate, cost = one.estimate, one.cost
    yield from _in_short(one)
    yield "First output of one request", estimate.first_output_s
    for stage in estimate.stages:
        yield f"Stage {stage.name}, {words.plural(stage.calls, 'call')}", stage.latency_s
    if cost is None:
        return
    yield "Load at the peak", cost.peak_requests_per_s
    yield "Planned utilisation", cost.utilisation
    yield "p95 under load", cost.p95_s
    yield "Energy a month", cost.energy_kwh_per_month
    for line in cost.lines:
        if line.quantity is not None:
            yield f"{line.label}: quantity", line.quantity
        if line.unit_price_usd is not None:
            yield f"{line.label}: unit price", line.unit_price_usd


def _in_short(one: CandidateResult) -> Iterator[Named]:
    estimate, cost = one.estimate, one.cost
    yield "Response that the limit is about", one.response_s
    yield "Latency of one request", estimate.latency_s
    yield "Peak memory", estimate.peak_memory_gib
    yield "Energy of one request", estimate.energy_j
    yield "Cost per output", cost.usd_per_output if cost else None
    yield "Cost a month", cost.usd_per_month if cost else None


def _figure_table(caption: str, named: list[Named], sources: _Sources) -> Table:
    return Table(
        caption=caption,
        columns=[
            Column(label="Figure", width=3.1),
            Column(label="Value", width=1.0, align="right"),
            Column(label="90 % interval", width=1.9, align="right"),
            Column(label="Unit", width=1.7),
            Column(label="Evidence", width=1.0),
            Column(label="As of", width=1.1),
            Column(label="Source", width=0.7, align="right"),
        ],
        rows=[_figure_row(name, figure, sources) for name, figure in named],
        dense=True,
    )


def _figure_row(name: str, figure: Figure | None, sources: _Sources) -> list[Cell]:
    if figure is None:
        nothing = Cell(text=UNKNOWN, tone="muted")
        return [Cell(text=name), Cell(text=UNKNOWN, sub="not known"), *[nothing] * 5]
    point = figure.low == figure.high
    ends = f"{significant(figure.low, DIGITS)} to {significant(figure.high, DIGITS)}"
    value = exact(figure.value) if point else significant(figure.value, DIGITS)
    return [
        Cell(text=name),
        Cell(text=value),
        Cell(text=UNKNOWN if point else ends),
        Cell(text=figure.unit),
        Cell(text=words.BASES[figure.basis][0]),
        Cell(text=day(figure.as_of)),
        Cell(text=sources.number(figure.source), tone="muted"),
    ]


def reading() -> list[Block]:
    """How to read figures and evidence; stands after the contents."""
    return [
        Subheading(text="How to read this report"),
        Paragraph(
            text="Figures stand with their 90 % interval in brackets: 1.6 s (1.3 to 2.1) means "
            "that 1.6 s is expected and that nine times in ten it should lie between 1.3 and "
            "2.1 s. What is not known is shown as a dash with a word, never as zero. Each figure "
            "carries its evidence; a sum has the weakest evidence of its parts."
        ),
        KeyValues(
            items=[
                Entry(label=f"{shape} {word}", value=meaning)
                for word, shape, meaning in words.BASES.values()
            ]
        ),
        Paragraph(
            text="Codes such as LAT101 name rules: the command 'advisor rules LAT101' explains one."
        ),
    ]


def all_options(view: View) -> list[Block]:
    """Every option that the record lists, with what bars it; the settings of each model."""
    listed = [*view.ranked, *view.barred]
    if not listed:
        return [Paragraph(text="The record lists no option.")]
    rows = [
        [
            Cell(text=UNKNOWN if one.rank is None else str(one.rank)),
            Cell(text=one.model_name),
            brief_device(one),
            Cell(text=figure_text(one.response_s)),
            Cell(text=_bars(view, one)),
        ]
        for one in listed
    ]
    answer = view.assessment
    left = answer.tried - len(listed)
    note = f"{count(len(listed))} of {count(answer.tried)} options tried are in the record."
    table = Table(
        caption="Options in the record",
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label="Model", width=2.3),
            Column(label="Device", width=3.0),
            Column(label="Response (90 %)", width=1.9),
            Column(label="Barred by", width=1.2),
        ],
        rows=rows,
        header=1,
        dense=True,
        note=note if left > 0 else "",
    )
    return [table, _settings(listed)]


def _settings(listed: list[CandidateResult]) -> Table:
    """The workload of each model; a model that runs with two has two rows."""
    pairs = dict.fromkeys((one.model_name, one.workload.describe()) for one in listed)
    return Table(
        caption="Settings of each model",
        columns=[Column(label="Model", width=1.4), Column(label="Settings", width=3)],
        rows=[[Cell(text=name), Cell(text=settings)] for name, settings in pairs],
        dense=True,
    )


def _bars(view: View, one: CandidateResult) -> str:
    if one.rank is not None:
        return UNKNOWN
    return ", ".join(dict.fromkeys(bar.code for bar in view.bars_of(one))) or UNKNOWN


def method(view: View) -> list[Block]:
    """How figures come about, and how right predictions of this kind have been."""
    said = [
        "Hard rules come first: a rule that is violated bars a family or an option, and its code "
        "is shown. What is left is ordered by criteria with stated weights.",
        "A stage's time is the larger of host time and device time; device time sums, over "
        "operations, the largest of arithmetic, memory traffic and launch floor.",
        "Peak memory is weights plus the largest set of live tensors plus workspace and context.",
        "Intervals are quantiles of measured over predicted on rows that the fit had not seen "
        "(split conformal). They are meant to hold nine times in ten.",
        "Monthly cost sizes whole instances for the peak load at the stated utilisation; p95 comes "
        "from a queue with one line and several GPUs.",
    ]
    blocks: list[Block] = [Bullets(items=said)]
    accuracy = view.assessment.accuracy
    if accuracy is not None:
        blocks.append(_accuracy(accuracy))
    elif view.chosen is not None:
        text = "No error of prediction is stated: the recommended option was measured, or its mode "
        blocks.append(Paragraph(text=text + "has no record of held-out errors."))
    return blocks


def _accuracy(found: Accuracy) -> Table:
    return Table(
        caption=f"How far predictions in {found.kind} were off on rows that they had not seen",
        columns=[
            Column(label="What the fit had not seen", width=2.4),
            Column(label="Rows", width=0.6, align="right"),
            Column(label="Half are within", width=1, align="right"),
            Column(label="Nine in ten within", width=1.1, align="right"),
            Column(label="Bias", width=1.4),
            Column(label="Inside the 90 % interval", width=1.2, align="right"),
        ],
        rows=[
            [
                Cell(text=one.left_out),
                Cell(text=count(one.rows)),
                Cell(text=percent(one.median_error)),
                Cell(text=percent(one.p90_error)),
                Cell(text=bias_text(one.bias)),
                Cell(text=UNKNOWN if one.inside is None else percent(one.inside)),
            ]
            for one in found.groups
        ],
        dense=True,
        note=f"{found.source}. Expect the errors of the last row on a model that nobody has "
        "measured.",
    )


def bias_text(bias: float) -> str:
    """A signed share of the predicted time in words: "3 % too slow"."""
    if abs(bias) < 0.005:
        return "none"
    return f"{percent(abs(bias))} too {'slow' if bias > 0 else 'fast'}"


def glossary(view: View) -> list[Block]:
    """Words used in the report."""
    return [KeyValues(items=[Entry(label=word, value=text) for word, text in words.GLOSSARY])]


def reproduce(view: View) -> list[Block]:
    """Versions, a digest of the record, and the use case to run again."""
    answer = view.assessment
    return [
        KeyValues(
            items=[
                Entry(label="As of", value=answer.as_of.isoformat()),
                Entry(label="Engine version", value=answer.engine_version),
                Entry(label="Catalog version", value=answer.data_version),
                Entry(label="Record format", value=str(answer.schema_version)),
                Entry(label="Digest of the record", value=digest(view)),
                *(
                    Entry(label=f"SHA-256 of {name}", value=value)
                    for name, value in answer.digests.items()
                    if name != "catalog"
                ),
            ]
        ),
        Commands(
            label="The use case as stated (save as usecase.yaml)",
            lines=stated_yaml(view),
        ),
        Commands(
            label="Answer it again",
            lines=[
                f"advisor assess usecase.yaml --as-of {answer.as_of.isoformat()} "
                "--html report.html --pdf report.pdf --markdown report.md"
            ],
        ),
    ]


def stated_yaml(view: View) -> list[str]:
    """The stated fields as YAML lines; read back they give the same question."""
    import yaml

    data = view.assessment.use_case.model_dump(
        mode="json", include=set(view.stated), exclude_none=True
    )
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)
    return str(text).rstrip("\n").split("\n")


def digest(view: View) -> str:
    """First 16 hex digits of the SHA-256 of the record as JSON."""
    return hashlib.sha256(view.assessment.model_dump_json().encode()).hexdigest()[:16]
