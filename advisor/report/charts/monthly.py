"""Cost a month of the leading options and of hosted APIs, at the stated volume."""

from __future__ import annotations

from typing import Any

from advisor.report.charts.rows import NAMES, height_of, name_column, wrapped
from advisor.report.doc import Chart
from advisor.report.labels import label
from advisor.report.numbers import exact, figure_text
from advisor.report.picture import BLUE, ORANGE, SOFT, WIDTH, finished, unchecked
from advisor.report.view import View, option_name


@unchecked
def monthly_cost(view: View) -> Chart | None:
    """Cost a month at the stated volume: options by rank, and hosted APIs."""
    options = [one for one in view.leading if one.cost and one.cost.usd_per_month.low > 0]
    rows = [
        _cost_row(wrapped(f"{one.rank}  {option_name(one)}"), one.cost.usd_per_month, "option")
        for one in options
        if one.cost
    ]
    apis = [api for api in view.apis if api.usd_per_month.low > 0][:3]
    rows += [
        _cost_row(wrapped(f"API  {api.provider} {api.model}"), api.usd_per_month, "API")
        for api in apis
    ]
    if len(rows) < 2:
        return None
    volume = f"{exact(view.assessment.use_case.volume_per_day)} items a day"
    points = "; ".join(f"{row['option']}: {row['text']}" for row in rows)
    return Chart(
        name="cost",
        title=_cost_finding(view, volume),
        alt=f"Cost a month at {volume} of {len(rows)} ways to serve. {points}.",
        spec=_cost_spec(rows),
        note="Bars are 90 % intervals, on a logarithmic scale. An API's quality is not that of an "
        "option: compare on your own cases.",
    )


def _cost_row(label: str, figure: Any, kind: str) -> dict[str, Any]:
    return {
        "option": label,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "kind": {"option": "run it yourself", "API": "hosted API"}[kind],
        "text": figure_text(figure),
    }


def _cost_finding(view: View, volume: str) -> str:
    one = view.chosen
    own = one.cost.usd_per_month if one and one.cost else None
    api = min((a.usd_per_month for a in view.apis), key=lambda f: f.value, default=None)
    if own is None:
        return f"Cost a month at {volume}"
    said = f"At {volume} the first option costs {figure_text(own)}"
    if api is None or one is None or one.cost is None or one.cost.offer.kind == "client-device":
        return said
    word = "cheapest hosted API listed"
    if own.high < api.low:
        return f"{said}, less than the {word}"
    if own.low > api.high:
        return f"{said}, more than the {word} at {figure_text(api)}"
    return f"{said}, about as much as the {word} at {figure_text(api)}"


def _cost_spec(rows: list[dict[str, Any]]) -> dict[str, Any]:
    import altair as alt

    order = [row["option"] for row in rows]
    ends = [row["low"] for row in rows] + [row["high"] for row in rows]
    y = name_column(order)
    x = alt.X(
        "value:Q",
        title=label("axis.usd_month_logarithmic"),
        scale=alt.Scale(type="log", domain=[min(ends) / 1.3, max(ends) * 1.3], nice=False),
        axis=alt.Axis(tickCount=4, format=",~g", labelOverlap="greedy"),
    )
    kinds = [k for k in ("run it yourself", "hosted API") if any(r["kind"] == k for r in rows)]
    base = alt.Chart(alt.NamedData("rows"))
    bars = base.mark_rule(strokeWidth=1.6, color=SOFT).encode(y=y, x=x, x2=alt.X2("high:Q"))
    bars = bars.transform_calculate(value="datum.low")
    points = base.mark_point(filled=True, size=75, opacity=1).encode(
        y=y,
        x=x,
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[BLUE, ORANGE][: len(kinds)]),
            title=None,
            legend=alt.Legend(orient="bottom"),
        ),
        shape=alt.Shape(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=["circle", "square"][: len(kinds)]),
            title=None,
        ),
    )
    step = {"step": max(20, height_of(order))}
    return finished([bars, points], {"rows": rows}, width=WIDTH - NAMES, height=step)
