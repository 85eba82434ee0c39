"""Charts as altair specifications.

Rules: the title states the finding and stands outside the picture; points are numbered as in the
tables; colour says whether the limit is kept, shape says the evidence, a bar is the 90 % interval;
Okabe-Ito colours of different lightness, so that grey print works; every chart has its words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.report import words
from advisor.report.doc import Chart, listing
from advisor.report.numbers import exact, figure_text, percent, seconds, significant, time_scale
from advisor.report.picture import (
    BLUE,
    GRID,
    INK,
    ORANGE,
    SERIES,
    SOFT,
    VERMILLION,
    WIDTH,
    finished,
    name_axis,
    shorten,
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
MAX_STAGES = 7  # distinct colours that can be told apart; the rest become "other"


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
        note="Numbers are ranks, as in the table. Bars are 90 % intervals. Tier is a judgement.",
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
        title=f"{what} (logarithmic)",
        scale=alt.Scale(type="log", domain=[min(ends) / 1.35, max(ends) * 1.35], nice=False),
        axis=alt.Axis(tickCount=5, format="~g", labelOverlap="greedy"),
    )
    base = alt.Chart(alt.NamedData("rows"))
    bars = base.mark_rule(strokeWidth=1.6, color=SOFT).encode(y=y, x=x, x2="high:Q")
    bars = bars.transform_calculate(value="datum.low")
    points = base.mark_point(filled=True, size=75, opacity=1).encode(
        y=y, x=x, color=_limit_colour(rows), shape=_evidence_shape(rows)
    )
    labels = base.mark_text(align="right", fontSize=11, fontWeight=600, color=INK).encode(
        y=y, x=alt.value(-10), text="rank:N"
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
    return finished(alt.layer(*layers).properties(width=WIDTH - 240, height=19 * bottom), data)


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
            y=y, x=alt.value(-44), text="tier:N"
        ),
    ]


def _limit_line() -> list[Any]:
    import altair as alt

    base = alt.Chart(alt.NamedData("limit"))
    return [
        base.mark_rule(strokeDash=[5, 3], strokeWidth=1.4, color=INK).encode(x="limit:Q"),
        base.mark_text(align="left", dx=4, baseline="bottom", fontSize=11, color=INK).encode(
            x="limit:Q", y=alt.value(-3), text="text:N"
        ),
    ]


def _limit_colour(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    used = [name for name in LIMIT_COLOURS if any(row["limit"] == name for row in rows)]
    scale = alt.Scale(domain=used, range=[LIMIT_COLOURS[name] for name in used])
    return alt.Color("limit:N", scale=scale, title="Limit")


def _evidence_shape(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    used = [b for b in words.BASES if any(row["evidence"] == words.BASES[b][0] for row in rows)]
    scale = alt.Scale(
        domain=[words.BASES[basis][0] for basis in used],
        range=[words.SHAPES[basis] for basis in used],
    )
    return alt.Shape("evidence:N", scale=scale, title="Evidence")


@unchecked
def stages(view: View) -> Chart | None:
    """Time of each stage, stacked, for the leading options: one request alone."""
    options = [one for one in view.leading if one.estimate.stages]
    if not options:
        return None
    totals: dict[str, float] = {}
    for one in options:
        for stage in one.estimate.stages:
            totals[stage.name] = totals.get(stage.name, 0.0) + stage.latency_s.value
    kept = sorted(totals, key=lambda name: (-totals[name], name))[:MAX_STAGES]
    factor, unit = time_scale(options[0].estimate.latency_s.value)
    rows = [
        {
            "option": _row_label(one),
            "part": listing(stage.name) if stage.name in kept else "other",
            "value": stage.latency_s.value * factor,
        }
        for one in options
        for stage in one.estimate.stages
    ]
    names = [listing(name) for name in kept] + (["other"] if len(totals) > len(kept) else [])
    return Chart(
        name="stages",
        title=_stage_finding(options[0]),
        alt=f"Stacked bars of stage times of {len(options)} options, one request alone. "
        + " ".join(_stage_words(one) for one in options),
        spec=_stacked(rows, names, f"Time of one request alone, {unit}"),
        note="One request alone, without waiting; central estimates, intervals are in the table.",
    )


def _row_label(one: CandidateResult) -> str:
    return f"{one.rank}  {shorten(one.model_name, 24)} · {shorten(one.device, 14)}"


def _stage_finding(one: CandidateResult) -> str:
    parts = one.estimate.stages
    longest = max(parts, key=lambda stage: stage.latency_s.value)
    total = sum(stage.latency_s.value for stage in parts)
    share = longest.latency_s.value / total if total > 0 else 0.0
    return (
        f"In option {one.rank}, stage {longest.name} makes up "
        f"{percent(share)} of the time of one request"
    )


def _stage_words(one: CandidateResult) -> str:
    parts = ", ".join(f"{s.name} {figure_text(s.latency_s)}" for s in one.estimate.stages)
    return f"Option {one.rank}, {option_name(one)}: {parts}."


@unchecked
def memory(view: View) -> Chart | None:
    """Peak memory by part against the capacity of each option's device."""
    options = view.leading
    if not options:
        return None
    parts = ("weights", "activations", "workspace", "context")
    rows = [
        {
            "option": _row_label(one),
            "part": part,
            "value": getattr(one.estimate.memory, f"{part}_gib"),
        }
        for one in options
        for part in parts
    ]
    capacity = [
        {"option": _row_label(one), "capacity": one.estimate.device_memory_gib} for one in options
    ]
    first = options[0].estimate
    has = significant(first.device_memory_gib, 3)
    short = figure_text(first.peak_memory_gib)
    said = "fits" if first.fits else "does not fit"
    return Chart(
        name="memory",
        title=f"Option {options[0].rank} needs {short}; it {said} into the {has} GiB of its device",
        alt="Stacked bars of peak memory in GiB by part, with the capacity of each device. "
        + " ".join(_memory_words(one) for one in options),
        spec=_stacked(rows, list(parts), "Peak memory, GiB", capacity),
        note="The upright mark is the memory that the device has.",
    )


