"""A client's brand: shown in every format, readable, its logo harmless, its faults named."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from advisor.errors import InputError
from advisor.report import render_html, render_markdown, render_pdf
from advisor.report.brand import DARK_GROUNDS, LIGHT_GROUNDS, SETTING, configured_brand, read_brand
from advisor.report.contrast import AA, lightened, ratio
from advisor.report.logo import MAX_BYTES, clean_logo
from tests.report.reading import Page, pdf_text
from tests.report.sample import go, html_of, markdown_of, pdf_of

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">{}'
    '<rect width="4" height="4" fill="#123456"/></svg>'
)
colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def png(width: int = 2, height: int = 2, extra: bytes = b"", swell: int = 0) -> bytes:
    """A PNG of one colour; `extra`: chunks before the picture; `swell`: bytes too many."""
    rows = (b"\0" + b"\x12\x34\x56" * width) * height + b"\0" * swell

    def chunk(kind: bytes, body: bytes) -> bytes:
        summed = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + summed

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    text = chunk(b"tEXt", extra) if extra else b""
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + text + data + chunk(b"IEND", b"")


def brand_file(folder: Path, text: str, logo: bytes | None = None) -> Path:
    if logo is not None:
        (folder / "logo").write_bytes(logo)
        text += "\nlogo: logo"
    file = folder / "brand.yaml"
    file.write_text(text, encoding="utf-8")
    return file


FULL = 'name: Example & Söhne\naccent: "#7a1f5c"\ndisclaimer: Valid for 37 days. No liability.'


@pytest.mark.parametrize("logo", [SVG.format("").encode(), png()], ids=["svg", "png"])
def test_a_brand_stands_in_html_pdf_and_markdown(tmp_path: Path, logo: bytes) -> None:
    brand = read_brand(brand_file(tmp_path, FULL, logo))
    page = Page(render_html(go(), brand=brand))
    pdf = render_pdf(go(), brand=brand)
    for text in (page.text, " ".join(pdf_text(pdf).split())):
        assert "Example & Söhne" in text and "Valid for 37 days. No liability." in text
    assert "Valid for 37 days" in render_markdown(go(), brand=brand)
    assert ("img", "alt", "Example & Söhne") in page.attributes
    words = [str(node) for node in _alts(pdf)]
    assert "Example & Söhne" in words


def _alts(pdf: bytes) -> list[str]:
    reader = PdfReader(io.BytesIO(pdf))
    found = []
    todo = [reader.trailer["/Root"]["/StructTreeRoot"]]  # type: ignore[index]
    while todo:
        node = todo.pop()
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            todo += node
        elif isinstance(node, dict):
            found += [str(node["/Alt"])] if "/Alt" in node else []
            todo += [node["/K"]] if "/K" in node and not isinstance(node["/K"], int) else []
    return found


def test_the_accent_colours_light_dark_and_print_and_no_meaning(tmp_path: Path) -> None:
    brand = read_brand(brand_file(tmp_path, FULL))
    style = re.search(r"(?s)<style>(.*?)</style>", render_html(go(), brand=brand))
    assert style is not None
    own = style[1].split("thead { display: table-header-group; }")[1]
    assert own.count("#7a1f5c") == 2 and own.count(str(brand.accent_dark)) == 1
    assert not re.search(r"--(good|caution|stop|info)", own.split("}", 2)[2])


def test_without_a_brand_nothing_is_added() -> None:
    assert "logo" not in html_of("go") and "Disclaimer" not in html_of("go")
    assert "Disclaimer" not in markdown_of("go") and "Disclaimer" not in pdf_text(pdf_of("go"))


def test_a_branded_report_is_the_same_bytes_twice(tmp_path: Path) -> None:
    file = brand_file(tmp_path, FULL, png())
    assert render_pdf(go(), brand=read_brand(file)) == render_pdf(go(), brand=read_brand(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accent: '#000000'", "'name' is missing"),
        ("name: X\ncolour: red", "line 2: 'colour' is not known: a brand file has name, logo"),
        ("name: X\naccent: red", "line 2: accent is no colour"),
        ('name: X\naccent: "#f0c040"', r"#f0c040 on #f5f7f9 has a contrast of 1\.\d\d.*darker"),
        ('name: X\naccent_dark: "#202020"', "accent_dark #202020 on .*lighter"),
        ("name: 7", "line 1: name"),
        ("name: '\u202e'", "no visible character"),
        ("- name", "is not a brand file"),
        ("name: X\nlogo: nowhere.svg", "cannot read .*nowhere.svg"),
        ("name: &a X\ndisclaimer: *a", "aliases"),
        (f"name: {'x' * 81}", "name"),
    ],
)
def test_a_fault_in_a_brand_file_is_named_with_what_to_do(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_brand(brand_file(tmp_path, text))


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<style>rect { fill: red }</style>",
        "<image href='http://evil.example/x.png'/>",
        "<foreignObject><b/></foreignObject>",
        "<use href='#a'/>",
        "<a href='http://evil.example'><rect/></a>",
        "<animate attributeName='x'/>",
        "<text>words</text>",
        "<rect onload='alert(1)'/>",
        "<rect fill='url(http://evil.example/x)'/>",
        "<rect style='fill:url(//evil.example)'/>",
        "<rect fill='javascript:alert(1)&quot;'/>",
        "<g xmlns:l='http://www.w3.org/1999/xlink' l:href='#x'/>",
        "<g>" * 60 + "</g>" * 60,
        "<g/>" * 2001,
    ],
)
def test_an_svg_that_could_run_load_or_swell_is_refused(inside: str) -> None:
    with pytest.raises(InputError, match="logo"):
        clean_logo(SVG.format(inside).encode(), "logo.svg")


def test_an_svg_that_declares_entities_is_refused() -> None:
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + SVG.format("").encode()
    with pytest.raises(InputError, match="declares entities"):
        clean_logo(bomb, "logo.svg")


def test_what_an_editor_adds_to_an_svg_is_left_out() -> None:
    added = "<metadata><x xmlns='urn:x'>secret</x></metadata><title>secret</title><!-- secret -->"
    cleaned = clean_logo(SVG.format(added).encode(), "logo.svg").data
    assert b"secret" not in cleaned and b"<rect" in cleaned


def test_a_png_keeps_its_picture_and_loses_its_texts() -> None:
    cleaned = clean_logo(png(extra=b"Location\0secret"), "logo.png").data
    assert b"secret" not in cleaned and cleaned == png()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"GIF89a", "neither PNG nor SVG"),
        (b"<svg" + b" " * MAX_BYTES, "larger than"),
        (png(swell=5), "broken PNG"),
        (png()[:-20], "broken PNG"),
        (png()[:40] + b"\xff" + png()[41:], "broken PNG"),
        (png(width=3000, height=1), "3000 x 1 px"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "states no size"),
        (b"<svg", "not valid SVG"),
        (b"\xff<svg", "not UTF-8"),
        (b"<html><svg/></html>", "is no SVG"),
    ],
)
def test_a_logo_that_is_no_good_picture_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        clean_logo(raw, "the logo")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_clean_logo_or_one_sentence(raw: bytes) -> None:
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"<svg xmlns='http://www.w3.org/2000/svg' "):
        try:
            clean_logo(head + raw, "the logo")
        except InputError as error:
            assert "the logo" in str(error)


def test_contrast_is_21_for_black_on_white_and_1_for_the_same() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WCAG's known near miss
    assert ratio("#123456", "#123456") == 1


@given(colours)
def test_any_accent_lightened_is_readable_on_the_dark_page(colour: str) -> None:
    assert min(ratio(lightened(colour, DARK_GROUNDS), ground) for ground in DARK_GROUNDS) >= AA


@given(colours)
@settings(max_examples=50)
def test_an_accent_is_taken_when_readable_and_refused_else(
    tmp_path_factory: pytest.TempPathFactory, colour: str
) -> None:
    file = brand_file(tmp_path_factory.mktemp("b"), f'name: X\naccent: "{colour}"')
    if min(ratio(colour, ground) for ground in LIGHT_GROUNDS) >= AA:
        assert read_brand(file).accent == colour
    else:
        with pytest.raises(InputError, match="contrast"):
            read_brand(file)


def test_the_web_takes_its_brand_from_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    assert configured_brand() is None
    monkeypatch.setenv(SETTING, str(brand_file(tmp_path, FULL)))
    brand = configured_brand()
    assert brand is not None and brand.client == "Example & Söhne"


def test_an_embedded_logo_is_what_was_cleaned(tmp_path: Path) -> None:
    brand = read_brand(brand_file(tmp_path, FULL, png(extra=b"x\0secret")))
    page = Page(render_html(go(), brand=brand))
    (source,) = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert base64.b64decode(source.partition("base64,")[2]) == png()
