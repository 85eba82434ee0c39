"""What several charts share: names of rows that are wrapped and never cut, stacked bars."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from advisor.report.doc import listing
from advisor.report.picture import INK, SERIES, WIDTH, finished, name_axis, shorten

if TYPE_CHECKING:
    from advisor.assessment import CandidateResult

NAMES = 230  # pixels for the names of rows
LINE, LONGEST = 36, 108  # characters of a line, and of a name that is still shown whole
LINE_HEIGHT = 13


def wrapped(text: str) -> str:
    """A name on up to three lines; the axis breaks at the line feeds."""
    return "\n".join(textwrap.wrap(shorten(listing(text), LONGEST), LINE) or [""])


def option_label(one: CandidateResult) -> str:
    """Rank and name, the device below."""
    return wrapped(f"{one.rank}  {one.model_name}") + "\n" + wrapped(one.device_name)


def height_of(labels: list[str]) -> int:
    """Pixels of a row, enough for the name with the most lines."""
    return 4 + LINE_HEIGHT * max(label.count("\n") + 1 for label in labels)


def name_column(order: list[str]) -> Any:
    """The y channel of rows in the order given, with wrapped names."""
    import altair as alt

    return alt.Y("option:N", sort=order, title=None, axis=name_axis(LINE_HEIGHT))


def stacked(
    rows: list[dict[str, Any]],
    parts: list[str],
    title: str,
    capacity: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Horizontal stacked bars, parts in the order given; an upright mark per capacity."""
    import altair as alt

    rows = [{**row, "place": parts.index(row["part"])} for row in rows]
    order = list(dict.fromkeys(row["option"] for row in rows))
    y = name_column(order)
    colour = alt.Color(
        "part:N",
        sort=parts,
        scale=alt.Scale(domain=parts, range=list(SERIES[: len(parts)])),
        title=None,
        legend=alt.Legend(orient="bottom", direction="horizontal", columns=4, labelLimit=220),
    )
    bars = (
        alt.Chart(alt.NamedData("rows"))
        .mark_bar(stroke="white", strokeWidth=1.2, height=16)
        .encode(
            y=y,
            x=alt.X("value:Q", title=title, stack="zero", axis=alt.Axis(tickCount=6)),
            color=colour,
            order=alt.Order("place:Q"),
        )
    )
    layers, data = [bars], {"rows": rows}
    if capacity:
        data["capacity"] = capacity
        marks = alt.Chart(alt.NamedData("capacity"))
        layers.append(
            marks.mark_tick(color=INK, thickness=3, size=24).encode(y=y, x=alt.X("capacity:Q"))
        )
    step = {"step": max(26, height_of(order))}
    return finished(layers, data, width=WIDTH - NAMES, height=step)
