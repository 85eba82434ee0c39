"""Profiles on disk: whole or not at all, checked when read, found when asked for."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from advisor.errors import DataError, InputError
from advisor.profiler.record import Calibration, Frontier, Validity
from advisor.profiles import (
    all_profiles,
    existing,
    keep_frontier,
    keep_point,
    lookup,
    profile_path,
    read_calibration,
    read_profile,
    write_calibration,
    writing_folder,
)
from tests.profiler.make import CATALOG, DEVICE, ENVIRONMENT, MODEL, point, spec, stage


def keep(folder: Path, *batches: int) -> Path:
    for batch in batches:
        file = keep_point(folder, DEVICE, MODEL, point(spec(batch=batch)), ENVIRONMENT)
    return file


def test_a_point_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    profile = read_profile(keep(tmp_path, 1))
    (kept,) = profile.points
    assert kept == point().model_copy(update={"environment": kept.environment})
    assert profile.environments[kept.environment] == ENVIRONMENT


def test_a_point_replaces_the_one_of_its_key_and_leaves_the_others(tmp_path: Path) -> None:
    file = keep(tmp_path, 2, 1, 2)
    assert [p.workload.batch for p in read_profile(file).points] == [1, 2]


def test_points_keep_the_environment_they_were_measured_in(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    newer = ENVIRONMENT.model_copy(update={"torch": "9.9"})
    file = keep_point(tmp_path, DEVICE, MODEL, point(spec(batch=2)), newer)
    profile = read_profile(file)
    torch = [profile.environments[p.environment].torch for p in profile.points]
    assert torch == ["2.11", "9.9"]
    keep_point(tmp_path, DEVICE, MODEL, point(), newer)  # measured again: the old one goes
    assert [e.torch for e in read_profile(file).environments.values()] == ["9.9"]


def test_a_file_is_small_enough_to_review(tmp_path: Path) -> None:
    lines = keep(tmp_path, 1).read_text().splitlines()
    assert len(lines) < 120 and any('"values_s": [0.0098, 0.01, 0.0103]' in line for line in lines)


def test_no_damage_goes_unnoticed(tmp_path: Path) -> None:
    """Every byte class flipped at random places, and the file cut at 50: found or harmless."""
    file = keep(tmp_path, 1, 2)
    whole, expected = file.read_bytes(), read_profile(file)
    dice = random.Random(7)
    damaged = [whole[: dice.randrange(len(whole) - 2)] for _ in range(50)]
    for place in dice.sample(range(len(whole)), 300):
        damaged.append(
            whole[:place] + bytes([whole[place] ^ (1 << dice.randrange(8))]) + whole[place + 1 :]
        )
    found = 0
    for data in damaged:
        file.write_bytes(data)
        try:
            assert read_profile(file) == expected  # white space may change, content not
        except DataError as error:
            found += 1
            assert file.name in str(error) and "measure again" in str(error)
    assert found >= 300


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "[" * 5000, '{"schema_version": 99, "checksum": ""}']
)
def test_what_is_no_profile_is_a_data_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / DEVICE / f"{MODEL}.json"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(DataError, match=MODEL):
        read_profile(file)


def test_a_broken_profile_is_set_aside_and_named_and_measuring_goes_on(tmp_path: Path) -> None:
    file = keep(tmp_path, 1)
    file.write_text(file.read_text().replace('"calls": 30', '"calls": 31'))
    told: list[str] = []
    assert existing(tmp_path, DEVICE, MODEL, told.append) is None
    assert len(told) == 1 and "checksum" in told[0] and "set aside" in told[0]
    assert [p.name for p in file.parent.iterdir()] == [f"{MODEL}.json.broken1"]
    keep(tmp_path, 2)
    assert [p.workload.batch for p in read_profile(file).points] == [2]


def test_one_broken_profile_does_not_hide_the_others(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    (tmp_path / DEVICE / "broken.json").write_text("{")
    found = {file.stem: profile for file, profile in all_profiles([tmp_path])}
    assert isinstance(found["broken"], DataError) and not isinstance(found[MODEL], DataError)


def test_what_a_killed_writer_left_is_cleared(tmp_path: Path) -> None:
    left = keep(tmp_path, 1).with_name(f".{MODEL}.json.x7k2")
    left.write_text("half a pro")
    keep(tmp_path, 2)
    assert not left.exists()


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "_calibration", "a\\b"])
def test_a_name_cannot_leave_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        profile_path(tmp_path, DEVICE, name)
    with pytest.raises(InputError):
        profile_path(tmp_path, name, MODEL)


def test_lookup_gives_the_exact_valid_point(tmp_path: Path) -> None:
    keep(tmp_path, 1, 2)
    found = lookup(DEVICE, MODEL, spec(batch=2).workload, catalog=CATALOG, folders=[tmp_path])
    assert found is not None and found.workload.batch == 2
    assert lookup(DEVICE, MODEL, spec(batch=4).workload, folders=[tmp_path]) is None
    assert lookup("other", MODEL, spec().workload, folders=[tmp_path]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "out-of-memory", "stages": []},
        {"stages": [stage(validity=Validity(valid=False, reasons=["unstable"]))]},
        {"end_to_end_validity": Validity(valid=False, reasons=["unstable"])},
        {"flavour": "debug"},
        {"training": True},
        {"made_from": "an older catalog entry"},
    ],
)
def test_lookup_never_gives_what_is_not_evidence(
    changes: dict[str, object], tmp_path: Path
) -> None:
    keep_point(tmp_path, DEVICE, MODEL, point(**changes), ENVIRONMENT)
    assert lookup(DEVICE, MODEL, spec().workload, catalog=CATALOG, folders=[tmp_path]) is None


def test_lookup_takes_a_damaged_file_for_none(tmp_path: Path) -> None:
    keep(tmp_path, 1).write_text("{")
    assert lookup(DEVICE, MODEL, spec().workload, folders=[tmp_path]) is None


def test_a_frontier_replaces_the_one_of_the_same_question(tmp_path: Path) -> None:
    def frontier(largest: int, memory_gib: float | None = None) -> Frontier:
        return Frontier(
            axis="batch",
            workload=spec().workload,
            memory_gib=memory_gib,
            largest=largest,
            smallest_failing=largest + 1,
            tries={largest: "measured", largest + 1: "out-of-memory"},
            complete=True,
        )

    for item in (frontier(8), frontier(9), frontier(2, memory_gib=1.0)):
        file = keep_frontier(tmp_path, DEVICE, MODEL, item)
    assert sorted(f.largest or 0 for f in read_profile(file).frontiers) == [2, 9]


def test_a_calibration_is_read_back_and_its_damage_found(tmp_path: Path) -> None:
    calibration = Calibration(
        device=DEVICE,
        environment=ENVIRONMENT,
        measured_on="2026-11-23",
        rates=[],
        host_s_per_op=4e-6,
        launch_s=5e-6,
    )
    file = write_calibration(tmp_path, calibration)
    assert read_calibration(file) == calibration
    file.write_text(json.dumps({**json.loads(file.read_text()), "launch_s": 1.0}))
    with pytest.raises(DataError, match="checksum"):
        read_calibration(file)


def test_profiles_are_written_into_the_checkout_they_are_run_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    assert writing_folder().name == "profiles" and writing_folder().parent != tmp_path
    monkeypatch.setattr("advisor.profiles.data_dir", lambda name: tmp_path / "installed" / name)
    assert writing_folder() == tmp_path / "profiles"
