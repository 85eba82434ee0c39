"""`advisor profile`, `calibrate` and `profiles` keep the contracts of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli import cli
from advisor.errors import AdvisorError, MissingExtra
from advisor.profiler.sweep import to_stderr
from advisor.profiles import keep_point
from tests.profiler.make import DEVICE, ENVIRONMENT, MODEL, FakeRunner, point, spec


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def no_device(monkeypatch: pytest.MonkeyPatch) -> FakeRunner:
    """Children that answer at once; the environment is the tests' own."""
    runner = FakeRunner()
    monkeypatch.setattr("advisor.profiler.sweep.in_child", runner)
    monkeypatch.setattr("advisor.profiler.sweep.sweep.__defaults__", (runner, to_stderr))
    monkeypatch.setattr("advisor.profiler.frontier.find_frontier.__defaults__", (runner, to_stderr))
    monkeypatch.setattr("advisor.profiler.sweep.local_environment", lambda *_: ENVIRONMENT)
    monkeypatch.setattr("advisor.cli.profiling.need_profiler", lambda engine="local": None)
    return runner


def test_every_combination_of_dtype_mode_and_batch_is_measured(
    no_device: FakeRunner, tmp_path: Path
) -> None:
    words = (
        "--device cpu --dtype fp32 --dtype bf16 --mode eager --mode compiled --batch 1 --batch 2"
    )
    result = run("profile", MODEL, *words.split(), "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    assert len({s.key for s in no_device.asked}) == len(no_device.asked) == 8


def test_on_a_cpu_the_default_is_single_precision(no_device: FakeRunner, tmp_path: Path) -> None:
    run("profile", MODEL, "--device", "cpu", "--folder", tmp_path)
    assert no_device.asked[0].workload.dtype == "fp32"


def test_options_reach_the_specification(no_device: FakeRunner, tmp_path: Path) -> None:
    run("profile", "sd-1.5", "--device", "cpu", "--steps", 4, "--end-to-end", "--stage-seconds", 1,
        "--folder", tmp_path)  # fmt: skip
    (asked,) = no_device.asked
    assert asked.workload.steps == 4 and asked.end_to_end and asked.seconds_per_stage == 1.0


def test_a_training_step_is_a_point_of_its_own(no_device: FakeRunner, tmp_path: Path) -> None:
    run("profile", MODEL, "--device", "cpu", "--folder", tmp_path)
    run("profile", MODEL, "--device", "cpu", "--train-step", "--folder", tmp_path)
    assert [s.purpose for s in no_device.asked] == ["measure", "train"]


def test_a_frontier_is_asked_by_axis(no_device: FakeRunner, tmp_path: Path) -> None:
    no_device.fits = 5
    result = run("profile", MODEL, "--device", "cpu", "--frontier", "batch", "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    line = next(line for line in result.stdout.splitlines() if line.startswith(MODEL))
    assert line.split()[1:4] == ["batch", "5", "6"]


BAD = [
    (["profile"], 2),
    (["profile", MODEL, "--suite", "quick"], 2),
    (["profile", "--suite", "quick", "--steps", "3"], 2),
    (["profile", MODEL, "--address", "x:1"], 2),
    (["profile", "no-such-model"], 3),
    (["profile", MODEL, "--steps", "3"], 3),
    (["profile", MODEL, "--frontier", "frames", "--device", "cpu"], 3),
    (["profiles", "--folder", "nowhere"], 3),
    (["profiles", "show", "no-such-model"], 3),
    (["profiles", "compare", "nowhere", "nowhere"], 3),
]


@pytest.mark.parametrize(("words", "code"), BAD)
def test_what_cannot_be_done_is_an_error_with_its_exit_code(
    words: list[str], code: int, no_device: FakeRunner
) -> None:
    result = run(*words)
    failed = result.exception
    found = failed.exit_code if isinstance(failed, AdvisorError) else result.exit_code
    assert found == code, result.output
    assert no_device.asked == []


@pytest.mark.parametrize(
    ("missing", "engine", "extra"), [("fvcore", "local", "profile"), ("ray", "ray", "cluster")]
)
def test_a_missing_extra_is_named(
    missing: str, engine: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    real = importlib.util.find_spec

    def find_spec(name: str, *rest: str | None) -> object:
        if name == missing:
            return None
        return object() if name == "ray" else real(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    result = run("profile", MODEL, "--engine", engine)
    assert isinstance(result.exception, MissingExtra) and result.exception.extra == extra


def kept(folder: Path) -> Path:
    return keep_point(folder, DEVICE, MODEL, point(), ENVIRONMENT)


def test_profiles_are_listed_shown_and_checked(tmp_path: Path) -> None:
    kept(tmp_path)
    assert MODEL in run("profiles", "--folder", tmp_path).stdout
    assert "generate" in run("profiles", "--folder", tmp_path, "show", MODEL).stdout
    checked = run("profiles", "--folder", tmp_path, "check")
    assert checked.exit_code == 0 and "1 files, 0 errors" in checked.stdout


def test_a_broken_profile_is_named_and_fails_the_check(tmp_path: Path) -> None:
    file = kept(tmp_path)
    file.write_text(file.read_text().replace("0.0098", "0.0097"))
    assert "checksum" in run("profiles", "--folder", tmp_path).stderr
    checked = run("profiles", "--folder", tmp_path, "check", "--json")
    assert checked.exit_code == 6
    assert "checksum" in json.loads(checked.stdout)["findings"][0]["text"]


def test_every_json_is_one_document(tmp_path: Path) -> None:
    for name in ("a", "b"):
        kept(tmp_path / name)
    for words in (
        ["--folder", tmp_path / "a", "--json"],
        ["--folder", tmp_path / "a", "show", MODEL, "--json"],
        ["--folder", tmp_path / "a", "check", "--json"],
        ["compare", tmp_path / "a", tmp_path / "b", "--json"],
    ):
        result = run("profiles", *words)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)


def test_measuring_prints_one_json_document(no_device: FakeRunner, tmp_path: Path) -> None:
    result = run("profile", MODEL, "--device", "cpu", "--folder", tmp_path, "--json")
    (row,) = json.loads(result.stdout)["points"]
    assert row["outcome"] == "measured" and row["valid"] and row["point"] == spec().key
