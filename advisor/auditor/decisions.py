"""Answers against recorded decisions: exact family, acceptable alternate, verdict, recalls.

Two baselines stand in the same table: a language model for everything, and the founding article's
choice table. Both answer `go` always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.catalog import load_catalog
from advisor.catalog.schema import FAMILY_IDS
from advisor.errors import InputError, suggest
from advisor.files import read_document
from advisor.limits import frame_limit_s
from advisor.rules.reading import input_of
from advisor.usecase import UseCase, parse_use_case

if TYPE_CHECKING:
    from advisor.assessment import Assessment
    from advisor.catalog import Catalog
    from advisor.decide.sources import Sources

NOT_FEASIBLE = "not-feasible"
ANSWERS = (*FAMILY_IDS, NOT_FEASIBLE)


class _Entry(BaseModel):
    """One entry of a decision file, before its use case is read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    use_case: dict[str, Any]
    family: str
    alternates: list[str] = Field(default=[])
    verdicts: list[str] = Field(default=[])
    source: str = ""


class RecordedDecision(BaseModel):
    """One recorded decision: what was asked, what was chosen, what else counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    use_case: UseCase
    family: str
    alternates: list[str]
    verdicts: list[str]
    source: str


def read_decisions(path: str | Path) -> list[RecordedDecision]:
    """Decisions of one file (a list, or one entry) or of a folder with one YAML per case.

    Raises InputError: one sentence with the file, the case and what is wrong.
    """
    place = Path(path)
    if not place.exists():
        raise InputError(f"no decisions at {place}: give a file or a folder")
    files = sorted(place.glob("*.yaml")) if place.is_dir() else [place]
    if not files:
        raise InputError(f"no decisions in {place}: the folder holds no .yaml files")
    found: list[RecordedDecision] = []
    for file in files:
        data, _ = read_document(file)
        entries = data if isinstance(data, list) else [data]
        found += [_decision(entry, f"{file}") for entry in entries]
    return found


def _decision(data: Any, where: str) -> RecordedDecision:
    try:
        entry = _Entry.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{where}: {field}: {first['msg']}") from None
    for family in [entry.family, *entry.alternates]:
        if family not in ANSWERS:
            raise InputError(f"{where}: unknown family '{family}'{suggest(family, ANSWERS)}")
    return RecordedDecision(
        id=entry.id,
        use_case=parse_use_case(entry.use_case, f"{where}, {entry.id}"),
        family=entry.family,
        alternates=entry.alternates,
        verdicts=entry.verdicts,
        source=entry.source,
    )


def audit_decisions(
    path: str | Path,
    *,
    catalog: Catalog | None = None,
    as_of: date | None = None,
    sources: Sources | None = None,
) -> dict[str, Any]:
    """The program's answers to recorded decisions, in the form of the contract (see design)."""
    from advisor.pipeline import assess

    decisions = read_decisions(path)
    known, day = catalog or load_catalog(), as_of or date.today()
    cases: list[dict[str, Any]] = []
    for decision in decisions:
        answer = assess(decision.use_case, catalog=known, as_of=day, sources=sources, flips=False)
        cases.append(_case(decision, answer.family, answer.verdict, _rules_of(answer)))
    baselines = {
        name: _totals(decisions, [_case(d, choose(d.use_case), "go", []) for d in decisions])
        for name, choose in BASELINES.items()
    }
    return {"cases": cases, "totals": _totals(decisions, cases), "baselines": baselines}


def _rules_of(answer: Assessment) -> list[str]:
    """Codes that decided: on the use case, and for and against the chosen family."""
    codes = [finding.code for finding in answer.findings]
    for family in answer.families:
        if family.status == "chosen":
            codes += [f.code for f in family.findings if f.severity in ("for", "against")]
    return list(dict.fromkeys(codes))


def _case(
    decision: RecordedDecision, family: str, verdict: str, rules: list[str]
) -> dict[str, Any]:
    if family == decision.family:
        result = "exact"
    else:
        result = "alternate" if family in decision.alternates else "miss"
    return {
        "id": decision.id,
        "family": family,
        "expected": decision.family,
        "verdict": verdict,
        "expected_verdicts": decision.verdicts,
        "rules": rules,
        "result": result,
    }


def _totals(decisions: list[RecordedDecision], cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Shares from 0 to 1; None where no recorded case allows one."""
    pairs = list(zip(decisions, cases, strict=True))
    return {
        "n": len(cases),
        "family": _share(case["result"] == "exact" for case in cases),
        "family_or_alternate": _share(case["result"] != "miss" for case in cases),
        "verdict": _share(case["verdict"] in d.verdicts for d, case in pairs if d.verdicts),
        "recall_no_go": _share(
            case["verdict"] == "no-go" for d, case in pairs if d.family == NOT_FEASIBLE
        ),
        "recall_non_generative": _share(
            case["family"] == "non-generative" for d, case in pairs if d.family == "non-generative"
        ),
    }


def _share(hits: Iterable[bool]) -> float | None:
    listed = list(hits)
    return round(sum(listed) / len(listed), 4) if listed else None


def language_model(_: UseCase) -> str:
    """A language model, whatever is asked."""
    return "llm"


# The founding article's table, row by row; it has none for actions and masks.
TABLE = {
    "text": "llm",
    "code": "llm",
    "label": "llm",
    "image": "image-diffusion",
    "mask": "image-diffusion",
    "sequence": "vae",
    "table": "vae",
    "time-series": "vae",
    "speech": "codec-lm",
    "music": "codec-lm",
    "effects": "codec-lm",
    "video": "video-diffusion",
    "3d": "point-diffusion",
    "action": "llm",
}


def article_table(use_case: UseCase) -> str:
    """The founding article's table: by output, and real-time picture transforms by GAN."""
    pictures = use_case.outputs[0] in ("image", "video") and input_of(use_case, "image", "video")
    if pictures and frame_limit_s(use_case) is not None:
        return "gan"
    return TABLE[use_case.outputs[0]]


BASELINES: dict[str, Callable[[UseCase], str]] = {
    "llm-for-everything": language_model,
    "article-table": article_table,
}
