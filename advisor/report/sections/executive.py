"""The executive page: the answer for somebody who reads one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.figure import Figure
from advisor.report import words
from advisor.report.doc import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Columns,
    Kpi,
    Kpis,
    Paragraph,
    Subheading,
    Table,
)
from advisor.report.numbers import (
    UNKNOWN,
    count,
    exact,
    figure_text,
    interval_text,
    percent,
    scaled,
    seconds,
    significant,
    value_text,
)
from advisor.report.sections.tables import nearest_table, options_table
from advisor.report.view import (
    View,
    evidence,
    option_name,
)

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult

POINTS, CONDITIONS = 4, 2  # bullets per list on the first page


def executive(view: View) -> list[Block]:
    """All blocks of the first page."""
    return [
        *_guidance(view),
        Kpis(items=_kpis(view)),
        *_options(view),
        Columns(left=_why(view), right=_changes(view)),
        _confidence(view),
    ]


def _guidance(view: View) -> list[Block]:
    """What to serve with and to prepare with, run or buy, and a price that is too old to quote."""
    answer = view.assessment
    said = [_serve(view)]
    said += [answer.offline.sentence] if answer.offline is not None else []
    said = [text for text in [*said, _route(view)] if text]
    blocks: list[Block] = [Paragraph(text=" ".join(dict.fromkeys(said)))] if said else []
    old = answer.money.price_age.sentence if answer.money is not None else None
    said_of_api = answer.route.api_model if answer.route is not None else None
    other = [one for one in answer.warnings if not said_of_api or said_of_api not in one]
    shown = [old] if old else other[:1]
    title = "Old price" if old else "Note"
    return blocks + [Callout(tone="caution", title=title, text=text) for text in shown]


def _serve(view: View) -> str:
    """What to serve with and how long it takes, with the interval."""
    serve, one = view.assessment.serve, view.chosen
    if serve is None or one is None:
        return serve.sentence if serve is not None else ""
    latency = view.assessment.use_case.latency
    took = f"{words.verb(one.response_s.basis)} {figure_text(one.response_s)}"
    if latency.experience == "overnight":
        return f"Serve with {option_name(one)}: a day's work {took}."
    return f"Serve with {option_name(one)}: it {took} {words.LATENCY_KINDS[latency.kind]}."


def _route(view: View) -> str:
    """Run it or buy it, with both prices."""
    route = view.assessment.route
    if route is None or route.kind in ("do-not-build", "nothing-generative"):
        return ""
    own, api = route.own_usd_per_output, route.api_usd_per_output
    if own is None or api is None or own.high == 0:
        return route.sentence if view.chosen is None else ""
    name, beside = f"{route.provider} {route.api_model}", "quality is not compared"
    if route.kind == "buy-hosted-api":
        return (
            f"Buy rather than run: the hosted API {name} costs {figure_text(api)}, running the "
            f"model {figure_text(own)}; {beside}."
        )
    word = "about as much as"
    if api.low > own.high:
        word = "more than"
    elif api.high < own.low:
        word = "less than"
    return (
        f"The cheapest hosted API listed, {name}, costs {figure_text(api)}: {word} running the "
        f"model, {figure_text(own)}; {beside}."
    )


def _kpis(view: View) -> list[Kpi]:
    one = view.chosen
    if one is None:
        return _counts(view)
    memory = one.estimate.peak_memory_gib
    cost = one.cost
    return [
        _kpi("Response time", one.response_s, _limit_note(view, one)),
        _kpi("Cost per 1,000", cost.usd_per_1000_outputs if cost else None, _budget(view)),
        _kpi("Cost a month", cost.usd_per_month if cost else None, _volume(view)),
        _kpi("Peak memory", memory, _capacity(one)),
    ]


def _capacity(one: CandidateResult) -> str:
    """What the device has, and whether the whole interval is within it."""
    has = one.estimate.device_memory_gib
    sure = "" if one.estimate.peak_memory_gib.high <= has else "likely, not certainly, fits: "
    return f"{sure}{significant(has, 3)} GiB on {one.device_name}"


def _kpi(label: str, figure: Figure | None, note: str) -> Kpi:
    if figure is None:
        return Kpi(label=label, value=UNKNOWN, note="not known: no price is in the record")
    unit = scaled(figure)[1].split(" per ")[0].removesuffix(" a month")
    return Kpi(
        label=label,
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
    if cost is not None and cost.offer.kind == "client-device":
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
        Kpi(label="Families looked at", value=count(len(answer.families))),
        Kpi(label="Families set aside", value=count(len(out)), note="each with its reason below"),
        Kpi(label="Options tried", value=count(answer.tried)),
        Kpi(label="Options barred", value=count(answer.barred), note=stopped),
    ]


def _options(view: View) -> list[Block]:
    if view.leading:
        return [
            options_table(
                view, view.leading, "Leading options, best of each model first", brief=True
            )
        ]
    if not view.barred:
        return _families(view)
    return [nearest_table(view, "The options nearest to feasible, and what bars them")]


def _families(view: View) -> list[Block]:
    """The families that make this output, where no option was looked at."""
    makers = [one for one in view.assessment.families if one.status != "does-not-make-this"][:8]
    if not makers:
        return []
    return [
        Table(
            caption="How the families that make this fared",
            columns=[
                Column(label="Family", width=1.4),
                Column(label="Status", width=0.8),
                Column(label="Why", width=3.6),
            ],
            rows=[
                [
                    Cell(text=one.name),
                    Cell(text=words.STATUSES[one.status]),
                    Cell(text=one.sentence),
                ]
                for one in makers
            ],
            marked=[index for index, one in enumerate(makers) if one.status == "chosen"],
        )
    ]


def _why(view: View) -> list[Block]:
    answer = view.assessment
    blocks: list[Block] = [Subheading(text="Why"), Bullets(items=_reasons(view)[:POINTS])]
    if answer.conditions and answer.verdict != "no-go":
        blocks += [Subheading(text="On condition"), Bullets(items=answer.conditions[:CONDITIONS])]
    return blocks


def _reasons(view: View) -> list[str]:
    """What speaks for the choice (or against any), weightiest first, each with its rule."""
    answer = view.assessment
    if answer.verdict == "no-go":
        return [f"{one.sentence} ({one.code})" for one in answer.findings] or [
            "Every family is set aside by a rule; each is listed below."
        ]
    found = list(view.chosen_family.findings) if view.chosen_family else []
    found += view.chosen.findings if view.chosen else []
    good = sorted((one for one in found if one.severity == "for"), key=lambda f: -f.weight)
    said = [f"{one.sentence} ({one.code})" for one in good]
    return list(dict.fromkeys([*said, *_figures(view)])) or [answer.headline]


def _figures(view: View) -> list[str]:
    one = view.chosen
    if one is None:
        return []
    open_options = view.assessment.tried - view.assessment.barred
    said = [f"It ranks first of the {count(open_options)} options that no rule bars."]
    if one.limit_s is not None:
        verb = words.verb(one.response_s.basis)
        judged = words.against_limit(one.chance_in_limit, one.response_s.basis)
        limit = seconds(one.limit_s)
        said.append(f"It {verb} {figure_text(one.response_s)}; {judged} of {limit}.")
    return said


def _changes(view: View) -> list[Block]:
    answer = view.assessment
    if answer.verdict == "no-go":
        items = answer.conditions[:POINTS]
        nothing = "No single change that was tried makes it feasible."
        return [Subheading(text="What would make it feasible"), Bullets(items=items or [nothing])]
    return [Subheading(text="What would change it"), Bullets(items=_flips(view))]


def _flips(view: View) -> list[str]:
    """Numbers nearest to their threshold, then other choices, the gravest change first."""
    answer = view.assessment
    gravity = list(words.CHANGES)
    numbers = sorted(answer.flip_points, key=lambda flip: flip.factor)
    choices = sorted(answer.choice_flips, key=lambda c: (c.steps, gravity.index(c.changes)))
    kept = numbers[: max(POINTS // 2, POINTS - len(choices))]
    found = [flip.sentence for flip in kept]
    found += [choice.sentence for choice in choices[: POINTS - len(kept)]]
    return found or ["No limit, volume, budget or choice that was tried changes the answer."]


def _confidence(view: View) -> Block:
    """How sure, why, and how often the first option stays first."""
    confidence = view.assessment.confidence
    one = view.chosen
    said = list(confidence.reasons)
    if one is not None:
        basis = evidence(one.response_s, one.cost.usd_per_month if one.cost else None)
        said.append(f"Weakest evidence behind the figures above: {words.BASES[basis][0]}.")
    said += [robustness_sentence(view)] if view.assessment.robustness is not None else []
    title = f"Confidence: {words.CONFIDENCE[confidence.level].lower()}"
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


__all__ = ["executive", "robustness_sentence"]
