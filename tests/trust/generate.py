"""Random valid use cases, for the soak and for hypothesis (which shrinks what it is given).

    use_case(random.Random(7))                      # the same seed gives the same case
    use_cases()                                     # a hypothesis strategy

Values are drawn from the record's own types and limits, so that a field that is added is drawn
from the day it exists. Most draws are of ordinary sizes, the rest from the whole range that the
field allows, ends included. Fields that contradict each other are left out one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from advisor.catalog import load_catalog
from advisor.errors import InputError
from advisor.usecase import UseCase, parse_use_case

STATED = (0.05, 0.15, 0.4)  # how likely a field is stated; one of these for each case
ORDINARY = 0.7  # how likely a number is of an ordinary size
END = 0.05  # how likely it is the least or the most that is allowed

# What people ask for; not limits. The rest of a field's range is drawn as well.
ORDINARY_RANGES: dict[str, tuple[float, float]] = {
    "width_px": (256, 2048),
    "height_px": (256, 2048),
    "duration_s": (1, 60),
    "fps": (8, 60),
    "tokens_in": (20, 8000),
    "tokens_out": (20, 2000),
    "limit_ms": (30, 60_000),
    "volume_per_day": (10, 1e6),
    "peak_factor": (1, 10),
    "peak_concurrent": (1, 200),
    "budget_usd_per_item": (0.0005, 5),
    "budget_usd_per_month": (50, 100_000),
    "memory_limit_mb": (50, 80_000),
    "training_examples": (10, 1_000_000),
    "subject_examples": (1, 50),
    "samples_per_input": (1, 8),
    "burst_size": (1, 16),
    "takes_per_item": (1, 8),
    "horizon_months": (1, 24),
}


def use_case(random: Random) -> UseCase:
    """One valid use case."""
    data: dict[str, Any] = {"title": "drawn"}
    data["outputs"] = _list(UseCase.model_fields["outputs"], "outputs", random, most=2)
    stated = random.choice(STATED)
    for name, field in UseCase.model_fields.items():
        if name not in ("title", "outputs", "description") and random.random() < stated:
            data[name] = _of_field(field, name, random)
    if ("width_px" in data) != ("height_px" in data):
        data["width_px"] = data["height_px"] = data.get("width_px") or data.get("height_px")
    if data.get("width_px") is None:
        data.pop("width_px", None), data.pop("height_px", None)
    return _without_contradictions(data, random)


def use_cases() -> st.SearchStrategy[UseCase]:
    """Valid use cases for hypothesis."""
    return st.randoms(use_true_random=False).map(use_case)


def _without_contradictions(data: dict[str, Any], random: Random) -> UseCase:
    while True:
        try:
            return parse_use_case(data)
        except InputError:
            spare = sorted(data.keys() - {"title", "outputs"})
            if not spare:
                raise
            del data[random.choice(spare)]


def _of_field(field: FieldInfo, name: str, random: Random) -> Any:
    return _value(field.annotation, list(field.metadata), name, random)


def _value(kind: Any, limits: list[Any], name: str, random: Random) -> Any:
    if name in _NAMED:
        return _NAMED[name](random)
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *more = get_args(kind)
        return _value(inner, [*limits, *more], name, random)
    if origin in (Union, UnionType):
        return _value(random.choice(get_args(kind)), limits, name, random)
    if origin is Literal:
        return random.choice(get_args(kind))
    if kind is type(None):
        return None
    if kind is bool:
        return random.random() < 0.5
    if kind in (int, float):
        return _number(kind, limits, name, random)
    if origin is list:
        return [_value(get_args(kind)[0], [], "", random) for _ in range(random.randint(1, 3))]
    if origin is dict:
        return {_device(random): _value(get_args(kind)[1], [], "", random)}
    if kind is str:
        return "word"
    return _record(kind, random)


def _record(kind: type[BaseModel], random: Random) -> dict[str, Any]:
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    stated = [n for n in kind.model_fields if n in required or random.random() < 0.3]
    return {name: _of_field(kind.model_fields[name], name, random) for name in stated}


def _list(field: FieldInfo, name: str, random: Random, most: int) -> list[Any]:
    items = get_args(get_args(field.annotation)[0])
    return random.sample(sorted(items), 1 if random.random() < 0.8 else most)


def _number(kind: type, limits: list[Any], name: str, random: Random) -> float:
    low, high = _range(limits)
    ordinary = ORDINARY_RANGES.get(name)
    draw = random.random()
    if draw < END:
        number = random.choice((low, high))
    elif ordinary and draw < ORDINARY:
        number = _log_uniform(*ordinary, random)
    else:
        number = _log_uniform(low, high, random)
    return min(max(round(number), math.ceil(low)), math.floor(high)) if kind is int else number


def _log_uniform(low: float, high: float, random: Random) -> float:
    start = max(low, high * 1e-9, 1e-9)
    return min(max(start * (high / start) ** random.random(), low), high)


def _range(limits: Sequence[Any]) -> tuple[float, float]:
    """The least and the most that a field's metadata allows."""
    low, high = 0.0, 1e9
    for limit in (one for each in limits for one in getattr(each, "metadata", [each])):
        low = getattr(limit, "ge", None) if hasattr(limit, "ge") else low
        high = getattr(limit, "le", None) if hasattr(limit, "le") else high
        if hasattr(limit, "gt"):
            low = math.nextafter(limit.gt, math.inf) or 1e-9
        if hasattr(limit, "lt"):
            high = limit.lt * 0.99
    return low, high


