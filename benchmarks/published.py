"""Rebuilds catalog/published.csv from the measurement file: python -m benchmarks.published

Kept are rows of trust 1-2 on one whole device, end to end, whose every setting is stated: what an
estimate can stand beside without guessing. Energy is per request (rows print it per output).
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from advisor.auditor.rows import Row, Skipped, case_of, read_rows
from advisor.catalog import Catalog, load_catalog
from advisor.estimator.published import COLUMNS, NAME
from advisor.estimator.setting import Setting
from advisor.files import write_atomic
from advisor.plan import plan
from advisor.workload import AXES

ROOT = Path(__file__).resolve().parents[1]
MEASUREMENTS = ROOT / "benchmarks" / "data" / "measurements_calibration.csv"
SCOPES = {
    "latency_s": ("end_to_end",),
    "energy_j": ("end_to_end",),
    "peak_memory_gib": ("allocated", "reserved", "reported"),
}
DTYPES = ("fp32", "fp16", "bf16")


def kept(row: Row, catalog: Catalog) -> dict[str, str] | None:
    """The row of the table, or None where a setting is not stated or not that of a workload."""
    asked = (row["dtype"] in DTYPES, row["mode"] in ("eager", "compiled"), row["trust"] in "12")
    if not all(asked) or row["scope"] not in SCOPES.get(row["measured"], ()):
        return None
    try:
        case = case_of(row, catalog)
    except Skipped:
        return None
    stated = [name for name in AXES if name in row and name in case.model.axes]
    if not all(row[name] for name in [*stated, "batch"]) or "points" in case.model.axes:
        return None
    if case.stages != tuple(plan(case.model, case.workload, catalog.components)):
        return None  # a part of the request, or one with a pass that the model does not have
    workload = case.workload.model_copy(update={"mode": row["mode"]})
    value = case.value * (workload.batch if row["measured"] == "energy_j" else 1)
    return {
        **{name: row[name] for name in ("id", "model", "device", "measured", "scope")},
        "workload": workload.model_dump_json(exclude_none=True),
        "value": f"{value:.6g}",
        "framework": row["framework"],
        "trust": row["trust"],
        "source": row["source"],
        "plain": str(case.setting == Setting.of(workload)).lower(),
    }


def table(catalog: Catalog) -> Iterator[dict[str, str]]:
    for row in read_rows(MEASUREMENTS):
        made = kept(row, catalog)
        if made is not None:
            yield made


def main() -> int:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    rows = list(table(load_catalog()))
    writer.writerows(rows)
    write_atomic(ROOT / "catalog" / NAME, text.getvalue())
    print(f"{len(rows)} rows in catalog/{NAME}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
