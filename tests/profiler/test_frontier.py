"""The frontier is found exactly, in few tries, and goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.profiler.child import ChildResult, Limits
from advisor.profiler.frontier import Scale, at, axes_of, find_frontier, meaning, scale_of, search
from advisor.profiler.record import Frontier, Outcome
from advisor.profiler.sweep import Settings
from advisor.profiles import read_profile
from tests.profiler.make import CATALOG, DEVICE, ENVIRONMENT, MODEL, FakeRunner, spec


@given(st.integers(1, 50), st.integers(1, 32), st.integers(0, 300), st.integers(0, 300), st.data())
def test_the_largest_that_fits_is_found_whatever_the_scale(
    first: int, step: int, steps: int, capacity_steps: int, data: st.DataObject
) -> None:
    start = first + step * data.draw(st.integers(0, steps))
    scale = Scale(first, step, first + step * steps, start)
    values = range(first, scale.last + 1, step)
    capacity = first + step * capacity_steps - 1
    tries: list[int] = []

    def attempt(value: int) -> Outcome:
        assert value in values and value not in tries
        tries.append(value)
        return "measured" if value <= capacity else "out-of-memory"

    low, high, stopped = search(scale, attempt)
    assert low == max((v for v in values if v <= capacity), default=None)
    assert high == min((v for v in values if v > capacity), default=None)
    assert stopped is None
    assert len(tries) <= 3 * max(steps, 1).bit_length() + 4


def find(folder: Path, runner: FakeRunner, again: bool = False) -> Frontier:
    settings = Settings(folder, limits=Limits(9, memory_gib=1.0), again=again)
    return find_frontier(spec(), "batch", CATALOG, ENVIRONMENT, settings, runner, lambda text: None)


def test_a_frontier_is_kept_with_its_tries_and_its_limit(tmp_path: Path) -> None:
    found = find(tmp_path, runner := FakeRunner(fits=21))
    assert (found.largest, found.smallest_failing, found.complete) == (21, 22, True)
    assert found.memory_gib == 1.0
    assert all(s.purpose == "fit" and not s.count_flops for s in runner.asked)
    assert read_profile(tmp_path / DEVICE / f"{MODEL}.json").frontiers == [found]


def test_a_second_search_tries_nothing(tmp_path: Path) -> None:
    first = find(tmp_path, FakeRunner(fits=21))
    runner = FakeRunner(fits=21)
    assert find(tmp_path, runner) == first
    assert runner.asked == []
    find(tmp_path, runner, again=True)
    assert runner.asked


def test_a_stopped_search_goes_on_where_it_stopped(tmp_path: Path) -> None:
    class Stops(FakeRunner):
        def __call__(self, *args: object) -> ChildResult:
            if len(self.asked) == 3:
                raise KeyboardInterrupt
            return super().__call__(*args)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        find(tmp_path, first := Stops(fits=21))
    found = find(tmp_path, second := FakeRunner(fits=21))
    asked = [s.workload.batch for s in (*first.asked, *second.asked)]
    assert found.largest == 21 and len(set(asked)) == len(asked)


def test_not_even_the_smallest_fitting_is_said(tmp_path: Path) -> None:
    found = find(tmp_path, FakeRunner(fits=0))
    assert (found.largest, found.smallest_failing) == (None, 1)
    assert found.note == "not even the smallest fits"


@pytest.mark.parametrize("outcome", ["timed-out", "failed", "unsupported", "died"])
def test_a_try_that_says_nothing_about_memory_stops_the_search_and_is_named(
    outcome: str, tmp_path: Path
) -> None:
    found = find(tmp_path, FakeRunner({8: outcome}))
    assert (found.largest, found.smallest_failing, found.complete) == (4, None, False)
    assert "stopped" in found.note


def test_a_child_killed_by_the_kernel_had_no_memory() -> None:
    assert meaning(ChildResult("died", "ended by SIGKILL")) == "out-of-memory"
    assert meaning(ChildResult("died", "ended by SIGSEGV")) == "died"


def test_sizes_stay_on_the_grid_of_the_model() -> None:
    model = CATALOG.models["sd-1.5"]
    scale = scale_of(model, "size", spec("sd-1.5"))
    workload = at(spec("sd-1.5"), "size", scale.near(700)).workload
    model.workload(width=workload.width, height=workload.height)  # raises off the grid
    assert workload.width == workload.height and (workload.width or 0) > 640


def test_an_axis_that_a_model_lacks_is_an_error_that_names_those_it_has() -> None:
    with pytest.raises(InputError, match="frames: it has batch"):
        scale_of(CATALOG.models[MODEL], "frames", spec())
    assert axes_of(CATALOG.models["svd-xt"])[:3] == ["batch", "size", "frames"]
