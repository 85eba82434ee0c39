"""ReportDoc -> one HTML page: no script, no address that is loaded, nothing evaluated."""

from __future__ import annotations

import base64
import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from advisor.paths import data_dir
from advisor.report import words
from advisor.report.doc import Chart, flat
from advisor.report.labels import label
from advisor.report.numbers import tied
from advisor.report.picture import scoped, to_svg

if TYPE_CHECKING:
    from jinja2 import Environment, Template

    from advisor.report.doc import Block, BrandMark, ReportDoc


def html(doc: ReportDoc) -> str:
    """The page as text. Every string of the document is escaped by the template engine."""
    return _template().render(
        doc=doc,
        pictures=_pictures(doc.charts()),
        bases=_bases(),
        label=label,
        css=_css(),
        brand_css=_brand_css(doc.brand),
        logo=_logo(doc.brand),
    )


def fragment(blocks: Sequence[Block]) -> str:
    """Blocks as HTML for a page that brings its own style, such as the web form.

    Charts are images within it: a page that cleans its HTML would throw drawn ones away.
    """
    render = _environment().get_template("blocks.html.j2").module.render  # type: ignore[attr-defined]
    charts = [block for block in flat(blocks) if isinstance(block, Chart)]
    pictures = {chart.name: _image(to_svg(chart.spec)) for chart in charts}
    return "".join(str(render(block, pictures, _bases())) for block in blocks)


def _image(svg: str) -> Any:
    from markupsafe import Markup

    data = base64.b64encode(svg.encode()).decode()
    return Markup(f'<img alt="" src="data:image/svg+xml;base64,{data}">')


def _bases() -> dict[Any, dict[str, str]]:
    return {
        basis: {"word": word, "shape": shape, "meaning": meaning}
        for basis, (word, shape, meaning) in words.BASES.items()
    }


def _pictures(charts: Iterable[Chart]) -> dict[str, Any]:
    """SVG by chart name. Marked safe: vl-convert escapes the text within."""
    from markupsafe import Markup

    hidden = '<svg aria-hidden="true" focusable="false" '  # its frame carries the words
    return {
        chart.name: Markup(scoped(to_svg(chart.spec), chart.name).replace("<svg ", hidden, 1))
        for chart in charts
    }


def _logo(brand: BrandMark | None) -> str:
    """The logo as a picture that the page carries along; as a picture an SVG runs nothing."""
    if brand is None or brand.logo is None:
        return ""
    kind = {"svg": "image/svg+xml", "png": "image/png"}[brand.logo.form]
    return f"data:{kind};base64,{brand.logo.data_base64}"


def _brand_css(brand: BrandMark | None) -> Any:
    """Place of the logo, and the accent. Safe: a colour is six hex digits, checked."""
    from markupsafe import Markup

    if brand is None:
        return ""
    light = f":root {{ --accent: {brand.accent}; }}" if brand.accent else ""
    dark = f":root {{ --accent: {brand.accent_dark}; }}" if brand.accent_dark else ""
    rules = (
        ".logo { float: right; max-height: 3.2rem; max-width: 40%; margin-left: 1rem; }",
        f"@media screen and (prefers-color-scheme: light) {{ {light} }}",
        f"@media screen and (prefers-color-scheme: dark) {{ {dark} }}",
        f"@media print {{ {light} }}",
    )
    return Markup("\n".join(rules) + "\n")


def _tied(value: Any) -> Any:
    """Numbers stay with their units; what is marked as ready markup is left alone."""
    return tied(value) if type(value) is str else value


def _template() -> Template:
    return _environment().get_template("report.html.j2")


@functools.lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(data_dir("reports") / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_tied,
    )


@functools.lru_cache(maxsize=1)
def _css() -> Any:
    from markupsafe import Markup

    return Markup((data_dir("reports") / "html" / "report.css").read_text(encoding="utf-8"))
