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
    scaled,
    seconds,
    value_text,
)
from advisor.report.view import (
    View,
    device_cell,
    evidence,
    number,
    option_cell,
    with_unit,
)

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult, FamilyResult

POINTS = 4  # bullets per list on the first page


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
    """What the verdict hangs on, and the serving and offline slots."""
    answer = view.assessment
    slots = (answer.serve, answer.offline)
    blocks: list[Block] = [Paragraph(text=slot.sentence) for slot in slots if slot is not None]
    blocks += [Callout(tone="caution", title="Note", text=text) for text in answer.warnings[:2]]
    return blocks


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
        _kpi("Peak memory", memory, f"of {value_text_gib(one)} on {one.device_name}"),
    ]


def value_text_gib(one: CandidateResult) -> str:
    return f"{one.estimate.device_memory_gib:.3g} GiB"


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
    budget = view.assessment.use_case.budget_usd_per_item
    return "" if budget is None else f"budget {exact(budget * 1000)} USD"


def _volume(view: View) -> str:
    use_case = view.assessment.use_case
    cost = view.chosen.cost if view.chosen else None
    if cost is not None and cost.offer.kind == "client-device":
        return "the users' own devices do the work"
    text = f"at {exact(use_case.volume_per_day)} items a day"
    if "volume_per_day" in view.assumed:
        text += " (assumed)"
    budget = use_case.budget_usd_per_month
    return text if budget is None else f"{text}; budget {exact(budget)} USD"


def _counts(view: View) -> list[Kpi]:
    """Where nothing is run there is no time and no cost to state, only what was looked at."""
    answer = view.assessment
    out = [one for one in answer.families if one.status in ("barred", "does-not-make-this")]
    whole = any(one.verdict_cap == "no-go" for one in answer.findings)
    stopped = "a rule stops the use case as a whole" if whole else "by a hard rule each"
    return [
        Kpi(label="Families looked at", value=count(len(answer.families))),
        Kpi(
            label="Families set aside",
            value=count(len(out)),
            note="reasons in section 9",
        ),
        Kpi(label="Options tried", value=count(answer.tried)),
        Kpi(label="Options barred", value=count(answer.barred), note=stopped),
    ]


def _options(view: View) -> list[Block]:
    if view.leading:
        return [options_table(view, view.leading, "Leading options, best of each model first")]
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


def _fared(family: FamilyResult) -> list[Cell]:
    status = words.STATUSES[family.status]
    return [Cell(text=family.name), Cell(text=status), Cell(text=family.sentence)]


def options_table(view: View, options: list[CandidateResult], caption: str) -> Table:
    """Ranked options with their figures; the number is the rank."""
    return Table(
        caption=caption,
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label="Option", width=2.75),
            Column(label="Device", width=1.75),
            Column(label="Response (90 %)", width=1.75),
            Column(label="USD per 1,000", width=1.45, align="right"),
            Column(label="Memory, GiB", width=1.25, align="right"),
            Column(label="Tier", width=0.5, align="right"),
        ],
        rows=[_row(one) for one in options],
        header=1,
        marked=[index for index, one in enumerate(options) if one is view.chosen],
        note=_tally(view),
    )


def _row(one: CandidateResult) -> list[Cell]:
    said = words.against_limit(one.chance_in_limit, one.response_s.basis)
    response = with_unit(one.response_s, said if one.limit_s is not None else "")
    tone = words.limit_tone(one.chance_in_limit)
    return [
        Cell(text=str(one.rank)),
        option_cell(one),
        device_cell(one),
        response.model_copy(update={"tone": tone}),
        number(one.cost.usd_per_1000_outputs if one.cost else None),
        number(one.estimate.peak_memory_gib),
        Cell(text=UNKNOWN if one.tier is None else str(one.tier)),
    ]


def _tally(view: View) -> str:
    answer = view.assessment
    most = sorted(answer.barred_by.items(), key=lambda item: (-item[1], item[0]))[:4]
    why = ", ".join(f"{code} {count(number)}" for code, number in most)
    tried = f"{count(answer.tried)} options tried, {count(answer.barred)} barred"
    return f"{tried} ({why})." if why else f"{tried}."


def nearest_table(view: View, caption: str) -> Table:
    """Barred options with the sentences that bar them."""
    rows = []
    for one in view.barred[:5]:
        said = " ".join(f"{bar.sentence} ({bar.code})" for bar in view.bars_of(one)[:3])
        rows.append([option_cell(one), device_cell(one), Cell(text=said or UNKNOWN)])
    return Table(
        caption=caption,
        columns=[
            Column(label="Option", width=2),
            Column(label="Device", width=1.8),
            Column(label="What bars it", width=3),
        ],
        rows=rows,
        note=_tally(view),
    )


def _why(view: View) -> list[Block]:
    return [Subheading(text="Why"), Bullets(items=_reasons(view)[:POINTS])]


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
    items = [flip.sentence for flip in answer.flip_points[:POINTS]]
    items = items or ["No limit, volume or budget in the range searched changes the answer."]
    blocks: list[Block] = [Subheading(text="What would change it"), Bullets(items=items)]
    if answer.conditions:
        blocks += [Subheading(text="On condition"), Bullets(items=answer.conditions[:POINTS])]
    return blocks


def _confidence(view: View) -> Block:
    confidence = view.assessment.confidence
    one = view.chosen
    basis = ""
    if one is not None:
        word = words.BASES[evidence(one.response_s, one.cost.usd_per_month if one.cost else None)][
            0
        ]
        basis = f" Weakest evidence behind the figures above: {word}."
    return Callout(
        tone="info",
        title=f"Confidence: {words.CONFIDENCE[confidence.level].lower()}",
        text=" ".join(confidence.reasons) + basis,
    )


def decision(view: View) -> str:
    """The answer in one sentence."""
    return view.assessment.headline


__all__ = ["decision", "executive", "nearest_table", "options_table"]
