"""Many use cases at once: a folder of files in, one row per file out, in the files' order.

A broken file is a row with its error; it does not stop the others. Files are shared out to worker
processes in turn; each keeps its estimates between use cases. The rows do not depend on the number
of workers.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from advisor.errors import AdvisorError, InputError
from advisor.figure import Figure

if TYPE_CHECKING:
    from advisor.assessment import Assessment, CandidateResult

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
IN_PROCESS = 8  # files up to which starting worker processes takes longer than it saves
CHUNK = 8  # files a worker takes at a time


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Risk(_Strict):
    """A rule that speaks against what is recommended, or sets a condition."""

    code: str
    title: str
    severity: str
    sentence: str
    remedy: str


class Row(_Strict):
    """One use case of a portfolio, answered; or the reason why it could not be."""

    file: str  # relative to the folder
    title: str = ""
    verdict: str = ""
    route: str = ""
    family: str = ""
    model: str = ""
    device: str = ""
    response_s: Figure | None = None
    usd_per_month: Figure | None = None
    confidence: str = ""
    robustness: Figure | None = None
    headline: str = ""
    way: str = ""  # a sentence: run it, buy it, do without
    settings: str = ""
    offer_kind: str = ""  # "client-device": the users' own devices, which cost nothing here
    limit_s: float | None = None
    chance_in_limit: float | None = None
    peak_memory_gib: Figure | None = None
    usd_per_1000_outputs: Figure | None = None
    conditions: list[str] = Field(default_factory=list)
    risks: list[Risk] = Field(default_factory=list)
    assumed: int = 0  # requirements that nobody stated
    error: str = ""


class Portfolio(_Strict):
    """All rows in the order of their files, and how often each verdict and family came out."""

    schema_version: int = 1
    as_of: date
    data_version: str
    rows: list[Row]
    verdicts: dict[str, int]
    routes: dict[str, int]
    families: dict[str, int]
    broken: int
    usd_per_month: Figure | None  # of all that is run by oneself and has a price; None: nothing is


def assess_folder(
    folder: str | Path,
    *,
    as_of: date | None = None,
    catalog_dir: str | None = None,
    workers: int | None = None,
) -> Portfolio:
    """Every use case file of a folder and its subfolders, answered without flip points.

    `workers`: processes (default: one per CPU that may be used). Raises InputError for a folder
    that is missing or holds no use case file.
    """
    from advisor.catalog import load_catalog

    day = as_of or date.today()
    root = Path(folder)
    files = use_case_files(root)
    version = load_catalog(catalog_dir).version
    rows = list(_rows(root, files, day, catalog_dir, workers))
    return summed(rows, day, version)


def use_case_files(root: Path) -> list[Path]:
    """The use case files below a folder, in the order of their paths."""
    if not root.is_dir():
        raise InputError(f"no folder at {root}: give a folder of use case files")
    files = sorted(p for p in root.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    if not files:
        raise InputError(f"{root} holds no use case file: add .yaml or .json files")
    return files


def _rows(
    root: Path, files: Sequence[Path], day: date, catalog_dir: str | None, workers: int | None
) -> Iterator[Row]:
    count = min(workers or _processors(), len(files))
    jobs = [(str(root), str(file), day, catalog_dir) for file in files]
    if count < 2 or len(files) <= IN_PROCESS:
        yield from map(assess_file, jobs)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("forkserver")) as pool:
        yield from pool.map(assess_file, jobs, chunksize=CHUNK)


def _processors() -> int:
    """Processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS or Windows
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def assess_file(job: tuple[str, str, date, str | None]) -> Row:
    """One file's row. Whatever is wrong with the file becomes its `error`."""
    from advisor.catalog import load_catalog
    from advisor.pipeline import assess
    from advisor.usecase import read_use_case

    root, file, day, catalog_dir = job
    name = Path(file).relative_to(root).as_posix()
    try:
        use_case = read_use_case(file)
        return row_of(
            name, assess(use_case, catalog=load_catalog(catalog_dir), as_of=day, flips=False)
        )
    except AdvisorError as error:
        return Row(file=name, error=str(error))


def row_of(name: str, answer: Assessment) -> Row:
    chosen = answer.serve.candidate if answer.serve else None
    best = next((one for one in answer.candidates if one.id == chosen), None)
    return Row(
        file=name,
        title=answer.use_case.title,
        verdict=answer.verdict,
        route=answer.route.kind if answer.route else "",
        family=answer.family,
        model=best.model_name if best else "",
        device=best.device_name if best else "",
        response_s=best.response_s if best else None,
        usd_per_month=best.cost.usd_per_month if best and best.cost else None,
        confidence=answer.confidence.level,
        robustness=answer.robustness.share if answer.robustness else None,
        headline=answer.headline,
        way=answer.route.sentence if answer.route else "",
        settings=best.workload.describe() if best else "",
        offer_kind=best.cost.offer.kind if best and best.cost else "",
        limit_s=best.limit_s if best else None,
        chance_in_limit=best.chance_in_limit if best else None,
        peak_memory_gib=best.estimate.peak_memory_gib if best else None,
        usd_per_1000_outputs=best.cost.usd_per_1000_outputs if best and best.cost else None,
        conditions=answer.conditions,
        risks=_risks(answer, best),
        assumed=len(answer.assumed),
    )


def _risks(answer: Assessment, best: CandidateResult | None) -> list[Risk]:
    """What speaks against the use case, its chosen family and its option; each rule once."""
    chosen = next((one for one in answer.families if one.status == "chosen"), None)
    found = list(answer.findings)
    for part in (chosen, best):
        found += part.findings if part is not None else []
    told = {one.code: one for one in found if one.severity in ("bar", "condition", "against")}
    return [
        Risk(
            code=one.code,
            title=one.title,
            severity=one.severity,
            sentence=one.sentence,
            remedy=one.remedy,
        )
        for one in told.values()
    ]


def summed(rows: list[Row], day: date, version: str) -> Portfolio:
    """The rows with their counts and the sum of what is run by oneself."""
    answered = [row for row in rows if not row.error]
    total: Figure | None = None
    for row in answered:
        if row.usd_per_month is not None:
            bare = row.usd_per_month.model_copy(update={"source": "sum over the portfolio"})
            total = bare if total is None else total.plus(bare)
    return Portfolio(
        as_of=day,
        data_version=version,
        rows=rows,
        verdicts=_counted(row.verdict for row in answered),
        routes=_counted(row.route for row in answered),
        families=_counted(row.family for row in answered),
        broken=len(rows) - len(answered),
        usd_per_month=total,
    )


def _counted(values: Iterator[str]) -> dict[str, int]:
    counts = Counter(values)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
