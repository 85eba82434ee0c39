"""Profiles and accuracy: measured against predicted, one's own measurements, and measuring here."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from advisor import load_catalog
from advisor.auditor import audit_measurements
from advisor.auditor.rows import COLUMNS
from advisor.errors import AdvisorError, InputError
from advisor.files import plain_cell
from advisor.profiler.record import Profile
from advisor.profiles import all_profiles, read_profile
from advisor.report.doc import Callout, Kpi, Kpis
from advisor.report.numbers import UNKNOWN, percent, significant
from advisor.web import blocks, held_out, measuring, session

MAX_ROWS = 500  # of an uploaded table
_AXES = ("steps", "guidance", "width", "height", "frames", "seconds", "tokens_in", "tokens_out")


def show() -> None:
    """Held-out errors, profiles on disk against predictions, an upload, then the profiler."""
    st.title("Profiles and accuracy")
    blocks.note(
        "A prediction is worth what its errors are. Here every measurement stands beside what "
        "would have been predicted for it without knowing it."
    )
    profiles, broken = _profiles()
    for line in broken:
        blocks.empty("A profile is not used", line, "caution")
    st.header("Against public measurements")
    held_out.show()
    st.header("Measured on known machines")
    if not profiles:
        blocks.empty("No profile", "Measure below, or put profiles into ADVISOR_HOME/profiles.")
    else:
        _profiled(profiles)
    st.header("Your own measurements")
    _upload()
    st.header("Measure on this machine")
    measuring.show()


def _profiles() -> tuple[list[Profile], list[str]]:
    good, broken = [], []
    for _, profile in all_profiles():
        if isinstance(profile, AdvisorError):
            broken.append(str(profile))
        else:
            good.append(profile)
    return good, broken


def _profiled(profiles: list[Profile]) -> None:
    result = _audit(rows_of(profiles))
    points = sum(len(profile.points) for profile in profiles)
    machines = ", ".join(sorted({profile.device for profile in profiles}))
    blocks.note(
        f"{points} points of {len(profiles)} models, on {machines}. {len(result['rows'])} of them "
        "were stable enough to be compared. A machine that is not in the catalog is predicted from "
        "the rates of single operations that were calibrated on it. How far such predictions "
        "spread was set on measured stages of cpu-amd-epyc-2t: its own rows say nothing new of it."
    )
    audited(result)


def rows_of(profiles: list[Profile]) -> str:
    """The valid points of profiles as a measurement CSV: seconds of all stages of a request."""
    out = io.StringIO()
    rows = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    rows.writeheader()
    for profile in profiles:
        for point in profile.points:
            if not (point.valid and point.stages) or point.training or point.flavour != "full":
                continue
            load = point.workload
            axes = {name: getattr(load, name, None) for name in _AXES}
            row = {
                "id": f"{profile.model} on {profile.device}: {point.key}",
                "model": profile.model,
                "device": profile.device,
                "device_count": 1,
                "measured": "latency_s",
                "value": point.summed_s,
                "dtype": load.dtype,
                "batch": load.batch,
                "mode": load.mode,
                "scope": "end_to_end",
                "source": f"profile, {point.measured_on}",
                **{name: value for name, value in axes.items() if value is not None},
            }
            rows.writerow({name: plain_cell(value) for name, value in row.items()})
    return out.getvalue()


@st.cache_data(max_entries=32, ttl=3600, show_spinner="Predicting every row")
def _audit(text: str) -> dict[str, Any]:
    """Keyed by the whole table, so that nobody sees another's."""
    with tempfile.TemporaryDirectory(prefix="advisor-audit-") as folder:
        file = Path(folder) / "measurements.csv"
        file.write_text(text, encoding="utf-8")
        try:
            return audit_measurements(file)
        except InputError as error:
            raise InputError(str(error).replace(str(file), "the table")) from None


def audited(result: dict[str, Any]) -> None:
    """The whole group's error and coverage, then every row; what is skipped says why."""
    rows = result["rows"]
    done = [row for row in rows if row["skipped"] is None]
    whole = next((g for g in result["groups"] if g["by"] == "all"), None)
    if not done or whole is None:
        blocks.empty(
            "Nothing could be predicted",
            "Every row was skipped; the reasons stand below.",
            "caution",
        )
    else:
        blocks.show(
            Kpis(
                items=[
                    Kpi(label="Rows predicted", value=f"{len(done)} of {len(rows)}"),
                    Kpi(label="Median error", value=percent(whole["median_abs_error"])),
                    Kpi(label="90th percentile", value=percent(whole["p90_abs_error"])),
                    Kpi(
                        label="Inside the interval",
                        value=percent(whole["coverage"]),
                        note="90 % is meant",
                    ),
                ]
            )
        )
    st.dataframe(
        pd.DataFrame(
            {
                "Row": [row["id"] for row in rows],
                "Skipped because": [row["skipped"] or "" for row in rows],
                "Measured": [row["measured"] for row in rows],
                "Predicted": [row["predicted"] for row in rows],
                "Low": [row["low"] for row in rows],
                "High": [row["high"] for row in rows],
                "Predicted / measured": [row["ratio"] for row in rows],
                "Inside": [
                    UNKNOWN if r["inside"] is None else ("yes" if r["inside"] else "no")
                    for r in rows
                ],
                "Basis": [row["basis"] or UNKNOWN for row in rows],
            }
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.4g")
            for name in ("Measured", "Predicted", "Low", "High", "Predicted / measured")
        },
    )


def _upload() -> None:
    blocks.note(
        "A measurement CSV (columns as in docs/estimating.md) or a profile that `advisor profile` "
        "wrote. It is compared here and kept nowhere."
    )
    with st.container(horizontal=True):
        st.download_button(
            "Empty CSV with the columns",
            ",".join(COLUMNS) + "\n",
            "measurements.csv",
            "text/csv",
            on_click="ignore",
        )
    given = st.file_uploader("CSV or profile JSON", type=["csv", "json"], key="measurements")
    if given is None:
        return
    try:
        text = given.getvalue().decode("utf-8-sig")
        table = rows_of([uploaded_profile(text)]) if text.lstrip().startswith("{") else text
        if table.count("\n") > MAX_ROWS:
            raise InputError(f"the table has more than {MAX_ROWS} rows: use `advisor audit`")
        result = _audit(table)
    except UnicodeDecodeError:
        st.error("The file is not UTF-8 text: save it as UTF-8.")
    except AdvisorError as error:
        st.error(session.plain(error))
    else:
        blocks.show(
            Callout(tone="info", title="Your file", text=f"{given.name[:80]} against predictions")
        )
        audited(result)


def uploaded_profile(text: str) -> Profile:
    """A profile from an upload, its checksum verified. Raises DataError."""
    with tempfile.TemporaryDirectory(prefix="advisor-profile-") as folder:
        file = Path(folder) / "the profile"
        file.write_text(text, encoding="utf-8")
        try:
            return read_profile(file)
        except AdvisorError as error:
            raise InputError(str(error).replace(str(file), "the profile")) from None


__all__ = ["audited", "load_catalog", "rows_of", "show", "significant", "uploaded_profile"]
