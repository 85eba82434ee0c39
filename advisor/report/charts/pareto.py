"""Response time, or cost, of the options against their quality tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.report import words
from advisor.report.doc import Chart, listing
from advisor.report.labels import label
from advisor.report.numbers import figure_text, seconds, time_scale
from advisor.report.picture import (
    BLUE,
    GRID,
    INK,
    ORANGE,
    SOFT,
    VERMILLION,
    WIDTH,
    finished,
    unchecked,
)
from advisor.report.view import View, option_name

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult

LIMIT_COLOURS = {
    "keeps the limit": BLUE,
    "not certain": ORANGE,
    "misses the limit": VERMILLION,
    "no limit stated": SOFT,
}
NOT_RATED = "not rated"


@unchecked
def pareto(view: View) -> Chart | None:
    """Response time (or cost, where no time counts) against quality tier."""
    options = view.shown
    timed = any(one.limit_s is not None for one in options)
    factor, unit = time_scale(options[0].response_s.value) if timed else (1.0, "")
    rows = [row for one in options if (row := _point(one, timed, factor)) is not None]
    if len(rows) < 2:
        return None
    what = f"Response time, {unit}" if timed else "USD per 1,000 outputs"
    finding = _pareto_finding(view, timed)
    limit = next((one.limit_s for one in options if one.limit_s is not None), None)
    return Chart(
        name="pareto",
        title=finding,
        alt=_pareto_alt(rows, what, limit if timed else None),
        spec=_pareto_spec(rows, what, limit if timed else None, factor),
        note="Numbers are ranks, as in the table. Bars are 90 % intervals. Tier is a judgement. "
        + _front(rows),
    )


def _point(one: CandidateResult, timed: bool, factor: float) -> dict[str, Any] | None:
    figure = one.response_s if timed else (one.cost.usd_per_1000_outputs if one.cost else None)
    if figure is None or figure.low <= 0:
        return None
    return {
        "rank": one.rank,
        "tier": str(one.tier) if one.tier is not None else NOT_RATED,
        "value": figure.value * factor,
        "low": figure.low * factor,
        "high": figure.high * factor,
        "evidence": words.BASES[figure.basis][0],
        "limit": _limit_word(one),
        "name": listing(option_name(one)),
        "text": figure_text(figure),
    }


def _limit_word(one: CandidateResult) -> str:
    tone = words.limit_tone(one.chance_in_limit)
    return {"good": "keeps the limit", "caution": "not certain", "stop": "misses the limit"}.get(
        tone, "no limit stated"
    )


def _pareto_finding(view: View, timed: bool) -> str:
    first = view.shown[0]
    tier = "without a tier" if first.tier is None else f"tier {first.tier}"
    if not timed:
        usd = first.cost.usd_per_1000_outputs if first.cost else None
        return f"Option {first.rank} ({tier}) costs {figure_text(usd)}"
    kept = sum(_limit_word(one) == "keeps the limit" for one in view.shown)
    verb = words.verb(first.response_s.basis)
    return (
        f"Option {first.rank} ({tier}) {verb} {figure_text(first.response_s)}; "
        f"{kept} of {len(view.shown)} options shown have their whole interval within the limit"
    )


def _front(rows: list[dict[str, Any]]) -> str:
    """Which options no other beats on both axes at once, by central estimates."""
    rated = [row for row in rows if row["tier"] != NOT_RATED]
    kept = [
        str(one["rank"])
        for one in rated
        if not any(
            other["tier"] >= one["tier"]
            and other["value"] <= one["value"]
            and (other["tier"], -other["value"]) != (one["tier"], -one["value"])
            for other in rated
        )
    ]
    return f"Beaten on both axes by no option shown: {', '.join(kept)}." if kept else ""


def _pareto_alt(rows: list[dict[str, Any]], what: str, limit: float | None) -> str:
    points = "; ".join(f"{r['rank']}: {r['name']}, tier {r['tier']}, {r['text']}" for r in rows)
    end = f" The limit is {seconds(limit)}." if limit is not None else ""
    return f"{what} against quality tier of {len(rows)} options. {points}.{end}"


def _pareto_spec(
    rows: list[dict[str, Any]], what: str, limit_s: float | None, factor: float
) -> dict[str, Any]:
    """One line per option, options of one tier together, best tier on top."""
    import altair as alt

    rows, bands = _placed(rows)
    limit = None if limit_s is None else limit_s * factor
    ends = [row["low"] for row in rows] + [row["high"] for row in rows] + ([limit] if limit else [])
    bottom = bands[-1]["bottom"]
    scale = alt.Scale(domain=[bottom, 0], nice=False, zero=False)
    bare = alt.Axis(labels=False, ticks=False, domain=False, grid=False)
    y = alt.Y("line:Q", axis=bare, scale=scale, title=None)
    x = alt.X(
        "value:Q",
        title=label("axis.logarithmic", what=what),
        scale=alt.Scale(type="log", domain=[min(ends) / 1.35, max(ends) * 1.35], nice=False),
        axis=alt.Axis(tickCount=5, format="~g", labelOverlap="greedy"),
    )
    base = alt.Chart(alt.NamedData("rows"))
    bars = base.mark_rule(strokeWidth=1.6, color=SOFT).encode(y=y, x=x, x2=alt.X2("high:Q"))
    bars = bars.transform_calculate(value="datum.low")
    points = base.mark_point(filled=True, size=75, opacity=1).encode(
        y=y, x=x, color=_limit_colour(rows), shape=_evidence_shape(rows)
    )
    labels = base.mark_text(align="right", fontSize=11, fontWeight=600, color=INK).encode(
        y=y, x=alt.XValue(-10), text=alt.Text("rank:N")
    )
    layers = [
        *_tiers(bands, y, alt.Y("bottom:Q", axis=bare, scale=scale, title=None)),
        bars,
        points,
        labels,
    ]
    if limit is not None:
        layers = [*_limit_line(), *layers]
    data = {"rows": rows, "bands": bands}
    if limit is not None:
        data["limit"] = [{"limit": limit, "text": f"limit {seconds(limit_s)}"}]
    return finished(layers, data, width=WIDTH - 240, height=17 * bottom)


def _placed(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows with the line each stands on, and the bands of the tiers."""
    tiers = sorted({row["tier"] for row in rows}, reverse=True)
    tiers.sort(key=lambda tier: tier == NOT_RATED)
    placed, bands, top = [], [], 0.0
    for tier in tiers:
        members = [row for row in rows if row["tier"] == tier]
        placed += [{**row, "line": top + 0.5 + index} for index, row in enumerate(members)]
        bottom = top + len(members)
        word = tier if tier == NOT_RATED else f"tier {tier}"
        bands.append({"tier": word, "line": (top + bottom) / 2, "bottom": bottom})
        top = bottom
    return placed, bands


