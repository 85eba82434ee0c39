"""The what-if sliders: a fragment, so that only they run again when one is moved."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import streamlit as st

from advisor.errors import AdvisorError
from advisor.report.doc import Callout
from advisor.report.numbers import exact, figure_text, seconds, significant
from advisor.report.words import VERDICTS
from advisor.web import blocks

if TYPE_CHECKING:
    from advisor import Assessment
    from advisor.decide import Outcome
    from advisor.web.whatif import Desk

_FACTORS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1 / 1.4, 1, 1.4, 2, 4, 8, 16, 32, 64)
_AS_ASKED = "as asked"


@st.fragment
def what_if(answer: Assessment, desk: Desk) -> None:
    """Turn the limit, the volume or the budget; the sentence below follows."""
    with st.container(key="whatif"):
        _what_if(answer, desk)


def _what_if(answer: Assessment, desk: Desk) -> None:
    st.header("What if")
    changes = _sliders(answer, desk)
    begun = time.perf_counter()
    try:
        found = desk.at(changes) if changes else desk.base
    except AdvisorError as error:
        blocks.empty("This cannot be asked", str(error), "caution")
        return
    took_ms = (time.perf_counter() - begun) * 1e3
    blocks.show(_said(found, desk, bool(changes)))
    if changes:
        st.caption(f"Answered with today's data in {took_ms:.0f} ms; nothing is saved.")


def _sliders(answer: Assessment, desk: Desk) -> dict[str, Any]:
    use_case, changes = desk.use_case, dict[str, Any]()
    time_, volume, money = st.columns(3)
    best = desk.base.best
    limit_s = next((c.limit_s for c in answer.candidates if c.limit_s is not None), None)
    about = limit_s or (best.response_s.value if best else None)
    if about:
        with time_:
            factor = _slider("Time limit", about, seconds, "whatif_time")
        if factor is not None:
            latency = use_case.latency.model_dump(mode="json", exclude={"experience"})
            changes["latency"] = {**latency, "limit_ms": about * factor * 1e3}
    with volume:
        factor = _slider(
            "Volume", use_case.volume_per_day, lambda v: f"{significant(v)} a day", "whatif_volume"
        )
    if factor is not None:
        changes["volume_per_day"] = use_case.volume_per_day * factor
    cost = best.cost.usd_per_month.value if best and best.cost else None
    budget = use_case.budget_usd_per_month or cost
    if budget:
        with money:
            text = lambda v: f"{exact(round(v)) if v >= 10 else significant(v)} USD a month"  # noqa: E731
            factor = _slider("Budget", budget, text, "whatif_money")
        if factor is not None:
            changes["budget_usd_per_month"] = budget * factor
    return changes


def _slider(label: str, about: float, text: Any, key: str) -> float | None:
    """A factor on a logarithmic scale around the present value; None = left as asked."""
    options = [
        *(str(f) for f in _FACTORS if f < 1),
        _AS_ASKED,
        *(str(f) for f in _FACTORS if f > 1),
    ]
    chosen = st.select_slider(
        label,
        options,
        value=_AS_ASKED,
        format_func=lambda o: _AS_ASKED if o == _AS_ASKED else text(about * float(o)),
        key=key,
    )
    return None if chosen == _AS_ASKED else float(chosen)


def _said(found: Outcome, desk: Desk, changed: bool) -> Callout:
    verdict, tone = VERDICTS[found.verdict]
    same = found.key == desk.base.key
    lead = "" if not changed else ("The same choice. " if same else "Another choice. ")
    if found.best is None:
        what = found.view.family.name if found.view else "No option is left."
        reasons = " ".join(finding.sentence for finding in found.deciding[:2])
        return Callout(tone=tone, title=f"{lead}{verdict}", text=f"{what} {reasons}".strip())
    best = found.best
    parts = [f"{best.option.model.name} on {best.option.device.name}", figure_text(best.response_s)]
    if best.cost is not None:
        parts.append(figure_text(best.cost.usd_per_month))
    return Callout(tone=tone, title=f"{lead}{verdict}", text=", ".join(parts) + ".")
