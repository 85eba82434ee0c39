"""What changed between two assessments: what was asked, evidence, prices, result."""

from __future__ import annotations

import json
from typing import Any, Literal

from advisor.assessment import Assessment, CandidateResult
from advisor.estimator.record import Record
from advisor.figure import Figure

Part = Literal["inputs", "evidence", "prices", "result"]


class Change(Record):
    """One thing that differs, as short text on either side; None = it is not there."""

    what: str
    before: str | None
    after: str | None


class Comparison(Record):
    """Two assessments, part by part. `same_answer`: verdict, family and serving candidate agree."""

    same_answer: bool
    sentence: str
    inputs: list[Change]
    evidence: list[Change]
    prices: list[Change]
    result: list[Change]


def compare(before: Assessment, after: Assessment) -> Comparison:
    """What changed from one to the other. Same input, same bytes."""
    result = _result(before, after)
    same = not any(change.what in ("verdict", "family", "serve with") for change in result)
    parts: dict[Part, list[Change]] = {
        "inputs": _inputs(before, after),
        "evidence": _evidence(before, after),
        "prices": _prices(before, after),
        "result": result,
    }
    return Comparison(same_answer=same, sentence=_sentence(same, parts, after), **parts)


def _sentence(same: bool, parts: dict[Part, list[Change]], after: Assessment) -> str:
    changed = [name for name, changes in parts.items() if changes and name != "result"]
    if same and not changed and not parts["result"]:
        return "Nothing differs."
    because = f"; what differs before it: {', '.join(changed)}" if changed else ""
    if same:
        return f"The answer is the same{because}."
    return f"The answer has changed to: {after.headline.removesuffix('.')}{because}."


def _differing(pairs: list[tuple[str, Any, Any]]) -> list[Change]:
    return [Change(what=what, before=_text(a), after=_text(b)) for what, a, b in pairs if a != b]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Figure):
        told = f"{_digits(value.value)} {value.unit}"
        if value.low < value.high:
            told += f" ({_digits(value.low)} to {_digits(value.high)})"
        return f"{told}, {value.basis}"
    if isinstance(value, float):
        return _digits(value)
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _digits(value: float) -> str:
    """Four digits, so that a small change shows; large numbers written out."""
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _inputs(before: Assessment, after: Assessment) -> list[Change]:
    """Fields of the use case, and fields that were assumed on one side and stated on the other."""
    a, b = (_flat(one.use_case.model_dump(mode="json")) for one in (before, after))
    changes = _differing([(name, a.get(name), b.get(name)) for name in {**a, **b}])
    guessed = [{item.field for item in one.assumed} for one in (before, after)]
    told = {True: "assumed", False: "stated"}
    moved = sorted(guessed[0] ^ guessed[1])
    return changes + [
        Change(what=f"{name} is", before=told[name in guessed[0]], after=told[name in guessed[1]])
        for name in moved
    ]


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested fields by dotted name: latency.limit_ms, terms.currency."""
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _evidence(before: Assessment, after: Assessment) -> list[Change]:
    """Data and program, and the figures of candidates that both have."""
    pairs: list[tuple[str, Any, Any]] = [
        ("catalog data", before.data_version, after.data_version),
        ("program", before.engine_version, after.engine_version),
    ]
    for a, b in _both(before, after):
        pairs.append((f"{a.id}: latency", a.estimate.latency_s, b.estimate.latency_s))
        pairs.append((f"{a.id}: memory", a.estimate.peak_memory_gib, b.estimate.peak_memory_gib))
    return _differing(pairs)


def _prices(before: Assessment, after: Assessment) -> list[Change]:
    """The date, offers of candidates that both have, and hosted services."""
    pairs: list[tuple[str, Any, Any]] = [("as of", str(before.as_of), str(after.as_of))]
    offers: dict[str, tuple[str, str]] = {}
    for a, b in _both(before, after):
        if a.cost is not None and b.cost is not None:
            offers[a.cost.offer.id] = (_offer(a), _offer(b))
    pairs += [(name, old, new) for name, (old, new) in sorted(offers.items())]
    hosted = [
        {f"{api.provider} {api.model} {api.quality_or_size}": api for api in one.apis}
        for one in (before, after)
    ]
    for name in sorted({*hosted[0], *hosted[1]}):
        pairs.append((name, _hosted(hosted[0].get(name)), _hosted(hosted[1].get(name))))
    return _differing(pairs)


def _offer(candidate: CandidateResult) -> str:
    if candidate.cost is None:
        return ""
    offer = candidate.cost.offer
    return f"{offer.usd_per_gpu_hour:.4g} USD per GPU-hour, {offer.as_of_text}"


def _hosted(api: Any) -> str | None:
    if api is None:
        return None
    return f"{api.usd_per_output.value:.4g} USD per output, {api.as_of_text}"


def _result(before: Assessment, after: Assessment) -> list[Change]:
    pairs: list[tuple[str, Any, Any]] = [
        ("verdict", before.verdict, after.verdict),
        ("family", before.family, after.family),
        ("serve with", _served(before), _served(after)),
        ("conditions", before.conditions, after.conditions),
        ("confidence", before.confidence.level, after.confidence.level),
        ("month", _month(before), _month(after)),
        ("accepted item", _item(before), _item(after)),
        ("response", _response(before), _response(after)),
    ]
    pairs += _barred(before, after)
    return _differing(pairs)


def _served(one: Assessment) -> str | None:
    return one.serve.candidate or one.serve.family if one.serve else None


def _chosen(one: Assessment) -> CandidateResult | None:
    return next((c for c in one.candidates if one.serve and c.id == one.serve.candidate), None)


def _month(one: Assessment) -> Figure | None:
    return one.money.unit_costs.per_month if one.money else None


def _item(one: Assessment) -> Figure | None:
    return one.money.unit_costs.per_item if one.money else None


def _response(one: Assessment) -> Figure | None:
    chosen = _chosen(one)
    return chosen.response_s if chosen else None


def _barred(before: Assessment, after: Assessment) -> list[tuple[str, Any, Any]]:
    """Families whose standing changed."""
    a, b = ({f.family: f.status for f in one.families} for one in (before, after))
    return [(f"family {name}", a.get(name), b.get(name)) for name in sorted({*a, *b})]


def _both(before: Assessment, after: Assessment) -> list[tuple[CandidateResult, CandidateResult]]:
    known = {one.id: one for one in after.candidates}
    return [(one, known[one.id]) for one in before.candidates if one.id in known]
