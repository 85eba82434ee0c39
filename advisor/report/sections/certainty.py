"""How sure the answer is: confidence with its reasons, and how often the first stays first."""

from __future__ import annotations

from advisor.report import words
from advisor.report.doc import Block, Callout
from advisor.report.labels import label
from advisor.report.numbers import count, percent
from advisor.report.view import View, evidence


def confidence(view: View) -> Block:
    """How sure, why, and how often the first option stays first."""
    found = view.assessment.confidence
    one = view.chosen
    said = list(found.reasons)
    if one is not None:
        basis = evidence(one.response_s, one.cost.usd_per_month if one.cost else None)
        said.append(f"Weakest evidence behind the figures above: {words.BASES[basis][0]}.")
    said += [robustness_sentence(view)] if view.assessment.robustness is not None else []
    title = label("page.confidence", level=words.CONFIDENCE[found.level].lower())
    return Callout(tone="info", title=title, text=" ".join(said))


def robustness_sentence(view: View) -> str:
    """How often family and model stay first when everything uncertain varies together."""
    found = view.assessment.robustness
    if found is None or view.chosen is None:
        return ""
    share, draws = found.share.value, count(found.draws)
    often = f"each of {draws} draws" if share == 1 else f"{percent(share)} of {draws} draws"
    said = f"With estimates, prices and weights varied together it stays first in {often}"
    others = [one for one in found.overtaken_by if one.share.value >= 0.05]
    if others:
        second = ", ".join(
            f"{view.model_name(one.model) or one.family} in {percent(one.share.value)}"
            for one in others[:2]
        )
        said += f"; otherwise {second}"
    return f"{said}."
