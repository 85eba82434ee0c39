"""Figures as text: two significant digits with the interval, in a unit that suits the size.

    figure_text(figure)   "1.6 s (1.3 to 2.1)"
    figure_cell(figure)   "1,200 (950 to 1,400)"   where the column's head has the unit

A figure without an interval (a price, what was asked) keeps four digits. Unknown is "-".
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from advisor.figure import LARGEST_WRITTEN_OUT
from advisor.figure import significant as significant

if TYPE_CHECKING:
    from advisor.figure import Figure

UNKNOWN = "-"
_EXACT = ("priced", "asked", "measured")
_TIMES = ((0.9995e-3, 1e6, "µs"), (0.9995, 1e3, "ms"), (120.0, 1.0, "s"), (7200.0, 1 / 60, "min"))
_UNITS = {
    "USD/output": "USD per output",
    "USD/1000 outputs": "USD per 1,000 outputs",
    "USD/month": "USD a month",
    "USD/item": "USD per item",
    "USD/instance-hour": "USD per instance-hour",
    "instance-hours/month": "instance-hours a month",
    "items/day": "items a day",
    "kWh/month": "kWh a month",
    "h/month": "h a month",
    "outputs/day": "outputs a day",
    "USD/generation": "USD per generation",
    "USD/minute of audio": "USD per minute of audio",
    "USD/second of video": "USD per second of video",
    "kg CO2/month": "kg CO2 a month",
    "requests/s": "requests a second",
}


def exact(value: float) -> str:
    """A number that has no interval: whole from 1,000 on, else four digits without idle zeros."""
    if 1000 <= abs(value) < LARGEST_WRITTEN_OUT:
        return f"{value:,.0f}"
    text = significant(value, 4)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def count(value: int) -> str:
    """A whole number with thousands separators."""
    return f"{value:,}"


def percent(share: float) -> str:
    """73 %; never 0 % or 100 % for what is only nearly so."""
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %")


def scaled(figure: Figure) -> tuple[float, str]:
    """Factor and unit in which to show a figure: seconds become ms, joules become Wh."""
    size = max(abs(figure.value), abs(figure.high)) if figure.value == 0 else abs(figure.value)
    if figure.unit == "s":
        return time_scale(size)
    if figure.unit == "J" and size >= 36:  # 0.01 Wh
        return (1 / 3600, "Wh") if size < 3.6e6 else (1 / 3.6e6, "kWh")
    if figure.unit == "GiB" and 0 < size < 0.0995:
        return 1024.0, "MiB"
    if figure.unit == "share":
        return 100.0, "%"
    return 1.0, _UNITS.get(figure.unit, figure.unit)


def time_scale(seconds: float) -> tuple[float, str]:
    """Factor and unit in which to show a time: (1000.0, "ms")."""
    for limit, factor, unit in _TIMES:
        if seconds < limit:
            return factor, unit
    return 1 / 3600, "h"


def seconds(value: float | None) -> str:
    """A stated time: 4 s, 33 ms, 8 h."""
    if value is None:
        return UNKNOWN
    factor, unit = time_scale(abs(value))
    return f"{exact(value * factor)} {unit}"


def amount(value: float, unit: str) -> str:
    """A stated value with its unit, times in a unit that suits."""
    if unit == "s":
        return seconds(value)
    return f"{exact(value)} {_UNITS.get(unit, unit)}"


def interval_text(figure: Figure | None, factor: float | None = None) -> str:
    """1.3 to 2.1, in the figure's shown unit; empty where the figure has no interval."""
    if figure is None or figure.low == figure.high:
        return ""
    scale = scaled(figure)[0] if factor is None else factor
    return f"{significant(figure.low * scale)} to {significant(figure.high * scale)}"


def value_text(figure: Figure | None, factor: float | None = None) -> str:
    """The value alone, in the figure's shown unit, without the unit."""
    if figure is None:
        return UNKNOWN
    scale = scaled(figure)[0] if factor is None else factor
    if figure.low == figure.high:
        return _point(figure, scale)
    return significant(figure.value * scale)


def _point(figure: Figure, scale: float) -> str:
    """Without an interval: prices and stated values as they are, the rest to three digits."""
    value = figure.value * scale
    return exact(value) if figure.basis in _EXACT else significant(value, 3)


def figure_text(figure: Figure | None) -> str:
    """Value, unit and interval: "1.6 s (1.3 to 2.1)"."""
    if figure is None:
        return UNKNOWN
    interval = interval_text(figure)
    text = f"{value_text(figure)} {scaled(figure)[1]}"
    return f"{text} ({interval})" if interval else text


def figure_cell(figure: Figure | None) -> str:
    """Value and interval without the unit and without a change of scale, for one column."""
    if figure is None:
        return UNKNOWN
    interval = interval_text(figure, 1.0)
    value = value_text(figure, 1.0)
    return f"{value} ({interval})" if interval else value


_PAIR = re.compile(r"(?<=\d) (?=(?:%|µs|ms|s|min|h|GiB|MiB|USD|Wh|kWh)(?:[\s,;:.)]|$))")

_SHORT_INTERVAL = re.compile(r"\([\d.,]{1,5} to [\d.,]{1,5}\)")


def tied(text: str) -> str:
    """Text in which a number and its unit, and a short interval, stay on one line."""
    text = _SHORT_INTERVAL.sub(lambda found: found[0].replace(" ", "\u00a0"), text)
    return _PAIR.sub("\u00a0", text)


def span(low: float, high: float, value: float | None = None) -> str:
    """Plain numbers with their ends, two digits each: "860 (410 to 1,900)", "410 to 1,900"."""
    ends = f"{significant(low)} to {significant(high)}"
    return ends if value is None else f"{significant(value)} ({ends})"


def day(value: date | None) -> str:
    """An ISO date, or "-"."""
    return value.isoformat() if value else UNKNOWN
