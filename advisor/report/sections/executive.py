"""The executive page: the answer for somebody who reads one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Columns,
    Kpis,
    Paragraph,
    Subheading,
    Table,
)
from advisor.report.labels import label
from advisor.report.numbers import (
    count,
    figure_text,
    seconds,
)
from advisor.report.sections.cards import kpis
from advisor.report.sections.certainty import confidence
from advisor.report.sections.tables import nearest_table, options_table
from advisor.report.view import GRAVITY, View, option_name

if TYPE_CHECKING:
    from advisor.assessment import Gate

POINTS, CONDITIONS = 4, 2  # bullets per list on the first page


def executive(view: View) -> list[Block]:
    """All blocks of the first page."""
    return [
        *_guidance(view),
        *_settle(view),
        Kpis(items=kpis(view)),
        *_options(view),
        Columns(left=_why(view), right=_changes(view)),
        confidence(view),
    ]


def _guidance(view: View) -> list[Block]:
    """What to serve with and to prepare with, run or buy, and a price that is too old to quote."""
    answer = view.assessment
    said = [_route(view), _serve(view)] if view.bought is not None else [_serve(view)]
    said += [answer.offline.sentence] if answer.offline is not None else []
    said = [text for text in [*said, _route(view)] if text]
    blocks: list[Block] = [Paragraph(text=" ".join(dict.fromkeys(said)))] if said else []
    old = answer.money.price_age.sentence if answer.money is not None else None
    said_of_api = answer.route.api_model if answer.route is not None else None
    other = [one for one in answer.warnings if not said_of_api or said_of_api not in one]
    if view.bought is not None and answer.route is not None:
        text = " ".join(answer.route.conditions)
        return [*blocks, Callout(tone="caution", title=label("heading.before_buying"), text=text)]
    shown = [old] if old else [] if answer.conditions else other[:1]
    title = label("heading.old_price" if old else "heading.note")
    return blocks + [Callout(tone="caution", title=title, text=text) for text in shown]


def _settle(view: View) -> list[Block]:
    """Gates that failed although it can be built: they come before money is spent."""
    said = [f"{one.question} {_no(one)}" for one in view.failed]
    title = label("heading.settle_first")
    return [Callout(tone="caution", title=title, text=" ".join(said))] if said else []


def _no(gate: Gate) -> str:
    """Why a gate failed, without the questions that it leaves open."""
    why = gate.evidence.partition(". Not answered")[0].rstrip(".")
    return f"No: {why}."


def _serve(view: View) -> str:
    """What to serve with and how long it takes, with the interval."""
    serve, one = view.assessment.serve, view.chosen
    if serve is None or one is None:
        return serve.sentence if serve is not None else ""
    latency = view.assessment.use_case.latency
    took = f"{words.verb(one.response_s.basis)} {figure_text(one.response_s)}"
    lead = "Serve with" if view.bought is None else "To run it oneself, serve with"
    if latency.experience == "overnight":
        return f"{lead} {option_name(one)}: a day's work {took}."
    return f"{lead} {option_name(one)}: it {took} {words.time_kind(view.assessment.use_case)}."


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


def _options(view: View) -> list[Block]:
    if view.leading:
        head = "caption.leading" if view.bought is None else "caption.leading_own"
        return [options_table(view, view.leading, label(head), brief=True)]
    if not view.barred:
        return _families(view)
    return [nearest_table(view, label("caption.nearest"))]


def _families(view: View) -> list[Block]:
    """The families that make this output, where no option was looked at."""
    makers = [one for one in view.assessment.families if one.status != "does-not-make-this"][:8]
    if not makers:
        return []
    return [
        Table(
            caption=label("caption.families"),
            columns=[
                Column(label=label("column.family"), width=1.4),
                Column(label=label("column.status"), width=0.8),
                Column(label=label("column.reason"), width=3.6),
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
    blocks: list[Block] = [
        Subheading(text=label("heading.why")),
        Bullets(items=_reasons(view)[:POINTS]),
    ]
    if answer.conditions and answer.verdict != "no-go":
        blocks += [
            Subheading(text=label("heading.condition")),
            Bullets(items=answer.conditions[:CONDITIONS]),
        ]
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
    figures = [] if view.bought is not None else _figures(view)
    return list(dict.fromkeys([*said, *figures])) or [view.decision]


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
        return [
            Subheading(text=label("heading.would_make_feasible")),
            Bullets(items=items or [nothing]),
        ]
    return [Subheading(text=label("heading.would_change")), Bullets(items=_flips(view))]


def _flips(view: View) -> list[str]:
    """Numbers nearest to their threshold, then other choices, the gravest change first."""
    answer = view.assessment
    numbers = sorted(answer.flip_points, key=lambda flip: flip.factor)
    choices = sorted(answer.choice_flips, key=lambda c: (c.steps, GRAVITY.index(c.changes)))
    kept = numbers[: max(POINTS // 2, POINTS - len(choices))]
    found = [flip.sentence for flip in kept]
    found += [choice.sentence for choice in choices[: POINTS - len(kept)]]
    return found or ["No limit, volume, budget or choice that was tried changes the answer."]
