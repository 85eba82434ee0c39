"""What moves the cost of the recommended option most, one input at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.report import words
from advisor.report.charts.rows import NAMES, height_of, name_column, wrapped
from advisor.report.doc import Chart
from advisor.report.labels import label
from advisor.report.numbers import significant
from advisor.report.picture import BLUE, INK, ORANGE, WIDTH, finished, unchecked
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import TornadoBar

SHOWN = 8
STILL = 1.02  # a change below this factor is no bar


@unchecked
def tornado(view: View) -> Chart | None:
    """Cost per output at the two ends of each input, over today's."""
    one = view.chosen
    now = one.cost.usd_per_output.value if one is not None and one.cost is not None else 0.0
    if now <= 0:
        return None
    bars = [bar for bar in view.assessment.tornado if _moves(bar, now)]
    if not bars:
        return None
    rows = [row for bar in bars[:SHOWN] for row in _rows(bar, now)]
    return Chart(
        name="tornado",
        title=_finding(bars[0], now),
        alt=_words(bars[:SHOWN], now),
        spec=_spec(rows),
        note="1 is the cost per output as recommended. Each input is moved alone, everything else "
        "held; the table has its ends.",
    )


def _moves(bar: TornadoBar, now: float) -> bool:
    """Is there a cost at both ends, and does one of them differ from today's?"""
    if not bar.usd_per_output_at_low or not bar.usd_per_output_at_high:
        return False
    return any(max(ratio, 1 / ratio) >= STILL for ratio in _ratios(bar, now))


def bar_name(bar: TornadoBar) -> str:
    """The input in the words of the form."""
    return words.FIELDS.get(bar.input, bar.input[:1].upper() + bar.input[1:])


def _rows(bar: TornadoBar, now: float) -> list[dict[str, Any]]:
    ends = (
        ("at its low end", bar.usd_per_output_at_low),
        ("at its high end", bar.usd_per_output_at_high),
    )
    return [
        {"option": wrapped(bar_name(bar)), "end": end, "ratio": usd / now, "one": 1.0}
        for end, usd in ends
        if usd is not None
    ]


def _ratios(bar: TornadoBar, now: float) -> tuple[float, float]:
    assert bar.usd_per_output_at_low is not None and bar.usd_per_output_at_high is not None
    return bar.usd_per_output_at_low / now, bar.usd_per_output_at_high / now


def _finding(bar: TornadoBar, now: float) -> str:
    low, high = sorted(_ratios(bar, now))
    return (
        f"{bar_name(bar)} moves the cost per output most: {significant(low)} to "
        f"{significant(high)} times today's between the ends of its range"
    )


def _words(bars: list[TornadoBar], now: float) -> str:
    said = "; ".join(
        "{}: {} at its low end, {} at its high end".format(
            bar_name(bar), *(significant(ratio) for ratio in _ratios(bar, now))
        )
        for bar in bars
    )
    return f"Bars of cost per output over today's cost, one input at a time. {said}."


def _spec(rows: list[dict[str, Any]]) -> dict[str, Any]:
    import altair as alt

    order = list(dict.fromkeys(row["option"] for row in rows))
    ratios = [row["ratio"] for row in rows] + [1.0]
    y = name_column(order)
    x = alt.X(
        "one:Q",
        title=label("axis.cost_per_output"),
        scale=alt.Scale(type="log", domain=[min(ratios) / 1.1, max(ratios) * 1.1], nice=False),
        axis=alt.Axis(tickCount=6, format="~g", labelOverlap="greedy"),
    )
    names = ["at its low end", "at its high end"]
    colour = alt.Color(
        "end:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[BLUE, ORANGE]),
        title=label("axis.input"),
        legend=alt.Legend(orient="bottom"),
    )
    bars = (
        alt.Chart(alt.NamedData("rows"))
        .mark_bar(height=12)
        .encode(y=y, x=x, x2=alt.X2("ratio:Q"), color=colour)
    )
    middle = alt.Chart(alt.NamedData("middle")).mark_rule(color=INK, strokeWidth=1.4)
    layers = [bars, middle.encode(x=alt.X("one:Q"))]
    step = {"step": max(20, height_of(order))}
    data = {"rows": rows, "middle": [{"one": 1.0}]}
    return finished(layers, data, width=WIDTH - NAMES, height=step)
