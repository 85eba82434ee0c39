"""Rows of a measurement CSV: reading, selecting, and what each row asks of the estimator.

The columns are those of docs/estimating.md. A row becomes a Case (stages at a software setting on
a device) or is skipped with a reason; nothing is dropped silently.
"""

from __future__ import annotations

import csv
import io
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError, InputError
from advisor.estimator.setting import Engine, Setting
from advisor.files import read_bounded
from advisor.plan import Stage, plan
from advisor.workload import AXES, Workload

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model

MAX_TABLE_BYTES = 16 * 1024 * 1024
COLUMNS = [
    "id",
    "model",
    "device",
    "device_count",
    "measured",
    "value",
    "dtype",
    "batch",
    "steps",
    "guidance",
    "width",
    "height",
    "frames",
    "seconds",
    "tokens_in",
    "tokens_out",
    "mode",
    "scope",
    "framework",
    "trust",
    "confidence",
    "source",
    "score",
]
NEEDED = ("id", "model", "device", "measured", "value", "scope")  # the others may be left out
MEASURED = ("latency_s", "peak_memory_gib", "energy_j", "params", "flops")
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
Row = dict[str, str]

# Quantised names of measurements -> the dtype the estimator knows. Dynamic (dq) and weight-only
# (wo) formats differ in arithmetic, not in the bytes of their weights.
DTYPES = {
    "fp32": "fp32",
    "tf32": "fp32",
    "fp16": "fp16",
    "bf16": "bf16",
    "fp8": "fp8",
    "int8": "int8",
    "nf4": "nf4",
    "bf16-nf4": "nf4",
    "fp4": "fp4",
    "int4": "int4",
    "q4_k_m": "q4_k_m",
    "bf16-int8wo": "int8",
    "bf16-int8dq": "int8",
    "bf16-int4wo": "int4",
    "bf16-fp8": "fp8",
    "bf16-fp8wo": "fp8",
    "bf16-fp8dq": "fp8",
    "bf16-fp8dqrow": "fp8",
}


class Skipped(Exception):
    """Why a row cannot be estimated, as a phrase."""


@dataclass(frozen=True)
class Case:
    """What a row asks: `stages` of `model` at `workload` on `device`, measured as `value`.

    divide: outputs that the measured time is shared by (throughput rows). on_host: components that
    run on the host's processor, so that the device does not hold their weights.
    """

    row: Row
    model: Model
    device: Device
    workload: Workload
    setting: Setting
    stages: tuple[Stage, ...]
    value: float
    divide: float = 1.0
    on_host: tuple[str, ...] = ()

    @property
    def group(self) -> tuple[str, str]:
        return self.model.id, self.device.id


def read_rows(path: str | Path) -> list[Row]:
    """The rows of a measurement CSV. Raises InputError if columns are missing or a value is bad."""
    reader = csv.DictReader(io.StringIO(read_bounded(path, MAX_TABLE_BYTES)))
    try:
        named = reader.fieldnames or []
    except csv.Error as error:
        raise InputError(f"{path} is not a CSV file: {error}") from None
    lacking = [name for name in NEEDED if name not in named]
    if lacking:
        raise InputError(f"{path} lacks the column {', '.join(lacking)}: see docs/estimating.md")
    try:
        rows = [{name: (raw.get(name) or "").strip() for name in COLUMNS} for raw in reader]
    except csv.Error as error:
        raise InputError(
            f"{path} is not a CSV file: {error}, near line {reader.line_num}"
        ) from None
    for number, row in enumerate(rows, start=2):
        _check(row, f"{path}, line {number}")
    return rows


def _check(row: Row, where: str) -> None:
    if not row["id"]:
        raise InputError(f"{where}: the id is empty")
    if row["measured"] not in MEASURED:
        raise InputError(
            f"{where}: measured '{row['measured'][:40]}' is not one of {', '.join(MEASURED)}"
        )
    value = number_of(row, "value", where)
    if value is None or not 0 < value < 1e30:
        raise InputError(f"{where}: value '{row['value'][:40]}' is not a positive number")


def number_of(row: Row, name: str, where: str = "") -> float | None:
    """A numeric cell; None if it is empty. Raises InputError if it is not a finite number."""
    text = row[name]
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value != value or value in (float("inf"), float("-inf")):
        raise InputError(f"{where or row['id']}: {name} '{text[:40]}' is not a number")
    return value


