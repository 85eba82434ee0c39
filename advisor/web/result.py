"""The answer: sentence, figures, options, reasons, what would change it, downloads."""

from __future__ import annotations

import re

import pandas as pd
import streamlit as st

from advisor import Assessment, render_html, render_markdown, render_pdf
from advisor.assessment import CandidateResult
from advisor.report.brand import configured_brand
from advisor.report.numbers import figure_cell, figure_text, percent, seconds

_VERDICTS = {
    "go": "Go",
    "go-with-guardrails": "Go, with guardrails",
    "go-with-human-review": "Go, with human review",
    "no-go": "No go as specified",
}


def show_result(answer: Assessment) -> None:
    """The whole result view."""
    if st.button("Change the use case", key="back"):
        _back()
    st.title(answer.use_case.title)
    headline = answer.headline.removeprefix(f"{answer.use_case.title}: ")
    st.markdown(f"### {_VERDICTS[answer.verdict]}: {headline}")
    _cards(answer)
    for condition in answer.conditions:
        st.markdown(f"- {condition}")
    for warning in answer.warnings:
        st.warning(warning)
    _options(answer)
    _slots(answer)
    _flips(answer)
    _tabs(answer)
    _downloads(answer)


def _back() -> None:
    """Back to the form, as it was filled in."""
    from advisor.web.state import fill

    answer_json = st.session_state.pop("asked", None)
    if answer_json:
        from advisor.files import parse_json
        from advisor.usecase import parse_use_case

        fill(parse_use_case(parse_json(answer_json, "the form"), "the form"))
    st.rerun()


def _served(answer: Assessment) -> CandidateResult | None:
    wanted = answer.serve.candidate if answer.serve else None
    return next((c for c in answer.candidates if c.id == wanted), None)


def _cards(answer: Assessment) -> None:
    served = _served(answer)
    columns = st.columns(4)
    columns[0].metric("Confidence", answer.confidence.level.capitalize())
    columns[0].caption(" ".join(answer.confidence.reasons))
    if served is None:
        return
    limit = f"limit {seconds(served.limit_s)}" if served.limit_s else "no limit stated"
    chance = ""
    if served.chance_in_limit is not None:
        chance = f", held with a chance of {percent(served.chance_in_limit)}"
    label = "A day's work" if served.limit_s and served.limit_s >= 3600 else "Response time"
    _card(columns[1], label, figure_text(served.response_s), limit + chance)
    memory = served.estimate.peak_memory_gib
    room = f"of {served.estimate.device_memory_gib:.0f} GiB on {served.device_name}"
    _card(columns[2], "Memory", figure_text(memory), room)
    if served.cost is not None:
        cost = served.cost
        note = f"{cost.instances} x {cost.offer.instance}, price of {cost.offer.as_of_text}"
        _card(columns[3], "Cost", figure_text(cost.usd_per_month), note)


def _card(column: st.delta_generator.DeltaGenerator, label: str, text: str, note: str) -> None:
    """A figure with its interval under it: value first, interval and basis small."""
    value, _, interval = text.partition(" (")
    column.metric(label, value)
    column.caption(f"{'90 %: ' + interval.rstrip(')') + '; ' if interval else ''}{note}")


def _options(answer: Assessment) -> None:
    ranked = [c for c in answer.candidates if c.rank is not None]
    if not ranked:
        return
    st.subheader("Options")
    st.dataframe(
        pd.DataFrame(
            {
                "#": [c.rank for c in ranked],
                "Model": [c.model_name for c in ranked],
                "Device": [c.device_name for c in ranked],
                "Settings": [c.workload.describe() for c in ranked],
                "Response": [figure_text(c.response_s) for c in ranked],
                "Memory": [figure_text(c.estimate.peak_memory_gib) for c in ranked],
                "USD per 1,000": [
                    figure_cell(c.cost.usd_per_1000_outputs) if c.cost else "-" for c in ranked
                ],
                "Evidence": [str(c.estimate.latency_s.basis) for c in ranked],
            }
        ),
        hide_index=True,
    )
    st.caption(f"{len(ranked)} shown of {answer.tried} tried; {answer.barred} were barred.")