def _device(random: Random) -> str:
    return random.choice(sorted(load_catalog().devices))


def _regions(random: Random) -> list[str]:
    return [random.choice(sorted({price.region for price in load_catalog().prices}))]


def _latency(random: Random) -> dict[str, Any]:
    field = UseCase.model_fields["latency"].annotation
    data = _record(field, random)  # type: ignore[arg-type]
    data.pop(random.choice(("limit_ms", "experience")), None)
    if "limit_ms" not in data and "experience" not in data:
        data["limit_ms"] = _log_uniform(*ORDINARY_RANGES["limit_ms"], random)
    return data


def _terms(random: Random) -> dict[str, Any]:
    data = _record(UseCase.model_fields["terms"].annotation, random)  # type: ignore[arg-type]
    if data.get("currency", "USD") == "USD":
        data.pop("units_per_usd", None)
    else:
        data["units_per_usd"] = _log_uniform(0.1, 1000, random)
    return data


def _arrivals(random: Random) -> dict[str, Any]:
    pattern = random.choice(("steady", "daily", "trace", "busiest-hour"))
    hours = {"daily": 24, "trace": 24 * random.randint(1, 3)}.get(pattern, 0)
    data: dict[str, Any] = {"pattern": pattern}
    if hours:
        data["hourly_weights"] = [random.choice((0.0, 1.0, 2.5, 40.0)) for _ in range(hours)]
        data["hourly_weights"][random.randrange(hours)] = 1.0
    if random.random() < 0.3:
        data["burst_size"] = _log_uniform(1, 64, random)
    return data


def _reject_rate(random: Random) -> Any:
    low, value, high = sorted(random.random() * 0.99 for _ in range(3))
    return random.choice((value, {"low": low, "value": value, "high": high}))


_NAMED: Mapping[str, Callable[[Random], Any]] = {
    "devices": lambda random: [_device(random) for _ in range(random.randint(1, 3))],
    "regions": _regions,
    "grid": lambda random: random.choice([one.id for one in load_catalog().energy.grids]),
    "currency": lambda random: random.choice(("USD", "EUR", "JPY")),
    "terms": _terms,
    "latency": _latency,
    "arrivals": _arrivals,
    "reject_rate": _reject_rate,
    "priorities": lambda random: random.sample(("latency", "cost", "quality", "control", "risk"),
                                               random.randint(1, 5)),
}  # fmt: skip
