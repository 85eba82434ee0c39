"""What stands behind an answer: the estimator's record, the device's limits, the files it read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.assessment import Accuracy, HeldOut, Roof
from advisor.cost.load_curve import load_curve
from advisor.cost.serving import serving_case
from advisor.figure import Basis
from advisor.paths import data_dir
from advisor.profiles import profile_folders

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.cost.record import LoadCurve
    from advisor.decide.outcome import Outcome
    from advisor.usecase import UseCase

# Mode of a workload -> rows of benchmarks/accuracy.json and of benchmarks/unseen.json.
_KINDS = {
    "eager": ("eager mode", "eager end-to-end and per-step", "eager"),
    "compiled": ("compiled mode", "compiled", "compiled"),
}
_SPLITS = {
    "group": "its own model on its own device",
    "device": "the device",
    "model": "the model",
    "device and model": "the device and the model",
}
PRICE_FILES = ("prices.csv", "api_prices.csv", "energy.yaml")


def accuracy_of(chosen: Outcome) -> Accuracy | None:
    """Held-out errors of the kind of estimate that is recommended; None where it was measured."""
    if chosen.best is None:
        return None
    estimate = chosen.best.option.estimate
    kind = _KINDS.get(estimate.workload.mode)
    if kind is None or estimate.latency_s.basis is Basis.measured:
        return None
    name, rows, unseen = kind
    held, fresh = stored_benchmark("accuracy.json"), stored_benchmark("unseen.json")
    inside = held["coverage"].get(rows.split()[0], held["coverage"]["all"])["rows_inside"]
    groups = [
        _held_out(held["latency"][rows][split]["estimator"], left_out, None)
        for split, left_out in _SPLITS.items()
    ]
    groups[-1] = groups[-1].model_copy(update={"inside": _inside(held, estimate.workload.mode)})
    if unseen in fresh:
        groups.append(_held_out(fresh[unseen], "everything: models added later", inside))
    return Accuracy(
        kind=name,
        groups=groups,
        source="benchmarks/accuracy.json and benchmarks/unseen.json: public measurements",
    )


def _held_out(row: dict[str, Any], left_out: str, inside: float | None) -> HeldOut:
    return HeldOut(
        left_out=left_out,
        rows=row["n"],
        median_error=row["median_abs_error"],
        p90_error=row["p90_abs_error"],
        bias=row["bias"],
        inside=row.get("coverage", inside),
    )


def _inside(held: dict[str, Any], mode: str) -> float:
    """Share of rows of a mode within their interval, operation mixes pooled."""
    mixes = [one for name, one in held["coverage"].items() if name.split(".")[0] == mode]
    return float(sum(one["n"] * one["rows_inside"] for one in mixes) / sum(m["n"] for m in mixes))


@lru_cache(maxsize=4)
def stored_benchmark(name: str) -> dict[str, Any]:
    """A record of benchmarks/ that ships with the program, as its command wrote it."""
    text = (data_dir("benchmarks") / name).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def roof_of(chosen: Outcome) -> Roof | None:
    """Datasheet limits of the recommended device; None where a needed peak is not known."""
    if chosen.best is None:
        return None
    device, dtype = chosen.best.option.device, chosen.best.option.fit.workload.dtype
    peak = device.peak_tflops(dtype)
    if peak is None:
        return None
    return Roof(
        device=device.id,
        dtype=dtype,
        peak_tflops=peak,
        bandwidth_gb_s=device.bandwidth_gb_s,
        power_w=device.power_w,
        source=device.source,
    )


def load_curve_of(use_case: UseCase, chosen: Outcome) -> LoadCurve | None:
    """The response of the recommended fleet over its load; None where nothing queues."""
    best = chosen.best
    if best is None or best.cost is None:
        return None
    fit, offer = best.option.fit, best.cost.offer
    return load_curve(
        serving_case(
            best.option.estimate, use_case, offer, fit.outputs_per_request, slots=fit.slots
        )
    )


def data_version(catalog: Catalog) -> str:
    """First 12 hex digits of a hash over the catalog and every profile: names the data that an
    answer is made with. A profile is evidence: one that is added can change the answer."""
    return hashlib.sha256(f"{catalog.version} {_digest(_profiles())}".encode()).hexdigest()[:12]


def digests_of(use_case: UseCase, catalog: Catalog) -> dict[str, str]:
    """SHA-256, first 16 hex digits, of what was asked and of each kind of data that was read."""
    asked = use_case.model_dump_json(exclude_unset=True)
    prices = [folder / name for folder in catalog.folders for name in PRICE_FILES]
    return {
        "use case": hashlib.sha256(asked.encode()).hexdigest()[:16],
        "catalog": catalog.version,
        "prices": _digest(prices),
        "profiles": _digest(_profiles()),
    }


def _profiles() -> list[Path]:
    return [file for folder in profile_folders() for file in sorted(folder.glob("*/*.json"))]


def _digest(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        if file.is_file():
            known = file.stat()
            content = _content_digest(file, known.st_mtime_ns, known.st_size)
            whole.update(file.name.encode() + content)
    return whole.hexdigest()[:16]


@lru_cache(maxsize=4096)  # asked for by every answer; a file that changes has another time or size
def _content_digest(file: Path, _mtime_ns: int, _size: int) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()