def _memory_words(one: CandidateResult) -> str:
    parts = one.estimate.memory
    return (
        f"Option {one.rank}: weights {significant(parts.weights_gib)}, activations "
        f"{significant(parts.activations_gib)}, workspace {significant(parts.workspace_gib)}, "
        f"context {significant(parts.context_gib)}, "
        f"of {significant(one.estimate.device_memory_gib, 3)}."
    )


def _stacked(
    rows: list[dict[str, Any]],
    parts: list[str],
    title: str,
    capacity: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Horizontal stacked bars, parts in the order given; an upright mark per capacity."""
    import altair as alt

    rows = [{**row, "place": parts.index(row["part"])} for row in rows]
    order = list(dict.fromkeys(row["option"] for row in rows))
    y = alt.Y("option:N", sort=order, title=None, axis=name_axis())
    colour = alt.Color(
        "part:N",
        sort=parts,
        scale=alt.Scale(domain=parts, range=list(SERIES[: len(parts)])),
        title=None,
        legend=alt.Legend(orient="bottom", direction="horizontal", columns=4),
    )
    bars = (
        alt.Chart(alt.NamedData("rows"))
        .mark_bar(stroke="white", strokeWidth=1.2, height=16)
        .encode(
            y=y,
            x=alt.X("value:Q", title=title, stack="zero", axis=alt.Axis(tickCount=6)),
            color=colour,
            order=alt.Order("place:Q"),
        )
    )
    layers, data = [bars], {"rows": rows}
    if capacity:
        data["capacity"] = capacity
        marks = alt.Chart(alt.NamedData("capacity"))
        layers.append(marks.mark_tick(color=INK, thickness=3, size=24).encode(y=y, x="capacity:Q"))
    return finished(alt.layer(*layers).properties(width=WIDTH - 250, height=alt.Step(28)), data)


@unchecked
def monthly_cost(view: View) -> Chart | None:
    """Cost a month at the stated volume: options by rank, and hosted APIs."""
    options = [one for one in view.shown if one.cost and one.cost.usd_per_month.low > 0]
    rows = [
        _cost_row(_row_label(one), one.cost.usd_per_month, "option") for one in options if one.cost
    ]
    apis = [api for api in view.assessment.apis if api.usd_per_month.low > 0][:5]
    rows += [
        _cost_row(f"API  {shorten(f'{api.provider} {api.model}', 34)}", api.usd_per_month, "API")
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
        "option: compare on your own cases. Other volumes are not drawn: whole instances make "
        "cost rise in steps.",
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
    api = min((a.usd_per_month for a in view.assessment.apis), key=lambda f: f.value, default=None)
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
    y = alt.Y("option:N", sort=order, title=None, axis=name_axis())
    x = alt.X(
        "value:Q",
        title="USD a month (logarithmic)",
        scale=alt.Scale(type="log", domain=[min(ends) / 1.3, max(ends) * 1.3], nice=False),
        axis=alt.Axis(tickCount=4, format=",~g", labelOverlap="greedy"),
    )
    kinds = [k for k in ("run it yourself", "hosted API") if any(r["kind"] == k for r in rows)]
    base = alt.Chart(alt.NamedData("rows"))
    bars = base.mark_rule(strokeWidth=1.6, color=SOFT).encode(y=y, x=x, x2="high:Q")
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
    return finished(
        alt.layer(bars, points).properties(width=WIDTH - 250, height=alt.Step(20)), {"rows": rows}
    )
