"""Comparing two sets of profiles: per stage, how many times as long the second takes. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from advisor.errors import DataError, InputError
from advisor.profiler.measure import median
from advisor.profiler.record import Point, Profile, Timing
from advisor.profiles import all_profiles, profile_folders, read_profile


@dataclass(frozen=True)
class Row:
    """A stage measured in both sets. ratio: second over first; apart: intervals do not meet."""

    model: str
    point: str
    stage: str
    first_s: float
    second_s: float
    ratio: float
    apart: bool
    valid: bool  # on both sides


def load(name: str) -> list[Profile]:
    """Profiles from a folder, a file, a device id, or device/model among the known folders."""
    path = Path(name)
    if path.is_file():
        return [read_profile(path)]
    if path.is_dir():
        folders = [path] if any(path.glob("*/*.json")) else [path.parent]
        found = [p for _, p in all_profiles(folders) if not isinstance(p, DataError)]
        return [p for p in found if folders == [path] or p.device == path.name]
    device, _, model = name.partition("/")
    every = [p for _, p in all_profiles(profile_folders()) if not isinstance(p, DataError)]
    found = [p for p in every if p.device == device and model in ("", p.model)]
    if not found:
        known = ", ".join(sorted({p.device for p in every})) or "none"
        raise InputError(
            f"no profiles under '{name[:80]}': give a folder, a file or a device ({known})"
        )
    return found


def compare(first: list[Profile], second: list[Profile]) -> list[Row]:
    """Every stage that both sets measured at the same workload of the same model."""
    ours, theirs = _timings(first), _timings(second)
    rows = []
    for key in sorted(set(ours) & set(theirs)):
        (a, a_valid), (b, b_valid) = ours[key], theirs[key]
        rows.append(
            Row(
                *key,
                first_s=a.median_s,
                second_s=b.median_s,
                ratio=b.median_s / a.median_s,
                apart=a.median_high_s < b.median_low_s or b.median_high_s < a.median_low_s,
                valid=a_valid and b_valid,
            )
        )
    return rows


def _timings(profiles: list[Profile]) -> dict[tuple[str, str, str], tuple[Timing, bool]]:
    found: dict[tuple[str, str, str], tuple[Timing, bool]] = {}
    for profile in profiles:
        for point in profile.points:
            for name, timing, valid in _of(point):
                found[profile.model, point.key, name] = (timing, valid)
    return found


def _of(point: Point) -> list[tuple[str, Timing, bool]]:
    rows = [(s.name, s.timing, s.validity.valid) for s in point.stages]
    if point.end_to_end is not None:
        good = point.end_to_end_validity is None or point.end_to_end_validity.valid
        rows.append(("end to end", point.end_to_end, good))
    return rows


def summary(rows: list[Row]) -> dict[str, Any]:
    """Median and worst of the relative differences, over all stages and over the valid ones."""
    every = [abs(row.ratio - 1) for row in rows]
    valid = [abs(row.ratio - 1) for row in rows if row.valid]
    return {
        "stages": len(rows),
        "valid": len(valid),
        "median_difference": median(every) if every else None,
        "worst_difference": max(every, default=None),
        "median_difference_valid": median(valid) if valid else None,
        "worst_difference_valid": max(valid, default=None),
    }


def as_json(rows: list[Row]) -> dict[str, Any]:
    """Rows and their summary as plain data."""
    return {"rows": [asdict(row) for row in rows], "summary": summary(rows)}
