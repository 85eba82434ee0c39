"""Fires, silent and not-applicable cases of rules over models and candidates."""

from __future__ import annotations

from typing import Any

from advisor.figure import Basis, Figure
from advisor.rules import Case
from advisor.usecase import parse_use_case
from tests.decide import fakes
from tests.rules.families import FAMILIES
from tests.rules.table import Fields, limit

IMAGE: Fields = {"outputs": ["image"]}
A100 = fakes.catalog().device("a100-sxm-80")


def seconds(value: float, spread: float = 1.5) -> Figure:
    return fakes.figure(value, "s", spread)


def usd(value: float, spread: float = 1.5) -> Figure:
    return Figure(
        value=value,
        low=value / spread,
        high=value * spread,
        unit="USD",
        basis=Basis.priced,
        source="a test",
    )


def case(fields: Fields, name: str = "painter", **changes: Any) -> Case:
    """A case over one fake model on an A100."""
    made = fakes.model(name)
    workload = made.workload()
    known: dict[str, Any] = {
        "model": made,
        "estimate": fakes.estimate(name, A100, workload),
        "device": A100,
    }
    use_case = parse_use_case({"title": "a test", **fields})
    return Case(use_case, FAMILIES[made.family], **{**known, **changes})


def licensed(commercial: str) -> Any:
    made = fakes.model("painter")
    terms = made.licence.model_copy(update={"commercial": commercial})
    return made.model_copy(update={"licence": terms})


def tiered(value: int | None) -> Any:
    made = fakes.model("painter")
    tier = made.tier.model_copy(update={"value": value}) if made.tier and value else None
    return made.model_copy(update={"tier": tier})


def unfit() -> Any:
    return fakes.estimate("painter", A100, fakes.model("painter").workload()).model_copy(
        update={"fits": False}
    )


TYPING: Fields = {"outputs": ["text"], "placement": "cpu"} | limit(150, "first-output")
SIZE: Fields = IMAGE | {"width_px": 2048, "height_px": 2048}
LONG: Fields = {"outputs": ["video"], "duration_s": 60.0}
BUDGET: Fields = IMAGE | {"budget_usd_per_item": 0.01}

OPTION_ROWS: dict[str, tuple[Case, Case, Case | None]] = {
    "LAT101": (
        case(IMAGE | limit(1000), response_s=seconds(10)),
        case(IMAGE | limit(1000), response_s=seconds(0.1)),
        case(IMAGE, response_s=seconds(10)),
    ),
    "LAT102": (
        case(IMAGE | limit(1000), response_s=seconds(1.1)),
        case(IMAGE | limit(1000), response_s=seconds(0.1)),
        case(IMAGE, response_s=seconds(1)),
    ),
    "LAT125": (
        case(IMAGE | limit(1000), response_s=seconds(1.3)),
        case(IMAGE | limit(1000), response_s=seconds(0.9)),
        case(IMAGE, response_s=seconds(1)),
    ),
    "LAT117": (
        case(TYPING, "writer-8b"),
        case(TYPING, "writer-small"),
        case(IMAGE | limit(150)),
    ),
    "EDG101": (case(IMAGE, estimate=unfit()), case(IMAGE), case(IMAGE, estimate=None)),
    "EDG102": (
        case(IMAGE | {"memory_limit_mb": 100.0}),
        case(IMAGE | {"memory_limit_mb": 100_000.0}),
        case(IMAGE),
    ),
    "EDG105": (case(IMAGE, proxy=True), case(IMAGE), case(IMAGE, device=None)),
    "LIC101": (
        case(IMAGE, model=licensed("no")),
        case(IMAGE),
        case(IMAGE | {"licence": "any"}, model=licensed("no")),
    ),
    "LIC102": (
        case(IMAGE, model=licensed("conditional")),
        case(IMAGE),
        case(IMAGE | {"licence": "any"}),
    ),
    "LIC103": (
        case(IMAGE, model=licensed("unknown")),
        case(IMAGE),
        case(IMAGE | {"licence": "any"}),
    ),
    "LIC104": (
        case(IMAGE | {"licence": "licensed-data"}),
        case(
            IMAGE | {"licence": "licensed-data"},
            model=fakes.model("painter").model_copy(update={"tasks": ["licensed-training-data"]}),
        ),
        case(IMAGE),
    ),
    "QUA101": (
        case(SIZE, shortfalls={"width": 8.0}),
        case(SIZE, shortfalls={"width": 2.0}),
        case(IMAGE),
    ),
    "QUA102": (
        case(SIZE, shortfalls={"width": 2.0}),
        case(SIZE, shortfalls={"width": 8.0}),
        case(IMAGE),
    ),
    "QUA103": (
        case(LONG, "filmer", shortfalls={"frames": 5.0}),
        case(LONG, "filmer"),
        case(IMAGE),
    ),
    "QUA104": (
        case(LONG, "filmer", shortfalls={"frames": 50.0}),
        case(LONG, "filmer", shortfalls={"frames": 5.0}),
        case(IMAGE),
    ),
    "QUA105": (case(IMAGE, model=tiered(1)), case(IMAGE), case(IMAGE, model=tiered(None))),
    "CST101": (
        case(BUDGET, usd_per_output=usd(1.0)),
        case(BUDGET, usd_per_output=usd(0.001)),
        case(IMAGE, usd_per_output=usd(1.0)),
    ),
    "CST102": (
        case(BUDGET, usd_per_output=usd(0.011)),
        case(BUDGET, usd_per_output=usd(0.001)),
        case(BUDGET),
    ),
}
