"""`advisor serving`, and the run that `advisor training` costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli import cli
from advisor.errors import InputError

CASE = """
title: Shop pictures
outputs: [image]
width_px: 1024
height_px: 1024
latency: {limit_ms: 30 s}
volume_per_day: 20000
"""


def run(*asked: str) -> Result:
    return CliRunner().invoke(cli, [*asked, "--as-of", "2026-11-23"])


@pytest.fixture
def case(tmp_path: Path) -> str:
    file = tmp_path / "case.yaml"
    file.write_text(CASE + "arrivals: {trace: trace.csv}\n")
    rows = [f"{3600 * hour},{100 + 900 * (8 <= hour < 20)}" for hour in range(48)]
    (tmp_path / "trace.csv").write_text("\n".join(["start,requests", *rows]))
    return str(file)


def test_serving_prints_one_json_document_with_percentiles_and_scaling(case: str) -> None:
    result = run("serving", case, "sdxl-turbo", "--device", "l4", "--json", "--spare-replicas", "1")
    made = json.loads(result.stdout)
    load = made["cost"]["under_load"]
    assert load["p50_s"]["value"] <= load["p95_s"]["value"] <= load["p99_s"]["value"]
    assert load["spare_replicas"] == 1
    assert len(made["cost"]["scaling"]["hourly_instances"]) in (24, 48)
    assert made["simulated"] == []


def test_serving_simulates_the_hour_and_the_day_the_same_way_twice(case: str) -> None:
    asked = ("serving", case, "sdxl-turbo", "--device", "l4", "--simulate", "--requests", "3000")
    first, second = run(*asked, "--json"), run(*asked, "--json")
    assert first.stdout == second.stdout
    hour, day = json.loads(first.stdout)["simulated"]
    assert "under the peak" in hour["method"] and "over the day" in day["method"]
    other = run(*asked, "--json", "--seed", "2")
    assert json.loads(other.stdout)["simulated"][0] != hour


def test_serving_for_people_has_batches_and_a_table(case: str) -> None:
    result = run("serving", case, "sdxl-turbo", "--device", "l4", "--max-batch", "4")
    assert result.exit_code == 0, result.output
    assert "upper estimate" in result.output and "p99" in result.output


def test_a_trace_on_the_command_line_takes_the_place_of_stated_arrivals(
    tmp_path: Path, case: str
) -> None:
    plain = tmp_path / "plain.yaml"
    plain.write_text(CASE + "peak_factor: 9\n")
    trace = str(tmp_path / "trace.csv")
    asked = ("serving", str(plain), "sdxl-turbo", "--device", "l4", "--json")
    with_trace = json.loads(run(*asked, "--trace", trace).stdout)
    in_file = json.loads(run("serving", case, *asked[2:]).stdout)
    assert with_trace["cost"]["peak_requests_per_s"] == in_file["cost"]["peak_requests_per_s"]


def test_scaling_without_a_shape_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "plain.yaml"
    plain.write_text(CASE)
    result = run("serving", str(plain), "sdxl-turbo", "--device", "l4", "--autoscale")
    assert isinstance(result.exception, InputError)
    assert "arrivals.pattern" in str(result.exception)


def test_training_with_steps_costs_the_run_on_each_offer() -> None:
    asked = "training sd-1.5 --method lora --device l4 --recipe lora-image --json".split()
    costs = json.loads(run(*asked).stdout)
    assert {cost["steps"]["value"] for cost in costs} == {500}
    assert len({cost["offer"]["id"] for cost in costs}) == len(costs) >= 2


def test_training_at_a_stated_price_shows_the_tree() -> None:
    asked = "training sd-1.5 --device l4 --samples 20 --epochs 40 --price 0.8".split()
    result = run(*asked)
    assert "800 steps" in result.output and "data preparation: depends on" in result.output
    assert "at your price" in result.output


def test_training_that_does_not_fit_says_what_would() -> None:
    result = run("training", "flux1-dev", "--method", "lora", "--device", "l4")
    assert "does not fit" in result.output and "would fit" in result.output


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("--device l4 --steps 10 --devices 4", "scaling efficiency"),
        ("--device l4 --recipe lora-llm", "unknown adaptation"),
        ("--device l4 --recipe controlnet", "trains added network"),
        ("--device l4 --recipe lora-image", "--method lora"),
    ],
)
def test_runs_that_cannot_be_costed_are_refused(asked: str, says: str) -> None:
    result = run("training", "sd-1.5", *asked.split())
    assert says in str(result.exception)


@pytest.mark.parametrize(
    "asked", ["--steps 10", "--device l4 --steps 5 --recipe dreambooth", "--device l4 --samples 5"]
)
def test_half_asked_runs_are_usage_errors(asked: str) -> None:
    assert run("training", "sd-1.5", *asked.split()).exit_code == 2
