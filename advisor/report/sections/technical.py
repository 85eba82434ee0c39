"""Latency by stage, memory and compute of the options shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import charts, words
from advisor.report.doc import Block, Bullets, Cell, Column, Entry, KeyValues, Paragraph, Table
from advisor.report.numbers import UNKNOWN, count, figure_text, percent, seconds, significant
from advisor.report.view import View, device_cell, number, option_cell, option_name, with_unit

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.estimator.record import StageEstimate

_NOTHING = "No option is run, so there is nothing to time."


def latency(view: View) -> list[Block]:
    """Where the time goes, alone and under load, against the limit."""
    options = view.leading
    if not options:
        return [Paragraph(text=_NOTHING)]
    blocks: list[Block] = [Paragraph(text=_against_limit(view, options[0]))]
    chart = charts.stages(view)
    blocks += [chart] if chart else []
    blocks.append(_alone_and_loaded(options))
    first = view.chosen or options[0]
    blocks.append(_stage_times(first))
    if first.cost is not None and first.cost.offer.kind != "client-device":
        blocks.append(_load(first))
    return blocks


def _against_limit(view: View, one: CandidateResult) -> str:
    limit = words.limit_text(view.assessment.use_case, view.limit_s)
    time = figure_text(one.response_s)
    text = f"Asked for: {limit}. {option_name(one)} {words.verb(one.response_s.basis)} {time}"
    if one.limit_s is None:
        return f"{text}."
    said = words.against_limit(one.chance_in_limit, one.response_s.basis)
    return f"{text}; {said} of {seconds(one.limit_s)}."


def _alone_and_loaded(options: list[CandidateResult]) -> Table:
    rows = [
        [
            Cell(text=str(one.rank)),
            option_cell(one),
            device_cell(one),
            with_unit(one.estimate.latency_s),
            with_unit(one.cost.p95_s if one.cost else None),
        ]
        for one in options
    ]
    return Table(
        caption="One request alone, and under the load of the use case",
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label="Option", width=2.2),
            Column(label="Device", width=2),
            Column(label="One request alone", width=1.7),
            Column(label="Under load", width=1.7),
        ],
        rows=rows,
        header=1,
        note="Under load: 95 of 100 responses are within this time at the peak; work that is done "
        "in a daily batch is done within it.",
    )


def _stage_times(one: CandidateResult) -> Table:
    total = sum(stage.latency_s.value for stage in one.estimate.stages)
    rows = [
        [
            Cell(text=stage.name, sub=stage.component),
            Cell(text=count(stage.calls)),
            Cell(text=count(stage.batch)),
            with_unit(stage.latency_s),
            Cell(text=_share(stage.latency_s.value, total)),
            Cell(text=words.BOUNDS[stage.bound]),
        ]
        for stage in one.estimate.stages
    ]
    return Table(
        caption=f"Stages of {option_name(one)}, one request",
        columns=[
            Column(label="Stage", width=1.6),
            Column(label="Calls", width=0.6, align="right"),
            Column(label="Batch", width=0.6, align="right"),
            Column(label="Time of all calls", width=1.9),
            Column(label="Share", width=0.7, align="right"),
            Column(label="Time is set by", width=1.3),
        ],
        rows=rows,
        dense=True,
    )


def _share(part: float, total: float) -> str:
    return percent(part / total) if total > 0 else UNKNOWN


def _load(one: CandidateResult) -> KeyValues:
    cost = one.cost
    assert cost is not None  # the caller checked
    busy = cost.utilisation
    return KeyValues(
        items=[
            Entry(label="Load at the peak", value=figure_text(cost.peak_requests_per_s),
                  basis=cost.peak_requests_per_s.basis),
            Entry(label="GPUs needed", value=f"{count(cost.gpus_needed)} in "
                  f"{words.plural(cost.instances, 'instance')}"),
            Entry(label="Planned utilisation at the peak", value=figure_text(busy),
                  basis=busy.basis),
            Entry(label="Requests per batch", value=count(cost.batch)),
        ]
    )  # fmt: skip


def memory(view: View) -> list[Block]:
    """Memory by part against capacity, and what each stage computes."""
    options = view.leading
    if not options:
        return [Paragraph(text=_NOTHING)]
    chart = charts.memory(view)
    blocks: list[Block] = [chart] if chart else []
    blocks.append(_parts(options))
    first = view.chosen or options[0]
    blocks.append(_compute(first))
    flop = significant(first.estimate.flops / 1e12, 3)
    blocks.append(
        Paragraph(
            text=f"One request of {first.model_name} computes {flop} TFLOP with "
            f"{count(first.estimate.parameters)} parameters; one multiply-add counts as two."
        )
    )
    if first.estimate.notes:
        blocks.append(Bullets(items=list(first.estimate.notes)))
    return blocks


def _parts(options: list[CandidateResult]) -> Table:
    return Table(
        caption="Peak memory by part, GiB, against what the device has",
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label="Option", width=2.1),
            Column(label="Weights", align="right", width=0.8),
            Column(label="Activations", align="right", width=0.95),
            Column(label="Workspace", align="right", width=0.9),
            Column(label="Context", align="right", width=0.75),
            Column(label="Peak (90 %)", align="right", width=1.3),
            Column(label="Device has", align="right", width=0.9),
        ],
        rows=[_part_row(one) for one in options],
        header=1,
        dense=True,
        note="The parts add up to the peak. Activations are the largest set of tensors alive at "
        "once; context is what the driver and library take.",
    )


def _part_row(one: CandidateResult) -> list[Cell]:
    parts, estimate = one.estimate.memory, one.estimate
    capacity = Cell(text=significant(estimate.device_memory_gib, 3))
    if not estimate.fits:
        capacity = capacity.model_copy(update={"sub": "does not fit", "tone": "stop"})
    return [
        Cell(text=str(one.rank)),
        Cell(text=one.model_name, sub=one.device_name),
        *(
            Cell(text=significant(value))
            for value in (
                parts.weights_gib,
                parts.activations_gib,
                parts.workspace_gib,
                parts.context_gib,
            )
        ),
        number(estimate.peak_memory_gib),
        capacity,
    ]


def _compute(one: CandidateResult) -> Table:
    return Table(
        caption=f"What each stage of {one.model_name} computes, one request",
        columns=[
            Column(label="Stage", width=1.5),
            Column(label="TFLOP", align="right"),
            Column(label="GB moved", align="right"),
            Column(label="Operations launched", align="right", width=1.3),
            Column(label="Live peak, GiB", align="right"),
            Column(label="TFLOP/s reached", align="right", width=1.1),
        ],
        rows=[_compute_row(stage) for stage in one.estimate.stages],
        dense=True,
    )


def _compute_row(stage: StageEstimate) -> list[Cell]:
    return [
        Cell(text=stage.name, sub=stage.note),
        Cell(text=significant(stage.flops / 1e12, 3)),
        Cell(text=significant(stage.bytes_moved / 1e9, 3)),
        Cell(text=count(stage.launches)),
        Cell(text=significant(stage.peak_activation_gib)),
        Cell(text=significant(stage.achieved_tflops)),
    ]
