"""Stages of the recommended option against what its device can do at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.report import words
from advisor.report.doc import Chart, listing
from advisor.report.labels import label
from advisor.report.numbers import percent, significant
from advisor.report.picture import (
    BLACK,
    BLUE,
    INK,
    ORANGE,
    SKY,
    VERMILLION,
    WIDTH,
    finished,
    unchecked,
)
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult, Roof
    from advisor.estimator.record import StageEstimate

BOUND_COLOURS = {
    "compute": BLUE,
    "memory": VERMILLION,
    "host": ORANGE,
    "launch": SKY,
    "measured": BLACK,
}


@unchecked
def roofline(view: View) -> Chart | None:
    """TFLOP/s reached over FLOP per byte; the line is the datasheet's limit."""
    one, roof = view.chosen, view.assessment.roof
    if one is None or roof is None:
        return None
    known = [
        (number, stage)
        for number, stage in enumerate(one.estimate.stages, start=1)
        if stage.flops > 0 and stage.bytes_moved > 0 and stage.achieved_tflops > 0
    ]
    if not known:
        return None
    rows = [_row(number, stage) for number, stage in known]
    return Chart(
        name="roofline",
        title=_finding(one, roof, [stage for _, stage in known]),
        alt=_words(rows, roof),
        spec=_spec(rows, roof),
        note="Numbers are the stages of the table below. The line is the device's datasheet: "
        f"{significant(roof.peak_tflops, 3)} TFLOP/s in {roof.dtype} and "
        f"{significant(roof.bandwidth_gb_s, 3)} GB/s. A stage far under it waits for the host or "
        "for small operations.",
    )


def _row(number: int, stage: StageEstimate) -> dict[str, Any]:
    return {
        "number": number,
        "name": listing(stage.name),
        "intensity": stage.flops / stage.bytes_moved,
        "reached": stage.achieved_tflops,
        "bound": words.BOUNDS[stage.bound].split(" (")[0],
        "colour": BOUND_COLOURS[stage.bound],
    }


def _finding(one: CandidateResult, roof: Roof, stages: list[StageEstimate]) -> str:
    longest = max(stages, key=lambda stage: stage.latency_s.value)
    verb = "reaches" if words.verb(longest.latency_s.basis) == "takes" else "should reach"
    share = percent(longest.achieved_tflops / roof.peak_tflops)
    return (
        f"Stage {longest.name} {verb} {share} of the arithmetic peak of {one.device_name}; "
        f"its time is set by {words.BOUNDS[longest.bound]}"
    )


def _words(rows: list[dict[str, Any]], roof: Roof) -> str:
    points = "; ".join(
        f"{row['number']}: {row['name']}, {significant(row['intensity'])} FLOP per byte, "
        f"{significant(row['reached'])} TFLOP/s, set by {row['bound']}"
        for row in rows
    )
    return (
        f"TFLOP/s reached against FLOP per byte moved, under the limits of {roof.device}. {points}."
    )


def _spec(rows: list[dict[str, Any]], roof: Roof) -> dict[str, Any]:
    import altair as alt

    ridge = roof.peak_tflops * 1e3 / roof.bandwidth_gb_s  # FLOP per byte
    left = min([row["intensity"] for row in rows] + [ridge]) / 3
    right = max([row["intensity"] for row in rows] + [ridge]) * 3
    low = min([row["reached"] for row in rows] + [left * roof.bandwidth_gb_s / 1e3])
    line = [
        {"intensity": left, "reached": left * roof.bandwidth_gb_s / 1e3},
        {"intensity": ridge, "reached": roof.peak_tflops},
        {"intensity": right, "reached": roof.peak_tflops},
    ]
    axis = {"tickCount": 5, "format": "~g", "labelOverlap": "greedy"}
    x = alt.X(
        "intensity:Q",
        title=label("axis.flop_per_byte"),
        scale=alt.Scale(type="log", domain=[left, right], nice=False),
        axis=alt.Axis(**axis),
    )
    y = alt.Y(
        "reached:Q",
        title=label("axis.tflop_s_logarithmic"),
        scale=alt.Scale(type="log", domain=[low / 2, roof.peak_tflops * 2], nice=False),
        axis=alt.Axis(**axis),
    )
    used = list(dict.fromkeys((row["bound"], row["colour"]) for row in rows))
    colour = alt.Color(
        "bound:N",
        scale=alt.Scale(domain=[name for name, _ in used], range=[shade for _, shade in used]),
        title=label("axis.time_set"),
        legend=alt.Legend(labelLimit=200),
    )
    roofs = alt.Chart(alt.NamedData("roof")).mark_line(color=INK, strokeWidth=1.6)
    base = alt.Chart(alt.NamedData("rows"))
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x=x, y=y, color=colour)
    labels = [
        alt.Chart(alt.NamedData(name))
        .mark_text(dy=away, fontSize=11, fontWeight=600, color=INK)
        .encode(x=x, y=y, text=alt.Text("number:N"))
        for name, away in (("above", -11), ("below", 12))
    ]
    layers = [roofs.encode(x=x, y=y), points, *labels]
    data = {"rows": rows, "roof": line, "above": [], "below": []}
    for row in rows:
        data["below" if _crowded(row, rows) else "above"].append(row)
    return finished(layers, data, width=WIDTH - 260, height=180)


def _crowded(row: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    """Is there a point close above, whose number would stand where this one's would?"""
    return any(
        other is not row
        and max(other["intensity"] / row["intensity"], row["intensity"] / other["intensity"]) < 1.2
        and 1 <= other["reached"] / row["reached"] < 2
        and (other["reached"], other["number"]) > (row["reached"], row["number"])
        for other in rows
    )
