"""Many use cases at once: a folder of files in, one row per file out, in the files' order.

A broken file is a row with its error; it does not stop the others. Files are shared out to worker
processes in turn, or to a Ray cluster; each worker keeps its estimates between use cases. The rows
do not depend on the number of workers or on what was lost on the way.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from advisor.errors import AdvisorError, DataError, InputError
from advisor.figure import Figure

if TYPE_CHECKING:
    from advisor.assessment import Assessment, CandidateResult
    from advisor.usecase import UseCase

Engine = Literal["local", "ray"]
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
IN_PROCESS = 8  # files up to which starting worker processes takes longer than it saves
CHUNK = 8  # files a worker takes at a time


@dataclass(frozen=True)
class Job:
    """One file to answer. It is read where the portfolio was asked for, and answered anywhere."""

    name: str  # relative to the folder
    asked: UseCase | str  # or why it cannot be read
    as_of: date
    catalog_dir: str | None
    made_with: str  # data and release that the portfolio began with


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
    engine: Engine = "local",
    address: str | None = None,
) -> Portfolio:
    """Every use case file of a folder and its subfolders, answered without flip points.

    `workers`: processes (default: one per CPU that may be used). `engine` "ray": tasks on the Ray
    cluster at `address` instead, whose nodes need the same release and data (docs/scale.md).
    Raises InputError for a folder that is missing or holds no use case file, or where no cluster
    answers, and DataError for a node with other data.
    """
    day = as_of or date.today()
    root = Path(folder)
    files = use_case_files(root)
    made_with = _made_with(catalog_dir)
    paths = [(root, file, day, catalog_dir, made_with) for file in files]
    rows = _on_cluster(paths, address) if engine == "ray" else _here(paths, workers)
    return summed(list(rows), day, made_with.split()[0])


def _made_with(catalog_dir: str | None) -> str:
    """The data version and the release, as this machine has them."""
    from advisor.catalog import load_catalog
    from advisor.decide import data_version, engine_version

    return f"{data_version(load_catalog(catalog_dir))} {engine_version()}"


def use_case_files(root: Path) -> list[Path]:
    """The use case files below a folder, in the order of their paths."""
    if not root.is_dir():
        raise InputError(f"no folder at {root}: give a folder of use case files")
    files = sorted(p for p in root.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    if not files:
        raise InputError(f"{root} holds no use case file: add .yaml or .json files")
    return files


Paths = Sequence[tuple[Path, Path, date, str | None, str]]


def _here(paths: Paths, workers: int | None) -> Iterator[Row]:
    count = min(workers or _processors(), len(paths))
    if count < 2 or len(paths) <= IN_PROCESS:
        yield from map(_assess_file, paths)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("forkserver")) as pool:
        yield from pool.map(_assess_file, paths, chunksize=CHUNK)


def _on_cluster(paths: Paths, address: str | None) -> Iterator[Row]:
    from advisor.cluster import MAX_LOSSES, connected, mapped

    def lost(job: Job) -> Row:
        return Row(file=job.name, error=f"{job.name}: took {MAX_LOSSES} workers with it")

    with connected(address) as ray:
        jobs = (read_job(*each) for each in paths)
        yield from mapped(ray, assess_job, jobs, chunk=CHUNK, lost=lost)


def _processors() -> int:
    """Processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS or Windows
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _assess_file(path: tuple[Path, Path, date, str | None, str]) -> Row:
    return assess_job(read_job(*path))


def read_job(root: Path, file: Path, day: date, catalog_dir: str | None, made_with: str) -> Job:
    """A file, read."""
    from advisor.usecase import read_use_case

    asked: UseCase | str
    try:
        asked = read_use_case(file)
    except AdvisorError as error:
        asked = str(error)
    return Job(file.relative_to(root).as_posix(), asked, day, catalog_dir, made_with)


def assess_job(job: Job) -> Row:
    """One file's row. Whatever is wrong with the file becomes its `error`.

    Raises DataError where this machine would answer from other data or code.
    """
    from advisor.catalog import load_catalog
    from advisor.pipeline import assess

    if isinstance(job.asked, str):
        return Row(file=job.name, error=job.asked)
    here = _made_with(job.catalog_dir)
    if here != job.made_with:
        raise DataError(
            f"{platform.node()} has data and release {here}, the portfolio began with"
            f" {job.made_with}: install the same release, catalog and profiles on every node"
        )
    catalog = load_catalog(job.catalog_dir)
    try:
        return row_of(job.name, assess(job.asked, catalog=catalog, as_of=job.as_of, flips=False))
    except AdvisorError as error:
        return Row(file=job.name, error=str(error))


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
