"""Profiles that cannot be true are found; comparing shows what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor.errors import DataError, InputError
from advisor.profiler import compare
from advisor.profiler.check import Finding, check_folders
from advisor.profiler.record import EnergyUse, FlopsCount, Point
from advisor.profiles import keep_point, read_profile
from tests.profiler.make import (
    CATALOG,
    DEVICE,
    ENVIRONMENT,
    MODEL,
    memory,
    point,
    spec,
    stage,
    timing,
)

GPU = "a100-sxm-80"


def found(folder: Path, made: Point, device: str = DEVICE) -> list[Finding]:
    environment = ENVIRONMENT.model_copy(update={"device": device, "power_limit_w": 400.0})
    keep_point(folder, device, MODEL, made, environment)
    return check_folders([folder], CATALOG)[1]


def test_a_plausible_profile_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, point(), GPU) == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"timing": timing(median_low_s=0.02)}, "not in order"),
    ({"timing": timing(min_s=0.0)}, "not in order"),
    ({"timing": timing(p95_s=0.001)}, "p95 and p99"),
    ({"timing": timing(calls=1)}, "fewer calls"),
    ({"memory": memory(resident_peak_gib=0.5)}, "below the weights"),
    ({"memory": memory(allocated_peak_gib=0.9)}, "below the weights"),
    ({"memory": memory(reserved_peak_gib=90.0)}, "on a device of"),
    (
        {
            "energy": EnergyUse(
                joules_per_call=5.0, method="counter", window_s=2.0, idle_w=60.0, mean_w=500.0,
                temperature_before_c=40.0, temperature_after_c=60.0,
            )
        },
        "over the limit of 400 W",
    ),
    ({"flops": FlopsCount(trace=100, fvcore=102, torch=100)}, "nobody says why"),
    ({"flops": FlopsCount(trace=10**15, fvcore=10**15, torch=10**15)}, "faster than the device"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "says"), WRONG)
def test_what_physics_forbids_is_an_error(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    findings = found(tmp_path, point(stages=[stage(**changes)]), GPU)
    assert [f.level for f in findings] == ["error"] and says in findings[0].text


def test_weights_cannot_be_read_faster_than_the_memory(tmp_path: Path) -> None:
    """Decoding a token of an 8B model reads 15 GiB, which an A100 needs 8 ms for."""
    of = spec("llama-3.1-8b")
    from advisor.plan import plan

    decode = next(
        s for s in plan(CATALOG.models["llama-3.1-8b"], of.workload) if "decode" in s.name
    )
    fast = stage(0.001, name=decode.name, flops=None)
    environment = ENVIRONMENT.model_copy(update={"device": GPU})
    keep_point(tmp_path, GPU, "llama-3.1-8b", point(of, stages=[fast]), environment)
    (finding,) = check_folders([tmp_path], CATALOG)[1]
    assert "reads weights at" in finding.text


def test_a_difference_of_counters_that_is_explained_is_no_finding(tmp_path: Path) -> None:
    flops = FlopsCount(trace=100, fvcore=100, torch=90, explanation="recurrent layers")
    assert found(tmp_path, point(stages=[stage(flops=flops)])) == []


def test_operations_that_nobody_counted_are_a_warning(tmp_path: Path) -> None:
    flops = FlopsCount(trace=100, fvcore=100, torch=100, unsupported={"aten::odd": 2})
    (finding,) = found(tmp_path, point(stages=[stage(flops=flops)]))
    assert finding.level == "warning" and "aten::odd" in finding.text


def test_a_stale_point_is_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, point(made_from="older"))
    assert finding.level == "warning" and "stale" in finding.text


def test_a_broken_file_and_one_set_aside_are_named(tmp_path: Path) -> None:
    keep_point(tmp_path, DEVICE, MODEL, point(), ENVIRONMENT)
    (tmp_path / DEVICE / "broken.json").write_text("{")
    (tmp_path / DEVICE / "old.json.broken1").write_text("{")
    files, findings = check_folders([tmp_path], CATALOG)
    assert len(files) == 2
    assert [(Path(f.file).name, f.level) for f in findings] == [
        ("broken.json", "error"),
        ("old.json.broken1", "warning"),
    ]


def test_a_file_under_another_name_is_an_error(tmp_path: Path) -> None:
    file = keep_point(tmp_path, DEVICE, MODEL, point(), ENVIRONMENT)
    file.rename(file.with_name("taesd.json"))
    assert any("says it is" in f.text for f in check_folders([tmp_path], CATALOG)[1])


def test_comparing_gives_the_ratio_per_stage_and_whether_the_intervals_meet(tmp_path: Path) -> None:
    for name, seconds in (("a", 0.010), ("b", 0.012)):
        keep_point(tmp_path / name, DEVICE, MODEL, point(seconds=seconds), ENVIRONMENT)
    rows = compare.compare(compare.load(str(tmp_path / "a")), compare.load(str(tmp_path / "b")))
    (row,) = rows
    assert row.ratio == pytest.approx(1.2) and row.apart and row.valid
    assert compare.summary(rows)["worst_difference"] == pytest.approx(0.2)


def test_a_set_of_profiles_may_be_a_file_or_the_folder_of_one_device(tmp_path: Path) -> None:
    file = keep_point(tmp_path, DEVICE, MODEL, point(), ENVIRONMENT)
    keep_point(tmp_path, "other", MODEL, point(), ENVIRONMENT)
    assert compare.load(str(file)) == [read_profile(file)]
    assert [p.device for p in compare.load(str(file.parent))] == [DEVICE]
    assert len(compare.load(str(tmp_path))) == 2


def test_comparing_with_what_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="no profiles under"):
        compare.load("nowhere")


def test_a_broken_file_named_for_comparing_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("{")
    with pytest.raises(DataError):
        compare.load(str(file))
