"""UseCase: what is asked, in units. The intake questions Q1-Q28 of docs/intake.md as one model.

    use_case = read_use_case("examples/product-photos.yaml")
    use_case.assumed()      # the fields nobody stated, with the defaults that stand in for them

A field that is left out has its default and counts as `assumed`; the answer lists it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from advisor.catalog.schema import Control, Modality
from advisor.errors import InputError, printable, suggest
from advisor.files import Lines, read_document
from advisor.terms import Terms, in_usd

Role = Literal[
    "prompt",
    "subject",
    "layout",
    "first-frame",
    "frame-pair",
    "driving-motion",
    "source",  # to be transformed, labelled or repaired
    "target-structure",
    "knowledge",
    "context",
]
LatencyKind = Literal["first-output", "per-frame", "per-item", "total"]
Experience = Literal["live", "interactive", "queue", "overnight"]
Placement = Literal[
    "phone", "browser", "cpu", "microcontroller", "gaming-gpu", "workstation", "cloud"
]
ArrivalPattern = Literal["busiest-hour", "steady", "daily", "trace"]
Priority = Literal["latency", "cost", "quality", "control", "risk"]

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def _milliseconds(value: Any) -> Any:
    """'2 s', '2000 ms' or a number of milliseconds."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([a-z]+)\s*", value)
    if not match or match[2] not in _SECONDS:
        raise ValueError(f"write a number of milliseconds or a time with its unit ({units()})")
    return float(match[1]) * _SECONDS[match[2]] * 1e3


def units() -> str:
    return ", ".join(_SECONDS)


Milliseconds = Annotated[float, BeforeValidator(_milliseconds), Field(ge=0.01, le=2.6e9)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )


class Input(_Strict):
    """What goes in, and what the output owes to it."""

    modality: Modality
    role: Role = "prompt"


class Latency(_Strict):
    """A time limit at a percentile: in milliseconds with its kind, or as an experience class."""

    limit_ms: Milliseconds | None = None
    kind: LatencyKind = "total"
    experience: Experience | None = None
    percentile: Literal[50, 90, 95, 99] = 95

    @model_validator(mode="after")
    def _one_way(self) -> Latency:
        if self.limit_ms is not None and self.experience is not None:
            raise ValueError("give limit_ms or experience, not both")
        return self


class RejectRate(_Strict):
    """The share of takes that is thrown away, with the range that the client holds possible.

    A number alone is a point. Takes per accepted item = 1 / (1 - share).
    """

    value: float = Field(ge=0, le=0.99)
    low: float = Field(ge=0, le=0.99)
    high: float = Field(ge=0, le=0.99)

    @model_validator(mode="before")
    @classmethod
    def _point(cls, data: Any) -> Any:
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"value": float(data), "low": float(data), "high": float(data)}
        return data

    @model_validator(mode="after")
    def _ordered(self) -> RejectRate:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.low:g}, {self.value:g}, {self.high:g} must rise")
        return self


class Arrivals(_Strict):
    """When requests come: how busy each hour is against the others, and how many come at once.

    hourly_weights: one per hour, at any scale: 24 for `daily` (midnight first), whole days for
    `trace`; none otherwise. burst_size: items asked for at one moment (one user, many photos).
    `trace: FILE.csv` in a use case file is read into such weights (advisor/arrivals.py).
    """

    pattern: ArrivalPattern = "busiest-hour"  # only peak_factor is known
    hourly_weights: list[Annotated[float, Field(ge=0, le=1e12)]] = Field(default=[], max_length=744)
    burst_size: float = Field(1.0, ge=1, le=1000)
    source: str = Field("", max_length=400)  # what was recorded, where a trace was read

    @model_validator(mode="after")
    def _weights_fit(self) -> Arrivals:
        hours = len(self.hourly_weights)
        if self.pattern == "daily" and hours != 24:
            raise ValueError(f"pattern daily needs 24 hourly_weights, midnight first, not {hours}")
        if self.pattern == "trace" and (hours == 0 or hours % 24):
            raise ValueError("pattern trace needs hourly_weights of whole days: give trace: FILE")
        if self.pattern in ("busiest-hour", "steady") and hours:
            raise ValueError("hourly_weights need pattern: daily")
        if hours and sum(self.hourly_weights) <= 0:
            raise ValueError("hourly_weights are all 0: give one per hour, at any scale")
        return self

    @property
    def hourly(self) -> tuple[float, ...]:
        """Each hour's rate against the mean; empty where only the busiest hour is known."""
        if self.pattern == "steady":
            return (1.0,) * 24
        mean = sum(self.hourly_weights) / max(len(self.hourly_weights), 1)
        return tuple(weight / mean for weight in self.hourly_weights)


