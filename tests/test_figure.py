"""Figures: intervals hold their value, units are never mixed, chances rise with the limit."""

import math
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from advisor.figure import Basis, Figure, weakest

finite = st.floats(-1e12, 1e12, allow_nan=False)
positive = st.floats(1e-9, 1e12)


@st.composite
def figures(draw: st.DrawFn, numbers: st.SearchStrategy[float] = positive) -> Figure:
    low, value, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
    return Figure(
        value=value,
        low=low,
        high=high,
        unit="s",
        basis=draw(st.sampled_from(Basis)),
        source=draw(st.sampled_from(["a", "b"])),
        as_of=draw(st.sampled_from([None, date(2026, 1, 1), date(2026, 6, 1)])),
    )


@given(finite, finite, finite)
def test_an_interval_holds_its_value_or_the_figure_is_refused(
    low: float, value: float, high: float
) -> None:
    build = {"value": value, "low": low, "high": high, "unit": "s", "basis": "measured"}
    if low <= value <= high:
        assert Figure.model_validate({**build, "source": "x"}).low == low
    else:
        with pytest.raises(ValidationError, match="does not hold"):
            Figure.model_validate({**build, "source": "x"})


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["value", "low", "high"])
def test_a_figure_is_finite(field: str, bad: float) -> None:
    good = {"value": 1, "low": 1, "high": 1, "unit": "s", "basis": "asked", "source": "x"}
    with pytest.raises(ValidationError):
        Figure.model_validate({**good, field: bad})


@given(figures(), figures())
def test_a_sum_adds_ends_and_keeps_the_weaker_basis_and_the_older_date(
    a: Figure, b: Figure
) -> None:
    total = a.plus(b)
    assert total.low <= total.value <= total.high
    assert total.value == a.value + b.value
    assert total.basis == weakest([a.basis, b.basis])
    dates = [d for d in (a.as_of, b.as_of) if d]
    assert total.as_of == min(dates, default=None)
    assert total.plus(a).unit == "s"


@given(figures(), figures())
def test_a_sum_does_not_depend_on_the_order(a: Figure, b: Figure) -> None:
    one, other = a.plus(b), b.plus(a)
    assert (one.value, one.low, one.high, one.basis) == (
        other.value,
        other.low,
        other.high,
        other.basis,
    )


@given(figures())
def test_figures_of_different_units_are_not_added(figure: Figure) -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        figure.plus(figure.times(1000, "ms"))


@given(figures(finite), st.floats(0, 1e6))
def test_scaling_keeps_the_interval_in_order(figure: Figure, factor: float) -> None:
    scaled = figure.times(factor, "ms")
    assert scaled.low <= scaled.value <= scaled.high
    assert scaled.unit == "ms"
    assert scaled.basis == figure.basis


@pytest.mark.parametrize("factor", [-1, math.nan, math.inf, 1e300])
def test_scaling_refuses_what_would_break_the_interval(factor: float) -> None:
    figure = Figure.exact(1e200, "s", Basis.asked, "x")
    with pytest.raises(ValueError, match="cannot be scaled"):
        figure.times(factor)


@given(st.one_of(figures(), figures(finite)), finite, finite)
def test_the_chance_is_a_probability_and_rises_with_the_limit(
    figure: Figure, one: float, other: float
) -> None:
    low, high = sorted([one, other])
    at_low, at_high = figure.chance_at_most(low), figure.chance_at_most(high)
    assert 0 <= at_low <= at_high + 1e-12
    assert at_high <= 1


@given(figures())
def test_the_interval_is_read_as_ninety_percent(figure: Figure) -> None:
    assume(1.001 * figure.low < figure.value < figure.high / 1.001)
    assert figure.chance_at_most(figure.low) == pytest.approx(0.05, abs=1e-6)
    assert figure.chance_at_most(figure.high) == pytest.approx(0.95, abs=1e-6)
    assert figure.chance_at_most(figure.value) == pytest.approx(0.5)


def test_an_exact_figure_is_certain() -> None:
    price = Figure.exact(2.0, "USD", Basis.priced, "list", date(2026, 7, 1))
    assert price.chance_at_most(2.0) == 1
    assert price.chance_at_most(1.999) == 0


def test_a_time_is_never_at_most_zero() -> None:
    figure = Figure(value=1, low=0.5, high=2, unit="s", basis=Basis.measured, source="x")
    assert figure.chance_at_most(0) == 0
    assert figure.chance_at_most(-1) == 0
    assert figure.chance_at_most(5e-324) == pytest.approx(0)


@given(st.lists(st.sampled_from(Basis), min_size=1))
def test_what_the_user_said_never_weakens_a_result(bases: list[Basis]) -> None:
    assert weakest([*bases, Basis.asked]) == weakest(bases)
    assert weakest([*bases, Basis.assumed]) == Basis.assumed


def test_without_any_basis_nothing_weakens() -> None:
    assert weakest([]) == Basis.asked


def test_a_figure_cannot_be_changed_or_extended() -> None:
    figure = Figure.exact(1, "s", Basis.asked, "x")
    with pytest.raises(ValidationError):
        figure.value = 2  # type: ignore[misc]
    with pytest.raises(ValidationError, match="colour"):
        Figure.model_validate({**figure.model_dump(), "colour": "red"})
