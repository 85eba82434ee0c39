"""Response of the recommended fleet as the load grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.limits import time_limit
from advisor.report.doc import Chart
from advisor.report.labels import label
from advisor.report.numbers import percent, seconds, significant, time_scale
from advisor.report.picture import BLUE, INK, SKY, WIDTH, finished, unchecked
from advisor.report.view import View
from advisor.report.words import plural

if TYPE_CHECKING:
    from advisor.cost.record import LoadCurve


@unchecked
def load(view: View) -> Chart | None:
    """p95 of the whole response against requests a second; the fleet stays as it is."""
    curve = view.assessment.load_curve
    if curve is None or len(curve.p95_s) < 2:
        return None
    limit = _limit(view)
    factor, unit = time_scale(curve.p95_s[0])
    return Chart(
        name="load",
        title=_finding(curve, limit),
        alt=_words(curve),
        spec=_spec(curve, limit, factor, unit),
        note=f"On {plural(curve.gpus, 'GPU')}, the fleet at the expected time of one request. The "
        "band is the 90 % interval of that time; it ends where requests would come faster than "
        "they are served. Should the slow end come true the fleet has to grow: the upper ends of "
        "costs hold that larger fleet, and the p95 stated elsewhere is its.",
    )


def _limit(view: View) -> float | None:
    """The stated limit, where it is about the same time: the whole output at p95."""
    use_case = view.assessment.use_case
    limit = time_limit(use_case)
    whole = limit is not None and limit[0] in ("total", "per-item")
    return view.limit_s if whole and use_case.latency.percentile == 95 else None


def _finding(curve: LoadCurve, limit: float | None) -> str:
    """How much load the fleet carries, as expected and at the slow end of the interval."""
    plan = f"the busiest hour brings {significant(curve.planned_requests_per_s)}"
    bound = limit if limit is not None and limit >= curve.p95_s[0] else 2 * curve.p95_s[0]
    what = f"p95 should hold {seconds(limit)}" if bound == limit else "p95 should stay under double"
    held = _up_to(curve, list(curve.p95_s), bound)
    slow = _up_to(curve, curve.p95_s_high, bound)
    at_worst = f", at the slow end of the interval up to {slow}" if slow else ""
    return f"{what} up to {held} requests a second{at_worst}; {plan}"


def _up_to(curve: LoadCurve, times: list[float | None], bound: float) -> str:
    """The largest load of the curve that keeps p95 within a bound; empty where none does."""
    kept = [
        rate
        for rate, p95 in zip(curve.requests_per_s, times, strict=True)
        if p95 is not None and p95 <= bound
    ]
    return significant(kept[-1]) if kept else ""


def _words(curve: LoadCurve) -> str:
    points = "; ".join(
        f"{significant(rate)} a second ({percent(busy)} busy): {seconds(float(f'{p95:.2g}'))}"
        for rate, busy, p95 in zip(
            curve.requests_per_s, curve.utilisation, curve.p95_s, strict=True
        )
    )
    return f"p95 of the whole response against requests a second. {points}."


def _spec(curve: LoadCurve, limit: float | None, factor: float, unit: str) -> dict[str, Any]:
    import altair as alt

    rows = [
        {"rate": rate, "value": value * factor, "low": low * factor}
        | ({"high": high * factor} if high is not None else {})
        for rate, value, low, high in zip(
            curve.requests_per_s, curve.p95_s, curve.p95_s_low, curve.p95_s_high, strict=True
        )
    ]
    ends = [row[key] for row in rows for key in ("low", "value", "high") if key in row]
    ends += [limit * factor] if limit is not None else []
    x = alt.X(
        "rate:Q", title=label("axis.requests_second"), axis=alt.Axis(tickCount=6, format="~g")
    )
    scale = alt.Scale(type="log", domain=[min(ends) / 1.3, max(ends) * 1.3], nice=False)
    axis = alt.Axis(tickCount=5, format="~g", labelOverlap="greedy")
    y = alt.Y("value:Q", title=label("axis.p95", unit=unit), scale=scale, axis=axis)
    base = alt.Chart(alt.NamedData("rows"))
    band = base.transform_filter("isValid(datum.high)").mark_area(color=SKY, opacity=0.35)
    layers = [
        band.encode(x=x, y=alt.Y("low:Q", scale=scale, title=None, axis=axis), y2=alt.Y2("high:Q")),
        base.mark_line(color=BLUE, strokeWidth=2, point={"filled": True, "size": 28}).encode(
            x=x, y=y
        ),
    ]
    data: dict[str, list[dict[str, Any]]] = {
        "rows": rows,
        "plan": [{"rate": curve.planned_requests_per_s, "text": "busiest hour"}],
    }
    marks = alt.Chart(alt.NamedData("plan"))
    layers += [
        marks.mark_rule(strokeDash=[2, 3], color=INK).encode(x=alt.X("rate:Q")),
        marks.mark_text(align="left", dx=4, fontSize=11, color=INK, baseline="top").encode(
            x=alt.X("rate:Q"), y=alt.YValue(2), text=alt.Text("text:N")
        ),
    ]
    if limit is not None:
        data["limit"] = [{"value": limit * factor, "text": f"limit {seconds(limit)}"}]
        line = alt.Chart(alt.NamedData("limit"))
        layers += [
            line.mark_rule(strokeDash=[5, 3], strokeWidth=1.4, color=INK).encode(
                y=alt.Y("value:Q")
            ),
            line.mark_text(align="right", dy=-6, fontSize=11, color=INK).encode(
                y=alt.Y("value:Q"), x=alt.XValue(WIDTH - 112), text=alt.Text("text:N")
            ),
        ]
    return finished(layers, data, width=WIDTH - 110, height=150)
