"""Measured times replace predictions, and say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.catalog import load_catalog
from advisor.errors import CannotEstimate, UnknownName
from advisor.estimator import estimate, estimate_many
from advisor.figure import Basis
from advisor.plan import plan
from advisor.profiler.identity import made_from
from advisor.profiler.measure import statistics_of
from advisor.profiler.record import Environment, MemoryUse, Point, StageProfile, Validity
from advisor.profiles import keep_point
from advisor.workload import Workload

CATALOG = load_catalog()
MODEL = CATALOG.models["sd-1.5"]
SECONDS = {"encode_text": 0.01, "denoise": 0.05, "decode": 0.1}
ENVIRONMENT = Environment(
    device="l4",
    device_name="NVIDIA L4",
    cpu="test",
    cpu_threads=2,
    torch_threads=2,
    memory_gib=22.0,
    python="3.11",
    torch="2.13",
    cuda=None,
    driver=None,
    libraries={},
    commit=None,
)
MEMORY = MemoryUse(
    weights_gib=2.0,
    inputs_gib=0.0,
    activations_gib=1.0,
    workspace_gib=None,
    allocated_peak_gib=3.0,
    reserved_peak_gib=None,
    driver_gib=None,
    resident_peak_gib=None,
)


def measured(workload: Workload, valid: bool = True) -> Point:
    stages = [
        StageProfile(
            name=stage.name,
            component=stage.component,
            key=stage.key,
            calls=stage.calls,
            batch=stage.batch,
            timing=statistics_of([SECONDS[stage.name] * k for k in (0.99, 1, 1, 1, 1.01)], 1, 1, 1),
            memory=MEMORY,
            energy=None,
            flops=None,
            validity=Validity(valid=valid, reasons=[] if valid else ["unstable"]),
        )
        for stage in plan(MODEL, workload)
    ]
    return Point(
        key=workload.describe(),
        workload=workload,
        outcome="measured",
        stages=stages,
        measured_on="2026-11-23",
        made_from=made_from(MODEL, CATALOG),
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    return tmp_path


def keep(home: Path, point: Point, device: str = "l4") -> None:
    environment = ENVIRONMENT.model_copy(update={"device": device})
    keep_point(home / "profiles", device, MODEL.id, point, environment)


def total(steps: int) -> float:
    return SECONDS["encode_text"] + steps * SECONDS["denoise"] + SECONDS["decode"]


def test_a_measured_workload_takes_its_measured_time(home: Path) -> None:
    workload = MODEL.workload(steps=20)
    keep(home, measured(workload))
    found = estimate(MODEL, "l4", workload, catalog=CATALOG)
    assert found.latency_s.basis is Basis.measured
    assert found.latency_s.value == pytest.approx(total(20))
    assert "2026-11-23" in found.latency_s.source
    assert all(stage.bound == "measured" for stage in found.stages)


def test_other_steps_are_scaled_from_the_measured_calls(home: Path) -> None:
    keep(home, measured(MODEL.workload(steps=20)))
    found = estimate(MODEL, "l4", MODEL.workload(steps=40), catalog=CATALOG)
    assert found.latency_s.basis is Basis.scaled
    assert found.latency_s.value == pytest.approx(total(40))
    assert found.latency_s.low < total(40) * 0.95 and found.latency_s.high > total(40) * 1.05


def test_a_named_basis_forbids_better_evidence(home: Path) -> None:
    workload = MODEL.workload(steps=20)
    keep(home, measured(workload))
    best = estimate(MODEL, "l4", workload, catalog=CATALOG)
    assert estimate(MODEL, "l4", workload, catalog=CATALOG, basis="measured") == best
    predicted = estimate(MODEL, "l4", workload, catalog=CATALOG, basis="datasheet")
    assert {stage.latency_s.basis for stage in predicted.stages} == {Basis.datasheet}
    with pytest.raises(CannotEstimate, match="no basis 'scaled'"):
        estimate(MODEL, "l4", workload, catalog=CATALOG, basis="scaled")
    keep(home, measured(MODEL.workload(steps=30)))
    scaled = estimate(MODEL, "l4", workload, catalog=CATALOG, basis="scaled")
    assert scaled.latency_s.basis is Basis.scaled


def test_a_device_known_by_its_profile_alone_has_no_predicted_basis(home: Path) -> None:
    keep(home, measured(MODEL.workload(steps=20)), device="my-own-card")
    with pytest.raises(CannotEstimate, match="does not list it"):
        estimate(MODEL, "my-own-card", catalog=CATALOG, basis="datasheet")


def test_another_size_is_predicted_with_what_was_measured_of_it(home: Path) -> None:
    keep(home, measured(MODEL.workload(steps=20)))
    found = estimate(MODEL, "l4", MODEL.workload(width=768, height=768), catalog=CATALOG)
    assert found.latency_s.basis is Basis.datasheet
    assert "some stages were measured here" in found.notes


def test_an_invalid_measurement_changes_nothing(home: Path) -> None:
    workload = MODEL.workload(steps=20)
    before = estimate(MODEL, "l4", workload, catalog=CATALOG)
    keep(home, measured(workload, valid=False))
    assert estimate(MODEL, "l4", workload, catalog=CATALOG) == before


def test_only_the_measured_device_of_many_is_measured(home: Path) -> None:
    workload = MODEL.workload(steps=20)
    keep(home, measured(workload))
    found = estimate_many(MODEL, ["l4", "a10"], workload, catalog=CATALOG)
    assert found["l4"].latency_s.basis is Basis.measured
    assert found["a10"].latency_s.basis is Basis.datasheet


def test_a_device_outside_the_catalog_is_known_by_its_profile_alone(home: Path) -> None:
    workload = MODEL.workload(steps=20)
    keep(home, measured(workload), device="my-own-card")
    found = estimate(MODEL, "my-own-card", workload, catalog=CATALOG)
    assert found.latency_s.value == pytest.approx(total(20))
    assert found.device_memory_gib == 22.0
    with pytest.raises(CannotEstimate, match="was not validly"):
        estimate(MODEL, "my-own-card", MODEL.workload(width=768, height=768), catalog=CATALOG)


def test_a_device_nobody_knows_is_still_an_error(home: Path) -> None:
    with pytest.raises(UnknownName, match="unknown device 'h10'"):
        estimate(MODEL, "h10", catalog=CATALOG)
