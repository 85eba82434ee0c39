"""How figures become text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.figure import Basis, Figure
from advisor.report.numbers import (
    amount,
    exact,
    figure_cell,
    figure_text,
    percent,
    seconds,
    significant,
    tied,
)

POSITIVE = st.floats(1e-9, 1e12, allow_nan=False, allow_infinity=False)


def made(
    value: float, low: float, high: float, unit: str, basis: Basis = Basis.datasheet
) -> Figure:
    return Figure(value=value, low=low, high=high, unit=unit, basis=basis, source="a test")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.6, "1.6"),
        (2.0, "2.0"),
        (0.052999, "0.053"),
        (9.96, "10"),
        (96.4, "96"),
        (99.6, "100"),
        (1234, "1,200"),
        (1_260_000, "1,300,000"),
        (1.2e-9, "1.2e-09"),
    ],
)
def test_two_significant_digits_with_thousands_separators(value: float, text: str) -> None:
    assert significant(value) == text


@given(POSITIVE)
def test_a_shown_number_is_within_half_a_unit_of_its_second_digit(value: float) -> None:
    shown = float(significant(value).replace(",", ""))
    step = 10 ** (math.floor(math.log10(value)) - 1)
    assert abs(shown - value) <= step / 2 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (made(1.6, 1.3, 2.1, "s"), "1.6 s (1.3 to 2.1)"),
        (made(0.046, 0.04, 0.052, "s"), "46 ms (40 to 52)"),
        (made(3e-4, 2e-4, 4e-4, "s"), "300 µs (200 to 400)"),
        (made(300, 240, 420, "s"), "5.0 min (4.0 to 7.0)"),
        (made(9000, 7200, 10800, "s"), "2.5 h (2.0 to 3.0)"),
        (made(1051, 670, 1714, "J"), "0.29 Wh (0.19 to 0.48)"),
        (made(12, 10, 15, "J"), "12 J (10 to 15)"),
        (made(0.05, 0.04, 0.06, "GiB"), "51 MiB (41 to 61)"),
        (made(0.61, 0.5, 0.7, "share"), "61 % (50 to 70)"),
        (made(1234, 1000, 1500, "USD/month"), "1,200 USD a month (1,000 to 1,500)"),
        (made(0.526, 0.526, 0.526, "USD", Basis.priced), "0.526 USD"),
        (made(1672.8, 1672.8, 1672.8, "USD", Basis.priced), "1,673 USD"),
        (made(4.2284, 4.2284, 4.2284, "USD", Basis.assumed), "4.23 USD"),
        (made(0, 0, 0, "USD", Basis.priced), "0 USD"),
    ],
)
def test_a_figure_stands_with_unit_and_interval(figure: Figure, text: str) -> None:
    assert figure_text(figure) == text


def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    assert figure_text(None) == "-" and figure_cell(None) == "-" and seconds(None) == "-"


@given(POSITIVE, st.floats(0.1, 1), st.floats(1, 10), st.sampled_from(["s", "J", "GiB", "USD"]))
def test_an_interval_never_turns_round(value: float, down: float, up: float, unit: str) -> None:
    figure = made(value, value * down, value * up, unit)
    text = figure_text(figure)
    if figure.low < figure.high:
        low, high = text.partition("(")[2].rstrip(")").split(" to ")
        assert float(low.replace(",", "")) <= float(high.replace(",", ""))
        assert "±" not in text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.73, "73 %"), (0.001, "under 1 %"), (0.999, "over 99 %"), (1.0, "100 %"), (0.0, "0 %")],
)
def test_a_chance_is_never_rounded_to_certainty(share: float, text: str) -> None:
    assert percent(share) == text


def test_stated_values_keep_their_digits() -> None:
    assert exact(730.5) == "730.5" and exact(2.29) == "2.29" and exact(14_300) == "14,300"
    assert exact(2.0) == "2" and amount(0.033, "s") == "33 ms" and seconds(8 * 3600) == "8 h"


def test_a_number_and_its_unit_stay_on_one_line_and_nothing_else_does() -> None:
    assert tied("1.6 s (69 %), 3 steps") == "1.6\u00a0s (69\u00a0%), 3 steps"
    assert (
        tied("5 (4 to 6) (1,300,000 to 2,100,000)")
        == "5 (4\u00a0to\u00a06) (1,300,000 to 2,100,000)"
    )
