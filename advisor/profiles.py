"""Profiles: what was measured on a device, one JSON file per device and model.

    profiles/<device>/<model>.json         points measured by `advisor profile`
    profiles/<device>/_calibration.json    rates measured by `advisor calibrate`

A file holds points; a point is one configuration (workload, mode, dtype) with its stages, raw
values and verdict. Files are written whole or not at all, one writer at a time, with a checksum.
Needs no torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from advisor.errors import DataError, InputError, printable
from advisor.files import write_atomic
from advisor.paths import data_dir, home_dir
from advisor.profiler.identity import made_from
from advisor.profiler.record import (
    PROFILE_SCHEMA,
    Calibration,
    Environment,
    Frontier,
    Point,
    Profile,
    Record,
)
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.catalog import Catalog

R = TypeVar("R", Profile, Calibration)
BROKEN = ".broken"


def lookup(
    device: str,
    model: str,
    workload: Workload,
    *,
    catalog: Catalog | None = None,
    folders: Iterable[Path] | None = None,
) -> Point | None:
    """The valid point measured for exactly this workload on this device, or None.

    A point with an end-to-end time is preferred. With `catalog`, a point measured from another
    version of the catalog entry does not count. A broken file counts as none (`all_profiles` and
    `advisor profiles check` name it).
    """
    wanted = made_from(catalog.models[model], catalog) if catalog is not None else None
    found = [
        point
        for folder in (profile_folders() if folders is None else folders)
        for point in _points(profile_path(folder, device, model))
        if point.workload == workload
        and point.valid
        and point.stages
        and point.flavour == "full"
        and not point.training
        and wanted in (None, point.made_from)
    ]
    return max(found, key=lambda p: (p.end_to_end is not None, p.measured_on), default=None)


def _points(file: Path) -> list[Point]:
    try:
        return list(read_profile(file).points) if file.is_file() else []
    except DataError:
        return []


def profile_path(folder: Path, device: str, model: str) -> Path:
    """Where a profile lies. Raises InputError for a name that would leave the folder."""
    for name in (device, model):
        outside = Path(name).name != name or "\\" in name or not name.isprintable()
        if not name or name.startswith((".", "_")) or outside:
            raise InputError(
                f"'{printable(name)}' cannot be the name of a profile: use letters and digits"
            )
    return folder / device / f"{model}.json"


def calibration_path(folder: Path, device: str) -> Path:
    """Where a device's calibration lies."""
    return profile_path(folder, device, "x").with_name("_calibration.json")


def read_profile(file: Path) -> Profile:
    """A profile file. Raises DataError naming the file if it is broken or its checksum differs."""
    return _checked(file, Profile)


def read_calibration(file: Path) -> Calibration:
    """A calibration file. Raises DataError naming the file if it is broken."""
    return _checked(file, Calibration)


def write_profile(folder: Path, profile: Profile) -> Path:
    """Write a profile atomically, with its checksum; returns its path."""
    file = profile_path(folder, profile.device, profile.model)
    _write(file, profile)
    return file


def write_calibration(folder: Path, calibration: Calibration) -> Path:
    """Write a calibration atomically, with its checksum; returns its path."""
    file = calibration_path(folder, calibration.device)
    with alone(file.parent):
        _write(file, calibration)
    return file


def keep_point(
    folder: Path,
    device: str,
    model: str,
    point: Point,
    environment: Environment,
    warn: Callable[[str], None] = lambda _: None,
) -> Path:
    """Put a point into its profile in place of one of the same key; other points stay."""
    name = environment_key(environment)
    point = point.model_copy(update={"environment": name})

    def change(profile: Profile) -> Profile:
        points = [p for p in profile.points if p.key != point.key]
        points = sorted([*points, point], key=lambda p: (p.workload.batch, p.key))
        known = {**profile.environments, name: environment}
        used = {p.environment for p in points}
        return profile.model_copy(
            update={
                "points": points,
                "environments": {key: known[key] for key in sorted(used & set(known))},
            }
        )

    return _update(folder, device, model, change, warn)


