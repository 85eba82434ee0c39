"""Pages in the terminal: headings, pairs, tables and paragraphs that fit a width of 100 columns.

Bold and dim text shows on a terminal only; piped output is plain text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import click

WIDTH = 100
UNKNOWN = "-"
_NARROWEST = 8  # of a folded column
_STEPS = ((1e15, ""), (1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def human(value: float | None) -> str:
    """A count in three digits with its unit: 3.47B, 58.2K, 640. Unknown is "-"."""
    if value is None:
        return UNKNOWN
    for factor, unit in _STEPS[1:]:
        if value >= 0.9995 * factor:
            return f"{_three(value / factor)}{unit}"
    return f"{value:g}"


def flop_text(flop: float) -> str:
    """Work in three digits with its unit: 6.76 TFLOP."""
    for factor, unit in ((1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP")):
        if flop >= 0.9995 * factor:
            return f"{_three(flop / factor)} {unit}"
    return f"{flop:,.0f} FLOP"


def gib(value: float) -> str:
    """GiB in three digits; small amounts in MiB."""
    return f"{_three(value)} GiB" if value >= 0.0995 else f"{_three(value * 1024)} MiB"


def _three(value: float) -> str:
    """Three significant digits, thousands separated: 6.76, 67.6, 676, 1,234."""
    if value >= 99.95:
        return f"{value:,.0f}"
    if value >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.0095 or value == 0 else f"{value:.2g}"


def title(text: str, right: str = "") -> None:
    """The name of the page, and its id at the right edge."""
    space = " " * max(2, WIDTH - len(text) - len(right)) if right else ""
    click.echo(click.style(text, bold=True) + space + click.style(right, dim=True))


def heading(text: str, aside: str = "") -> None:
    """A section's heading after an empty line; `aside` says what the section is made with."""
    click.echo()
    click.echo(click.style(text, bold=True))
    if aside:
        paragraph(aside, indent=2, dim=True)


def paragraph(text: str, indent: int = 0, dim: bool = False, hang: int = 0) -> None:
    """Text filled to the width; further lines are set in by `hang` more."""
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_on_hyphens=False,
    )
    for line in lines:
        click.echo(click.style(line, dim=True) if dim else line)


def bullet(mark: str, text: str) -> None:
    """One item of a list."""
    paragraph(f"{mark} {text}", indent=2, hang=len(mark) + 1)


def pairs(rows: Iterable[tuple[str, Any]], indent: int = 2) -> None:
    """Labels and their values in two columns; empty values are left out."""
    shown = [(label, str(value)) for label, value in rows if value not in (None, "", [])]
    width = max((len(label) for label, _ in shown), default=0) + 2
    for label, value in shown:
        paragraph(f"{label:<{width}}{value}", indent=indent, hang=width)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    indent: int = 2,
    like: Sequence[Sequence[Any]] | None = None,
) -> None:
    """A table in which a column whose name starts with ">" is set to the right.

    Wide columns of text are folded so that the whole fits. `like` are the rows that column widths
    are taken from, where several tables shall stand under one another.
    """
    names = [name.removeprefix(">") for name in columns]
    cells = [[_cell(value) for value in row] for row in rows]
    sample = [[_cell(value) for value in row] for row in like] if like is not None else cells
    widths = [max(len(line[i]) for line in [names, *sample]) for i in range(len(names))]
    spare = WIDTH - indent - 2 * (len(names) - 1)
    while sum(widths) > spare and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    right = [name.startswith(">") for name in columns]
    _line(names, widths, right, indent, dim=True)
    for row in cells:
        _line(row, widths, right, indent)


def _line(
    cells: Sequence[str],
    widths: Sequence[int],
    right: Sequence[bool],
    indent: int,
    dim: bool = False,
) -> None:
    """One row, over as many lines as its longest cell needs."""
    folded = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for number in range(max(len(lines) for lines in folded)):
        parts = []
        for lines, width, to_right in zip(folded, widths, right, strict=True):
            text = lines[number] if number < len(lines) else ""
            parts.append(text.rjust(width) if to_right else text.ljust(width))
        text = (" " * indent + "  ".join(parts)).rstrip()
        click.echo(click.style(text, dim=True) if dim else text)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
