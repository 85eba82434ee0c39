"""catalog/rates.yaml: every number has a source, every device a generation."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from advisor.catalog import Catalog, Device
from advisor.errors import CannotEstimate, DataError
from advisor.estimator import Rates
from advisor.estimator.rates import read_rates


def test_every_device_of_the_catalog_has_a_generation(catalog: Catalog, rates: Rates) -> None:
    for device in catalog.devices.values():
        assert rates.generation_of(device) in rates.generations


def test_compute_capability_tells_generations_of_one_name_apart(
    catalog: Catalog, rates: Rates
) -> None:
    names = [rates.generation_of(catalog.device(d)) for d in ("a100-sxm-80", "rtx-3090", "b200")]
    assert names == ["ampere-a100", "ampere", "blackwell-b200"]


def test_every_parameter_names_its_source(rates: Rates) -> None:
    assert all(len(parameter.source) > 10 for parameter in rates.shared.values())
    assert all(interval.source for interval in rates.intervals.values())


def test_efficiencies_are_shares_of_what_the_datasheet_promises(rates: Rates) -> None:
    for name in ("matmul", "convolution", "attention", "bandwidth"):
        assert 0.2 < rates.get(f"{name}_efficiency") <= 1.0


def test_generations_without_measurements_carry_no_fitted_number(rates: Rates) -> None:
    for generation in rates.generations.values():
        fitted = generation.half_speed.fitted
        assert fitted == (generation.evidence != "none")


def test_no_interval_claims_to_be_a_point(rates: Rates) -> None:
    assert all(i.high / i.low > 1.05 for i in rates.intervals.values())


def test_an_architecture_nobody_listed_is_an_error(a100: Device, rates: Rates) -> None:
    with pytest.raises(CannotEstimate, match=r"rates\.yaml"):
        rates.generation_of(a100.model_copy(update={"architecture": "Rubin"}))


def test_a_missing_source_in_the_file_is_an_error_with_its_line(
    catalog: Catalog, tmp_path: Path
) -> None:
    content = yaml.safe_load((catalog.folders[0] / "rates.yaml").read_text(encoding="utf-8"))
    del content["shared"]["matmul_efficiency"]["source"]
    file = tmp_path / "rates.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(DataError, match="matmul_efficiency"):
        read_rates(file)
