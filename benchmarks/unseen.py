"""Errors on rows that no fit and no choice of form has seen: python -m benchmarks.unseen

Rows of models that the catalog lacks but whose network is that of one that it has, within a few per
cent of its operations. `--make SOURCE` writes the rows from facts/measurements_other_models.csv.
Prints and stores benchmarks/unseen.json. NOT to be tuned on: docs/estimating.md says what was done.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from advisor.auditor.measurements import audit_measurements
from advisor.auditor.rows import COLUMNS, read_rows, select
from advisor.files import write_atomic

HERE = Path(__file__).resolve().parent
ROWS = HERE / "data" / "measurements_unseen.csv"


@dataclass(frozen=True)
class Twin:
    """A catalog model that does the same work, and why it is taken to."""

    model: str
    reason: str


SD2 = (
    "the U-Net of SD 1.5 with heads of 64 for 40-160 and a text width of 1024 for 768; "
    "text encoder 0.35 for 0.12 billion parameters, run once"
)
TWINS = {
    "stable-diffusion-2-base": Twin("sd-1.5", SD2),
    "stable-diffusion-2-1": Twin("sd-1.5", SD2),
    "pixart-alpha": Twin("pixart-sigma", "the same transformer; 120 text tokens for 300"),
    "wan2.1-i2v-14b": Twin(
        "wan2.1-t2v-14b",
        "the same transformer; 36 input channels for 16, 257 image tokens in "
        "cross-attention and an image encoder run once: 3-4 % more operations",
    ),
    "wan2.2-i2v-a14b": Twin("wan2.2-t2v-a14b", "the same transformers; 36 input channels for 16"),
    "llama-2-70b": Twin("llama-3.1-70b", "the same layers; a vocabulary of 32 for 128 thousand"),
}


def unseen_rows(source: Path) -> list[dict[str, str]]:
    """Latency rows of trust 1-2 on one device, under the names of their twins, with the reason."""
    rows = []
    with source.open(encoding="utf-8", newline="") as file:  # has no column `score`
        known = [{name: row.get(name, "") for name in COLUMNS} for row in csv.DictReader(file)]
    for row in select(known, ["measured=latency_s", "trust<=2", "device_count=1"]):
        twin = TWINS.get(row["model"])
        if twin is not None:
            note = f"{row['framework']} [{row['model']}: {twin.reason}]"
            rows.append({**row, "model": twin.model, "framework": note})
    return rows


def write_rows(rows: Sequence[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(ROWS, text.getvalue())


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Errors and coverage of audited rows."""
    error = np.array([row["ratio"] - 1 for row in rows])
    return {
        "n": len(rows),
        "median_abs_error": round(float(np.median(np.abs(error))), 4),
        "p90_abs_error": round(float(np.quantile(np.abs(error), 0.9)), 4),
        "bias": round(float(np.median(error)), 4),
        "coverage": round(float(np.mean([row["inside"] for row in rows])), 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", type=Path, metavar="SOURCE", help="write the rows first")
    options = parser.parse_args(arguments)
    if options.make:
        write_rows(unseen_rows(options.make))
    modes = {row["id"]: row["mode"] for row in read_rows(ROWS)}
    audit = audit_measurements(ROWS)
    made = [row for row in audit["rows"] if row["ratio"] is not None]
    found: dict[str, Any] = {
        mode: summary(part)
        for mode in sorted(set(modes.values()))
        if (part := [row for row in made if modes[row["id"]] == mode])
    }
    found["baselines, all modes"] = audit["baselines"]
    found["rows"] = [{k: row[k] for k in ("id", "ratio", "inside")} for row in made]
    found["skipped"] = {r["id"]: r["skipped"] for r in audit["rows"] if r["ratio"] is None}
    for name in sorted(set(modes.values()) & set(found)):
        print(name, found[name])
    print(found["baselines, all modes"])
    write_atomic(HERE / "unseen.json", json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
