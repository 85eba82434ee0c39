"""Rows of scope train_step: what a row asks of the training estimator, and its prediction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from advisor.auditor.predict import Prediction
from advisor.auditor.rows import DTYPES, Case, Row, Skipped, number_of, setting_of
from advisor.errors import AdvisorError
from advisor.estimator.training import estimate_training
from advisor.trainplan import training_calls
from advisor.trainstore import training_store
from advisor.workload import AXES

if TYPE_CHECKING:
    from advisor.catalog import Catalog

_SAMPLING = ("steps", "guidance")  # axes of a generation that a training step does not have


def training_prediction(row: Row, catalog: Catalog) -> tuple[Case, Prediction]:
    """The row's case and what is predicted. Raises Skipped or AdvisorError with the reason."""
    words = row["framework"]
    if not row["model"] or not row["device"]:
        raise Skipped("no model or device is stated")
    if row["device_count"] not in ("", "1", "1.0"):
        raise Skipped("training on several devices is not estimated")
    if "offload" in words:
        raise Skipped("training with offload is not estimated")
    dtype = _dtype(row)
    model, device = catalog.models[row["model"]], catalog.device(row["device"])
    checkpointing = bool(re.search("checkpointing|ckpt", words))
    rank = re.search(r"rank (\d+)", words)
    axes = {name: number_of(row, name) for name in AXES if name in row and name in model.axes}
    asked: dict[str, Any] = {k: v for k, v in axes.items() if v is not None and k not in _SAMPLING}
    batch = number_of(row, "batch")
    if batch is None:
        raise Skipped("the batch is not stated")
    workload = model.workload(batch=int(batch), dtype=dtype, **asked)
    if row["measured"] == "peak_memory_gib" and not checkpointing:
        calls = training_calls(model, workload, catalog)
        if any(training_store(catalog).trace(c.part).recomputed is not None for c in calls):
            raise Skipped("whether blocks were checkpointed is not stated")
    setting = setting_of({**row, "dtype": dtype if row["dtype"] != "tf32" else "tf32"})
    made = estimate_training(
        model,
        device,
        method="lora" if "LoRA" in words else "full",
        rank=int(rank[1]) if rank else 16,
        batch=int(batch),
        dtype=dtype,
        optimiser="adamw8bit" if re.search("8.?bit", words) else "adamw",
        checkpointing=checkpointing,
        catalog=catalog,
        setting=setting,
        **asked,
    )
    figures = {
        "latency_s": made.step_s,
        "peak_memory_gib": made.peak_memory_gib,
        "energy_j": made.energy_j,
    }
    figure = figures[row["measured"]]
    if figure is None:
        raise AdvisorError(f"the power limit of {device.id} is not known")
    case = Case(row, model, device, workload, setting, (), float(row["value"]))
    return case, Prediction(figure.value, figure.low, figure.high, str(figure.basis))


def _dtype(row: Row) -> Any:
    """The estimator's dtype: mixed precision ('amp') is 16 bit, a base in nf4 stays nf4."""
    if row["dtype"] == "amp":
        return "fp16"
    if row["dtype"] == "bf16-nf4":
        return "nf4"
    if row["dtype"] not in DTYPES:
        raise Skipped(f"dtype '{row['dtype'][:40]}' is not estimated")
    return DTYPES[row["dtype"]]
