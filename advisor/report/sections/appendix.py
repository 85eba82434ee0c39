"""Appendices: all options, method, glossary, how to reproduce."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

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
from advisor.report.labels import label
from advisor.report.numbers import (
    UNKNOWN,
    count,
    figure_text,
    percent,
)
from advisor.report.sections.plan import rule_commands
from advisor.report.view import View, brief_device

if TYPE_CHECKING:
    from advisor.assessment import Accuracy, CandidateResult

BARRED = "Barred options of one model stand together, with the response of the fastest."


def reading(left_out: list[str]) -> list[Block]:
    """How to read figures and evidence; stands after the contents, with what has no section."""
    names = ", ".join(left_out)
    missing = [Paragraph(text=label("page.left_out", names=names), tone="note")] if names else []
    return [
        Subheading(text=label("heading.how_read_this")),
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
        *missing,
    ]


def all_options(view: View) -> list[Block]:
    """Every option that the record lists, with what bars it; the settings of each model."""
    listed = [*view.ranked, *view.barred]
    if not listed:
        return []
    rows = [
        [
            Cell(text=str(one.rank)),
            Cell(text=one.model_name),
            brief_device(one),
            Cell(text=figure_text(one.response_s)),
            Cell(text=UNKNOWN),
        ]
        for one in view.ranked
    ] + [_barred_row(*item) for item in _barred(view).items()]
    answer = view.assessment
    left = answer.tried - len(listed)
    note = f"{count(len(listed))} of {count(answer.tried)} options tried are in the record."
    table = Table(
        caption=label("caption.options"),
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.model"), width=2.3),
            Column(label=label("column.device"), width=3.0),
            Column(label=label("column.response_interval"), width=1.9),
            Column(label=label("column.barred"), width=1.2),
        ],
        rows=rows,
        header=1,
        dense=True,
        note=" ".join([*([note] if left > 0 else []), *([BARRED] if view.barred else [])]),
    )
    return [table, _settings(listed)]


def _settings(listed: list[CandidateResult]) -> Table:
    """Each workload with the models that run it."""
    models: dict[str, dict[str, None]] = {}
    for one in listed:
        models.setdefault(one.workload.describe(), {})[one.model_name] = None
    return Table(
        caption=label("caption.settings"),
        columns=[
            Column(label=label("column.model"), width=2.6),
            Column(label=label("column.settings"), width=4),
        ],
        rows=[[Cell(text=", ".join(names)), Cell(text=text)] for text, names in models.items()],
        dense=True,
    )


def _barred(view: View) -> dict[tuple[str, str], list[CandidateResult]]:
    """Barred options by model and by the rules that bar them."""
    found: dict[tuple[str, str], list[CandidateResult]] = {}
    for one in view.barred:
        codes = ", ".join(dict.fromkeys(bar.code for bar in view.bars_of(one))) or UNKNOWN
        found.setdefault((one.model_name, codes), []).append(one)
    return found


def _barred_row(key: tuple[str, str], options: list[CandidateResult]) -> list[Cell]:
    name, codes = key
    devices = ", ".join(dict.fromkeys(one.device_name for one in options))
    fastest = min(options, key=lambda one: one.response_s.value)
    return [
        Cell(text=UNKNOWN),
        Cell(text=name),
        Cell(text=devices),
        Cell(text=figure_text(fastest.response_s)),
        Cell(text=codes),
    ]


def method(view: View) -> list[Block]:
    """How figures come about, and how right predictions of this kind have been."""
    if not view.leading:
        return []
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
    if view.chosen is not None and view.chosen.estimate.notes:
        blocks.append(Subheading(text=label("heading.estimate_notes")))
        blocks.append(Bullets(items=list(view.chosen.estimate.notes)))
    accuracy = view.assessment.accuracy
    if accuracy is not None:
        blocks.append(_accuracy(accuracy))
    elif view.chosen is not None:
        text = "No error of prediction is stated: the recommended option was measured, or its mode "
        blocks.append(Paragraph(text=text + "has no record of held-out errors."))
    return blocks


def _accuracy(found: Accuracy) -> Table:
    return Table(
        caption=label("caption.accuracy", kind=found.kind),
        columns=[
            Column(label=label("column.fit_had_not"), width=2.4),
            Column(label=label("column.rows_seen"), width=0.6, align="right"),
            Column(label=label("column.half_are_within"), width=1, align="right"),
            Column(label=label("column.nine_ten_within"), width=1.1, align="right"),
            Column(label=label("column.bias"), width=1.4),
            Column(label=label("column.inside_90_interval"), width=1.2, align="right"),
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
    return [KeyValues(items=[Entry(label=word, value=text) for word, text in words.glossary()])]


def reproduce(view: View) -> list[Block]:
    """Versions, a digest of the record, and the use case to run again."""
    answer = view.assessment
    versions = (
        f"as of {answer.as_of.isoformat()}; engine {answer.engine_version}, catalog "
        f"{answer.data_version}, record format {answer.schema_version}"
    )
    return [
        KeyValues(
            items=[
                Entry(label=label("entry.versions"), value=versions),
                Entry(label=label("entry.digest_record"), value=digest(view)),
                *(
                    Entry(label=label("entry.digest_of", name=name), value=value)
                    for name, value in answer.digests.items()
                    if name != "catalog"
                ),
            ]
        ),
        Commands(
            label=label("caption.use_case"),
            lines=stated_yaml(view),
        ),
        Commands(
            label=label("caption.again"),
            lines=[
                f"advisor assess usecase.yaml --as-of {answer.as_of.isoformat()} "
                "--html report.html --pdf report.pdf --markdown report.md"
            ],
        ),
        *_rules(view),
    ]


def _rules(view: View) -> list[Commands]:
    """The rules that decided, where no section on measuring names them."""
    if view.leading:
        return []
    return [Commands(label=label("caption.rules"), lines=rule_commands(view))]


def stated_yaml(view: View) -> list[str]:
    """The stated fields as YAML lines; read back they give the same question."""
    import yaml

    data = view.assessment.use_case.model_dump(
        mode="json", include=set(view.stated), exclude_none=True
    )
    text = yaml.safe_dump(
        data, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None
    )
    return str(text).rstrip("\n").split("\n")


def digest(view: View) -> str:
    """First 16 hex digits of the SHA-256 of the record as JSON."""
    return hashlib.sha256(view.assessment.model_dump_json().encode()).hexdigest()[:16]
