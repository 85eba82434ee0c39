"""The figures that head the first page: four with intervals, or counts where nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import Kpi
from advisor.report.labels import label
from advisor.report.numbers import (
    UNKNOWN,
    count,
    exact,
    interval_text,
    percent,
    scaled,
    seconds,
    significant,
    value_text,
)
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.cost.record import ApiCost
    from advisor.figure import Figure


def kpis(view: View) -> list[Kpi]:
    """Time, costs and memory of the recommended option; counts where nothing is run."""
    if view.bought is not None:
        return _bought(view, view.bought)
    one = view.chosen
    if one is None:
        return _counts(view)
    memory = one.estimate.peak_memory_gib
    cost = one.cost
    return [
        figure_card(_time(view), one.response_s, _limit_note(view, one)),
        figure_card("case.per_1000", cost.usd_per_1000_outputs if cost else None, _budget(view)),
        figure_card("case.per_month", cost.usd_per_month if cost else None, _volume(view)),
        figure_card("case.memory", memory, _capacity(one)),
    ]


def _bought(view: View, api: ApiCost) -> list[Kpi]:
    """What is bought, and what running the best option would cost instead."""
    one = view.chosen
    own = one.cost.usd_per_month if one is not None and one.cost is not None else None
    thousand = api.usd_per_output.times(1000, "USD/1000 outputs")
    said = f"on {one.device_name}" if one is not None else ""
    measure = "no price list says: measure it"
    return [
        figure_card("case.per_1000", thousand, _budget(view)),
        figure_card("case.per_month", api.usd_per_month, _volume(view)),
        Kpi(label=label("case.response"), value=UNKNOWN, note=measure),
        figure_card("case.own_month", own, said),
    ]


def _time(view: View) -> str:
    """The key of the time's name: a batch over night has no response."""
    overnight = view.assessment.use_case.latency.experience == "overnight"
    return "case.batch" if overnight else "case.response"


def _capacity(one: CandidateResult) -> str:
    """What the device has, and whether the whole interval is within it."""
    has = one.estimate.device_memory_gib
    sure = "" if one.estimate.peak_memory_gib.high <= has else "likely, not certainly, fits: "
    return f"{sure}{significant(has, 3)} GiB on {one.device_name}"


def figure_card(key: str, figure: Figure | None, note: str) -> Kpi:
    """A figure under the label of `key`: value, interval and evidence; a dash where unknown."""
    if figure is None:
        return Kpi(label=label(key), value=UNKNOWN, note="not known: no price is in the record")
    unit = scaled(figure)[1].split(" per ")[0].removesuffix(" a month")
    return Kpi(
        label=label(key),
        value=f"{value_text(figure)} {unit}",
        interval=interval_text(figure),
        note=note,
        basis=figure.basis,
    )


def _limit_note(view: View, one: CandidateResult) -> str:
    if one.limit_s is None:
        return "no limit stated"
    said = words.against_limit(one.chance_in_limit, one.response_s.basis)
    return f"{said}: {seconds(one.limit_s)}"


def _budget(view: View) -> str:
    budget, money = view.assessment.use_case.budget_usd_per_item, view.assessment.money
    if budget is None:
        return ""
    chance = money.spread.chance_in_item_budget if money is not None else None
    return f"budget {exact(budget * 1000)} USD{_held(chance)}"


def _held(chance: float | None) -> str:
    return "" if chance is None else f", held with {percent(chance)}"


def _volume(view: View) -> str:
    use_case = view.assessment.use_case
    cost = view.chosen.cost if view.chosen else None
    if view.bought is None and cost is not None and cost.offer.kind == "client-device":
        return "the users' own devices do the work"
    text = f"at {exact(use_case.volume_per_day)} items a day"
    if "volume_per_day" in view.assumed:
        text += " (assumed)"
    budget, money = use_case.budget_usd_per_month, view.assessment.money
    chance = money.spread.chance_in_month_budget if money is not None else None
    return text if budget is None else f"{text}; budget {exact(budget)} USD{_held(chance)}"


def _counts(view: View) -> list[Kpi]:
    """Where nothing is run there is no time and no cost to state, only what was looked at."""
    answer = view.assessment
    out = [one for one in answer.families if one.status in ("barred", "does-not-make-this")]
    whole = any(one.verdict_cap == "no-go" for one in answer.findings)
    stopped = "a rule stops the use case as a whole" if whole else "by a hard rule each"
    return [
        Kpi(label=label("entry.families_looked"), value=count(len(answer.families))),
        Kpi(
            label=label("entry.families_set_aside"),
            value=count(len(out)),
            note="each with its reason below",
        ),
        Kpi(label=label("entry.options_tried"), value=count(answer.tried)),
        Kpi(label=label("entry.options_barred"), value=count(answer.barred), note=stopped),
    ]
