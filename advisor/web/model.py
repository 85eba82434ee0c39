"""One model: what it is, its stages, its estimates on devices, and what was measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from advisor.errors import AdvisorError, CannotEstimate
from advisor.estimator import estimate_many
from advisor.plan import plan
from advisor.profiles import all_profiles
from advisor.report.doc import Bullets, Callout, Cell, Entry, KeyValues, Paragraph
from advisor.report.numbers import UNKNOWN, count, figure_text, percent, significant
from advisor.report.words import COMMERCIAL
from advisor.tracestore import trace_store
from advisor.web import blocks, session

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.figure import Figure

# Shown first where they are in the catalog: data centre, consumer and edge cards of several sizes.
FIRST = (
    "h100-sxm",
    "a100-sxm-80",
    "l40s",
    "l4",
    "t4",
    "rtx-4090",
    "rtx-3090",
    "jetson-agx-orin-64",
)


def parameters(known: Catalog, model: Model) -> int | None:
    """Parameters that serve: unique components, without those only used in training."""
    ids = {part.component for part in model.components if not part.training_only}
    return sum(known.components[name].parameters for name in sorted(ids)) if ids else None


def show(known: Catalog, model: Model) -> None:
    """The model's page."""
    st.header(session.plain(model.name))
    blocks.show(Paragraph(text=model.summary), _facts(known, model))
    if not model.runnable:
        blocks.show(Callout(tone="info", title="Not run here", text=model.not_runnable or ""))
    if model.hosted is not None:
        _hosted(known, model)
    if model.components:
        _components(known, model)
    if model.runnable:
        _stages(known, model)
        _estimates(known, model)
        _measured(model)
    _quality(model)
    _sources(model)


def _facts(known: Catalog, model: Model) -> KeyValues:
    size = parameters(known, model)
    tier = f"{model.tier.value} of 5, a judgement. {model.tier.reason}" if model.tier else ""
    licence = f"{model.licence.name}; commercial use {COMMERCIAL[model.licence.commercial]}"
    if model.licence.conditions:
        licence += f": {model.licence.conditions}"
    facts = {
        "Family": known.families[model.family].name,
        "Takes and makes": f"{', '.join(model.inputs)} to {', '.join(model.outputs)}",
        "Parameters": count(size) if size else "",
        "Controls": ", ".join(model.controls),
        "Licence": licence,
        "Quality tier": tier,
        "Released": model.released.isoformat() if model.released else "",
        "Notes": model.notes,
    }
    return KeyValues(items=[Entry(label=k, value=v) for k, v in facts.items() if v])


def _hosted(known: Catalog, model: Model) -> None:
    rows = sorted(known.prices_of(model), key=lambda row: (row.model, row.unit, row.usd_per_unit))
    if not rows:
        blocks.empty("No price", (model.hosted and model.hosted.no_price) or "No price is known.")
        return
    blocks.show(
        blocks.table(
            "Hosted prices",
            [
                ("Model", 1.4),
                (">USD", 0.7),
                ("Per", 0.8),
                ("Quality or size", 1.2),
                ("As of", 0.8),
                ("Source", 2),
            ],
            [
                [r.model, f"{r.usd_per_unit:g}", r.unit, r.quality_or_size, r.as_of_text, r.source]
                for r in rows
            ],
        )
    )


def _components(known: Catalog, model: Model) -> None:
    blocks.show(
        blocks.table(
            "Components",
            [("Role", 1), ("Component", 1.6), (">Parameters", 1), ("Class", 1.8), ("Remark", 0.9)],
            [
                [
                    part.role,
                    part.component,
                    known.components[part.component].parameters,
                    known.components[part.component].class_name,
                    "training only" if part.training_only else " ",
                ]
                for part in model.components
            ],
        )
    )


