"""Time of each stage, stacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report.charts.rows import option_label, stacked
from advisor.report.doc import Chart, listing
from advisor.report.numbers import figure_text, percent, time_scale
from advisor.report.picture import unchecked
from advisor.report.view import View, option_name

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult

MAX_STAGES = 7  # distinct colours that can be told apart; the rest become "other"
VISIBLE = 0.01  # of an option's time: below, a stage's part of the bar cannot be seen


@unchecked
def stages(view: View) -> Chart | None:
    """Time of each stage for the leading options: one request alone."""
    options = [one for one in view.leading if one.estimate.stages]
    if not options:
        return None
    kept = _kept(options)
    factor, unit = time_scale(options[0].estimate.latency_s.value)
    rows = [
        {
            "option": option_label(one),
            "part": listing(stage.name) if stage.name in kept else "other",
            "value": stage.latency_s.value * factor,
        }
        for one in options
        for stage in one.estimate.stages
    ]
    names = [listing(name) for name in kept]
    names += ["other"] if any(row["part"] == "other" for row in rows) else []
    return Chart(
        name="stages",
        title=_finding(options[0]),
        alt=f"Stacked bars of stage times of {len(options)} options, one request alone. "
        + " ".join(_words(one) for one in options),
        spec=stacked(rows, names, f"Time of one request alone, {unit}"),
        note="One request alone, without waiting; central estimates, intervals are in the table.",
    )


def _kept(options: list[CandidateResult]) -> list[str]:
    """Stages to tell apart: the longest ones that can be seen in some option's bar."""
    totals: dict[str, float] = {}
    seen: set[str] = set()
    for one in options:
        whole = sum(stage.latency_s.value for stage in one.estimate.stages)
        for stage in one.estimate.stages:
            totals[stage.name] = totals.get(stage.name, 0.0) + stage.latency_s.value
            if stage.latency_s.value >= VISIBLE * whole:
                seen.add(stage.name)
    return sorted(seen, key=lambda name: (-totals[name], name))[:MAX_STAGES]


def _finding(one: CandidateResult) -> str:
    parts = one.estimate.stages
    longest = max(parts, key=lambda stage: stage.latency_s.value)
    total = sum(stage.latency_s.value for stage in parts)
    share = longest.latency_s.value / total if total > 0 else 0.0
    return (
        f"In option {one.rank}, stage {longest.name} makes up "
        f"{percent(share)} of the time of one request"
    )


def _words(one: CandidateResult) -> str:
    parts = ", ".join(f"{s.name} {figure_text(s.latency_s)}" for s in one.estimate.stages)
    return f"Option {one.rank}, {option_name(one)}: {parts}."
