"""Ways of buying the same work, over the volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.report import words
from advisor.report.doc import Chart
from advisor.report.labels import label
from advisor.report.numbers import exact, significant
from advisor.report.picture import (
    BLACK,
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    finished,
    unchecked,
)
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.cost.money import BreakEven, Way

# Kind of way -> colour and dash: never colour alone.
LOOKS: dict[str, tuple[str, list[int]]] = {
    "rented": (BLUE, [1, 0]),
    "committed": (SKY, [8, 3]),
    "spot": (GREEN, [6, 2, 2, 2]),
    "serverless": (PURPLE, [3, 2]),
    "owned": (VERMILLION, [10, 2]),
    "hosted": (BLACK, [2, 2]),
}


# 0.1, 100, 10,000 and 2M: "100m" for a tenth would be read as millions
PLAIN = "datum.value >= 1e6 ? format(datum.value / 1e6, ',~g') + 'M' : format(datum.value, ',~g')"


@unchecked
def break_even(view: View) -> Chart | None:
    """USD a month of each way of buying over six decades of volume."""
    money = view.assessment.money
    curves = money.break_even if money is not None else None
    if curves is None or len(curves.ways) < 2:
        return None
    volume = view.assessment.use_case.volume_per_day
    rows = [
        {"way": way_name(number, way), "volume": at, "usd": usd, "low": low, "high": high}
        for number, way in enumerate(curves.ways, start=1)
        for at, usd, low, high in zip(
            curves.volumes_per_day,
            way.usd_per_month,
            way.usd_per_month_low,
            way.usd_per_month_high,
            strict=True,
        )
    ]
    return Chart(
        name="break-even",
        title=_finding(curves, volume),
        alt=_words(curves, volume),
        spec=_spec(rows, curves, volume),
        note="Numbers are those of the table below. Band: the interval of way 1, the recommended "
        "one. People, storage and traffic are the same on every way and left out. A hosted API is "
        "another model: quality is not compared.",
    )


def way_name(number: int, way: Way) -> str:
    return f"{number}  {words.WAYS[way.kind]}"


def at_volume(curves: BreakEven, volume: float) -> int:
    """The point of the grid that is nearest to a volume."""
    grid = curves.volumes_per_day
    return min(range(len(grid)), key=lambda point: abs(grid[point] - volume))


def _finding(curves: BreakEven, volume: float) -> str:
    near = at_volume(curves, volume)
    costs = [way.usd_per_month[near] for way in curves.ways]
    best = min(range(len(costs)), key=costs.__getitem__)
    at = f"At {exact(volume)} items a day"
    first = f"way 1 ({words.WAYS[curves.ways[0].kind]})"
    if best == 0:
        return f"{at} {first} is the cheapest way shown, {significant(costs[0])} USD a month"
    cheapest = curves.ways[best]
    left_out = ", operations left out" if cheapest.note.startswith("operations") else ""
    other = f"way {best + 1} ({words.WAYS[cheapest.kind]}{left_out})"
    return (
        f"{at} {other} costs least, {significant(costs[best])} USD a month; {first} costs "
        f"{significant(costs[0])}"
    )


def _words(curves: BreakEven, volume: float) -> str:
    ends, near = (curves.volumes_per_day[0], curves.volumes_per_day[-1]), at_volume(curves, volume)
    said = "; ".join(
        f"{way_name(number, way)}, {way.label}: {significant(way.usd_per_month[0])}, "
        f"{significant(way.usd_per_month[near])} and {significant(way.usd_per_month[-1])}"
        for number, way in enumerate(curves.ways, start=1)
    )
    return (
        f"Lines of USD a month over {exact(ends[0])} to {exact(ends[1])} items a day. At the lower "
        f"end, at {exact(volume)} and at the upper end: {said}."
    )


def _spec(rows: list[dict[str, Any]], curves: BreakEven, volume: float) -> dict[str, Any]:
    import altair as alt

    names = [way_name(number, way) for number, way in enumerate(curves.ways, start=1)]
    looks = [LOOKS[way.kind] for way in curves.ways]
    ends = [row["usd"] for row in rows if row["usd"] > 0]
    axis = {"labelExpr": PLAIN, "labelOverlap": "greedy", "tickCount": 6}
    x = alt.X(
        "volume:Q",
        title=label("axis.items_day_logarithmic"),
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(**axis),
    )
    scale = alt.Scale(type="log", domain=[min(ends) / 2, max(ends) * 2], nice=False, clamp=True)
    y = alt.Y(
        "usd:Q", title=label("axis.usd_month_logarithmic"), scale=scale, axis=alt.Axis(**axis)
    )
    legend = alt.Legend(orient="right", symbolSize=260, symbolStrokeWidth=2, labelLimit=180)
    colour = alt.Color(
        "way:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[shade for shade, _ in looks]),
        title=label("axis.way_buying"),
        legend=legend,
    )
    dash = alt.StrokeDash(
        "way:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[dash for _, dash in looks]),
        title=label("axis.way_buying"),
        legend=legend,
    )
    first = alt.Chart(alt.NamedData("first"))
    band = first.mark_area(color=looks[0][0], opacity=0.16).encode(
        x=x, y=alt.Y("low:Q", scale=scale, title=None), y2=alt.Y2("high:Q")
    )
    lines = alt.Chart(alt.NamedData("rows")).mark_line(strokeWidth=2)
    today = alt.Chart(alt.NamedData("today"))
    layers = [
        band,
        lines.encode(x=x, y=y, color=colour, strokeDash=dash),
        today.mark_rule(strokeDash=[2, 3], color=INK).encode(x=alt.X("volume:Q")),
        today.mark_text(align="left", dx=4, baseline="top", fontSize=11, color=INK).encode(
            x=alt.X("volume:Q"), y=alt.YValue(2), text=alt.Text("text:N")
        ),
    ]
    data = {
        "rows": rows,
        "first": [row for row in rows if row["way"] == names[0]],
        "today": [{"volume": volume, "text": f"{exact(volume)} a day"}],
    }
    meeting = [one for one in curves.crossings if _inside(one.volume_per_day.value, curves)]
    if meeting:
        data["meet"] = [_meeting(one.volume_per_day.value, one.cheaper_above, curves)
                        for one in meeting]  # fmt: skip
        points = alt.Chart(alt.NamedData("meet")).mark_point(
            size=70, filled=True, fill="white", stroke=ORANGE, strokeWidth=2, opacity=1
        )
        layers.append(points.encode(x=x, y=y))
    return finished(layers, data, width=WIDTH - 230, height=190)


def _inside(volume: float, curves: BreakEven) -> bool:
    return curves.volumes_per_day[0] <= volume <= curves.volumes_per_day[-1]


def _meeting(volume: float, label: str, curves: BreakEven) -> dict[str, float]:
    """Where two lines meet: on the second one, read between the points of the grid."""
    way = next((one for one in curves.ways if one.label == label), curves.ways[0])
    grid = curves.volumes_per_day
    after = next((i for i, at in enumerate(grid) if at >= volume), len(grid) - 1)
    before = max(0, after - 1)
    span = grid[after] - grid[before]
    share = (volume - grid[before]) / span if span > 0 else 0.0
    low, high = way.usd_per_month[before], way.usd_per_month[after]
    return {"volume": volume, "usd": low + share * (high - low)}
