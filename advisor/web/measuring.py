"""The profiler's part of a page: choose, start, watch, cancel, and see the result as evidence."""

from __future__ import annotations

import importlib.util
import os

import streamlit as st

from advisor import load_catalog
from advisor.errors import AdvisorError
from advisor.profiler.identity import PointSpec
from advisor.profiler.suites import cost_s, runnable
from advisor.profiler.sweep import local_device
from advisor.report.doc import Callout
from advisor.report.numbers import UNKNOWN
from advisor.web import blocks, jobs, session

ALLOW = "ADVISOR_PROFILE_FROM_WEB"  # a team's server measures only if whoever runs it says so
_NEEDED = ("torch", "diffusers", "transformers")
MOST = 4
LONG_S = 900.0


def show() -> None:
    """The state of the job, or the way to start one."""
    if session.access_rules() is not None and os.environ.get(ALLOW) != "1":
        blocks.empty("Not on this server", f"Whoever runs it can allow it with {ALLOW}=1.")
        return
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        blocks.empty(
            "The profiler is not installed",
            "Measuring needs the extra 'profile': pip install 'advisor[profile]'.",
        )
        return
    job = jobs.latest()
    if job is not None and job.running:
        _running()
        return
    if job is not None:
        _ended(job)
    _choose()


@st.fragment(run_every=2.0)
def _running() -> None:
    """Progress; goes on by itself, and after a reload."""
    job = jobs.latest()
    if job is None or not job.running:
        st.rerun()
        return
    st.progress(job.share, text=f"Measuring {', '.join(job.models)} since {job.begun}")
    if st.button("Cancel", key="cancel_job"):
        jobs.cancel()
        st.rerun()
    st.code("\n".join(job.lines) or "starting", language=None, wrap_lines=True)


def _ended(job: jobs.Job) -> None:
    names = ", ".join(job.models)
    if job.cancelled:
        blocks.show(
            Callout(tone="info", title="Cancelled", text=f"{names}. What was finished is kept.")
        )
    elif job.failed:
        last = next((line for line in reversed(job.lines) if line.strip()), "no word was left")
        blocks.show(
            Callout(tone="stop", title="The measurement failed", text=f"{names}: {last[:300]}")
        )
    elif job.result is not None:
        rows = [
            [
                p["model"],
                p["point"],
                p["outcome"]
                if p["outcome"] != "measured"
                else ("valid" if p["valid"] else "not steady"),
                f"{p['stages_s']:.3g} s" if p["stages_s"] else UNKNOWN,
                p["message"] or " ",
            ]
            for p in job.result.get("points", [])
        ]
        blocks.show(
            Callout(
                tone="good",
                title="Measured",
                text="These figures now stand in place of predictions for this machine.",
            ),
            blocks.table(
                "The last measurement",
                [
                    ("Model", 1),
                    ("Configuration", 2),
                    ("Outcome", 0.8),
                    ("Sum of stages", 0.8),
                    ("Remark", 1),
                ],
                rows,
            ),
        )


def _choose() -> None:
    catalog, device = load_catalog(), local_device()
    seconds = st.radio("Seconds per stage", [2, 5, 15], index=1, horizontal=True, key="job_seconds")
    costs = _costs(device, float(seconds), catalog.version)
    names = sorted(costs, key=lambda name: (costs[name], name))
    chosen = st.multiselect(
        f"Models (the quickest on this {device} first)",
        names,
        max_selections=MOST,
        key="job_models",
        format_func=lambda name: f"{catalog.models[name].name}, about {_time(costs[name])}",
    )
    total = sum(costs[name] for name in chosen)
    if total > LONG_S:
        blocks.note(f"This takes about {_time(total)}. It goes on when this page is closed.")
    if st.button("Measure", type="primary", disabled=not chosen, key="start_job"):
        try:
            jobs.start(chosen, float(seconds))
        except AdvisorError as error:
            session.flash(str(error), "warning")
        st.rerun()


@st.cache_data(show_spinner=False, max_entries=8)
def _costs(device: str, seconds: float, version: str) -> dict[str, float]:
    """Expected seconds of each runnable model at its default workload; rough."""
    catalog = load_catalog()
    dtype = "fp32" if device == "cpu" else None
    return {
        model.id: cost_s(
            PointSpec(
                model=model.id,
                workload=model.workload(dtype=dtype),
                device=device,
                seconds_per_stage=seconds,
            ),
            catalog,
        )
        for model in runnable(catalog)
    }


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