def select(rows: Sequence[Row], where: Sequence[str]) -> list[Row]:
    """Rows that meet every condition such as 'score=1', 'trust<=2' or 'device=a10'."""
    tests = [_condition(text) for text in where]
    return [row for row in rows if all(test(row) for test in tests)]


def _condition(text: str) -> Callable[[Row], bool]:
    match = re.fullmatch(r"\s*(\w+)\s*(<=|>=|!=|=|<|>)\s*(.*?)\s*", text)
    if match is None or match[1] not in COLUMNS:
        raise InputError(
            f"condition '{text[:80]}' is not COLUMN=VALUE (or <=, >=, !=, <, >) on a known column"
        )
    name, sign, wanted = match.groups()
    compare = OPERATORS[sign]

    def test(row: Row) -> bool:
        try:
            return row[name] != "" and compare(float(row[name]), float(wanted))
        except ValueError:
            if sign not in ("=", "!="):
                raise InputError(f"condition '{text[:80]}' compares text: use = or !=") from None
            return (row[name] == wanted) == (sign == "=")

    return test


def case_of(row: Row, catalog: Catalog) -> Case:
    """What a row asks of the estimator. Raises Skipped with the reason if it cannot be asked."""
    _refuse(row)
    try:
        model = catalog.models[row["model"]]
        device = catalog.device(row["device"])
        workload = _with_variants(workload_of(row, model), row)
        stages = _in_scope(plan(model, workload, catalog.components), row, model)
    except AdvisorError as error:
        raise Skipped(str(error)) from None
    except ValueError as error:
        raise Skipped(f"its settings are not a workload: {str(error).splitlines()[0]}") from None
    case = Case(
        row=row,
        model=model,
        device=device,
        workload=workload,
        setting=setting_of(row),
        stages=_guided(stages, row, model),
        value=float(row["value"]),
        on_host=_on_host(row, model),
    )
    if row["scope"] == "throughput_per_device":
        return _shared_time(case)
    if row["measured"] == "energy_j":  # per output, not per batch
        return replace(case, divide=float(workload.batch))
    return case


def _refuse(row: Row) -> None:
    """Rows of a kind that is not estimated."""
    framework = row["framework"]
    if not row["model"] or not row["device"]:
        raise Skipped("no model or device is stated")
    if row["scope"] == "train_step":
        raise Skipped("training steps are not estimated")
    if row["scope"] == "wall":
        raise Skipped("energy at the wall is not estimated, only the device's")
    if "MIG" in framework:
        raise Skipped("a MIG slice is not a whole device")
    if not row["dtype"]:
        raise Skipped("the dtype is not stated")
    if row["dtype"] not in DTYPES:
        raise Skipped(f"dtype '{row['dtype'][:40]}' is not estimated")
    # llama.cpp splits layers over devices, so one token passes them one after the other.
    sequential = "llama.cpp" in framework and row["scope"] == "decode_token"
    per_device = row["scope"] == "throughput_per_device"
    if row["device_count"] not in ("", "1", "1.0") and not (sequential or per_device):
        raise Skipped("several devices on one request are not estimated")
    if re.search("sequential|group offload", framework):
        raise Skipped("offload layer by layer is not estimated")


def workload_of(row: Row, model: Model) -> Workload:
    """The row's settings over the model's defaults; a measured setting may leave the axis range."""
    values = {name: axis.default for name, axis in model.axes.items()}
    for name in (axis for axis in AXES if axis in COLUMNS):
        stated = number_of(row, name)
        if stated is not None and name in values:
            values[name] = stated
    if row["scope"] == "denoise_step":
        values["steps"] = 1
    if values.get("tokens_in") == 0:
        values["tokens_in"] = 1
    if "tokens_out" in values:
        values["tokens_out"] = max(values["tokens_out"], 2)
    whole = {k: int(v) if float(v).is_integer() else v for k, v in values.items()}
    stated = number_of(row, "batch")
    batch = SERVER_BATCH.get(model.outputs[0], 1) if stated is None else stated
    dtype = DTYPES[row["dtype"]]
    known = dtype if dtype in ("fp32", "fp16", "bf16", "fp8", "int8", "nf4") else "nf4"
    return Workload.model_validate({**whole, "batch": int(batch), "dtype": known})


