"""Errors on rows that no fit and no choice of form has seen: python -m benchmarks.unseen

Rows of models that the catalog lacks. Where the catalog has their networks, the model is put
together exactly in `data/catalog`, which is laid over the catalog here and nowhere else; others
stand under the name of a catalog model with the same network within a few per cent.
`--make SOURCE` writes rows and traces from facts/measurements_other_models.csv (needs torch).
Prints and stores benchmarks/unseen.json. NOT to be tuned on: docs/estimating.md says what was done.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from advisor.auditor.measurements import audit_measurements
from advisor.auditor.rows import COLUMNS, case_of, read_rows, select
from advisor.catalog import Catalog, load_catalog
from advisor.files import write_atomic
from advisor.traces import CallTrace
from advisor.tracestore import read_traces, trace_store, write_traces

HERE = Path(__file__).resolve().parent
ROWS = HERE / "data" / "measurements_unseen.csv"
MODELS = HERE / "data" / "catalog"

EXACT = ("stable-diffusion-2-base", "stable-diffusion-2-1", "pixart-alpha")
# Model of a row -> catalog model that does the same work, and why it is taken to.
TWINS = {
    "wan2.1-i2v-14b": (
        "wan2.1-t2v-14b",
        "the same transformer; 36 input channels for 16, 257 image tokens in "
        "cross-attention and an image encoder run once: 3-4 % more operations",
    ),
    "wan2.2-i2v-a14b": ("wan2.2-t2v-a14b", "the same transformers; 36 input channels for 16"),
    "llama-2-70b": ("llama-3.1-70b", "the same layers; a vocabulary of 32 for 128 thousand"),
}


def unseen_rows(source: Path) -> list[dict[str, str]]:
    """Latency rows of trust 1-2 on one device, of models that are exact here or have a twin."""
    rows = []
    with source.open(encoding="utf-8", newline="") as file:  # has no column `score`
        known = [{name: row.get(name, "") for name in COLUMNS} for row in csv.DictReader(file)]
    for row in select(known, ["measured=latency_s", "trust<=2", "device_count=1"]):
        if row["model"] in EXACT:
            rows.append(row)
        elif row["model"] in TWINS:
            twin, reason = TWINS[row["model"]]
            note = f"{row['framework']} [{row['model']}: {reason}]"
            rows.append({**row, "model": twin, "framework": note})
    return rows


def write_missing_traces(rows: Sequence[dict[str, str]], catalog: Catalog) -> None:
    """Trace what the rows of exact models call and no layer of the catalog stores."""
    from advisor.trace import made_from, trace_call

    store = trace_store(catalog)
    for row in rows:
        if row["model"] not in EXACT:
            continue
        for stage in case_of(row, catalog).stages:
            component = catalog.components[stage.component]
            file = MODELS / "traces" / f"{component.id}.json"
            if stage.key in store.stored(component.id):
                continue
            call = trace_call(component, stage.entry, dict(stage.symbols), stage.key)
            store.stored(component.id)[stage.key] = call
            write_traces(file, component.id, made_from(component), [call, *_kept(file)])


def _kept(file: Path) -> list[CallTrace]:
    return list(read_traces(file).values()) if file.is_file() else []


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
    catalog = load_catalog(MODELS)
    if options.make:
        rows = unseen_rows(options.make)
        write_rows(rows)
        write_missing_traces(rows, catalog)
    modes = {row["id"]: row["mode"] for row in read_rows(ROWS)}
    audit = audit_measurements(ROWS, catalog=catalog)
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
