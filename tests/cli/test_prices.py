"""advisor prices and assess --price: filters, order, units."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from advisor.cli import cli

DAY = ("--as-of", "2026-11-23")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["prices", *arguments])


def rows(*arguments: str) -> list[dict[str, object]]:
    result = run(*arguments, *DAY, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_the_first_word_may_be_a_device_or_a_command() -> None:
    assert run("l4", *DAY).stdout == run("list", "l4", *DAY).stdout
    assert run("--provider", "gcp", *DAY).exit_code == 0
    assert "refresh" in run("--help").stdout


def test_filters_leave_only_what_was_asked_for() -> None:
    found = rows("h100-sxm", "--provider", "gcp", "--region", "us-central1", "--spot")
    assert found
    for row in found:
        assert (row["device"], row["provider"], row["region"]) == ("h100-sxm", "gcp", "us-central1")
        assert row["spot_usd_per_hour"] is not None


def test_fresh_leaves_out_exactly_the_marked_rows() -> None:
    everything, fresh = rows("l4"), rows("l4", "--fresh")
    assert [row for row in everything if not row["old"]] == fresh
    assert 0 < len(fresh) < len(everything)


@pytest.mark.parametrize(("per", "hours"), [("hour", 1), ("month", 730.5), ("year", 8766)])
def test_units_scale_the_hourly_price_of_a_gpu_or_an_instance(per: str, hours: float) -> None:
    for of in ("gpu", "instance"):
        for row in rows("a100-sxm-80", "--per", per, "--of", of):
            share = row["gpu_count"] if of == "gpu" else 1
            if row["on_demand_usd_per_hour"] is None:
                assert row["on_demand"] is None
                continue
            want = row["on_demand_usd_per_hour"] * hours / share  # type: ignore[operator]
            assert row["on_demand"] == pytest.approx(want)


@pytest.mark.parametrize("sort", ["price", "spot", "device", "provider", "date"])
def test_rows_come_in_the_order_asked_for(sort: str) -> None:
    name = {"price": "on_demand", "date": "as_of"}.get(sort, sort)
    values = [row[name] for row in rows("--sort", sort)]
    known = [value for value in values if value is not None]
    assert known == sorted(known)  # type: ignore[type-var]


@pytest.mark.parametrize("option", [("--provider", "gpc"), ("--region", "us-centrall")])
def test_an_unknown_name_is_answered_with_near_ones(option: tuple[str, str]) -> None:
    from advisor.errors import UnknownName

    result = run(*option)
    assert isinstance(result.exception, UnknownName)
    assert "did you mean" in str(result.exception)


def test_a_refresh_of_an_unknown_source_fetches_nothing() -> None:
    from advisor.errors import InputError, UnknownName

    assert isinstance(run("refresh", "asw").exception, UnknownName)
    assert isinstance(run("refresh", "--url", "https://x.example").exception, InputError)
