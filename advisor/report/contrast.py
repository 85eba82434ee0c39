"""Contrast of colours by WCAG 2.2: relative luminance, ratio, and a lighter tone that passes."""

from __future__ import annotations

AA = 4.5  # WCAG 2.2, success criterion 1.4.3, text of normal size


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def ratio(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lightened(colour: str, grounds: tuple[str, ...]) -> str:
    """The colour, mixed with as little white as makes it readable on every one of the grounds."""
    for step in range(101):
        mixed = _mixed(colour, step / 100)
        if min(ratio(mixed, ground) for ground in grounds) >= AA:
            return mixed
    raise ValueError(f"white is not readable on {grounds}")


def _mixed(colour: str, white: float) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * white):02x}" for part in parts)
