"""Numbers as words for sentences and tables of claims."""

from __future__ import annotations

from collections.abc import Iterable


def value_text(value: float, digits: int = 3) -> str:
    """Some significant digits, with thousands separators, without exponents where it can be."""
    if value == 0:
        return "0"
    if abs(value) >= 10**digits:
        return f"{float(f'{value:.{digits}g}'):,.0f}"
    return f"{value:.{digits}g}" if abs(value) >= 1e-4 else f"{value:.2e}"


def percent_text(value: float) -> str:
    """'67.6 %'; never 0 % or 100 % for what is only nearly so."""
    if 0 < value < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= value < 1:
        return "over 99.9 %"
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def spread_text(values: Iterable[float], digits: int = 3) -> str:
    """'1.2 to 34'; one number where both ends read the same."""
    listed = list(values)
    low, high = value_text(min(listed), digits), value_text(max(listed), digits)
    return low if low == high else f"{low} to {high}"
