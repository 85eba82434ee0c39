"""Claims on trained models are read from stored runs: other runs, other verdicts."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from advisor.claims import check_claims
from advisor.claims.bench import stored
from advisor.claims.trained import FILE, Runs, collapsed, gains, half_width
from advisor.figure import Basis, Figure

DAY = date(2026, 11, 25)
Change = Callable[[dict[str, dict[str, Any]]], None]


@pytest.fixture
def with_runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Checks read the stored runs after a change."""

    def put(change: Change) -> None:
        data = copy.deepcopy(stored(FILE))
        assert data is not None
        change(data["runs"])
        monkeypatch.setattr("advisor.claims.trained.stored", lambda name: data)

    return put


def grid(runs: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [run for name, run in runs.items() if name.startswith(f"grid {kind} ")]


def outcome(claim: str, check: str) -> str:
    one = check_claims([claim], as_of=DAY)[0]
    return next(found.outcome for found in one.checks if found.id == check)


def test_all_runs_are_stored_with_their_provenance() -> None:
    data = stored(FILE)
    assert data is not None
    runs = Runs(data)
    assert runs.complete()
    assert {"command", "data", "versions", "seeds"} <= set(runs.about)
    assert all("made_on" in run for run in runs.runs.values())


def test_a_missing_run_leaves_the_claim_unchecked(with_runs: Callable[[Change], None]) -> None:
    with_runs(lambda runs: runs.pop("latent 0"))
    assert check_claims(["vae-latent"], as_of=DAY)[0].verdict == "cannot be checked here"


def test_a_gan_that_never_collapsed_would_not_be_harder_in_that(
    with_runs: Callable[[Change], None],
) -> None:
    def heal(runs: dict[str, dict[str, Any]]) -> None:
        for run in grid(runs, "gan"):
            run.update(class_coverage=1.0, mode_coverage=1.0, finite=1.0)

    with_runs(heal)
    assert outcome("gan-training", "collapse") == "does not hold"


def test_a_vae_as_sharp_as_the_data_would_not_be_smooth(
    with_runs: Callable[[Change], None],
) -> None:
    def sharpen(runs: dict[str, dict[str, Any]]) -> None:
        for run in grid(runs, "vae"):
            run["laplacian_variance"] = 100.0

    with_runs(sharpen)
    assert outcome("vae-smooth", "samples-against-gan") == "does not hold"
    assert outcome("vae-smooth", "samples-against-diffusion") == "does not hold"


def test_a_bound_that_guesses_would_not_suit_anomaly_detection(
    with_runs: Callable[[Change], None],
) -> None:
    def blind(runs: dict[str, dict[str, Any]]) -> None:
        for name, run in runs.items():
            if name.startswith("anomaly "):
                run["class"] = 0.5

    with_runs(blind)
    assert outcome("vae-latent", "unseen-class") == "does not hold"


def test_quality_that_falls_with_steps_would_refute_the_claim(
    with_runs: Callable[[Change], None],
) -> None:
    def reverse(runs: dict[str, dict[str, Any]]) -> None:
        for name, run in runs.items():
            if name.startswith("steps "):
                for count, found in run.items():
                    if isinstance(found, dict):
                        found["frechet"] = float(count.split(" ")[1])

    with_runs(reverse)
    assert check_claims(["steps-quality"], as_of=DAY)[0].verdict == "does not hold"


def test_a_gain_within_the_error_is_no_gain() -> None:
    def point(value: float, error: float) -> Figure:
        return Figure(
            value=value,
            low=value - error,
            high=value + error,
            unit="FD",
            basis=Basis.measured,
            source="a test",
        )

    curve = {1: point(10, 1), 2: point(5, 1), 3: point(4.5, 1)}
    assert gains(curve, 1, 3) == [True, False]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ({"finite": 0.0}, True),
        ({"finite": 1.0, "class_coverage": 0.7, "mode_coverage": 0.9}, True),
        ({"finite": 1.0, "class_coverage": 0.9, "mode_coverage": 0.4}, True),
        ({"finite": 1.0, "class_coverage": 0.9, "mode_coverage": 0.9}, False),
    ],
)
def test_a_run_collapses_when_it_leaves_out_classes_or_modes(
    run: dict[str, Any], expected: bool
) -> None:
    assert collapsed(run, 0.8, 0.5) is expected


def test_the_interval_of_a_mean_is_student_t() -> None:
    # scipy.stats.t.ppf(0.95, 4) = 2.1318; the standard deviation of 1..5 is 1.5811
    assert half_width([1, 2, 3, 4, 5]) == pytest.approx(2.132 * 1.5811 / 5**0.5, rel=1e-3)
