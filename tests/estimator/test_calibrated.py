"""Estimates from the rates that a device measured of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import load_catalog
from advisor.errors import CannotEstimate
from advisor.estimator import estimate
from advisor.estimator.calibrated import BySize, machine_of
from advisor.figure import Basis
from advisor.paths import data_dir
from advisor.profiles import calibration_path, read_calibration, write_calibration

CATALOG = load_catalog()
DEVICE = "cpu-amd-epyc-2t"
STORED = read_calibration(calibration_path(data_dir("profiles"), DEVICE))
MACHINE = machine_of(STORED, 7.0)
SIZES = {"width": 256, "height": 256, "steps": 7}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("probe", [r for r in STORED.rates if r.valid and r.dtype == "fp32"])
def test_a_probe_is_met_within_a_factor_of_two_by_what_was_made_of_all(probe: object) -> None:
    from advisor.profiler.record import Rate
    from advisor.traces import Op

    assert isinstance(probe, Rate)
    half = probe.bytes_moved // 2  # traces hold two bytes per element
    weights = int(_weights(probe) / 2)
    op = Op(probe.op_class, "-", 1, probe.flops, half, 0, min(weights, half), tuple(probe.dims))  # type: ignore[arg-type]
    assert 0.5 < MACHINE.op_seconds(op) / probe.median_s < 2.0


def _weights(probe: object) -> float:
    dims = probe.dims  # type: ignore[attr-defined]
    if probe.op_class == "matmul":  # type: ignore[attr-defined]
        return float(4 * dims[2] * dims[3])
    if probe.op_class == "convolution":  # type: ignore[attr-defined]
        return float(4 * dims[1] * dims[2] * dims[4])
    return 0.0


@given(st.lists(st.floats(1, 1e12), min_size=2, max_size=2).map(sorted))
def test_more_work_never_takes_less_time(sizes: list[float]) -> None:
    curve = BySize.of([(1e3, 1e-6), (1e6, 2e-4), (1e9, 0.3)])
    assert curve.at(sizes[0]) <= curve.at(sizes[1]) * (1 + 1e-12)


def test_a_model_that_was_not_measured_is_estimated_from_the_devices_own_rates() -> None:
    made = estimate("sd-1.5", DEVICE, catalog=CATALOG, dtype="fp32", **SIZES)
    assert made.latency_s.basis is Basis.calibrated
    assert made.latency_s.low < made.latency_s.value < made.latency_s.high
    assert STORED.measured_on in made.latency_s.source


def test_asked_for_its_rates_a_device_leaves_out_what_was_measured() -> None:
    axes = {"tokens_in": 16, "tokens_out": 16}
    made = estimate("gpt2-small", DEVICE, catalog=CATALOG, dtype="fp32", basis="calibrated", **axes)
    assert {stage.latency_s.basis for stage in made.stages} == {Basis.calibrated}


@pytest.mark.parametrize("asked", [{"dtype": "bf16"}, {"dtype": "fp32", "mode": "compiled"}])
def test_what_was_never_checked_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(CannotEstimate, match="eager fp32 only"):
        estimate("sd-1.5", DEVICE, catalog=CATALOG, **asked)


def test_rates_of_a_gpu_are_not_used(home: Path) -> None:
    gpu = STORED.environment.model_copy(update={"device": "l4", "cuda": "13.0"})
    (home / "profiles").mkdir()
    write_calibration(
        home / "profiles", STORED.model_copy(update={"device": "l4", "environment": gpu})
    )
    with pytest.raises(CannotEstimate, match="never held against"):
        estimate("sd-1.5", "l4", catalog=CATALOG, dtype="fp32", basis="calibrated")
    assert estimate("sd-1.5", "l4", catalog=CATALOG, dtype="fp32").latency_s.basis is (
        Basis.datasheet
    )


def test_a_calibrated_catalog_device_is_estimated_from_its_rates_and_not_its_datasheet(
    home: Path,
) -> None:
    (home / "profiles").mkdir()
    write_calibration(home / "profiles", STORED.model_copy(update={"device": "cpu-avx2-8c"}))
    made = estimate("sd-1.5", "cpu-avx2-8c", catalog=CATALOG, dtype="fp32", **SIZES)
    assert made.latency_s.basis is Basis.calibrated
    assert made.energy_j is not None
    plain = estimate(
        "sd-1.5", "cpu-avx2-8c", catalog=CATALOG, dtype="fp32", basis="datasheet", **SIZES
    )
    assert plain.latency_s.basis is Basis.datasheet
    assert plain.latency_s.value != made.latency_s.value


def test_a_calibration_with_too_few_valid_probes_is_an_error() -> None:
    few = [rate for rate in STORED.rates if rate.op_class != "convolution"]
    with pytest.raises(CannotEstimate, match="too few valid"):
        machine_of(STORED.model_copy(update={"rates": few}), 1.0)