class UseCase(_Strict):
    """One use case. Only `title` and `outputs` are required; every other field has a default."""

    title: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=4000)

    # What (Q1-Q3, Q13)
    outputs: list[Modality] = Field(min_length=1, max_length=6)  # Q1
    inputs: list[Input] = Field(  # Q2
        default=[Input(modality="text", role="prompt")], max_length=8
    )
    task: Literal["create", "complete", "in-between", "transform", "select", "compress"] = "create"
    width_px: int | None = Field(None, ge=8, le=16384)  # Q13
    height_px: int | None = Field(None, ge=8, le=16384)
    duration_s: float | None = Field(None, ge=0.05, le=36_000)  # Q7; of audio or video
    fps: float | None = Field(None, ge=1, le=240)
    sample_rate_hz: int | None = Field(None, ge=4_000, le=192_000)
    tokens_in: int | None = Field(None, ge=1, le=2_000_000)
    tokens_out: int | None = Field(None, ge=1, le=200_000)
    vertices: int | None = Field(None, ge=1, le=100_000_000)
    endless: bool = False  # Q7: a stream without a known end

    # Truth and checking (Q4, Q5)
    error_tolerance: Literal["zero", "low", "medium", "high"] = "low"  # Q4
    reviewer: Literal["none", "automatic-test", "human"] = "none"  # Q5
    review_minutes_per_item: float = Field(0.0, ge=0, le=60)
    harm: Literal["not-stated", "nuisance", "money", "rights", "persons"] = "not-stated"  # Q4; the
    # worst that one wrong output does: rights covers law, office and words in somebody's name
    facts_from: Literal["nowhere", "structured-data", "text-base", "exact-source"] = "nowhere"
    wording_enumerable: bool = False  # can all wordings be written down as templates?
    closed_label_set: bool = False  # is the answer one of a fixed list?

    # How fast and how much (Q6, Q11, Q12)
    latency: Latency = Latency()  # Q6; no limit unless stated
    volume_per_day: float = Field(1_000, ge=0.01, le=1e10)  # Q11
    peak_factor: float = Field(3.0, ge=1, le=1000)  # busiest hour against the mean hour
    peak_concurrent: int | None = Field(None, ge=1, le=10_000_000)
    arrivals: Arrivals = Arrivals()  # the shape of a day and bursts, beyond peak_factor
    budget_usd_per_item: float | None = Field(None, ge=0, le=10_000)  # Q12
    budget_usd_per_month: float | None = Field(None, ge=0, le=1e10)
    terms: Terms = Terms()  # Q12: currency, wages, discounts, ownership, as the client states them

    # Where (Q8-Q10)
    placement: Placement = "cloud"  # Q8
    devices: list[str] = Field(default=[], max_length=32)  # only these device ids
    memory_limit_mb: float | None = Field(None, ge=0.1, le=2_000_000)  # Q9
    data_boundary: Literal["anywhere", "on-premises", "end-to-end-encrypted", "offline"] = (
        "anywhere"  # Q10
    )
    shares_device_with_rendering: bool = False

    # Control (Q14-Q17)
    scope: Literal["fixed", "menu", "free"] = "free"  # Q14: one effect, up to 50, free prompt
    must_keep: Literal[
        "nothing", "masked-pixels", "identity", "geometry", "spectrum", "wording", "alignment"
    ] = "nothing"  # Q15
    controls: list[Control] = Field(default=["prompt"], max_length=17)  # Q16
    subject_examples: int = Field(0, ge=0, le=1_000_000)  # Q17; per subject, style or voice

    # Data and licence (Q18, Q19, Q23, Q24)
    training_examples: int = Field(0, ge=0, le=10_000_000_000)  # Q18
    training_pairs: bool = False
    training_misalignment_px: float = Field(0.0, ge=0, le=1000)
    training_labels: bool = False
    licence: Literal["any", "commercial", "licensed-data", "no-pretrained"] = "commercial"  # Q19
    sharing: Literal["no", "share", "share-with-formal-privacy"] = "no"  # Q23
    training_persons: int = Field(0, ge=0, le=100_000_000)
    privacy_epsilon: float | None = Field(None, gt=0, le=100)
    likeness: Literal["none", "consented", "third-party"] = "none"  # Q24

    # The answer itself (Q20-Q22)
    answer_style: Literal["best", "varied", "calibrated"] = "best"  # Q20
    samples_per_input: int = Field(1, ge=1, le=10_000)
    several_valid_answers: bool = False  # Q21
    deterministic: bool = False  # Q22

    # Integration and people (Q25-Q28)
    runtime: Literal[
        "none", "restricted-operations", "game-engine", "audio-host", "existing-api"
    ] = "none"  # Q25
    cleanup_minutes_per_item: float = Field(5.0, ge=0, le=600)  # Q26
    takes_per_item: int = Field(4, ge=1, le=300)  # Q26
    reject_rate: RejectRate | None = None  # Q26; share of takes thrown away
    team_gpu_weeks: float = Field(0.0, ge=0, le=10_000)  # Q27
    team_generative_engineers: int = Field(0, ge=0, le=1000)  # Q27
    horizon_months: float = Field(6.0, ge=0, le=120)  # Q28
    needs_precedent: bool = True  # Q28

    # What weighs most, most important first; the rest share what is left
    priorities: list[Priority] = Field(default=[], max_length=5)

    @model_validator(mode="after")
    def _sane(self) -> UseCase:
        if (self.width_px is None) != (self.height_px is None):
            raise ValueError("give width_px and height_px together")
        if self.arrivals.hourly and "peak_factor" in self.model_fields_set:
            raise ValueError(
                f"peak_factor follows from arrivals.pattern {self.arrivals.pattern}: leave it out"
            )
        if len(set(self.priorities)) != len(self.priorities):
            raise ValueError("priorities names one twice")
        if self.reject_rate is not None and "takes_per_item" in self.model_fields_set:
            raise ValueError("give takes_per_item or reject_rate, not both")
        return self

    def assumed(self) -> dict[str, Any]:
        """Fields nobody stated that have a default which stands in, by name."""
        return {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name not in self.model_fields_set and name not in ("description", "priorities")
        }


