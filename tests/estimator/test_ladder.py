"""The ladder of bases: what may be used, what is missing and why, and what others published."""

from __future__ import annotations

import csv

import pytest

from advisor.catalog import Catalog
from advisor.errors import CannotEstimate, InputError
from advisor.estimator import estimate, estimate_table
from advisor.estimator.published import NAME
from advisor.figure import Basis
from advisor.workload import Workload

PUBLISHED = {"steps": 21, "guidance": 7.5, "dtype": "fp16"}  # of sd-1.5 on an RTX 4090


@pytest.mark.parametrize("basis", ["assumed", "priced", "best", ""])
def test_a_basis_that_is_no_rung_is_an_error_that_lists_the_rungs(
    catalog: Catalog, basis: str
) -> None:
    with pytest.raises(InputError, match="measured, scaled, calibrated, datasheet, published"):
        estimate("sd-1.5", "rtx-4090", catalog=catalog, basis=basis)


@pytest.mark.parametrize("basis", ["measured", "scaled", "calibrated"])
def test_a_basis_without_evidence_is_an_error_that_says_what_lacks(
    catalog: Catalog, basis: str
) -> None:
    with pytest.raises(CannotEstimate, match=f"no basis '{basis}'"):
        estimate("sd-1.5", "b200", catalog=catalog, basis=basis)


def test_a_published_measurement_stands_beside_the_prediction_and_is_not_the_figure(
    catalog: Catalog,
) -> None:
    made = estimate("sd-1.5", "rtx-4090", catalog=catalog, **PUBLISHED)
    assert made.latency_s.basis is Basis.datasheet
    times = [one for one in made.published if one.measured == "latency_s"]
    assert [one.value for one in times] == [0.61]
    assert "onediff" in times[0].source


def test_asked_for_the_published_figure_is_the_answer_with_its_source(catalog: Catalog) -> None:
    made = estimate("sd-1.5", "rtx-4090", catalog=catalog, basis="published", **PUBLISHED)
    assert made.latency_s.basis is Basis.published
    assert made.latency_s.low < made.latency_s.value == 0.61 < made.latency_s.high
    assert "onediff" in made.latency_s.source
    assert made.peak_memory_gib.basis is Basis.datasheet


def test_a_setting_that_nobody_published_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(CannotEstimate, match="no measurement of exactly"):
        estimate("sd-1.5", "rtx-4090", catalog=catalog, basis="published", **PUBLISHED, batch=7)


def test_every_published_row_is_of_a_known_model_device_and_workload(catalog: Catalog) -> None:
    text = (catalog.folders[0] / NAME).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) > 100
    for row in rows:
        assert row["model"] in catalog.models
        assert row["device"] in catalog.devices
        workload = Workload.model_validate_json(row["workload"])
        assert set(workload.axes()) == set(catalog.models[row["model"]].axes)
        assert row["source"] and int(row["trust"]) <= 2


def test_a_table_holds_the_numbers_of_single_estimates(catalog: Catalog) -> None:
    devices = [catalog.device(name) for name in ("a100-sxm-80", "rtx-4090", "apple-m2-ultra")]
    table = estimate_table("sdxl-base-1.0", devices, catalog=catalog, batch=4, dtype="fp16")
    for index, name in enumerate(table.devices):
        one = estimate(
            "sdxl-base-1.0", name, catalog=catalog, basis="datasheet", batch=4, dtype="fp16"
        )
        for figure, row in (
            (one.latency_s, table.latency_s[index]),
            (one.peak_memory_gib, table.peak_memory_gib[index]),
            (one.energy_j, table.energy_j[index]),
        ):
            if figure is not None:
                assert row.tolist() == pytest.approx([figure.value, figure.low, figure.high])
        assert table.spare_gib[index] == pytest.approx(one.spare_gib)
