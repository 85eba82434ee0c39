"""Reads rendered reports back: visible text and structure of HTML, text of PDF."""

from __future__ import annotations

import io
import re
from collections import Counter
from html.parser import HTMLParser

# A number as the reports write it: 1,200; 0.053; 1.2e-08.
NUMBER = re.compile(r"\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[-+]\d+)?")
VOID = {"meta", "col", "br", "link", "img", "input"}


class Page(HTMLParser):
    """Elements, attributes and visible text of a page; what is inside <svg> is kept apart."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.svg_tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []  # tag, name, value
        self._inside: list[str] = []
        self._text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if "svg" in self._inside:
            self.svg_tags.add(tag)
        else:
            self.tags.append(tag)
        if tag not in VOID:
            self._inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._inside.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not {"svg", "style", "title"} & set(self._inside):
            self._text.append(data)

    @property
    def text(self) -> str:
        return " ".join("\n".join(self._text).split())


def pdf_text(data: bytes) -> str:
    """Text of all pages, without the marks where long words may break."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    text = "\n".join(page.extract_text() for page in reader.pages)
    return text.replace("\u200b", "").replace("\u00a0", " ")


def numbers(text: str) -> Counter[str]:
    return Counter(NUMBER.findall(text))


def missing(wanted: Counter[str], found: Counter[str]) -> dict[str, tuple[int, int]]:
    """Numbers that stand less often in `found` than in `wanted`: {number: (wanted, found)}."""
    return {n: (count, found[n]) for n, count in wanted.items() if found[n] < count}