def parse_use_case(data: Any, where: str = "use case", lines: Lines | None = None) -> UseCase:
    """A use case from plain data. Raises InputError: one sentence, line, field, value, range."""
    if not isinstance(data, dict):
        raise InputError(f"{where} is not a use case: write fields such as 'title: ...'")
    try:
        return UseCase.model_validate(_with_shorthand(in_usd(data)))
    except ValidationError as error:
        raise InputError(_sentence(error, data, where, lines or Lines())) from None


def with_prices(use_case: UseCase, usd_per_gpu_hour: Mapping[str, float]) -> UseCase:
    """The use case with the client's own prices of GPUs beside those that it states."""
    known = use_case.terms.model_dump(exclude_unset=True)
    prices = {**use_case.terms.gpu_usd_per_hour, **usd_per_gpu_hour}
    try:
        terms = Terms.model_validate({**known, "gpu_usd_per_hour": prices})
    except ValidationError as error:
        raise InputError(f"a price cannot be used: {error.errors()[0]['msg']}") from None
    return use_case.model_copy(update={"terms": terms})


def read_use_case(path: str | Path) -> UseCase:
    """A use case from a YAML or JSON file."""
    data, lines = read_document(path)
    return parse_use_case(_with_trace(data, Path(path).parent), str(path), lines)


def use_case_schema() -> dict[str, Any]:
    """JSON Schema of a use case file."""
    return UseCase.model_json_schema()


def dump_yaml(use_case: UseCase) -> str:
    """The stated fields as YAML; read back it gives an equal use case."""
    import yaml

    data = json.loads(use_case.model_dump_json(exclude_unset=True))
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def _with_shorthand(data: dict[str, Any]) -> dict[str, Any]:
    """`inputs: [text]` means a text prompt."""
    inputs = data.get("inputs")
    if not isinstance(inputs, list):
        return data
    return {**data, "inputs": [{"modality": i} if isinstance(i, str) else i for i in inputs]}


def _with_trace(data: Any, folder: Path) -> Any:
    """`arrivals: {trace: FILE.csv}` read, from a path beside the use case file.

    The recorded volume stands in for one that is not stated.
    """
    asked = data.get("arrivals") if isinstance(data, dict) else None
    if not isinstance(asked, dict) or not isinstance(asked.get("trace"), str):
        return data
    from advisor.arrivals import read_trace

    found = read_trace(folder / asked["trace"])
    rest = {name: value for name, value in asked.items() if name != "trace"}
    read = found.arrivals.model_dump(exclude_unset=True)
    return {"volume_per_day": found.requests_per_day, **data, "arrivals": {**read, **rest}}


def _sentence(error: ValidationError, data: dict[str, Any], where: str, lines: Lines) -> str:
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    line = lines.get(path) or lines.get(path.rpartition(".")[0])
    place = f"{where}, line {line}" if line else where
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        if path == "arrivals.trace":
            return f"{place}: arrivals.trace is read only from a use case file, by its path"
        return f"{place}: unknown field '{name[:80]}'{suggest(name, UseCase.model_fields)}"
    if first["type"] == "missing":
        return f"{place}: '{path}' is missing: it is required"
    message = first["msg"].removeprefix("Value error, ")
    if not path:
        return f"{place}: {message}"
    if first["type"] == "literal_error":
        message = f"use one of {message.removeprefix('Input should be ').replace(chr(39), '')}"
    else:
        message = message[:1].lower() + message[1:]
    return f"{place}: {printable(path)} is {str(first['input'])[:60]!r}: {message}"


PLACEMENTS: tuple[str, ...] = get_args(Placement)