def _stages(known: Catalog, model: Model) -> None:
    workload = model.workload()
    try:
        store = trace_store(known)
        calls = [(stage, store.stage_trace(stage)) for stage in plan(model, workload)]
    except CannotEstimate as error:
        blocks.empty("No work is shown", str(error), "caution")
        return
    total = sum(trace.flops * stage.calls for stage, trace in calls) or 1
    blocks.show(
        blocks.table(
            f"Stages of one request: {workload.describe()}",
            [
                ("Stage", 1.2),
                ("Component", 1.5),
                (">Calls", 0.6),
                (">Batch", 0.6),
                (">TFLOP a call", 0.9),
                (">TFLOP in all", 0.9),
                (">Share", 0.7),
            ],
            [
                [
                    s.name,
                    s.component,
                    s.calls,
                    s.batch,
                    significant(t.flops / 1e12, 3),
                    significant(t.flops * s.calls / 1e12, 3),
                    percent(t.flops * s.calls / total),
                ]
                for s, t in calls
            ],
            below="Counted from the traced operations; one multiply-add is two FLOP.",
        )
    )


def _estimates(known: Catalog, model: Model) -> None:
    """Estimates at the default workload on devices of one's choice."""
    first = [name for name in FIRST if name in known.devices]
    chosen = st.multiselect("Devices", list(known.devices), default=first[:6], key="model_devices")
    workload = model.workload()
    devices = [known.devices[name] for name in chosen]
    try:
        made = estimate_many(model, devices, workload, catalog=known) if devices else {}
    except AdvisorError as error:
        blocks.empty("No estimate", str(error), "caution")
        return
    rows = [
        [
            known.devices[name].name,
            _figure(one.latency_s),
            _figure(one.peak_memory_gib),
            _figure(one.energy_j),
            Cell(text="fits" if one.fits else "does not fit", tone="" if one.fits else "stop"),
        ]
        for name, one in made.items()
    ]
    if not rows:
        blocks.empty("No estimate", "Choose a device; not every device runs every kind of number.")
        return
    blocks.show(
        blocks.table(
            f"Estimated: {workload.describe()}",
            [
                ("Device", 1.8),
                ("Latency (90 %)", 1.6),
                ("Peak memory (90 %)", 1.6),
                ("Energy (90 %)", 1.6),
                ("Memory", 0.8),
            ],
            rows,
        )
    )


def _figure(value: Figure | None) -> Cell:
    return blocks.cell(None) if value is None else Cell(text=figure_text(value), basis=value.basis)


def _measured(model: Model) -> None:
    rows = []
    for _, profile in all_profiles():
        if isinstance(profile, AdvisorError) or profile.model != model.id:
            continue
        for point in profile.points:
            whole = point.end_to_end.median_s if point.end_to_end else None
            rows.append(
                [
                    profile.device,
                    point.key,
                    f"{point.summed_s:.3g} s" if point.stages else UNKNOWN,
                    f"{whole:.3g} s" if whole else UNKNOWN,
                    point.outcome
                    if point.outcome != "measured"
                    else ("valid" if point.valid else "not steady"),
                    point.measured_on,
                ]
            )
    if not rows:
        blocks.empty("Not measured yet", "Profiles and accuracy can measure it on this machine.")
        return
    blocks.show(
        blocks.table(
            "Measured",
            [
                ("Device", 1.2),
                ("Configuration", 2),
                ("Sum of stages", 0.9),
                ("Whole", 0.7),
                ("Outcome", 0.8),
                ("On", 0.8),
            ],
            rows,
        )
    )


def _quality(model: Model) -> None:
    if not model.quality:
        blocks.note(
            f"Quality figures: none. {model.no_quality or 'No figure with a source is known.'}"
        )
        return
    blocks.show(
        blocks.table(
            "Quality figures, never compared across data sets",
            [("Metric", 1), ("Value", 1.4), ("Data set", 1.2), ("Source", 2)],
            [
                [
                    q.metric,
                    " ".join(filter(None, [f"{q.value:g}" if q.value is not None else "", q.text])),
                    q.dataset,
                    q.source if q.confirmed else f"{q.source} (recalled)",
                ]
                for q in model.quality
            ],
        )
    )


def _sources(model: Model) -> None:
    with st.expander("Sources"):
        blocks.show(Bullets(items=[*model.sources, f"Licence: {model.licence.source}"]))
