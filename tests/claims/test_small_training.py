"""The small training: what is measured means what its name says, and runs repeat."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from benchmarks.small_training import __main__ as script  # noqa: E402
from benchmarks.small_training import models, runs  # noqa: E402
from benchmarks.small_training.metrics import sharpness  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    return runs.judge().data.test


def test_held_out_pictures_look_like_a_perfect_model(real: np.ndarray) -> None:
    found = runs.judge().measure(real)
    assert found["frechet"] < 1
    assert found["class_coverage"] == found["mode_coverage"] == 1
    assert min(found["precision"], found["recall"]) > 0.85


def test_one_picture_over_and_over_is_a_collapse(real: np.ndarray) -> None:
    found = runs.judge().measure(np.repeat(real[:1], 600, axis=0))
    assert found["class_coverage"] == 0.1
    assert found["mode_coverage"] == 0.02
    assert found["recall"] < 0.05


def test_noise_covers_no_mode_and_is_not_among_the_real_pictures(real: np.ndarray) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, real.shape).astype(np.float32)
    found = runs.judge().measure(noise)
    assert found["mode_coverage"] == found["precision"] == 0


def test_a_blurred_picture_is_less_sharp(real: np.ndarray) -> None:
    grid = real.reshape(-1, 8, 8)
    blurred = (grid + np.roll(grid, 1, 1) + np.roll(grid, 1, 2)) / 3
    before, after = sharpness(real), sharpness(blurred.reshape(len(real), -1))
    assert all(after[name] < before[name] for name in before)


def test_samples_that_are_not_finite_have_no_other_measure(real: np.ndarray) -> None:
    assert runs.judge().measure(np.full_like(real, np.nan)) == {"finite": 0.0}


@pytest.mark.parametrize("kind", list(models.KINDS))
def test_every_kind_trains_and_the_same_seed_gives_the_same_samples(kind: str) -> None:
    def made() -> np.ndarray:
        torch.manual_seed(0)
        model = models.KINDS[kind]()
        model.train_on(torch.from_numpy(runs.judge().data.train), 1e-3, 3, lambda update: None)
        with torch.no_grad():
            return model.sample(4).numpy()

    assert np.array_equal(made(), made())


def test_the_kinds_are_of_about_the_same_size() -> None:
    sizes = [models.trained_parameters(kind()) for kind in models.KINDS.values()]
    assert max(sizes) < 1.3 * min(sizes)


def test_runs_that_are_there_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    fake = {name: (lambda n=name: made.append(n) or {"value": 1.0},) for name in ("a", "b")}
    monkeypatch.setattr(runs, "all_runs", lambda: fake)
    file = tmp_path / "results.json"
    assert script.make(file, minutes=1) == 0
    assert script.make(file, minutes=1) == 0
    assert made == ["a", "b"]
    assert set(json.loads(file.read_text())["runs"]) == {"a", "b"}


def test_results_of_other_settings_are_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "results.json"
    script.write(file, {"about": script.about(), "runs": {"a": {"value": 1.0}}})
    assert script.read(file)["runs"]
    monkeypatch.setattr(runs, "UPDATES", 1)
    assert not script.read(file)["runs"]
