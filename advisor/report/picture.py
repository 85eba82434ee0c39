"""The look of charts, and their rendering to static SVG without network."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from advisor.report.doc import listing

F = TypeVar("F", bound=Callable[..., Any])

WIDTH = 640
# vl-convert brings Liberation Sans along, so widths are the same everywhere; a page draws with what
# has the same widths (Arial), the PDF with its own font, for which there is room on the left.
FONT = "Liberation Sans"
ROOM = {"left": 24, "top": 4, "right": 16, "bottom": 4}
INK, SOFT, GRID = "#1b2733", "#5b6773", "#dfe4e8"
# Okabe-Ito, dark to light.
BLACK, BLUE, VERMILLION, GREEN = "#000000", "#0072B2", "#D55E00", "#009E73"
PURPLE, SKY, ORANGE, YELLOW = "#CC79A7", "#56B4E9", "#E69F00", "#F0E442"
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.4.1.json"  # a name: it is never loaded
# aria is off: Vega would build expressions from titles, and each chart has its own words.
STYLE: dict[str, Any] = {
    "aria": False,
    "font": FONT,
    "background": "transparent",
    "padding": ROOM,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelColor": SOFT,
        "titleColor": SOFT,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelPadding": 5,
    },
    "legend": {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": SOFT,
        "symbolSize": 80,
        "symbolFillColor": INK,
    },
}
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, "#999999")


def unchecked(make: F) -> F:
    """Without altair's check of every object as it is made, which takes most of the time."""

    @functools.wraps(make)
    def made(*given: Any) -> Any:
        from altair.utils.schemapi import debug_mode

        with debug_mode(False):
            return make(*given)

    return made  # type: ignore[return-value]


def to_svg(spec: dict[str, Any]) -> str:
    """A specification as SVG text. Reads no address: a URL in a specification is an error."""
    return svg_of(json.dumps(spec, sort_keys=True))


@functools.lru_cache(maxsize=64)
def svg_of(spec: str) -> str:
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return svg


def in_own_font(svg: str) -> str:
    """The SVG with its text in the font that we ship."""
    return svg.replace(f'font-family="{FONT}"', 'font-family="Inter"')


def scoped(svg: str, name: str) -> str:
    """The SVG for a page with others: ids made unique, inner roles and names left out."""
    svg = re.sub(r'\sid="([^"]*)"', rf' id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", svg)
    return re.sub(r'\s(?:role|aria-[a-z]+|xmlns:xlink|xmlns|version)="[^"]*"', "", svg)


def name_axis(line_height: int = 13) -> Any:
    """An axis of names; a line feed in a name starts a new line."""
    import altair as alt

    return alt.Axis(
        labelExpr="split(datum.label, '\\n')", labelLineHeight=line_height, labelLimit=300,
        labelFontSize=11, labelColor=INK, ticks=False, domain=False, grid=False,
    )  # fmt: skip


def finished(
    layers: Sequence[Any],
    data: dict[str, list[dict[str, Any]]],
    *,
    width: float,
    height: float | Mapping[str, float],
) -> dict[str, Any]:
    """The specification of layers in the house style, with the data sets that they name.

    `height`: pixels, or {"step": pixels of a row}. The layers are put together here: altair's own
    layering copies each of them several times and took half of a report's time.
    """
    units = [one.to_dict(validate=False, context={"top_level": False}) for one in layers]
    spec = {"$schema": SCHEMA, "config": STYLE, "layer": units, "width": width, "height": height}
    return {**spec, "datasets": data}  # a test validates every chart


def shorten(text: str, length: int) -> str:
    text = listing(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
