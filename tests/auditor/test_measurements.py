"""audit_measurements: the contract's form, honest skips, and what the rows are held against."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.auditor import audit_measurements
from advisor.auditor.rows import COLUMNS, case_of, read_rows, select, setting_of
from advisor.catalog import load_catalog
from advisor.errors import InputError

CATALOG = load_catalog()
ROW = dict.fromkeys(COLUMNS, "") | {
    "id": "ROW-1",
    "model": "sd-1.5",
    "device": "a100-sxm-40",
    "device_count": "1",
    "measured": "latency_s",
    "value": "1.0",
    "dtype": "fp16",
    "batch": "1",
    "steps": "25",
    "guidance": "7.5",
    "width": "512",
    "height": "512",
    "mode": "eager",
    "scope": "end_to_end",
    "framework": "PyTorch eager, SDPA",
    "trust": "1",
    "score": "1",
}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(*changes: dict[str, str], columns: list[str] = COLUMNS) -> Path:
        file = tmp_path / "rows.csv"
        with file.open("w", newline="", encoding="utf-8") as handle:
            out = csv.DictWriter(handle, columns, extrasaction="ignore")
            out.writeheader()
            out.writerows({**ROW, "id": f"ROW-{n}", **change} for n, change in enumerate(changes))
        return file

    return written


def only(result: dict[str, Any]) -> dict[str, Any]:
    (row,) = result["rows"]
    return dict(row)


def test_a_row_is_predicted_in_the_contracts_form(write: Any) -> None:
    result = audit_measurements(write({}), catalog=CATALOG)
    row = only(result)
    assert set(row) >= {
        "id",
        "predicted",
        "low",
        "high",
        "measured",
        "ratio",
        "inside",
        "basis",
        "skipped",
    }
    assert row["low"] <= row["predicted"] <= row["high"]
    assert math.isclose(row["ratio"], row["predicted"] / 1.0)
    assert row["inside"] == (row["low"] <= 1.0 <= row["high"])
    assert row["skipped"] is None
    assert set(result["baselines"]) == {"peak_flops_ratio", "constant_per_gpu", "roofline"}
    for group in result["groups"]:
        assert set(group) >= {
            "by",
            "key",
            "n",
            "median_abs_error",
            "p90_abs_error",
            "bias",
            "coverage",
        }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "sd-99"}, "unknown model"),
        ({"device": "h10"}, "h100-"),
        ({"scope": "train_step", "device_count": "8"}, "training"),
        ({"scope": "wall"}, "wall"),
        ({"scope": "guessed"}, "scope"),
        ({"dtype": "ternary"}, "dtype"),
        ({"device_count": "8"}, "several devices"),
        ({"framework": "PyTorch [MIG 1g.10gb slice]"}, "MIG"),
        (
            {"measured": "peak_memory_gib", "scope": "reported", "framework": "group offload"},
            "offload",
        ),
        ({"batch": "0"}, "workload"),
        ({"measured": "flops"}, "FLOPs"),
    ],
)
def test_a_row_that_cannot_be_estimated_is_reported_with_its_reason(
    write: Any, change: dict[str, str], reason: str
) -> None:
    row = only(audit_measurements(write(change), catalog=CATALOG))
    assert reason in row["skipped"]
    assert row["predicted"] is None
    assert row["inside"] is None


def test_every_row_of_the_file_comes_back(write: Any) -> None:
    file = write({}, {"model": "sd-99"}, {"measured": "peak_memory_gib", "scope": "allocated"})
    result = audit_measurements(file, catalog=CATALOG)
    assert [row["id"] for row in result["rows"]] == ["ROW-0", "ROW-1", "ROW-2"]


def test_where_selects_rows_by_number_and_by_text(write: Any) -> None:
    file = write({"trust": "1"}, {"trust": "2"}, {"trust": "3", "device": "a10"})
    rows = read_rows(file)
    assert [r["id"] for r in select(rows, ["trust<=2"])] == ["ROW-0", "ROW-1"]
    assert [r["id"] for r in select(rows, ["trust>1", "device=a10"])] == ["ROW-2"]
    assert [r["id"] for r in select(rows, ["device!=a10"])] == ["ROW-0", "ROW-1"]


@pytest.mark.parametrize("condition", ["nonsense", "colour=red", "trust~2", "device<b"])
def test_a_condition_that_cannot_be_read_is_an_error(write: Any, condition: str) -> None:
    with pytest.raises(InputError, match="condition"):
        select(read_rows(write({})), [condition])


def test_a_file_without_the_columns_is_an_error_that_names_them(write: Any) -> None:
    file = write({}, columns=[name for name in COLUMNS if name != "scope"])
    with pytest.raises(InputError, match="scope"):
        read_rows(file)


@pytest.mark.parametrize("value", ["", "fast", "nan", "-1", "0", "inf"])
def test_a_measured_value_that_is_not_a_positive_number_is_an_error_with_its_line(
    write: Any, value: str
) -> None:
    with pytest.raises(InputError, match="line 2"):
        read_rows(write({"value": value}))


def test_a_denoising_step_is_a_small_part_of_a_whole_image(write: Any) -> None:
    file = write({}, {"scope": "denoise_step", "steps": "1"})
    whole, step = audit_measurements(file, catalog=CATALOG)["rows"]
    assert 20 < whole["predicted"] / step["predicted"] < 30


def test_guidance_doubles_the_work_of_a_model_sold_without_it() -> None:
    with_pass = case_of({**ROW, "model": "sdxl-turbo", "guidance": "5"}, CATALOG)
    without = case_of({**ROW, "model": "sdxl-turbo", "guidance": "1"}, CATALOG)
    batches = [
        [stage.batch for stage in case.stages if stage.calls > 1] for case in (with_pass, without)
    ]
    assert batches == [[2], [1]]


def test_energy_is_per_output_and_latency_per_batch(write: Any) -> None:
    rows = [{"batch": b, "measured": m} for m in ("latency_s", "energy_j") for b in ("8", "16")]
    made = [r["predicted"] for r in audit_measurements(write(*rows), catalog=CATALOG)["rows"]]
    assert 1.7 < made[1] / made[0] < 2.1
    assert 0.85 < made[3] / made[2] < 1.05


@pytest.mark.parametrize(
    ("words", "mode", "field", "value"),
    [
        ("PyTorch 1.13 eager, no xformers", "eager", "fused_attention", False),
        ("PyTorch 2.4 eager, SDPA", "eager", "fused_attention", True),
        ("PyTorch 1.13 eager", "eager", "legacy", True),
        ("PyTorch eager, diffusers 0.29.2", "eager", "legacy", False),
        ("NGC container: TF32 is used", "eager", "tf32_matmul", True),
        ("official repo, FA3 on Hopper", "eager", "hopper_attention", True),
        ("llama.cpp (mid-2024)", "optimised", "engine", "llama.cpp"),
        ("TensorRT 10.2", "optimised", "engine", "other"),
        ("torch.compile max-autotune", "compiled", "compiled", True),
    ],
)
def test_the_software_is_read_from_mode_and_framework(
    words: str, mode: str, field: str, value: object
) -> None:
    assert getattr(setting_of({**ROW, "framework": words, "mode": mode}), field) == value


@given(
    batch=st.integers(1, 64),
    steps=st.integers(1, 100),
    dtype=st.sampled_from(["fp16", "bf16", "fp32", "bf16-int8wo"]),
    mode=st.sampled_from(["eager", "compiled", "optimised"]),
    scope=st.sampled_from(["end_to_end", "denoise_step"]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_row_asks_the_interval_is_ordered(
    write: Any, batch: int, steps: int, dtype: str, mode: str, scope: str
) -> None:
    change = {"batch": str(batch), "steps": str(steps), "dtype": dtype, "mode": mode}
    row = only(audit_measurements(write({**change, "scope": scope}), catalog=CATALOG))
    assert 0 < row["low"] <= row["predicted"] <= row["high"]


def test_parameters_are_counted_and_held_to_the_printed_rounding(write: Any) -> None:
    file = write(
        {"measured": "params", "value": "859520000.0", "framework": "[denoiser only]"},
        {"measured": "params", "value": "500000000.0", "framework": "[denoiser only]"},
    )
    right, wrong = audit_measurements(file, catalog=CATALOG)["rows"]
    assert right["inside"] is True
    assert wrong["inside"] is False


def test_a_training_step_is_estimated_and_left_out_of_the_baselines(write: Any) -> None:
    change = {"model": "gpt2-small", "scope": "train_step", "device": "rtx-4090"}
    change |= dict.fromkeys(("width", "height", "steps", "guidance"), "")
    result = audit_measurements(write(change), catalog=CATALOG)
    row = only(result)
    assert row["skipped"] is None and row["low"] <= row["predicted"] <= row["high"]
    assert result["baselines"] == {}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, {"peak_flops_ratio", "constant_per_gpu", "roofline"}),
        ({"measured": "peak_memory_gib", "scope": "allocated"}, {"weights_only", "weights_x_1.2"}),
        ({"measured": "energy_j", "value": "900"}, {"power_limit_x_latency"}),
    ],
)
def test_baselines_of_the_quantity_are_judged_on_the_same_rows(
    write: Any, change: dict[str, str], names: set[str]
) -> None:
    result = audit_measurements(write(change), catalog=CATALOG)
    assert set(result["baselines"]) == set(only(result)["baselines"]) == names
    for line in result["baselines"].values():
        assert line["n"] == 1
        assert line["ours_median_abs_error"] == pytest.approx(abs(only(result)["ratio"] - 1))


def test_a_result_survives_json_and_names_a_reason_for_the_worst_row(write: Any) -> None:
    result = audit_measurements(write({}, {"device": "nothing"}, {"value": "50"}), catalog=CATALOG)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["worst"][0]["id"] == "ROW-2"
    assert all(row["reason"] for row in result["worst"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"measured": "peak_memory_gib", "scope": "reported"}, "which memory"),
        ({"framework": "PyTorch [dtype not stated, assumed]"}, "dtype not stated, assumed"),
        ({"trust": "3"}, "loose"),
        ({"device": "b200", "batch": "64"}, "no measurement"),
        ({"mode": "optimised", "framework": "TensorRT"}, "engine"),
        ({"framework": "PyTorch 1.13", "batch": "16"}, "1.x"),
        ({"batch": "16", "framework": "PyTorch eager"}, "age"),
    ],
)
def test_the_likely_reason_follows_from_the_row(
    write: Any, change: dict[str, str], reason: str
) -> None:
    assert reason in only(audit_measurements(write(change), catalog=CATALOG))["reason"]


def test_offload_tiles_and_fused_projections_change_the_memory_that_is_predicted(
    write: Any,
) -> None:
    plain = {"measured": "peak_memory_gib", "scope": "allocated", "model": "cogvideox-5b"}
    plain |= {"width": "720", "height": "480", "frames": "49", "dtype": "bf16"}
    words = ("eager", "eager, qkv fused", "VAE tiling", "model CPU offload")
    file = write(*({**plain, "framework": one} for one in words))
    rows = audit_measurements(file, catalog=CATALOG)["rows"]
    resident, fused, tiled, turns = (row["predicted"] for row in rows)
    assert fused > resident > tiled and resident > turns


def test_columns_that_say_nothing_needed_may_be_left_out(write: Any) -> None:
    file = write({}, columns=[c for c in COLUMNS if c not in ("score", "trust", "source")])
    assert only(audit_measurements(file, catalog=CATALOG))["skipped"] is None


@given(text=st.text(max_size=400) | st.binary(max_size=400).map(lambda b: b.decode("latin-1")))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_broken_file_is_an_error_in_one_sentence_or_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(",".join(COLUMNS) + "\n" + text, encoding="utf-8", errors="replace")
    try:
        audit_measurements(file, catalog=CATALOG)
    except InputError as error:
        assert "broken.csv" in str(error) and "\n" not in str(error)


@given(
    cells=st.fixed_dictionaries(
        {
            name: st.sampled_from(["", "x", "-1", "1e400", "nan", "0", "7", "1.5"])
            for name in COLUMNS
        }
    )
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_odd_cells_are_skipped_with_a_reason_or_an_input_error(
    write: Any, cells: dict[str, str]
) -> None:
    kept = {**cells, "id": "A", "measured": "latency_s", "value": "1.0", "model": "sd-1.5"}
    file = write({**kept, "device": "a10", "scope": "end_to_end", "dtype": "fp16"})
    try:
        row = only(audit_measurements(file, catalog=CATALOG))
    except InputError:
        return
    assert (row["skipped"] is None) == (row["predicted"] is not None)


def test_a_machine_that_only_its_profile_knows_is_predicted_from_its_own_rates(write: Any) -> None:
    own = {"device": "cpu-amd-epyc-2t", "dtype": "fp32", "width": "256", "height": "256"}
    result = audit_measurements(write({**own, "model": "lcm-sd15", "steps": "4"}))
    (row,) = result["rows"]
    assert row["basis"] == "calibrated"
    assert row["low"] < row["predicted"] < row["high"]
    assert next(g for g in result["groups"] if g["by"] == "all")["n"] == 1


def test_a_machines_own_rates_predict_no_other_kind_of_row(write: Any) -> None:
    own = {"device": "cpu-amd-epyc-2t", "dtype": "fp32", "mode": "compiled"}
    result = audit_measurements(write(own))
    assert "own rates" in result["rows"][0]["skipped"]
    assert result["groups"] == []
