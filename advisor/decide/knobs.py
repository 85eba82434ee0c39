"""The requirements that a search may turn: numbers, sizes on a ladder, and choices.

A knob reads its value from a use case, sets another, and writes it in words. Numbers are bisected;
sizes change what has to be estimated and are tried rung by rung; choices are enumerated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.limits import time_limit
from advisor.rules.reading import memory_limit_mb, seconds_text

if TYPE_CHECKING:
    from advisor.usecase import UseCase


def varied(use_case: UseCase, **changes: Any) -> UseCase:
    """The use case with some fields set (and stated)."""
    return type(use_case).model_construct(
        _fields_set=set(use_case.model_fields_set) | set(changes),
        **{name: getattr(use_case, name) for name in type(use_case).model_fields} | changes,
    )


@dataclass(frozen=True)
class Knob:
    """One number that can be turned: how to read it, set it and write it."""

    field: str
    unit: str
    words: str  # begins the flip's sentence
    read: Callable[[UseCase], float | None]  # None: not a requirement here
    set: Callable[[UseCase, float], UseCase]
    text: Callable[[float], str]
    low: float
    high: float
    looser: str = "above"  # the direction that asks for less; "" where neither does
    ladder: tuple[float, ...] = ()  # rungs as factors (or values), where bisection costs too much


def _with_limit(use_case: UseCase, seconds: float) -> UseCase:
    limit = time_limit(use_case)
    kind = limit[0] if limit else use_case.latency.kind
    changed = use_case.latency.model_copy(
        update={"limit_ms": seconds * 1e3, "kind": kind, "experience": None}
    )
    return varied(use_case, latency=changed)


def _limit(use_case: UseCase) -> float | None:
    limit = time_limit(use_case)
    return limit[1] if limit else None


def _number(name: str, whole: bool = False) -> dict[str, Any]:
    """Read and set of a plain field; a zero or an empty field has no factor to be turned by."""

    def put(use_case: UseCase, value: float) -> UseCase:
        return varied(use_case, **{name: round(value) if whole else value})

    return {
        "field": name,
        "read": lambda use_case: float(getattr(use_case, name) or 0) or None,
        "set": put,
    }


def _with_width(use_case: UseCase, width_px: float) -> UseCase:
    """Another size at the same shape, in steps of 8 px."""
    if use_case.width_px is None or use_case.height_px is None:
        return use_case
    ratio = width_px / use_case.width_px
    sides = (
        max(8, round(side * ratio / 8) * 8) for side in (use_case.width_px, use_case.height_px)
    )
    width, height = sides
    return varied(use_case, width_px=width, height_px=height)


def _items(value: float) -> str:
    return f"{value:,.3g} items a day" if value < 1e3 else f"{value:,.0f} items a day"


def _count(value: float) -> str:
    return f"{value:,.0f}"


KNOBS = (
    Knob("latency", "s", "With a time limit", _limit, _with_limit, seconds_text, 1e-3, 2.6e6),
    Knob(
        **_number("volume_per_day"),
        unit="items/day",
        words="With a volume",
        text=_items,
        low=0.01,
        high=1e10,
        looser="",
    ),
    Knob(
        **_number("budget_usd_per_item"),
        unit="USD/item",
        words="With a budget",
        text=lambda value: f"{value:.3g} USD per item",
        low=1e-7,
        high=1e4,
    ),
    Knob(
        **_number("budget_usd_per_month"),
        unit="USD/month",
        words="With a budget",
        text=lambda value: f"{value:,.0f} USD a month",
        low=1.0,
        high=1e10,
    ),
    Knob(
        field="memory_limit_mb",
        unit="MB",
        words="With memory",
        read=memory_limit_mb,
        set=lambda use_case, value: varied(use_case, memory_limit_mb=value),
        text=lambda value: f"{value:,.3g} MB",
        low=0.1,
        high=2e6,
    ),
    Knob(
        **_number("review_minutes_per_item"),
        unit="min/item",
        words="With a review",
        text=lambda value: f"{value:.3g} minutes per item",
        low=0.01,
        high=60.0,
    ),
    Knob(
        **_number("training_examples", whole=True),
        unit="examples",
        words="With own training data",
        text=lambda value: f"{value:,.0f} examples",
        low=1.0,
        high=1e10,
    ),
    Knob(
        **_number("subject_examples", whole=True),
        unit="examples",
        words="With examples per subject",
        text=_count,
        low=1.0,
        high=1e6,
    ),
    Knob(
        field="width_px",
        unit="px",
        words="At a width",
        read=lambda use_case: float(use_case.width_px) if use_case.width_px else None,
        set=_with_width,
        text=lambda value: f"{value:,.0f} px",
        low=64.0,
        high=8192.0,
        looser="below",
        ladder=(0.75, 0.5, 1.5, 2.0),
    ),
    Knob(
        **_number("duration_s"),
        unit="s",
        words="At a length",
        text=seconds_text,
        low=0.1,
        high=36_000.0,
        looser="below",
        ladder=(0.5, 0.25, 2.0, 4.0),
    ),
)


@dataclass(frozen=True)
class Choice:
    """One field with few values, in the order of strictness where it has one."""

    field: str
    leads: dict[Any, str]  # value -> how the sentence on it begins
    ordered: bool = False
    reshapes: bool = False  # another place or size: options have to be set up anew

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(self.leads)

    def lead(self, value: Any) -> str:
        return self.leads[value]

    def others(self, use_case: UseCase) -> Sequence[Any]:
        now = getattr(use_case, self.field)
        return [value for value in self.values if value != now]

    def steps(self, now: Any, to: Any) -> int:
        if not self.ordered or now not in self.values:
            return 1
        return abs(self.values.index(now) - self.values.index(to))


CHOICES = (
    Choice(
        "error_tolerance",
        {one: f"With {one} tolerance for errors" for one in ("zero", "low", "medium", "high")},
        True,
    ),
    Choice(
        "reviewer",
        {
            "none": "Without a check of the outputs",
            "automatic-test": "With an automatic test of each output",
            "human": "With a person's check of each output",
        },
    ),
    Choice(
        "licence",
        {
            "any": "With any licence allowed",
            "commercial": "With commercial licences only",
            "licensed-data": "With licensed training data only",
            "no-pretrained": "Without pre-trained models",
        },
        True,
    ),
    Choice(
        "scope",
        {
            "fixed": "With one fixed effect",
            "menu": "With a menu of effects",
            "free": "With a free prompt",
        },
        True,
    ),
    Choice(
        "training_pairs",
        {False: "Without paired training data", True: "With paired training data"},
    ),
    Choice("training_labels", {False: "Without training labels", True: "With training labels"}),
    Choice(
        "data_boundary",
        {"anywhere": "With data free to go anywhere", "on-premises": "With data kept on site"},
        True,
        reshapes=True,
    ),
)
# Own data that nobody has yet: from none there is no factor, so these amounts are tried.
FIRST_EXAMPLES = (20, 200, 2_000, 20_000, 200_000)


def value_text(value: Any) -> str:
    """A choice as a person writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "any"
    return "none" if value is None else str(value)
