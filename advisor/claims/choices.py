"""Choosing: the article's table against the engine, and a language model for everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.auditor.decisions import audit_decisions
from advisor.claims.bench import Bench, counted_share, decisions_folder, figure
from advisor.claims.record import Claim, Evidence, Number
from advisor.claims.threed import NO_DECISIONS
from advisor.figure import Basis
from advisor.pipeline import assess
from advisor.usecase import UseCase

if TYPE_CHECKING:
    from advisor.assessment import Assessment

# The table's rows in their plainest form: what comes in and out, and only what the row's name says.
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("llm", {"outputs": ["text"]}),
    "images": ("image-diffusion", {"outputs": ["image"]}),
    "real-time image transforms": (
        "gan",
        {
            "outputs": ["image"],
            "inputs": [{"modality": "image", "role": "source"}],
            "task": "transform",
            "latency": {"experience": "live"},
            "scope": "fixed",
        },
    ),
    "structured generation": ("vae", {"outputs": ["table"]}),
    "audio": ("codec-lm", {"outputs": ["music"]}),
    "speech": ("codec-lm", {"outputs": ["speech"]}),
    "video": ("video-diffusion", {"outputs": ["video"]}),
}


def choice_table(bench: Bench, claim: Claim) -> Evidence:
    """The engine's answer to each row, and the nearest requirement that changes it."""
    answers = {name: _asked(bench, name, fields) for name, (_, fields) in ROWS.items()}
    agree = [name for name, (family, _) in ROWS.items() if answers[name].family == family]
    notes = [_told(name, ROWS[name][0], answer) for name, answer in answers.items()]
    differ = ", ".join(f"{n} ({answers[n].family})" for n in ROWS if n not in agree)
    flips = sum(bool(answer.flip_points) for answer in answers.values())
    share = counted_share(
        len(agree), len(ROWS), Basis.assumed, f"the engine's answers as of {bench.as_of}"
    )
    return Evidence(
        {"rows-that-agree": share},
        f"The engine's answer to the plain form is the table's for {len(agree)} of {len(ROWS)}"
        f" rows{f'; it differs for {differ}' if differ else ''}. Each answer rests on defaults"
        f" nobody stated; {flips} of {len(ROWS)} change with one requirement that was tried.",
        [],
        notes,
    )


def _asked(bench: Bench, name: str, fields: dict[str, Any]) -> Assessment:
    case = UseCase.model_validate({"title": f"Plain form: {name}", **fields})
    return assess(case, catalog=bench.catalog, as_of=bench.as_of)


def _told(name: str, expected: str, answer: Assessment) -> str:
    flip = next(iter(answer.flip_points), None)
    change = flip.sentence if flip else "No single requirement that was tried changes it."
    return f"{name}: table {expected}, engine {answer.family} ({answer.verdict}). {change}"


def llm_default(bench: Bench, claim: Claim) -> Evidence:
    """A language model for every recorded decision, against the engine."""
    folder = decisions_folder()
    open_question = "no count of how often teams default to a language model was found"
    if folder is None:
        return Evidence(
            {"llm-wrong": NO_DECISIONS, "engine-better": NO_DECISIONS, "common": open_question},
            "Not checked in this installation.",
        )
    found = audit_decisions(folder, catalog=bench.catalog, as_of=bench.as_of)
    count = int(found["totals"]["n"])
    llm = float(found["baselines"]["llm-for-everything"]["family_or_alternate"])
    table = float(found["baselines"]["article-table"]["family_or_alternate"])
    engine = float(found["totals"]["family_or_alternate"])
    source = f"{count} recorded decisions (benchmarks/decisions), chosen or acceptable family"

    def share(value: float) -> Any:
        return figure(value, "share", Basis.published, source)

    return Evidence(
        {
            "llm-wrong": share(1 - llm),
            "engine-better": share(engine - llm),
            "common": open_question,
        },
        f"A language model would have been an accepted choice in {llm:.0%} of {count} recorded"
        f" decisions, the article's table in {table:.0%}, the engine in {engine:.0%}. How common"
        " the mistake is was not checked.",
        [
            Number(label="language model for everything, accepted", figure=share(llm)),
            Number(label="the article's table, accepted", figure=share(table)),
            Number(label="the engine, accepted", figure=share(engine)),
        ],
        [
            "The decisions were collected to cover all modalities, so they are no sample of what"
            " teams ask for; they were at hand when the engine's rules were written."
        ],
    )
