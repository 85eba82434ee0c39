"""Running a calibration in a child process and keeping it. Needs no torch."""

from __future__ import annotations

import json
from pathlib import Path

from advisor.errors import DataError
from advisor.profiler.child import Limits, run_child, worker_command
from advisor.profiler.record import Calibration
from advisor.profiler.sweep import Report, progress, to_stderr
from advisor.profiles import write_calibration


def run_calibration(
    device: str,
    folder: Path,
    seconds: float,
    catalog_dir: str | None = None,
    report: Report = to_stderr,
) -> tuple[Calibration, Path]:
    """(the calibration, its file). Raises DataError with the child's last words if it failed."""
    job = json.dumps({"device": device, "catalog_dir": catalog_dir})
    child = run_child([*worker_command(), "calibrate"], job, Limits(seconds), progress(report))
    if child.outcome != "measured":
        raise DataError(f"the calibration of {device} {child.outcome}: {child.text}")
    calibration = Calibration.model_validate_json(child.text)
    return calibration, write_calibration(folder, calibration)
