"""What stands behind an answer: held-out errors, the device's limits, digests of what was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.assessment import Assessment
from advisor.decide.provenance import _inside, data_version
from advisor.figure import Basis
from advisor.paths import data_dir
from advisor.pipeline import assess
from advisor.usecase import parse_use_case
from tests.decide import fakes

PICTURES = {"title": "a test", "outputs": ["image"], "volume_per_day": 20_000.0}


@pytest.fixture(scope="module")
def answer() -> Assessment:
    return made()


def made(**more: object) -> Assessment:
    return assess(
        parse_use_case({**PICTURES, **more}),
        catalog=fakes.catalog(),
        as_of=fakes.DAY,
        sources=fakes.sources(),
        flips=False,
    )


def test_held_out_errors_are_those_of_the_stored_benchmark(answer: Assessment) -> None:
    assert answer.candidates[0].estimate.latency_s.basis is not Basis.measured
    assert answer.accuracy is not None
    stored = json.loads((data_dir("benchmarks") / "accuracy.json").read_text())
    row = stored["latency"]["eager end-to-end and per-step"]["device and model"]["estimator"]
    found = next(
        one for one in answer.accuracy.groups if one.left_out == "the device and the model"
    )
    assert (found.rows, found.median_error) == (row["n"], row["median_abs_error"])


def test_the_last_group_is_of_rows_that_nothing_had_seen(answer: Assessment) -> None:
    assert answer.accuracy is not None
    stored = json.loads((data_dir("benchmarks") / "unseen.json").read_text())["eager"]
    last = answer.accuracy.groups[-1]
    assert (last.rows, last.inside) == (stored["n"], stored["coverage"])


def test_coverage_of_a_mode_pools_its_operation_mixes_by_rows() -> None:
    held = {"coverage": {"eager": {"n": 1, "rows_inside": 0.0}, "engine.memory": {"n": 9},
                         "eager.host": {"n": 3, "rows_inside": 1.0}}}  # fmt: skip
    assert _inside(held, "eager") == 0.75


def test_the_roof_is_that_of_the_first_option_s_device(answer: Assessment) -> None:
    first = answer.candidates[0]
    device = fakes.catalog().devices[first.device]
    assert answer.roof is not None and answer.roof.device == first.device
    assert answer.roof.peak_tflops == device.peak_tflops(first.workload.dtype)


def test_a_no_go_has_no_roof_and_no_accuracy() -> None:
    answer = made(outputs=["text"], error_tolerance="zero", reviewer="none")
    assert answer.verdict == "no-go"
    assert answer.roof is None and answer.accuracy is None and answer.load_curve is None


def test_the_digest_of_the_use_case_follows_what_was_stated(answer: Assessment) -> None:
    other = made(volume_per_day=30_000.0)
    assert other.digests["use case"] != answer.digests["use case"]
    assert other.digests["prices"] == answer.digests["prices"]
    assert made().digests == answer.digests


def test_a_profile_that_is_added_changes_the_data_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is evidence: an answer made before it is an answer from other data."""
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    before = made()
    assert made().data_version == before.data_version == data_version(fakes.catalog())
    shipped = next(data_dir("profiles").glob("*/*.json"))
    added = tmp_path / "profiles" / "new-device" / shipped.name
    added.parent.mkdir(parents=True)
    added.write_bytes(shipped.read_bytes())
    after = made()
    assert after.data_version != before.data_version
    assert after.digests["catalog"] == before.digests["catalog"]
    added.unlink()
    assert made().data_version == before.data_version