def _tiers(bands: list[dict[str, Any]], y: Any, edge: Any) -> list[Any]:
    import altair as alt

    base = alt.Chart(alt.NamedData("bands"))
    return [
        base.mark_rule(color=GRID).encode(y=edge),
        base.mark_text(align="right", fontSize=11, color=INK).encode(
            y=y, x=alt.XValue(-44), text=alt.Text("tier:N")
        ),
    ]


def _limit_line() -> list[Any]:
    import altair as alt

    base = alt.Chart(alt.NamedData("limit"))
    return [
        base.mark_rule(strokeDash=[5, 3], strokeWidth=1.4, color=INK).encode(x=alt.X("limit:Q")),
        base.mark_text(align="left", dx=4, baseline="bottom", fontSize=11, color=INK).encode(
            x=alt.X("limit:Q"), y=alt.YValue(-3), text=alt.Text("text:N")
        ),
    ]


def _limit_colour(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    used = [name for name in LIMIT_COLOURS if any(row["limit"] == name for row in rows)]
    scale = alt.Scale(domain=used, range=[LIMIT_COLOURS[name] for name in used])
    return alt.Color("limit:N", scale=scale, title=label("axis.limit"))


def _evidence_shape(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    used = [b for b in words.BASES if any(row["evidence"] == words.BASES[b][0] for row in rows)]
    scale = alt.Scale(
        domain=[words.BASES[basis][0] for basis in used],
        range=[words.SHAPES[basis] for basis in used],
    )
    return alt.Shape("evidence:N", scale=scale, title=label("axis.evidence"))
