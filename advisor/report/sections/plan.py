"""What to do next: the steps to a pilot and into service, and how to check the figures oneself."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import Block, Cell, Column, Commands, Paragraph, Table
from advisor.report.labels import label
from advisor.report.numbers import count, figure_text
from advisor.report.view import View, option_name

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult, Pilot


def implementation(view: View) -> list[Block]:
    """Steps in order, each from the record, and the pilot's measures with their pass marks."""
    answer = view.assessment
    if answer.verdict == "no-go":
        return []
    steps = [*_settle(view), *_measure(view), *_prepare(view), *_serve(view), *_watch(view)]
    numbered = [f"{place}. {step}" for place, step in enumerate(steps, start=1)]
    blocks: list[Block] = [Paragraph(text=text) for text in numbered]
    return blocks + ([_pilot(answer.pilot)] if answer.pilot is not None else [])


def _settle(view: View) -> list[str]:
    """Failed gates first: they decide whether the rest is worth doing."""
    gates = view.assessment.gates
    found = []
    for status, lead in (("failed", "Settle first, because they failed"), ("open", "Settle")):
        named = [one.question for one in gates if one.status == status]
        if named:
            found.append(f"{lead}: {' '.join(named)}")
    return found


def _measure(view: View) -> list[str]:
    one, pilot = view.chosen, view.assessment.pilot
    said = []
    if one is not None and words.verb(one.response_s.basis) != "takes":
        said.append(
            f"Measure {option_name(one)}: its times are predicted. The commands stand in the "
            "section on checking it on your own machine."
        )
    if pilot is not None:
        samples = max(one.samples for one in pilot.measures)
        said.append(
            f"Run the pilot below on {count(samples)} outputs; stop if a measure misses its mark."
        )
    return said


def _prepare(view: View) -> list[str]:
    run = view.assessment.adaptation
    if run is None:
        return []
    return [
        f"Adapt the model to own examples: {count(round(run.steps.value))} steps on "
        f"{run.estimate.device}, {figure_text(run.wall_h)}, {figure_text(run.usd)} a run."
    ]


def _serve(view: View) -> list[str]:
    one = view.chosen
    if one is None or one.cost is None:
        return []
    cost, offer = one.cost, one.cost.offer
    if offer.kind == "client-device":
        return [f"Ship it to the users' devices; it was judged on {one.device_name}."]
    text = (
        f"Bring up {words.plural(cost.instances, 'instance')} of {offer.provider} {offer.instance} "
        f"({words.OFFERS[offer.kind]}), {words.plural(cost.gpus_needed, 'GPU')} in all"
    )
    if offer.kind == "spot":
        text += ", with an on-demand fallback: spot instances can be taken away at any time"
    if cost.scaling is not None:
        text += f". A new instance serves after {figure_text(cost.scaling.start_s)}"
    return [f"{text}."]


def _watch(view: View) -> list[str]:
    """What to keep an eye on: the requirement nearest to its flip point, and the price."""
    answer = view.assessment
    said = []
    flips = sorted(answer.flip_points, key=lambda flip: flip.factor)
    if flips:
        said.append(f"Watch the requirement nearest to its threshold. {flips[0].sentence}")
    if answer.money is not None and answer.money.price_age.stale:
        said.append("Ask the vendor for today's price before an order: the one used is too old.")
    return said


def _pilot(pilot: Pilot) -> Table:
    return Table(
        caption=label("caption.pilot"),
        columns=[
            Column(label=label("column.measure"), width=2.0),
            Column(label=label("column.samples"), width=0.6, align="right"),
            Column(label=label("column.passed_when"), width=2.0),
            Column(label=label("column.why_so_many"), width=2.4),
        ],
        rows=[
            [
                Cell(text=one.what[:1].upper() + one.what[1:]),
                Cell(text=count(one.samples)),
                Cell(text=one.pass_mark),
                Cell(text=one.statistics, tone="muted"),
            ]
            for one in pilot.measures
        ],
        dense=True,
        note=pilot.sentence,
    )


def verify(view: View) -> list[Block]:
    """Commands that repeat the figures, and measure them."""
    one = view.chosen or next(iter(view.ranked), None)
    if one is None:
        return []
    settings = workload_options(one)
    # Quantised weights are estimated, not profiled: the profiler takes its own default type.
    quantised = one.workload.dtype in ("fp8", "int8", "nf4")
    dtype = f" --dtype {one.workload.dtype}"
    measurable = settings.replace(dtype, "" if quantised else dtype)
    device = shlex.quote(one.device)
    model = shlex.quote(one.model)
    return [
        Paragraph(text=f"The figures of {option_name(one)} come from this estimate:"),
        Commands(
            label=label("caption.estimate"),
            lines=[f"advisor estimate {model} --device {device} {settings} --json"],
        ),
        Paragraph(
            text="On a machine with that device, measure it and answer again: what was measured "
            "there beats every prediction in this report."
        ),
        Commands(
            label=label("caption.measure"),
            lines=[
                "pip install '.[profile]'",
                "advisor doctor",
                f"advisor profile {model} {measurable} --end-to-end",
                "advisor assess usecase.yaml --pdf report.pdf",
            ],
        ),
        Commands(label=label("caption.rules"), lines=rule_commands(view)),
    ]


def workload_options(one: CandidateResult) -> str:
    """The workload as options of `advisor estimate`."""
    workload = one.workload
    asked = {**workload.axes(), "batch": workload.batch}
    given = [f"--{name.replace('_', '-')} {_option(value)}" for name, value in asked.items()]
    return " ".join([*given, f"--dtype {workload.dtype}", f"--mode {workload.mode}"])


def _option(value: float) -> str:
    """Whole numbers in full, others without idle zeros."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def rule_commands(view: View) -> list[str]:
    codes = [one.code for one in view.assessment.findings]
    codes += [one.code for one in (view.chosen_family.findings if view.chosen_family else [])]
    codes += [one.code for one in (view.chosen.findings if view.chosen else [])]
    found = [f"advisor rules {shlex.quote(code)}" for code in dict.fromkeys(codes)][:3]
    return found or ["advisor rules"]
