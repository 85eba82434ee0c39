"""The report of an audit: predicted against measured, from what `advisor audit --json` prints.

html(audit_doc(result, "rows.csv", date(2026, 11, 29)))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from advisor.report.audit_charts import error_chart, scatter
from advisor.report.doc import (
    Block,
    Cell,
    Column,
    Entry,
    Kpi,
    Kpis,
    Paragraph,
    ReportDoc,
    Section,
    Table,
    Tone,
)
from advisor.report.labels import label
from advisor.report.numbers import count, percent, significant

Row = Mapping[str, Any]
KINDS = {
    "latency_s": ("Time", "s"),
    "peak_memory_gib": ("Memory", "GiB"),
    "energy_j": ("Energy", "J"),
}
ASIDE = ("measured, mode", "measured, scope", "measured, family", "measured, device")
MAX_SKIPPED = 40
FEW_ROWS = 20  # of fewer, the share inside says little: 3 of 3 is no sign of wide intervals


def _tone(share_inside: float, rows: int) -> Tone:
    if rows < FEW_ROWS:
        return "info"
    return "good" if 0.86 <= share_inside <= 0.94 else "caution"


def audit_doc(result: Mapping[str, Any], name: str, day: date) -> ReportDoc:
    """The document of an audit of the file `name`."""
    compared = [row for row in result["rows"] if row["ratio"] is not None and row["family"]]
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in compared)]
    held = sum(bool(row["inside"]) for row in compared)
    share = held / len(compared) if compared else 0.0
    text = f"{held} of {len(compared)} measurements are inside their 90 % interval"
    return ReportDoc(
        report=label("report.audit"),
        title=f"Audit of {name}",
        verdict=f"{percent(share)} inside" if compared else "nothing compared",
        tone=_tone(share, len(compared)),
        decision=f"{text}; {_skips(result)} rows were not compared." if compared else text + ".",
        meta=[
            Entry(label=label("entry.date"), value=day.isoformat()),
            Entry(label=label("entry.file"), value=name),
        ],
        as_of=day,
        executive=[_headline(result, kinds)],
        reading=[
            Paragraph(
                text="Ratios are predicted over measured; errors are |ratio - 1|; bias is the "
                "median error with its sign; coverage is the share of measurements inside the "
                "interval."
            )
        ],
        sections=[
            *(
                _kind_section(number, kind, compared, result)
                for number, kind in enumerate(kinds, 1)
            ),
            _worst_section(len(kinds) + 1, result),
            _skipped_section(len(kinds) + 2, result),
        ],
    )


def _skips(result: Mapping[str, Any]) -> int:
    return sum(bool(row["skipped"]) for row in result["rows"])


def _headline(result: Mapping[str, Any], kinds: Sequence[str]) -> Kpis:
    items = []
    for group in result["groups"]:
        if group["by"] == "measured" and group["key"] in kinds:
            items.append(
                Kpi(
                    label=label("entry.median_error", kind=KINDS[group["key"]][0]),
                    value=percent(group["median_abs_error"]),
                    note=f"{group['n']} rows, {percent(group['coverage'])} inside",
                )
            )
    return Kpis(items=items)


def _kind_section(
    number: int, kind: str, compared: Sequence[Row], result: Mapping[str, Any]
) -> Section:
    """One quantity: the scatter, our errors beside the baselines', and the groups."""
    word, unit = KINDS[kind]
    rows = [row for row in compared if row["kind"] == kind]
    groups = [g for g in result["groups"] if g["by"] in ASIDE and g["key"].startswith(f"{kind}, ")]
    families = [group for group in groups if group["by"] == "measured, family"]
    blocks: list[Block] = [
        scatter(f"scatter-{number}", rows, f"{word}, {unit}"),
        _baseline_table(rows, result),
        error_chart(f"errors-{number}", families, word),
        _group_table(groups),
    ]
    return Section(id=f"kind-{number}", number=str(number), title=word, blocks=blocks)


def _baseline_table(rows: Sequence[Row], result: Mapping[str, Any]) -> Table:
    names = dict.fromkeys(name for row in rows for name in row["baselines"])
    lines = [(name, result["baselines"][name]) for name in names]
    body = [
        [
            Cell(text=name.replace("_", " ")),
            Cell(text=str(line["n"])),
            Cell(text=percent(line["median_abs_error"])),
            Cell(text=percent(line["p90_abs_error"])),
            Cell(text=percent(line["ours_median_abs_error"]), tone="strong"),
            Cell(text=percent(line["ours_p90_abs_error"]), tone="strong"),
        ]
        for name, line in lines
    ]
    columns = ["rows", "its median", "its 90th", "ours, median", "ours, 90th"]
    return Table(
        caption=label("caption.baselines"),
        columns=[Column(label=label("column.predictor"), width=2.0), *map(_number, columns)],
        rows=body,
    )


def _number(text: str) -> Column:
    return Column(label=text, align="right")


def _group_table(groups: Sequence[Row]) -> Table:
    body = [
        [
            Cell(text=group["by"].removeprefix("measured, ")),
            Cell(text=group["key"].split(", ", 1)[1]),
            Cell(text=str(group["n"])),
            Cell(text=percent(group["median_abs_error"])),
            Cell(text=percent(group["p90_abs_error"])),
            Cell(text=percent(group["bias"])),
            Cell(text=percent(group["coverage"])),
        ]
        for group in groups
    ]
    columns = ["rows", "median", "90th", "bias", "inside"]
    return Table(
        caption=label("caption.groups"),
        columns=[
            Column(label=label("column.by")),
            Column(label=label("column.group"), width=2.0),
            *map(_number, columns),
        ],
        rows=body,
        header=1,
        dense=True,
    )


def _worst_section(number: int, result: Mapping[str, Any]) -> Section:
    body = [
        [
            Cell(text=row["id"]),
            Cell(text=row["model"], sub=row["device"]),
            Cell(text=row["kind"]),
            Cell(text=significant(row["ratio"], 2)),
            Cell(text=label("cell.inside") if row["inside"] else label("cell.outside")),
            Cell(text=row["reason"]),
        ]
        for row in result["worst"]
    ]
    table = Table(
        caption=label("caption.worst"),
        columns=[
            Column(label=label("column.row")),
            Column(label=label("column.model_device"), width=1.6),
            Column(label=label("column.measured")),
            Column(label=label("column.ratio"), align="right", width=0.6),
            Column(label=label("column.interval")),
            Column(label=label("column.likely_reason"), width=3.0),
        ],
        rows=body,
        dense=True,
        note="Reasons are derived from the row's settings and its estimate; none was confirmed.",
    )
    return Section(
        id="worst", number=str(number), title=label("heading.worst_rows"), blocks=[table]
    )


def _skipped_section(number: int, result: Mapping[str, Any]) -> Section:
    reasons = Counter(row["skipped"] for row in result["rows"] if row["skipped"])
    body = [
        [Cell(text=count(rows)), Cell(text=reason)]
        for reason, rows in reasons.most_common(MAX_SKIPPED)
    ]
    table = Table(
        caption=label("caption.not_compared", rows=count(sum(reasons.values()))),
        columns=[
            Column(label=label("column.rows"), align="right", width=0.4),
            Column(label=label("column.why"), width=4.0),
        ],
        rows=body,
        header=1,
    )
    return Section(
        id="skipped", number=str(number), title=label("heading.not_compared"), blocks=[table]
    )
