"""What every answer owes its reader, whatever was asked: its faults, a sentence each."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from advisor.assessment import Assessment

NEAR = 1e-6  # of sums: floats are added in another order

ASKED_BACK = "give it as terms:"  # a price that only the client can know, for what they asked


def faults(answer: Assessment) -> list[str]:
    """Empty for an answer that is finite, explained and consistent."""
    data = json.loads(answer.model_dump_json())
    return [*_numbers(data, ""), *_explained(answer), *_ranking(answer), *_sums(answer)]


def _numbers(data: Any, path: str) -> Iterator[str]:
    """Numbers are finite, intervals hold their values, figures say where they come from."""
    if isinstance(data, float) and not math.isfinite(data):
        yield f"{path} is {data}"
    items = data.items() if isinstance(data, dict) else enumerate(data) if _many(data) else ()
    if isinstance(data, dict) and {"value", "low", "high", "basis"} <= data.keys():
        if None in (data["value"], data["low"], data["high"]):
            yield f"{path} is not finite"  # JSON writes infinity as null
        elif not data["low"] <= data["value"] <= data["high"]:
            yield f"{path}: {data['low']}, {data['value']}, {data['high']} do not rise"
        if not data["source"]:
            yield f"{path} names no source"
    for key, value in items:
        yield from _numbers(value, f"{path}.{key}")


def _many(data: Any) -> bool:
    return isinstance(data, list)


def _explained(answer: Assessment) -> Iterator[str]:
    if not answer.headline.strip():
        yield "there is no headline"
    if (answer.verdict == "no-go") != (answer.family == "not-feasible"):
        yield f"verdict {answer.verdict} with family {answer.family}"
    if (answer.serve is None) != (answer.verdict == "no-go"):
        yield f"verdict {answer.verdict} with something to serve: {answer.serve is not None}"
    if answer.verdict == "no-go" and not (answer.findings or answer.barred_by):
        yield "a no-go without a reason"
    if answer.verdict.startswith("go-with") and not (answer.conditions or answer.findings):
        yield f"{answer.verdict} without a condition"
    if not answer.confidence.reasons:
        yield f"confidence {answer.confidence.level} without a reason"
    for family in answer.families:
        if not family.sentence.strip():
            yield f"family {family.family} is {family.status} without a sentence"
    chosen = [family.family for family in answer.families if family.status == "chosen"]
    if chosen != ([] if answer.verdict == "no-go" else [answer.family]):
        yield f"chosen families {chosen} of an answer that names {answer.family}"
    if not abs(sum(answer.weights.values()) - 1) < NEAR:
        yield f"weights sum to {sum(answer.weights.values())}"


def _ranking(answer: Assessment) -> Iterator[str]:
    ranks = [one.rank for one in answer.candidates if one.rank is not None]
    if ranks != sorted(ranks) or len(set(ranks)) != len(ranks):
        yield f"ranks are {ranks}"
    ids = {one.id for one in answer.candidates}
    for slot in (answer.serve, answer.offline):
        if slot is not None and slot.candidate is not None and slot.candidate not in ids:
            yield f"{slot.candidate} is to be used and is no candidate"
    for one in answer.candidates:  # of a no-go, the use case's own findings may be the bar
        ranked = one.rank is not None or answer.verdict == "no-go"
        if not ranked and not any(f.severity == "bar" for f in one.findings):
            yield f"{one.id} is barred without a finding"
        if one.chance_in_limit is not None and not 0 <= one.chance_in_limit <= 1:
            yield f"{one.id}: a chance of {one.chance_in_limit}"
    if answer.barred > answer.tried:
        yield f"{answer.barred} barred of {answer.tried} tried"


def _sums(answer: Assessment) -> Iterator[str]:
    for one in answer.candidates:
        memory = one.estimate.memory
        parts = sum(vars(memory).values())
        if not math.isclose(parts, one.estimate.peak_memory_gib.value, rel_tol=NEAR):
            yield f"{one.id}: memory parts sum to {parts}"
        stages = sum(stage.latency_s.value for stage in one.estimate.stages)
        if stages and not math.isclose(stages, one.estimate.latency_s.value, rel_tol=NEAR):
            measured = one.estimate.latency_s.basis == "measured"  # end to end, measured as a whole
            if not measured:
                yield f"{one.id}: stages sum to {stages} s"
        if one.cost is not None:
            yield from _bill(one.id, one.cost)


def _bill(name: str, cost: Any) -> Iterator[str]:
    lines = [line.usd.value for line in cost.lines if line.usd is not None]
    if not math.isclose(sum(lines), cost.usd_per_month.value, rel_tol=NEAR, abs_tol=NEAR):
        yield f"{name}: lines sum to {sum(lines)}, the month is {cost.usd_per_month.value}"
    for line in cost.lines:
        if line.quantity is None or line.unit_price_usd is None or line.usd is None:
            continue
        product = line.quantity.value * line.unit_price_usd.value
        if not math.isclose(product, line.usd.value, rel_tol=1e-4, abs_tol=0.01):
            yield f"{name}: '{line.label}' is {line.usd.value} and not {product}"
    thousand = cost.usd_per_output.value * 1000
    if not math.isclose(thousand, cost.usd_per_1000_outputs.value, rel_tol=NEAR):
        yield f"{name}: 1000 outputs cost {cost.usd_per_1000_outputs.value}, one {thousand / 1000}"
