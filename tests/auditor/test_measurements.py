"""audit_measurements: the contract's form, honest skips, and what the rows are held against."""

from __future__ import annotations

import csv
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
    assert set(row) == {
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
        assert set(group) == {
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
