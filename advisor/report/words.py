"""All labels of a report and the wording that follows from evidence, in one place.

A translation changes this file and `numbers.py`. No sentence says more than its figure: "takes"
is for what was measured, "should take" for what was predicted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.figure import Basis
from advisor.report.doc import Tone
from advisor.report.numbers import UNKNOWN, exact, figure_text, percent, seconds

if TYPE_CHECKING:
    from advisor.assessment import FamilyStatus, Verdict
    from advisor.figure import Figure
    from advisor.usecase import UseCase

__all__ = ["figure_text"]  # what other rooms may use of this module

# Ends of the 90 % interval: beyond them a limit counts as kept or missed (LAT101, LAT102).
KEPT, MISSED = 0.95, 0.05

VERDICTS: dict[Verdict, tuple[str, Tone]] = {
    "go": ("Go", "good"),
    "go-with-guardrails": ("Go, with guardrails", "caution"),
    "go-with-human-review": ("Go, with a person's review", "caution"),
    "no-go": ("No go as specified", "stop"),
}

# Basis -> word, shape (the same in tables and charts), meaning.
BASES: dict[Basis, tuple[str, str, str]] = {
    Basis.measured: ("measured", "●", "this workload was run on this device"),
    Basis.scaled: ("scaled", "■", "measured on this device at other steps, batch or size"),
    Basis.calibrated: ("calibrated", "◆", "predicted from rates measured on this device"),
    Basis.datasheet: ("predicted", "▲", "predicted from the device's public specification"),
    Basis.published: ("published", "▼", "measured and published by somebody else"),
    Basis.priced: ("priced", "□", "a price with its date"),
    Basis.assumed: ("assumed", "✚", "rests on a default that nobody has confirmed"),
    Basis.asked: ("stated", "○", "stated in the use case"),
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

STATUSES: dict[FamilyStatus, str] = {
    "chosen": "chosen",
    "candidate": "possible",
    "barred": "barred",
    "does-not-make-this": "makes something else",
    "nothing-to-run": "nothing to run",
}
CONFIDENCE = {"high": "High", "medium": "Medium", "low": "Low"}
CRITERIA = {
    "latency": "Latency",
    "cost": "Cost",
    "quality": "Quality",
    "control": "Control",
    "risk": "Low risk",
}
BOUNDS = {
    "compute": "arithmetic",
    "memory": "memory bandwidth",
    "host": "host (launching work)",
    "launch": "many small operations",
    "measured": "measured as a whole",
}
OFFERS = {
    "on-demand": "on demand",
    "committed": "committed, always on",
    "spot": "spot",
    "owned": "owned",
    "client-device": "the users' own devices",
}
MARKETS = {
    "list": "the vendor's list price",
    "serverless": "the vendor's per-second price",
    "aggregate": "an average over a vendor's sizes",
    "marketplace": "an ask on a marketplace",
    "own": "own calculation",
}
WAYS = {  # ways of buying, as in the table of the Cost section
    "rented": "rented on demand",
    "committed": "rented, committed",
    "spot": "rented, spot",
    "serverless": "serverless",
    "owned": "owned",
    "hosted": "hosted API",
}
LATENCY_KINDS = {
    "first-output": "until the first output",
    "per-frame": "per frame",
    "per-item": "per item",
    "total": "until the whole output",
}
GATES = {"passed": "passed", "open": "open", "failed": "failed"}
LEVELS = {
    "ready": "ready",
    "partly": "partly ready",
    "not-ready": "not ready",
    "unknown": "not known",
}
AREAS = {
    "data": "Data",
    "accuracy": "Accuracy",
    "integration": "Integration",
    "evaluation": "Evaluation",
    "team": "Team",
    "maturity": "Maturity",
}
CHANGES = {
    "feasibility": "whether it is feasible",
    "family": "the family",
    "verdict": "the verdict",
    "model": "the model",
    "serve-or-buy": "run or buy",
}
COMMERCIAL = {
    "yes": "allowed",
    "conditional": "on conditions",
    "no": "not allowed",
    "unknown": "not known",
}
SEVERITIES = {
    "bar": "bars it",
    "condition": "condition",
    "against": "against",
    "for": "for",
    "note": "note",
}
FIELDS = {
    "title": "Title",
    "description": "Description",
    "outputs": "Outputs",
    "inputs": "Inputs",
    "task": "Task",
    "width_px": "Width (px)",
    "height_px": "Height (px)",
    "duration_s": "Length of one output (s)",
    "fps": "Frames per second",
    "sample_rate_hz": "Sample rate (Hz)",
    "tokens_in": "Tokens in",
    "tokens_out": "Tokens out",
    "vertices": "Vertices or points",
    "endless": "Endless stream",
    "error_tolerance": "Tolerance for errors",
    "harm": "What a wrong output harms",
    "reviewer": "Check before use",
    "review_minutes_per_item": "Review (min per item)",
    "facts_from": "Facts come from",
    "wording_enumerable": "All wordings can be listed",
    "closed_label_set": "Answer is from a fixed list",
    "latency": "Time limit",
    "volume_per_day": "Volume (items a day)",
    "peak_factor": "Busiest hour against the mean",
    "peak_concurrent": "Users at once at the peak",
    "arrivals": "When requests come",
    "budget_usd_per_item": "Budget (USD per item)",
    "budget_usd_per_month": "Budget (USD a month)",
    "terms": "Terms of payment",
    "placement": "Where it runs",
    "devices": "Only these devices",
    "memory_limit_mb": "Memory limit (MB)",
    "data_boundary": "Where data may go",
    "shares_device_with_rendering": "Device also renders",
    "scope": "Scope of effects",
    "must_keep": "What must stay untouched",
    "controls": "Controls",
    "subject_examples": "Examples per subject or voice",
    "training_examples": "Training examples",
    "training_pairs": "Training data is paired",
    "training_misalignment_px": "Misalignment of pairs (px)",
    "training_labels": "Training data is labelled",
    "licence": "Licence needed",
    "sharing": "Sharing of synthetic data",
    "training_persons": "Persons in training data",
    "privacy_epsilon": "Privacy bound (epsilon)",
    "likeness": "Imitates real persons",
    "answer_style": "Kind of answer",
    "samples_per_input": "Samples per input",
    "several_valid_answers": "Several answers are right",
    "deterministic": "Same input, same output",
    "runtime": "Runtime it must fit",
    "cleanup_minutes_per_item": "Clean-up (min per item)",
    "takes_per_item": "Takes per accepted item",
    "reject_rate": "Share of takes rejected",
    "team_gpu_weeks": "Training capacity (GPU weeks)",
    "team_generative_engineers": "Engineers with training experience",
    "horizon_months": "Live within (months)",
    "needs_precedent": "Must have been shipped before",
    "priorities": "Priorities",
}

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Family", "A way to generate, such as image diffusion or a GAN."),
    ("Model", "A published architecture at its published size."),
    ("Option", "A model with its settings on a device at a price."),
    (
        "90 % interval",
        "Nine times in ten the true value should lie between these two numbers.",
    ),
    ("p95", "95 of 100 requests are answered within this time."),
    ("Tier", "Quality from 1 (demonstration) to 5 (best of its kind): a judgement, not a figure."),
    ("Stage", "One part of a generation, such as encoding the prompt or one denoising loop."),
    ("TFLOP", "10^12 floating-point operations; one multiply-add counts as two."),
    ("GiB", "2^30 bytes of device memory."),
    ("Wh", "Energy of one watt over one hour; the device only, without host and cooling."),
    ("Flip point", "The value of one requirement at which the recommendation changes."),
    ("Barred", "A hard rule excludes it; the rule's code says which."),
)


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


def limit_text(use_case: UseCase, limit_s: float | None = None) -> str:
    """The time limit as it was asked for: "4 s until the whole output, p95".

    `limit_s`: what an experience class was taken to mean.
    """
    latency = use_case.latency
    kind = LATENCY_KINDS[latency.kind]
    if latency.limit_ms is not None:
        return f"{seconds(latency.limit_ms / 1e3)} {kind}, p{latency.percentile}"
    if latency.experience is not None:
        meant = f" (taken as {seconds(limit_s)})" if limit_s is not None else ""
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
