"""A sweep measures what is missing, once, and survives whatever happens to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from advisor.profiler.child import ChildResult, Limits
from advisor.profiler.identity import PointSpec, made_from
from advisor.profiler.suites import (
    QUICK_POINT_SECONDS,
    QUICK_SECONDS,
    cost_s,
    full_suite,
    quick_suite,
    runnable,
)
from advisor.profiler.sweep import Done, Settings, TimeLeft, sweep
from advisor.profiles import read_profile
from tests.profiler.make import CATALOG, DEVICE, ENVIRONMENT, MODEL, ROOT, FakeRunner, spec

BATCHES = [spec(batch=batch) for batch in (1, 2, 4, 8)]


def run(
    folder: Path, specs: list[PointSpec], runner: Any, **settings: Any
) -> tuple[list[Done], list[str]]:
    said: list[str] = []
    done = sweep(specs, CATALOG, ENVIRONMENT, Settings(folder, **settings), runner, said.append)
    return done, said


def test_a_second_run_measures_nothing(tmp_path: Path) -> None:
    first, second = FakeRunner(), FakeRunner()
    run(tmp_path, BATCHES, first)
    done, _ = run(tmp_path, BATCHES, second)
    assert len(first.asked) == 4 and second.asked == []
    assert [d.found for d in done] == [True] * 4


def test_again_measures_anew(tmp_path: Path) -> None:
    run(tmp_path, BATCHES, FakeRunner())
    runner = FakeRunner()
    run(tmp_path, BATCHES, runner, again=True)
    assert len(runner.asked) == 4


def test_the_same_configuration_asked_twice_is_measured_once(tmp_path: Path) -> None:
    runner = FakeRunner()
    run(tmp_path, [*BATCHES, *BATCHES], runner)
    assert len(runner.asked) == 4


def test_every_point_is_on_disk_before_the_next_begins(tmp_path: Path) -> None:
    seen: list[int] = []

    class Looks(FakeRunner):
        def __call__(self, of: PointSpec, limits: Limits, listen: Any) -> ChildResult:
            file = tmp_path / DEVICE / f"{MODEL}.json"
            seen.append(len(read_profile(file).points) if file.is_file() else 0)
            return super().__call__(of, limits, listen)

    run(tmp_path, BATCHES, Looks())
    assert seen == [0, 1, 2, 3]


def test_a_stopped_sweep_measures_only_what_is_missing(tmp_path: Path) -> None:
    run(tmp_path, BATCHES[:2], FakeRunner())
    runner = FakeRunner()
    run(tmp_path, BATCHES, runner)
    assert [s.workload.batch for s in runner.asked] == [4, 8]


def test_a_changed_catalog_entry_is_measured_again(tmp_path: Path) -> None:
    run(tmp_path, BATCHES[:1], FakeRunner())
    file = tmp_path / DEVICE / f"{MODEL}.json"
    from advisor.profiles import write_profile

    profile = read_profile(file)
    (old,) = profile.points
    stale = profile.model_copy(update={"points": [old.model_copy(update={"made_from": "old"})]})
    write_profile(tmp_path, stale)
    runner = FakeRunner()
    run(tmp_path, BATCHES[:1], runner)
    assert len(runner.asked) == 1


def test_failures_are_results_and_cost_only_themselves(tmp_path: Path) -> None:
    runner = FakeRunner({2: "died", 4: "failed"})
    done, _ = run(tmp_path, BATCHES, runner)
    assert [d.point.outcome for d in done] == ["measured", "died", "failed", "measured"]
    assert done[1].point.message == "no room"


def test_larger_batches_are_not_tried_after_one_that_did_not_fit_nor_when_resumed(
    tmp_path: Path,
) -> None:
    run(tmp_path, BATCHES, first := FakeRunner(fits=2))
    assert [s.workload.batch for s in first.asked] == [1, 2, 4]
    run(tmp_path, BATCHES, second := FakeRunner(fits=2))
    assert second.asked == []


def test_a_time_out_is_tried_again_only_with_more_time(tmp_path: Path) -> None:
    specs = BATCHES[:1]
    run(tmp_path, specs, FakeRunner({1: "timed-out"}), limits=Limits(10))
    run(tmp_path, specs, same := FakeRunner(), limits=Limits(10))
    run(tmp_path, specs, more := FakeRunner(), limits=Limits(20))
    assert same.asked == [] and len(more.asked) == 1


def test_a_result_that_is_no_record_is_a_failure(tmp_path: Path) -> None:
    done, _ = run(tmp_path, BATCHES[:1], lambda *_: ChildResult("measured", '{"key": 1}'))
    assert done[0].point.outcome == "failed" and "not a record" in done[0].point.message


def test_points_of_another_torch_are_kept_and_named(tmp_path: Path) -> None:
    run(tmp_path, BATCHES[:1], FakeRunner())
    newer, said = ENVIRONMENT.model_copy(update={"torch": "9.9"}), list[str]()
    sweep(BATCHES[:1], CATALOG, newer, Settings(tmp_path), FakeRunner(), said.append)
    assert any("measured with torch 2.11, not 9.9" in line for line in said)


def test_the_time_left_follows_how_long_the_points_really_take() -> None:
    moments = iter([0.0, 30.0, 30.0, 30.0, 30.0])
    left = TimeLeft([10.0, 10.0, 20.0], lambda: next(moments))
    left.start(1)
    assert left.seconds() == 30.0  # 20 expected seconds took 30, 20 are left


def test_kill_9_at_random_times_leaves_no_corrupt_file_and_loses_no_finished_point() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", "--runs", "10", "--seed", "3"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    found = json.loads(ran.stdout)
    assert found["killed"] >= 5  # most were in the middle of it
    assert found["corrupt_files"] == 0 and found["finished_points_lost"] == 0
    assert found["complete"] and found["temporary_files_left"] == 0
    missing = found["points"] - found["points_before_last_run"]
    assert found["points_measured_by_last_run"] == missing


def test_the_quick_suite_holds_to_its_time_by_a_rule() -> None:
    suite = quick_suite(CATALOG, "cpu")
    costs = [cost_s(s, CATALOG) for s in suite]
    assert sum(costs) <= QUICK_SECONDS and max(costs) <= QUICK_POINT_SECONDS
    assert len({CATALOG.models[s.model].family for s in suite}) >= 8
    assert all(s.workload.batch == 1 and s.workload.dtype == "fp32" for s in suite)


def test_with_less_time_every_family_comes_before_a_second_model_of_one() -> None:
    """What is left of the time then goes to second models that fit into it."""
    few = quick_suite(CATALOG, "cpu", seconds=60)
    families = [CATALOG.models[s.model].family for s in few]
    assert sum(cost_s(s, CATALOG) for s in few) <= 60
    repeated = [families.index(f, families.index(f) + 1) for f in families if families.count(f) > 1]
    assert min(repeated, default=len(few)) >= len(set(families))


def test_the_full_suite_has_every_runnable_model_and_a_whole_generation_per_family() -> None:
    suite = full_suite(CATALOG, "cuda")
    models = {m.id for m in runnable(CATALOG)}
    assert {s.model for s in suite} == models
    assert len({(s.model, s.key) for s in suite}) == len(suite)
    assert {s.workload.dtype for s in suite} == {"bf16"}
    whole = {CATALOG.models[s.model].family for s in suite if s.end_to_end}
    assert len(whole) >= len({m.family for m in runnable(CATALOG)}) - 2


def test_prose_does_not_change_what_a_profile_was_made_from() -> None:
    model = CATALOG.models[MODEL]
    worded = model.model_copy(update={"notes": "another sentence", "quality": []})
    halved = model.model_copy(update={"stages": [*model.stages, *model.stages]})
    assert made_from(worded, CATALOG) == made_from(model, CATALOG) != made_from(halved, CATALOG)