def _with_variants(workload: Workload, row: Row) -> Workload:
    """The library's switches that the framework column names."""
    words = row["framework"]
    asked: dict[str, object] = {}
    if "slicing" in words:
        asked["slicing"] = True
    if re.search("tiling|tiled", words):
        asked["tiling"] = True
    if "offload" in words:
        asked["offload"] = "model"
    return workload.model_copy(update=asked)


def _on_host(row: Row, model: Model) -> tuple[str, ...]:
    """Text encoders that the row says run on the processor ("t5_cpu")."""
    if "t5_cpu" not in row["framework"]:
        return ()
    return tuple(p.component for p in model.components if p.role.startswith("text_encoder"))


# A loaded server whose batch is not stated: large enough that time per output no longer changes.
SERVER_BATCH = {"image": 8}


def setting_of(row: Row) -> Setting:
    """The software of a row, read from its mode and the words of its framework column."""
    words = row["framework"]
    return Setting(
        dtype=DTYPES[row["dtype"]],
        compiled=row["mode"] == "compiled",
        fused_attention=not re.search("no xformers|no SDPA", words),
        tf32_matmul="TF32" in words or row["dtype"] == "tf32",
        legacy=bool(re.search(r"PyTorch 1\.|diffusers 0\.(\d|1[01])\b|TensorFlow 1", words)),
        hopper_attention=bool(re.search(r"FA3|FlashAttention-3", words)),
        fused_qkv="qkv fused" in words,
        wide_weights=_wide_weights(words),
        stack=next((stack for name, stack in STACKS.items() if name in row["source"]), ""),
        engine=_engine(row),
    )


# Sources whose library can be dated, where that changes a prediction. torchao's CogVideoX runs used
# "updated diffusers codebases" while that was 0.30 and development after it: the benchmark's README
# is from September 2024, huggingface/diffusers#9524 came with 0.31 in October.
STACKS = {"sayakpaul/diffusers-torchao": "diffusers 0.30"}


def _wide_weights(words: str) -> bool:
    """Wan's own code keeps fp32 weights and casts at use, unless told to convert them."""
    return "official repo" in words and "offload_model" in words and "convert" not in words


def _engine(row: Row) -> Engine:
    if row["mode"] != "optimised":
        return ""
    return "llama.cpp" if "llama.cpp" in row["framework"] else "other"


def _in_scope(stages: list[Stage], row: Row, model: Model) -> tuple[Stage, ...]:
    scope = row["scope"]
    loops = {spec.name for spec in model.stages if spec.loop == "denoise"}
    if scope == "denoise_step":
        chosen = [stage for stage in stages if stage.name in loops]
    elif scope in ("encode", "decode", "prefill"):
        chosen = [stage for stage in stages if stage.name == scope]
    elif scope == "decode_token":
        chosen = [replace(s, calls=1) for s in stages if s.entry == "decode_token"]
    elif scope in ("end_to_end", "throughput_per_device", "allocated", "reserved", "reported"):
        chosen = list(stages)
        only = re.search(r"VAE (encode|decode) only", row["framework"])
        if only:
            chosen = [stage for stage in stages if stage.name == only[1]]
    else:
        raise Skipped(f"scope '{scope[:40]}' is not estimated")
    if not chosen:
        raise Skipped(f"{model.id} has no stage for the scope '{scope}'")
    return tuple(chosen)


def _guided(stages: tuple[Stage, ...], row: Row, model: Model) -> tuple[Stage, ...]:
    """A row with a guidance pass on a model that is sold without one runs its denoiser twice."""
    if (number_of(row, "guidance") or 1) <= 1 or _guidable(model):
        return stages
    loops = {spec.name for spec in model.stages if spec.loop == "denoise"}
    return tuple(replace(s, batch=2 * s.batch) if s.name in loops else s for s in stages)


def _guidable(model: Model) -> bool:
    return "guidance" in model.axes and model.axes["guidance"].max > 1


def _shared_time(case: Case) -> Case:
    """Seconds per output (or output token) of a full batch."""
    tokens = case.workload.tokens_out
    if tokens is not None and not case.row["batch"]:
        raise Skipped("the number of sequences in flight is not stated")
    return replace(case, divide=float(case.workload.batch * (tokens or 1)))
