"""A verdict follows from figures and limits, and from nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from advisor.claims.record import CheckSpec, Claim, ClaimResult, Evidence
from advisor.claims.verdict import check_results, limits_text, verdict_of
from advisor.errors import DataError
from advisor.figure import Basis, Figure


def spec(name: str = "one", **limits: float) -> CheckSpec:
    return CheckSpec(id=name, states="it is so", why="a reason", **limits)


def claim(*checks: CheckSpec) -> Claim:
    return Claim(id="a-claim", claim="It is so.", how="By looking.", checks=list(checks))


def figure(value: float, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(
        value=value,
        low=value if low is None else low,
        high=value if high is None else high,
        unit="times",
        basis=Basis.measured,
        source="a test",
    )


def verdict(checks: list[CheckSpec], *found: Figure | str) -> str:
    figures = {one.id: value for one, value in zip(checks, found, strict=True)}
    return verdict_of(check_results(claim(*checks), Evidence(figures, "found")))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(34.9, "does not hold"), (35, "holds"), (70, "holds"), (70.1, "does not hold")],
)
def test_a_check_holds_inside_its_limits_ends_included(value: float, expected: str) -> None:
    assert verdict([spec(low=35, high=70)], figure(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.1, "does not hold"), (0.2, "holds in part"), (0.8, "holds")]
)
def test_between_the_looser_and_the_full_limit_it_holds_in_part(
    value: float, expected: str
) -> None:
    assert verdict([spec(low=0.8, part_low=0.2)], figure(value)) == expected


def test_a_claim_holds_only_when_all_of_its_checks_do() -> None:
    both = [spec("one", low=1), spec("two", low=1)]
    assert verdict(both, figure(2), figure(2)) == "holds"
    assert verdict(both, figure(2), figure(0)) == "holds in part"
    assert verdict(both, figure(0), figure(0)) == "does not hold"


def test_a_check_that_cannot_be_made_keeps_a_claim_from_holding_whole() -> None:
    both = [spec("one", low=1), spec("two")]
    assert verdict(both, figure(2), "nobody counted") == "holds in part"
    assert verdict(both, figure(0), "nobody counted") == "does not hold"


def test_a_no_with_an_open_check_is_said_to_be_as_far_as_checked() -> None:
    asked = claim(spec("one", low=1), spec("two"))
    checks = check_results(asked, Evidence({"one": figure(0), "two": "nobody counted"}, ""))
    result = ClaimResult(
        id="a-claim",
        claim="c",
        attributed_to="",
        source="s",
        how="h",
        verdict=verdict_of(checks),
        sentence="",
        checks=checks,
        numbers=[],
        notes=[],
        command="",
        as_of=date(2026, 11, 25),
    )
    assert result.verdict_text == "does not hold, as far as checked"


def test_without_any_check_made_a_claim_cannot_be_checked() -> None:
    assert verdict([spec(low=1)], "no torch") == "cannot be checked here"


def test_an_outcome_is_sure_only_when_the_whole_interval_is_on_its_side() -> None:
    asked = claim(spec(low=1))
    near = check_results(asked, Evidence({"one": figure(2, 0.5, 3)}, ""))[0]
    clear = check_results(asked, Evidence({"one": figure(2, 1.5, 3)}, ""))[0]
    assert (near.outcome, near.sure) == ("holds", False)
    assert (clear.outcome, clear.sure) == ("holds", True)


def test_a_forgotten_check_is_an_error_that_names_it() -> None:
    with pytest.raises(DataError, match="two"):
        check_results(claim(spec("one", low=1), spec("two", low=1)), Evidence({"one": "no"}, ""))


def test_limits_are_told_in_words() -> None:
    assert limits_text(spec(low=0.8, part_low=0.2)) == "at least 0.8 (in part: at least 0.2)"
    assert limits_text(spec(low=35, high=70), "times") == "35 to 70 times"