def _slots(answer: Assessment) -> None:
    for label, slot in (("To serve", answer.serve), ("Beforehand", answer.offline)):
        if slot is not None:
            st.markdown(f"**{label}.** {slot.sentence}")


def _flips(answer: Assessment) -> None:
    if answer.flip_points:
        st.subheader("What would change the answer")
        for flip in answer.flip_points:
            st.markdown(f"- {flip.sentence}")


def _tabs(answer: Assessment) -> None:
    why, stages, apis, assumed = st.tabs(["Why and why not", "Stages", "Hosted APIs", "Assumed"])
    with why:
        st.dataframe(
            pd.DataFrame(
                {
                    "Family": [f.name for f in answer.families],
                    "Status": [f.status.replace("-", " ") for f in answer.families],
                    "Why": [f.sentence for f in answer.families],
                    "Rules": [", ".join(x.code for x in f.findings) for f in answer.families],
                }
            ),
            hide_index=True,
        )
    with stages:
        _stages(_served(answer))
    with apis:
        _apis(answer)
    with assumed:
        st.caption("Nobody stated these; the default stands in. Stating one may change the answer.")
        st.dataframe(
            pd.DataFrame(
                {
                    "Question": [a.question for a in answer.assumed],
                    "Field": [a.field for a in answer.assumed],
                    "Assumed": [str(a.value) for a in answer.assumed],
                }
            ),
            hide_index=True,
        )


def _stages(served: CandidateResult | None) -> None:
    if served is None:
        st.caption("Nothing runs here, so there are no stages.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                "Stage": [s.name for s in served.estimate.stages],
                "Calls": [s.calls for s in served.estimate.stages],
                "Time": [figure_text(s.latency_s) for s in served.estimate.stages],
                "TFLOP": [s.flops / 1e12 for s in served.estimate.stages],
                "Bound by": [s.bound for s in served.estimate.stages],
            }
        ),
        hide_index=True,
    )


def _apis(answer: Assessment) -> None:
    if not answer.apis:
        st.caption("No hosted API of this modality is priced here, or none may be used.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                "Provider": [a.provider for a in answer.apis],
                "Model": [a.model for a in answer.apis],
                "Size or quality": [a.quality_or_size for a in answer.apis],
                "Per output": [figure_text(a.usd_per_output) for a in answer.apis],
                "Per month": [figure_text(a.usd_per_month) for a in answer.apis],
                "Price of": [a.as_of_text + (" (old)" if a.stale else "") for a in answer.apis],
            }
        ),
        hide_index=True,
    )


def _downloads(answer: Assessment) -> None:
    """Reports are made when asked for, not before."""
    st.subheader("Take it with you")
    name = re.sub(r"[^a-z0-9]+", "-", answer.use_case.title.lower()).strip("-")[:60] or "use-case"
    columns = st.columns(5)
    brand = configured_brand()
    kinds = (
        ("PDF", "pdf", "application/pdf", lambda: render_pdf(answer, brand=brand)),
        ("HTML", "html", "text/html", lambda: render_html(answer, brand=brand)),
        ("Markdown", "md", "text/markdown", lambda: render_markdown(answer, brand=brand)),
        ("JSON", "json", "application/json", lambda: answer.model_dump_json(indent=1)),
        ("Use case", "yaml", "application/yaml", lambda: _yaml(answer)),
    )
    for column, (label, ending, mime, made) in zip(columns, kinds, strict=True):
        column.download_button(
            label, made, f"{name}.{ending}", mime, key=f"download_{ending}", on_click="ignore"
        )


def _yaml(answer: Assessment) -> str:
    from advisor.usecase import dump_yaml

    return dump_yaml(answer.use_case)
