"""Peak memory by part against what the devices have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report.charts.rows import option_label, stacked
from advisor.report.doc import Chart
from advisor.report.numbers import figure_text, significant
from advisor.report.picture import unchecked
from advisor.report.view import View

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult

DRAWN = 0.1  # below this share of every device, capacities on the same axis would hide the parts
PARTS = ("weights", "activations", "workspace", "context")


@unchecked
def memory(view: View) -> Chart | None:
    """Peak memory of the leading options, with the capacity of each one's device."""
    options = view.models
    if not options:
        return None
    rows = [
        {
            "option": option_label(one),
            "part": part,
            "value": getattr(one.estimate.memory, f"{part}_gib"),
        }
        for one in options
        for part in PARTS
    ]
    capacity = [
        {"option": option_label(one), "capacity": one.estimate.device_memory_gib} for one in options
    ]
    drawn = any(
        one.estimate.peak_memory_gib.value > DRAWN * one.estimate.device_memory_gib
        for one in options
    )
    return Chart(
        name="memory",
        title=_finding(options[0]),
        alt="Stacked bars of peak memory in GiB by part, with the capacity of each device. "
        + " ".join(_words(one) for one in options),
        spec=stacked(rows, list(PARTS), "Peak memory, GiB", capacity if drawn else None),
        note="The upright mark is the memory that the device has."
        if drawn
        else "Every device has more than ten times as much: see the table.",
    )


def _finding(one: CandidateResult) -> str:
    peak, has = one.estimate.peak_memory_gib, one.estimate.device_memory_gib
    if peak.high <= has:
        said = "fits, the whole interval, into"
    elif peak.value <= has:
        said = "likely, not certainly, fits into"
    else:
        said = "does not fit into"
    return (
        f"Option {one.rank} needs {figure_text(peak)}; it {said} the {significant(has, 3)} GiB "
        "of its device"
    )


def _words(one: CandidateResult) -> str:
    parts = one.estimate.memory
    return (
        f"Option {one.rank}: weights {significant(parts.weights_gib)}, activations "
        f"{significant(parts.activations_gib)}, workspace {significant(parts.workspace_gib)}, "
        f"context {significant(parts.context_gib)}, "
        f"of {significant(one.estimate.device_memory_gib, 3)}."
    )
