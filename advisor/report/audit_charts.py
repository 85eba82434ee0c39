"""Charts of an audit: predicted against measured, and errors by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.report.doc import Chart
from advisor.report.labels import label
from advisor.report.numbers import percent
from advisor.report.picture import BLUE, SOFT, VERMILLION, WIDTH, finished, name_axis, unchecked

Row = Mapping[str, Any]
COLOURS = {"inside": BLUE, "outside": VERMILLION}


@unchecked
def scatter(name: str, rows: Sequence[Row], what: str) -> Chart:
    """Every row: measured across, predicted up with its interval, on logarithmic scales."""
    import altair as alt

    data = [
        {
            "measured": row["measured"],
            "predicted": row["predicted"],
            "low": row["low"],
            "high": row["high"],
            "interval": "inside" if row["inside"] else "outside",
        }
        for row in rows
    ]
    ends = [one[key] for one in data for key in ("measured", "predicted", "low", "high")]
    domain = [min(ends) * 0.8, max(ends) * 1.25]
    scale = alt.Scale(type="log", domain=domain, nice=False)
    kinds, name_of_kinds = list(COLOURS), label("axis.measurement")
    colour = alt.Color(
        "interval:N",
        title=name_of_kinds,
        scale=alt.Scale(domain=kinds, range=list(COLOURS.values())),
    )
    # The same kinds in the same order, or there are two legends.
    shape = alt.Shape("interval:N", title=name_of_kinds, scale=alt.Scale(domain=kinds))
    x = alt.X("measured:Q", title=label("axis.measured", what=what), scale=scale)
    y = alt.Y("predicted:Q", title=label("axis.predicted", what=what), scale=scale)
    base = alt.Chart(alt.NamedData(name="rows"))
    line = alt.Chart(alt.NamedData(name="line")).mark_line(color=SOFT, strokeDash=[4, 3])
    layers = [
        line.encode(x=x, y=y),
        base.mark_rule(opacity=0.35).encode(
            x=x, y=alt.Y("low:Q", scale=scale), y2=alt.Y2("high:Q"), color=colour
        ),
        base.mark_point(filled=True, size=22).encode(x=x, y=y, color=colour, shape=shape),
    ]
    held = sum(one["interval"] == "inside" for one in data)
    title = f"{held} of {len(data)} measurements lie inside the predicted interval"
    return Chart(
        name=name,
        title=title,
        alt=f"{what}: predicted against measured of {len(data)} rows, logarithmic. {title}.",
        spec=finished(
            layers,
            {"rows": data, "line": [{"measured": e, "predicted": e} for e in domain]},
            width=WIDTH * 0.72,
            height=WIDTH * 0.55,
        ),
        note="The dashed line is a perfect prediction; bars are 90 % intervals.",
    )


@unchecked
def error_chart(name: str, groups: Sequence[Row], what: str) -> Chart:
    """Median error by family beside that of the best of the simpler predictors."""
    import altair as alt

    data = []
    for group in groups:
        family = group["key"].split(", ", 1)[1]
        data.append({"family": family, "by": "this estimator", "error": group["median_abs_error"]})
        if group["baselines"]:
            simple = min(group["baselines"].values())
            data.append({"family": family, "by": "best simple predictor", "error": simple})
    colours = alt.Scale(domain=["this estimator", "best simple predictor"], range=[BLUE, SOFT])
    chart = (
        alt.Chart(alt.NamedData(name="groups"))
        .mark_bar(height=9)
        .encode(
            y=alt.Y("family:N", title=None, axis=name_axis()),
            yOffset=alt.YOffset("by:N"),
            x=alt.X(
                "error:Q", title=label("axis.median_absolute_error"), axis=alt.Axis(format="%")
            ),
            color=alt.Color("by:N", title=label("axis.predictor"), scale=colours),
        )
    )
    worst = max(groups, key=lambda group: float(group["median_abs_error"]))
    family = worst["key"].split(", ", 1)[1]
    title = f"{what} is least sure for {family}: median error {percent(worst['median_abs_error'])}"
    lines = "; ".join(
        f"{g['key'].split(', ', 1)[1]} {percent(g['median_abs_error'])} of {g['n']} rows"
        for g in groups
    )
    return Chart(
        name=name,
        title=title,
        alt=f"Median absolute error by family. {lines}.",
        spec=finished([chart], {"groups": data}, width=WIDTH * 0.6, height={"step": 14}),
    )
