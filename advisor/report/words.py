"""The wording that follows from evidence, and the word tables of a record.

The words themselves stand in reports/labels; what is here is English in its grammar. No sentence
says more than its figure: "takes" is for what was measured, "should take" for what was predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from advisor.figure import Basis
from advisor.limits import time_limit
from advisor.report.doc import Tone
from advisor.report.labels import Spoken, group, label
from advisor.report.numbers import UNKNOWN, exact, figure_text, percent, seconds

if TYPE_CHECKING:
    from advisor.assessment import FamilyStatus, Verdict
    from advisor.figure import Figure
    from advisor.usecase import UseCase

__all__ = ["figure_text"]  # what other rooms may use of this module

# Ends of the 90 % interval: beyond them a limit counts as kept or missed (LAT101, LAT102).
KEPT, MISSED = 0.95, 0.05

_TONES: dict[Verdict, Tone] = {
    "go": "good",
    "go-with-guardrails": "caution",
    "go-with-human-review": "caution",
    "no-go": "stop",
}
# Shapes of evidence, the same in tables and charts.
_SIGNS: dict[Basis, str] = {
    Basis.measured: "●",
    Basis.scaled: "■",
    Basis.calibrated: "◆",
    Basis.datasheet: "▲",
    Basis.published: "▼",
    Basis.priced: "□",
    Basis.assumed: "✚",
    Basis.asked: "○",
}
SHAPES: dict[Basis, str] = {  # Vega's names of the same shapes
    Basis.measured: "circle",
    Basis.scaled: "square",
    Basis.calibrated: "diamond",
    Basis.datasheet: "triangle-up",
    Basis.published: "triangle-down",
    Basis.priced: "square",
    Basis.assumed: "cross",
    Basis.asked: "circle",
}

# Verdict -> word and tone; basis -> word, shape and meaning.
VERDICTS: Mapping[Verdict, tuple[str, Tone]] = Spoken(
    _TONES, lambda verdict: (label(f"verdict.{verdict}"), _TONES[verdict])
)
BASES: Mapping[Basis, tuple[str, str, str]] = Spoken(
    _SIGNS, lambda one: (label(f"basis.{one}"), _SIGNS[one], label(f"evidence.{one}"))
)
STATUSES: Mapping[FamilyStatus, str] = group("status")
CONFIDENCE = group("confidence")
CRITERIA = group("criterion")
BOUNDS = group("bound")
OFFERS = group("offer")
MARKETS = group("market")
WAYS = group("way")
LATENCY_KINDS = group("latency")
GATES = group("gate")
LEVELS = group("level")
AREAS = group("area")
CHANGES = group("change")
COMMERCIAL = group("commercial")
SEVERITIES = group("severity")
ROUTES = group("route")
FIELDS = group("field")


def glossary() -> list[tuple[str, str]]:
    """Words of the report with their meaning."""
    entries = dict.fromkeys(key.partition(".")[0] for key in group("glossary"))
    return [(label(f"glossary.{one}.word"), label(f"glossary.{one}.meaning")) for one in entries]


def verb(basis: Basis) -> str:
    """How firmly a time may be stated."""
    if basis is Basis.measured:
        return "takes"
    return "is reported to take" if basis is Basis.published else "should take"


def against_limit(chance: float | None, basis: Basis) -> str:
    """What an interval says about a limit, in words no stronger than their basis."""
    if chance is None:
        return "no limit stated"
    sure = basis is Basis.measured
    if chance >= KEPT:
        return "keeps the limit" if sure else "should keep the limit"
    if chance < MISSED:
        return "misses the limit" if sure else "should miss the limit"
    word = "likely" if chance >= 0.5 else "unlikely"
    return f"{word}, not certain ({percent(chance)})"


def limit_tone(chance: float | None) -> str:
    if chance is None:
        return ""
    if chance >= KEPT:
        return "good"
    return "stop" if chance < MISSED else "caution"


def time_kind(use_case: UseCase) -> str:
    """Which time the limit is about: that of its experience class, else the stated kind."""
    limit = time_limit(use_case)
    return LATENCY_KINDS[limit[0] if limit else use_case.latency.kind]


def limit_text(use_case: UseCase, limit_s: float | None = None) -> str:
    """The time limit as it was asked for: "4 s until the whole output, p95".

    `limit_s`: what an experience class was taken to mean.
    """
    latency = use_case.latency
    kind = time_kind(use_case)
    if latency.limit_ms is not None:
        return f"{seconds(latency.limit_ms / 1e3)} {kind}, p{latency.percentile}"
    if latency.experience is not None:
        meant = f" (taken as {seconds(limit_s)} {kind})" if limit_s is not None else ""
        return f"{latency.experience}{meant}, p{latency.percentile}"
    return "no limit stated"


def plain_value(name: str, value: Any) -> str:
    """A field of a use case, stated or assumed, for people."""
    if value is None or value == [] or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return exact(value)
    if isinstance(value, list):
        return ", ".join(plain_value(name, one) for one in value)
    if isinstance(value, dict):
        return _mapping(value)
    return str(value)


def _mapping(value: dict[str, Any]) -> str:
    if "modality" in value:
        role = value.get("role", "prompt")
        return f"{value['modality']} ({role})"
    if "percentile" in value and not value.get("limit_ms") and not value.get("experience"):
        return "no limit stated"
    return ", ".join(
        f"{key.replace('_', ' ')} {plain_value(key, one)}"
        for key, one in value.items()
        if one not in (None, [], {}, "")
    )


def against(figure: Figure, limit: float | None) -> str:
    """A figure and the limit it is held to."""
    text = figure_text(figure)
    return text if limit is None else f"{text}; limit {seconds(limit)}"


MANY = {
    "image": "images",
    "megapixel": "megapixels",
    "clip": "clips",
    "second of video": "seconds of video",
    "minute": "minutes",
}


def units(value: float, unit: str) -> str:
    """The unit of an API's price for so many: 1 image, 5 seconds of video."""
    return unit if value == 1 else MANY.get(unit, unit)


def plural(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
