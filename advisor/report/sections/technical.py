"""Latency by stage, memory and compute of the options shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import charts, words
from advisor.report.doc import (
    Block,
    Cell,
    Column,
    Entry,
    KeyValues,
    Paragraph,
    Subheading,
    Table,
)
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, count, figure_text, percent, seconds, significant
from advisor.report.view import View, number, option_cell, option_name, with_unit

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult
    from advisor.cost.record import ServingCost
    from advisor.estimator.record import StageEstimate


def latency(view: View) -> list[Block]:
    """Where the time goes, alone and under load, against the limit."""
    options = view.leading
    if not options:
        return []
    blocks: list[Block] = [Paragraph(text=_against_limit(view, options[0]))]
    chart = charts.stages(view)
    blocks += [chart] if chart else []
    blocks.append(_alone_and_loaded(options))
    first = view.chosen or options[0]
    blocks.append(_stage_times(first))
    return blocks + _under_load(view, first)


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
            option_cell(one, settings=False),
            Cell(text=one.device_name),
            with_unit(one.estimate.latency_s),
            with_unit(one.cost.p95_s if one.cost else None),
        ]
        for one in options
    ]
    return Table(
        caption=label("caption.alone_and_loaded"),
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.option"), width=1.9),
            Column(label=label("column.device"), width=1.9),
            Column(label=label("column.request_alone"), width=2.1),
            Column(label=label("column.under_load"), width=2.1),
        ],
        rows=rows,
        header=1,
        dense=True,
        note="Under load: 95 of 100 responses are within this time at the peak; work that is done "
        "in a daily batch is done within it.",
    )


def _stage_times(one: CandidateResult) -> Table:
    total = sum(stage.latency_s.value for stage in one.estimate.stages)
    rows = [
        [
            Cell(text=str(number)),
            Cell(text=stage.name, sub=stage.component),
            Cell(text=count(stage.calls)),
            Cell(text=count(stage.batch)),
            with_unit(stage.latency_s),
            Cell(text=_share(stage.latency_s.value, total)),
            Cell(text=words.BOUNDS[stage.bound]),
        ]
        for number, stage in enumerate(one.estimate.stages, start=1)
    ]
    return Table(
        caption=label("caption.stages", option=option_name(one)),
        header=1,
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.stage"), width=1.6),
            Column(label=label("column.calls"), width=0.6, align="right"),
            Column(label=label("column.batch"), width=0.6, align="right"),
            Column(label=label("column.time_all_calls"), width=1.9),
            Column(label=label("column.share"), width=0.7, align="right"),
            Column(label=label("column.time_set"), width=1.3),
        ],
        rows=rows,
        dense=True,
    )


def _share(part: float, total: float) -> str:
    return percent(part / total) if total > 0 else UNKNOWN


def _under_load(view: View, one: CandidateResult) -> list[Block]:
    """The busiest hour: what comes, what carries it, and how the response grows with the load."""
    cost = one.cost
    if cost is None or cost.offer.kind == "client-device":
        return []
    blocks: list[Block] = [Subheading(text=label("heading.busiest_hour"))]
    chart = charts.load(view)
    blocks += [chart] if chart else []
    return [*blocks, KeyValues(items=[*_fleet(cost), *_percentiles(cost), *_start(cost)])]


def _fleet(cost: ServingCost) -> list[Entry]:
    busy, batch = cost.utilisation, words.plural(cost.batch, "request")
    return [
        Entry(
            label=label("entry.load_peak"),
            value=figure_text(cost.peak_requests_per_s),
            basis=cost.peak_requests_per_s.basis,
        ),
        Entry(
            label=label("entry.gpus_needed"),
            value=f"{count(cost.gpus_needed)} in "
            f"{words.plural(cost.instances, 'instance')}, {batch} at a time on each",
        ),
        Entry(
            label=label("entry.planned_utilisation_peak"), value=figure_text(busy), basis=busy.basis
        ),
    ]


def _percentiles(cost: ServingCost) -> list[Entry]:
    found = cost.under_load
    if found is None:
        return []
    names = {
        "p50": found.p50_s,
        "p95": found.p95_s,
        "p99": found.p99_s,
        label("entry.wait_p95"): found.wait_p95_s,
    }
    how = f"{found.method}; {found.accuracy}"
    if found.spare_replicas:
        how += f"; times are those without {words.plural(found.spare_replicas, 'spare GPU')}"
    return [
        *(
            Entry(label=name, value=figure_text(one), basis=one.basis)
            for name, one in names.items()
        ),
        Entry(label=label("entry.how_queue_was"), value=how),
    ]


def _start(cost: ServingCost) -> list[Entry]:
    found = cost.scaling
    if found is None:
        return []
    return [
        Entry(
            label=label("entry.new_instance_serves"),
            value=figure_text(found.start_s),
            basis=found.start_s.basis,
        )
    ]


def memory(view: View) -> list[Block]:
    """Memory by part against capacity, and what each stage computes."""
    options = view.leading
    if not options:
        return []
    chart = charts.memory(view)
    blocks: list[Block] = [chart] if chart else []
    blocks.append(_parts(view.models))
    first = view.chosen or options[0]
    roof = charts.roofline(view)
    blocks += [roof] if roof else []
    blocks.append(_compute(first))
    flop = significant(first.estimate.flops / 1e12, 3)
    blocks.append(
        Paragraph(
            text=f"One request of {first.model_name} computes {flop} TFLOP with "
            f"{_billions(first.estimate.parameters)} parameters; one multiply-add counts as two."
        )
    )
    return blocks


def _billions(parameters: int) -> str:
    """28.8 billion; 34.2 million."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if parameters >= size:
            return f"{significant(parameters / size, 3)} {word}"
    return count(parameters)


def _parts(options: list[CandidateResult]) -> Table:
    return Table(
        caption=label("caption.memory"),
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.option"), width=2.1),
            Column(label=label("column.weights"), align="right", width=0.8),
            Column(label=label("column.activations"), align="right", width=0.95),
            Column(label=label("column.workspace"), align="right", width=0.9),
            Column(label=label("column.context"), align="right", width=0.75),
            Column(label=label("column.peak_90"), align="right", width=1.3),
            Column(label=label("column.device_has"), align="right", width=0.9),
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
        Cell(text=one.model_name),
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
        caption=label("caption.compute", model=one.model_name),
        header=1,
        columns=[
            Column(label="#", width=0.4, align="right"),
            Column(label=label("column.stage"), width=1.5),
            Column(label=label("column.tflop"), align="right"),
            Column(label=label("column.gb_moved"), align="right"),
            Column(label=label("column.operations_launched"), align="right", width=1.3),
            Column(label=label("column.live_peak_gib"), align="right"),
            Column(label=label("column.tflop_s_reached"), align="right", width=1.1),
        ],
        rows=[_compute_row(*pair) for pair in enumerate(one.estimate.stages, start=1)],
        dense=True,
    )


def _compute_row(place: int, stage: StageEstimate) -> list[Cell]:
    return [
        Cell(text=str(place)),
        Cell(text=stage.name),
        Cell(text=significant(stage.flops / 1e12, 3)),
        Cell(text=significant(stage.bytes_moved / 1e9, 3)),
        Cell(text=count(stage.launches)),
        Cell(text=significant(stage.peak_activation_gib)),
        Cell(text=significant(stage.achieved_tflops)),
    ]
