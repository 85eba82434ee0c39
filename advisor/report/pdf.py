"""ReportDoc -> PDF by typst: tagged, in PDF/UA-1 mode, with our own fonts only.

The document goes in as JSON through `sys_inputs` and is never evaluated. The compiler sees the
template folder and our fonts, nothing else.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from advisor.errors import DataError
from advisor.paths import data_dir
from advisor.report import words
from advisor.report.glyphs import drawable
from advisor.report.labels import label
from advisor.report.numbers import tied
from advisor.report.picture import in_own_font, to_svg

if TYPE_CHECKING:
    from advisor.report.doc import ReportDoc

LONGEST_UNBROKEN = 18  # characters; a longer word may break at joints and every few characters
PIECE = 6
_LONG_WORD = re.compile(rf"\S{{{LONGEST_UNBROKEN + 1},}}")
_JOINT = re.compile(r"([/_@=|.,:;-])(?=[^\s\d])")
_BREAK = "\u200b"
_LABELS = ("language", "report.product", "page.contents", "page.disclaimer")
_VERBATIM = frozenset(
    "svg alt kind basis as_of id tone align form data_base64 accent accent_dark language".split()
)


def pdf(doc: ReportDoc) -> bytes:
    """The PDF file. Raises DataError if the template cannot be compiled."""
    return bytes(_compile(doc, "pdf", pdf_standards=["ua-1"]))


def pages(doc: ReportDoc, ppi: float = 72) -> list[bytes]:
    """The same pages as PNG pictures, for a preview or to look at."""
    made = _compile(doc, "png", ppi=ppi)
    return [bytes(page) for page in made] if isinstance(made, list) else [bytes(made)]


def _compile(doc: ReportDoc, form: str, **options: Any) -> Any:
    import typst

    root = data_dir("reports") / "typst"
    settings: dict[str, Any] = {
        "root": root,
        "font_paths": [data_dir("reports") / "fonts"],
        "ignore_system_fonts": True,
        "format": form,
        "sys_inputs": {"report": json.dumps(_prepared(doc), ensure_ascii=False)},
    }
    try:
        return typst.compile(root / "report.typ", **settings, **options)
    except typst.TypstError as error:
        raise DataError(f"the PDF could not be made from {root}: {error}") from None


def _prepared(doc: ReportDoc) -> dict[str, Any]:
    data = doc.model_dump(mode="json")
    for block in _walk(data):
        if block.get("kind") == "chart":
            block["svg"] = drawable(in_own_font(to_svg(block.pop("spec"))))
            block["alt"] = drawable(block["alt"])
        if block.get("kind") == "commands":
            block["lines"] = {"verbatim": [drawable(line) for line in block["lines"]]}
    data["bases"] = {
        basis.value: {"word": word, "shape": shape}
        for basis, (word, shape, _) in words.BASES.items()
    }
    data["labels"] = {key: label(key) for key in _LABELS}
    data["logo"] = _logo(doc)
    prepared: dict[str, Any] = _texts(data)
    return prepared


def _logo(doc: ReportDoc) -> dict[str, Any] | None:
    """The logo for typst, which reads bytes as numbers and knows no base64."""
    if doc.brand is None or doc.brand.logo is None:
        return None
    return {"form": doc.brand.logo.form, "bytes": list(doc.brand.logo.data())}


def _walk(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _walk(one)


def _texts(node: Any, key: str = "") -> Any:
    if isinstance(node, str):
        return node if key in _VERBATIM else breakable(tied(drawable(node)))
    if isinstance(node, dict) and "verbatim" in node:
        return node["verbatim"]
    if isinstance(node, dict):
        return {name: _texts(value, name) for name, value in node.items()}
    if isinstance(node, list):
        return [_texts(value, key) for value in node]
    return node


def breakable(text: str) -> str:
    """Text whose long words may be broken: after a joint, else every few characters."""
    return _LONG_WORD.sub(lambda match: _broken(match[0]), text)


def _broken(word: str) -> str:
    parts = _JOINT.sub(rf"\1{_BREAK}", word).split(_BREAK)
    pieces = []
    for part in parts:
        size = PIECE if len(part) > LONGEST_UNBROKEN else len(part)
        pieces += [part[start : start + size] for start in range(0, len(part), size or 1)]
    return _BREAK.join(pieces)