def keep_frontier(
    folder: Path,
    device: str,
    model: str,
    frontier: Frontier,
    warn: Callable[[str], None] = lambda _: None,
) -> Path:
    """Put a frontier into its profile in place of the one of the same axis, workload and limit."""

    def change(profile: Profile) -> Profile:
        others = [f for f in profile.frontiers if not same_search(f, frontier)]
        order = sorted([*others, frontier], key=lambda f: (f.axis, f.workload.describe()))
        return profile.model_copy(update={"frontiers": order})

    return _update(folder, device, model, change, warn)


def same_search(one: Frontier, other: Frontier) -> bool:
    """Whether two frontiers answer the same question."""
    return (one.axis, one.workload, one.memory_gib) == (
        other.axis,
        other.workload,
        other.memory_gib,
    )


def _update(
    folder: Path,
    device: str,
    model: str,
    change: Callable[[Profile], Profile],
    warn: Callable[[str], None],
) -> Path:
    with alone(folder / device):
        profile = existing(folder, device, model, warn) or Profile(device=device, model=model)
        return write_profile(folder, change(profile))


def existing(
    folder: Path, device: str, model: str, warn: Callable[[str], None] = lambda _: None
) -> Profile | None:
    """The profile on disk; a broken one is set aside, named, and counts as none."""
    file = profile_path(folder, device, model)
    if not file.is_file():
        return None
    try:
        return read_profile(file)
    except DataError as error:
        aside = _free_name(file)
        file.rename(aside)
        warn(f"{error} (set aside as {aside.name})")
        return None


def _free_name(file: Path) -> Path:
    number = 1
    while (aside := file.with_name(f"{file.name}{BROKEN}{number}")).exists():
        number += 1
    return aside


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One writer at a time in a device's folder; clears what killed writers left half written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"cannot write in {folder}: {error.strerror}") from None
    try:
        with contextlib.suppress(ImportError):  # no fcntl on Windows: then nobody else may write
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        for left in folder.glob(".*.json.*"):  # nobody else is writing: its writer is dead
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


def environment_key(environment: Environment) -> str:
    """Names an environment within a profile. Clocks at the time of reading do not matter."""
    data = environment.model_dump(mode="json", exclude={"clock_mhz", "memory_clock_mhz"})
    return checksum(data)[:8]


def _write(file: Path, record: Record) -> None:
    data = record.model_dump(mode="json", exclude_defaults=True)
    data = {"schema_version": PROFILE_SCHEMA, **data}
    text = json.dumps({**data, "checksum": checksum(data)}, indent=1, allow_nan=False)
    write_atomic(file, _lists_on_one_line(text) + "\n")


def _lists_on_one_line(text: str) -> str:
    """Raw values and dims on one line each, so that a diff can be read."""
    import re

    return re.sub(
        r"\[\n\s+(-?[\d.][^\[\]{}\"]*?)\n\s+\]",
        lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]",
        text,
    )


def _checked(file: Path, schema: type[R]) -> R:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        version, stated = data["schema_version"], data.pop("checksum")
        if version != PROFILE_SCHEMA:
            raise DataError(
                f"{file} has profile schema {version!r}, not {PROFILE_SCHEMA}: measure again"
            )
        if stated != checksum(data):
            raise DataError(f"{file}: the checksum does not match: measure again or restore it")
        return schema.model_validate(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = type(error).__name__
        raise DataError(f"{file} cannot be read ({reason}): measure again or restore it") from None


def checksum(data: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a profile without its checksum."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def profile_folders() -> list[Path]:
    """The shipped folder and the user's own laid over it, those that exist."""
    return [f for f in (data_dir("profiles"), home_dir() / "profiles") if f.is_dir()]


def writing_folder() -> Path:
    """Where new profiles go: `profiles/` of the checkout this runs from, else the user's own."""
    shipped = data_dir("profiles")
    in_checkout = (shipped.parent / ".git").exists() and (
        shipped.parent / "pyproject.toml"
    ).is_file()
    return shipped if in_checkout else home_dir() / "profiles"


def all_profiles(
    folders: Iterable[Path] | None = None,
) -> Iterator[tuple[Path, Profile | DataError]]:
    """Every profile file with its content, or with what is wrong with it."""
    for folder in profile_folders() if folders is None else folders:
        for file in sorted(folder.glob("*/*.json")):
            if file.name.startswith(("_", ".")):
                continue
            try:
                yield file, read_profile(file)
            except DataError as error:
                yield file, error
