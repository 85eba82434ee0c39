"""One model as a page in the terminal. Needs no torch: everything comes from stored traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.cli import page
from advisor.cli.facts import adaptations, extra_facts, hosted, sources_of

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Component, Model
    from advisor.plan import Stage
    from advisor.traces import CallTrace
    from advisor.workload import Workload

# A data-centre, a consumer and an edge or workstation card; the first known of each is shown.
DEVICES = (
    ("h100-sxm", "a100-sxm-80"),
    ("rtx-4090", "rtx-3090"),
    ("jetson-agx-orin-64", "jetson-thor-t5000"),
)
DTYPES = ("fp32", "bf16", "fp8", "nf4")  # fp16 weighs what bf16 does, int8 what fp8 does


def show_model(known: Catalog, model: Model) -> None:
    """What the model is, what it is made of, what a request costs, and how we know."""
    page.title(model.name, model.id)
    _what(known, model)
    if not model.runnable:
        page.heading("Not run here")
        page.paragraph(f"{model.not_runnable}", indent=2)
    hosted(known, model)
    if model.components:
        _components(known, model)
    if model.axes:
        _defaults(model)
    if model.runnable:
        _work(known, model)
    _licence(model)
    _quality(model)
    adaptations(known, model)
    extra_facts(model)
    if model.notes:
        page.heading("Notes")
        page.paragraph(model.notes, indent=2)
    page.heading("Sources", "+ confirmed   ? recalled or a judgement, not looked up")
    for text, uses, confirmed in sources_of(known, model):
        page.bullet("+" if confirmed else "?", f"{text}  [{uses}]")


def _what(known: Catalog, model: Model) -> None:
    family = known.families[model.family].name
    parts = [family, *([model.mechanism.replace("-", " ")] if model.mechanism else [])]
    parts.append(f"{', '.join(model.inputs)} → {', '.join(model.outputs)}")
    if model.released:
        parts.append(f"released {model.released.isoformat()}")
    page.paragraph(" · ".join(parts), dim=True)
    page.paragraph(model.summary)
    tier = f"{model.tier.value} of 5. {model.tier.reason}" if model.tier else ""
    licence = model.licence
    terms = {"yes": "commercial use allowed", "no": "no commercial use"}.get(
        licence.commercial, f"commercial use {licence.commercial}"
    )
    print_pairs = [
        ("tasks", ", ".join(model.tasks)),
        ("controls", ", ".join(model.controls)),
        ("tier", tier),
        ("licence", f"{licence.name}: {terms}"),
    ]
    page.heading("In short")
    page.pairs(print_pairs)


def _components(known: Catalog, model: Model) -> None:
    page.heading("Components")
    rows, total = [], 0
    seen: set[str] = set()
    for part in model.components:
        component = known.components[part.component]
        note = "training only" if part.training_only else ""
        if part.component in seen:
            note = "shared, counted once"
        elif not part.training_only:
            total += component.parameters
            seen.add(part.component)
        remark = ", ".join(word for word in (note, published_text(component)) if word)
        rows.append(
            [part.role, part.component, component.parameters, component.class_name, remark or " "]
        )
    rows.append(["serving", " ", total, " ", page.human(total)])
    page.table(["role", "component", ">parameters", "class", "remark"], rows)


def published_text(component: Component) -> str:
    """How the exact count stands to the one that a source prints."""
    published = component.published_parameters
    if published is None:
        return ""
    if published.value == component.parameters:
        return "as published"
    off = abs(component.parameters - published.value)
    text = f"published as {page.human(published.value)}"
    return text if off <= published.half_width else f"{text}, see its page"


def _defaults(model: Model) -> None:
    page.heading("Settings", f"native dtype {model.native_dtype}")
    rows, sources = [], dict[str, list[str]]()
    for name, axis in model.axes.items():
        step = f"in steps of {axis.multiple}" if axis.multiple > 1 else ""
        step += f" from {axis.offset}" if axis.offset else ""
        span = f"{_whole(axis.min)} to {_whole(axis.max)}"
        rows.append([name, _whole(axis.default), span, step or " "])
        sources.setdefault(axis.source, []).append(name)
    page.table(["setting", ">default", "range", ""], rows)
    for source, names in sources.items():
        page.paragraph(f"{', '.join(names)}: {source}", indent=2, dim=True, hang=2)


def _whole(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


def _work(known: Catalog, model: Model) -> None:
    """Stages, memory by dtype and estimates, all at the default workload."""
    from advisor.errors import CannotEstimate
    from advisor.plan import plan
    from advisor.tracestore import trace_store

    workload = model.workload()
    stages = plan(model, workload)
    store = trace_store(known)
    try:
        calls = [(stage, store.stage_trace(stage)) for stage in stages]
    except CannotEstimate as error:
        page.heading("One request", workload.describe())
        page.table(
            ["stage", "component", ">calls", ">batch"],
            [[stage.name, stage.component, stage.calls, stage.batch] for stage in stages],
        )
        page.paragraph(f"No work is shown: {error}.", indent=2)
        return
    _stages(workload, calls)
    _memory(known, model, calls)
    _estimates(known, model, workload)


def _stages(workload: Workload, calls: list[tuple[Stage, CallTrace]]) -> None:
    page.heading("One request", workload.describe())
    total = sum(trace.flops * stage.calls for stage, trace in calls) or 1
    rows: list[list[Any]] = []
    for stage, trace in calls:
        work = trace.flops * stage.calls
        share = f"{work / total:.1%}".replace("%", " %")
        texts = [page.flop_text(trace.flops), page.flop_text(work), share]
        rows.append([stage.name, stage.component, stage.calls, stage.batch, *texts])
    rows.append(["in all", " ", " ", " ", " ", page.flop_text(total), " "])
    page.table(["stage", "component", ">calls", ">batch", ">per call", ">in all", ">share"], rows)
    for note in dict.fromkeys(f"{s.name}: {t.note}" for s, t in calls if t.note):
        page.paragraph(f"note: {note}", indent=2, dim=True)


def _memory(known: Catalog, model: Model, calls: list[tuple[Stage, CallTrace]]) -> None:
    """Weights and live tensors by dtype: the same on every device."""
    from advisor.estimator import memory
    from advisor.estimator.rates import load_rates
    from advisor.estimator.setting import Setting

    rates = load_rates(known)
    rows = []
    for dtype in DTYPES:
        setting = Setting(dtype=dtype)
        weights = memory.weight_bytes(model, known, setting) / memory.GIB
        need = memory.live_peak(calls, setting, rates).need(rates) / memory.GIB
        name = {"bf16": "bf16, fp16", "fp8": "fp8, int8"}.get(dtype, dtype)
        rows.append([name, page.gib(weights), page.gib(need), page.gib(weights + need)])
    page.heading(
        "Memory by dtype",
        "predicted at the default settings, everything resident, without the driver's context",
    )
    page.table(["dtype", ">weights", ">activations", ">peak"], rows)


def _estimates(known: Catalog, model: Model, workload: Workload) -> None:
    from advisor.errors import CannotEstimate
    from advisor.estimator import estimate
    from advisor.report.numbers import interval_text, scaled, value_text

    page.heading(
        "On three devices",
        f"a data-centre, a consumer and an edge card; {workload.describe()}; intervals of 90 %",
    )
    rows = []
    for names in DEVICES:
        name = next((name for name in names if name in known.devices), None)
        if name is None:
            continue
        try:
            result = estimate(model, name, workload, catalog=known)
        except CannotEstimate as error:
            page.paragraph(f"{name}: {error}", indent=2, hang=2)
            continue
        row = [name]
        for figure in (result.latency_s, result.peak_memory_gib):
            row += [f"{value_text(figure)} {scaled(figure)[1]}", interval_text(figure)]
        fits = "fits" if result.fits else "does not fit"
        row += [f"{fits} in {result.device_memory_gib:.0f} GiB", str(result.latency_s.basis)]
        rows.append(row)
    if rows:
        page.table(["device", ">latency", "", ">memory", "", "", "basis"], rows)


def _licence(model: Model) -> None:
    licence = model.licence
    page.heading("Licence")
    told = licence.confirmed or "recalled" in licence.source
    mark = "" if told else "recalled, not looked up"
    page.pairs(
        [
            ("name", licence.name),
            ("commercial use", licence.commercial),
            ("conditions", licence.conditions),
            ("source", licence.source),
            ("", mark),
        ]
    )


def _quality(model: Model) -> None:
    page.heading("Quality figures", "figures of different data sets are never compared")
    if not model.quality:
        page.paragraph(f"None: {model.no_quality or 'no figure with a source is known'}.", indent=2)
        return
    rows = [
        [
            " " if figure.metric == "note" else figure.metric,
            " ".join([*([f"{figure.value:g}"] if figure.value is not None else []), figure.text]),
            figure.dataset,
            figure.source
            + ("" if figure.confirmed or "recalled" in figure.source else " (recalled)"),
        ]
        for figure in model.quality
    ]
    page.table(["metric", "value", "data set", "source"], rows)
