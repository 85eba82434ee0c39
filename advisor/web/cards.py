"""The figure cards: value, interval, basis as shape and word, and the margin to what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report.doc import Kpi, Kpis
from advisor.report.numbers import (
    UNKNOWN,
    count,
    exact,
    figure_text,
    interval_text,
    scaled,
    seconds,
    significant,
    value_text,
)
from advisor.report.words import against_limit

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.figure import Figure
    from advisor.report.view import View


def cards(view: View, wider: dict[str, Figure]) -> Kpis:
    """`wider`: figures whose interval also covers what nobody stated (advisor.web.widened)."""
    one = view.chosen
    if one is None:
        return _counts(view)
    cost = one.cost
    month = wider.get("usd_per_month", cost.usd_per_month if cost else None)
    thousand = wider.get("usd_per_1000_outputs", cost.usd_per_1000_outputs if cost else None)
    energy = wider.get("energy_kwh_per_month", cost.energy_kwh_per_month if cost else None)
    response = wider.get("response_s", one.response_s)
    memory = wider.get("peak_memory_gib", one.estimate.peak_memory_gib)
    return Kpis(
        items=[
            _card("Response time", response, _margin_time(one)),
            _card("Cost a month", month, _margin_money(view, month)),
            _card("Cost per 1,000", thousand, _budget_item(view)),
            _card("Peak memory", memory, _margin_memory(one)),
            _card("Energy a month", energy, "of the device alone" if energy else ""),
        ]
    )


def _card(label: str, figure: Figure | None, note: str) -> Kpi:
    if figure is None:
        return Kpi(label=label, value=UNKNOWN, note=note or "not known")
    unit = scaled(figure)[1].split(" per ")[0].removesuffix(" a month")
    interval = interval_text(figure)
    return Kpi(
        label=label,
        value=f"{value_text(figure)} {unit}",
        interval=f"90 %: {interval}" if interval else "",
        note=note,
        basis=figure.basis,
    )


def _margin_time(one: CandidateResult) -> str:
    if one.limit_s is None:
        return "no limit stated"
    said = against_limit(one.chance_in_limit, one.response_s.basis)
    share = one.limit_s / one.response_s.value if one.response_s.value > 0 else 0.0
    times = f"; the limit is {significant(share)} times as long" if share >= 1 else ""
    return f"{said} of {seconds(one.limit_s)}{times}"


def _margin_memory(one: CandidateResult) -> str:
    has, need = one.estimate.device_memory_gib, one.estimate.peak_memory_gib.value
    return f"of {has:.3g} GiB on {one.device_name}; {max(0.0, has - need):.2g} GiB to spare"


def _margin_money(view: View, figure: Figure | None) -> str:
    use_case = view.assessment.use_case
    volume = f"at {exact(use_case.volume_per_day)} items a day"
    if "volume_per_day" in view.assumed:
        volume += " (assumed)"
    budget = use_case.budget_usd_per_month
    if budget is None or figure is None:
        return volume
    spare = budget - figure.value
    word = (
        f"{exact(round(spare))} USD to spare" if spare >= 0 else f"{exact(round(-spare))} USD over"
    )
    return f"{volume}; budget {exact(budget)} USD: {word}"


def _budget_item(view: View) -> str:
    budget = view.assessment.use_case.budget_usd_per_item
    return "" if budget is None else f"budget {exact(budget * 1000)} USD per 1,000"


def _counts(view: View) -> Kpis:
    """Where nothing is run there is no time and no cost to state, only what was looked at."""
    answer = view.assessment
    out = [one for one in answer.families if one.status in ("barred", "does-not-make-this")]
    apis = [api.usd_per_month for api in answer.apis]
    cheapest = min(apis, key=lambda figure: figure.value, default=None)
    return Kpis(
        items=[
            Kpi(label="Families looked at", value=count(len(answer.families))),
            Kpi(label="Families set aside", value=count(len(out)), note="see Why not the others"),
            Kpi(label="Options tried", value=count(answer.tried)),
            Kpi(label="Options barred", value=count(answer.barred)),
            *(
                [
                    Kpi(
                        label="Cheapest hosted API",
                        value=figure_text(cheapest),
                        basis=cheapest.basis,
                    )
                ]
                if cheapest is not None
                else []
            ),
        ]
    )
