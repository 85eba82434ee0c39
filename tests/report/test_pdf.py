"""The PDF: PDF/UA-1, contents, bookmarks, words for pictures, own fonts, no links out."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader

from advisor.report import render_pdf
from advisor.report.data import report_doc
from advisor.report.glyphs import STAND_IN, covered, drawable
from advisor.report.pdf import breakable, pages, pdf
from tests.report.poison import poisoned
from tests.report.sample import SAMPLES, go, no_go, pdf_of


@pytest.fixture(scope="module")
def reader() -> PdfReader:
    return PdfReader(io.BytesIO(pdf_of("go")))


def test_it_declares_pdf_ua_1_a_language_and_its_title(reader: PdfReader) -> None:
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data()  # type: ignore[index]
    assert b"<pdfuaid:part>1<" in metadata
    assert reader.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]
    assert reader.metadata is not None and reader.metadata.title == go().use_case.title


def test_every_section_has_a_bookmark_and_a_line_in_the_contents(reader: PdfReader) -> None:
    titles = [section.title for section in report_doc(go()).sections]
    marks = " ".join(str(item.title) for item in _flat(reader.outline))
    contents = " ".join(reader.pages[1].extract_text().split())
    for title in titles:
        assert title in marks
        assert re.search(re.escape(title) + r" [. ]*\d+", contents), title


def _flat(outline):  # type: ignore[no-untyped-def]
    for item in outline:
        if isinstance(item, list):
            yield from _flat(item)
        else:
            yield item


def test_every_picture_has_its_words(reader: PdfReader) -> None:
    alts = [str(node["/Alt"]) for node in _structure(reader) if node.get("/S") == "/Figure"]
    charts = list(report_doc(go()).charts())
    assert len(charts) == 8
    assert sorted(alts) == sorted(chart.alt for chart in charts)


def test_tables_have_header_cells_that_repeat(reader: PdfReader) -> None:
    kinds = {node.get("/S") for node in _structure(reader)}
    assert {"/Table", "/TH", "/TR", "/TD", "/H1"} <= kinds


def _structure(reader: PdfReader):  # type: ignore[no-untyped-def]
    todo = [reader.trailer["/Root"]["/StructTreeRoot"]]  # type: ignore[index]
    while todo:
        node = todo.pop().get_object()
        if isinstance(node, list):
            todo += node
        elif isinstance(node, dict):
            yield node
            kids = node.get("/K")
            if kids is not None and not isinstance(kids, int):
                todo.append(kids)


def test_only_our_fonts_are_used_and_they_are_embedded(reader: PdfReader) -> None:
    fonts = set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[union-attr]
            described = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = described["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            fonts.add(str(described["/BaseFont"]).partition("+")[2])
    assert {re.split(r"[-]", name)[0] for name in fonts} <= {
        "Inter",
        "DejaVuSans",
        "DejaVuSansMono",
    }


def test_no_link_leads_out_of_the_file(reader: PdfReader) -> None:
    for page in reader.pages:
        for note in page.get("/Annots", []):
            action = note.get_object().get("/A")
            assert action is None or action.get_object()["/S"] != "/URI"


def test_its_date_is_the_date_of_the_answer(reader: PdfReader) -> None:
    assert reader.metadata is not None
    assert str(reader.metadata.creation_date).startswith("2031-05-17")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_summary_stays_on_its_page_and_the_contents_follow(name: str) -> None:
    found = PdfReader(io.BytesIO(pdf_of(name)))
    assert "Confidence" in found.pages[0].extract_text()
    assert "Contents" in found.pages[1].extract_text()


def test_characters_that_no_font_has_are_shown_as_missing_not_lost() -> None:
    assert drawable("a漢b€ü▲") == f"a{STAND_IN}b€ü▲"
    assert {ord(c) for c in "aé€▲✚●■◆▼□○µ·…×" + STAND_IN} <= covered()


def test_very_long_words_may_break() -> None:
    word = "x" * 200
    assert max(len(part) for part in breakable(word).split("\u200b")) <= 18
    assert breakable(word).replace("\u200b", "") == word
    assert breakable("a plain sentence of short words") == "a plain sentence of short words"


def test_very_long_names_make_a_longer_file_not_a_broken_one() -> None:
    answer = poisoned(no_go(), lambda text: ("W" * 150 + text)[:300])
    assert len(PdfReader(io.BytesIO(render_pdf(answer))).pages) < 60


def test_pages_as_pictures_are_as_many_as_pages() -> None:
    doc = report_doc(no_go())
    made = pages(doc, ppi=20)
    assert len(made) == len(PdfReader(io.BytesIO(pdf(doc))).pages)
    assert all(page.startswith(b"\x89PNG") for page in made)
