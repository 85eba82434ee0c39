"""A client's logo, made safe: an SVG of plain shapes or a PNG, read, checked and written anew.

Nothing of the file is passed on as it came. An SVG keeps the shapes and attributes listed here;
whatever could run, load or hide something is refused, not repaired. A PNG keeps the chunks that
make its picture; text, location and camera data are left out.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Literal, NamedTuple
from xml.etree import ElementTree

from advisor.errors import InputError

MAX_BYTES = 200 * 1024
MAX_SIDE_PX = 2000
MAX_ELEMENTS, MAX_DEPTH = 2000, 40
_SVG = "http://www.w3.org/2000/svg"
_SILENT = ("metadata", "title", "desc")  # left out: the brand's name stands for the picture
_SHAPES = frozenset(
    "svg g defs path rect circle ellipse line polyline polygon linearGradient radialGradient stop "
    "clipPath".split()
)
_ATTRIBUTES = frozenset(
    "id d x y x1 y1 x2 y2 cx cy r rx ry fx fy width height viewBox points transform fill "
    "fill-opacity fill-rule clip-rule clip-path opacity stroke stroke-width stroke-opacity "
    "stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset offset "
    "stop-color stop-opacity gradientUnits gradientTransform spreadMethod clipPathUnits style "
    "preserveAspectRatio version".split()
)
_PLAIN = re.compile(r"[\w\s#%.,;:()+-]*", re.ASCII)
_URL = re.compile(r"url\s*\((?!#[\w-]+\))", re.IGNORECASE)
_KEPT_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # PNG colour type -> samples per pixel


class Logo(NamedTuple):
    """A picture that is safe to embed. `data`: the file's bytes."""

    form: Literal["svg", "png"]
    data: bytes


def clean_logo(raw: bytes, where: str) -> Logo:
    """The logo in `raw`, written anew. Raises InputError that says what is wrong with it."""
    if len(raw) > MAX_BYTES:
        raise InputError(f"{where} is larger than {MAX_BYTES // 1024} KiB: give a smaller logo")
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return Logo("png", _clean_png(raw, where))
    if b"<svg" in raw:
        return Logo("svg", _clean_svg(raw, where))
    raise InputError(f"{where} is neither PNG nor SVG: export the logo as one of them")


def _clean_svg(raw: bytes, where: str) -> bytes:
    root = _parsed(raw, where)
    if root.tag != f"{{{_SVG}}}svg":
        raise InputError(f"{where} is no SVG: its first element is {_name(root.tag)[:40]}")
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise InputError(f"{where} has more than {MAX_ELEMENTS} elements: simplify it")
    if "viewBox" not in root.attrib and not {"width", "height"} <= set(root.attrib):
        raise InputError(f"{where} states no size: export it with a viewBox")
    _clean_element(root, where)
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="utf-8")


def _parsed(raw: bytes, where: str) -> ElementTree.Element:
    """The tree of an SVG without a document type, which is where entity bombs are declared."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{where} is not UTF-8 text: save the SVG as UTF-8") from None
    text = re.sub(r"(?s)<!DOCTYPE svg PUBLIC [^\[>]*>", "", text, count=1)  # the usual, harmless
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError(f"{where} declares entities: export it as plain SVG")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise InputError(f"{where} is not valid SVG: {error}") from None


def _clean_element(element: ElementTree.Element, where: str, depth: int = 0) -> None:
    """Take out what editors add in their own namespaces; refuse what is not a plain shape."""
    if depth > MAX_DEPTH:
        raise InputError(f"{where} is nested deeper than {MAX_DEPTH} levels: ungroup it")
    element.tail = None
    element.text = None
    for name in list(element.attrib):
        _clean_attribute(element, name, where)
    for child in list(element):
        if not _is_svg(child.tag) or _name(child.tag) in _SILENT:
            element.remove(child)
            continue
        if _name(child.tag) not in _SHAPES:
            raise InputError(
                f"{where} holds <{_name(child.tag)[:40]}>: only plain shapes are taken; convert "
                "texts to paths and leave out scripts, styles and pictures, or give a PNG"
            )
        _clean_element(child, where, depth + 1)


def _clean_attribute(element: ElementTree.Element, name: str, where: str) -> None:
    value = element.attrib[name]
    if name.startswith(("{", "data-")) or name in ("class", "xmlns"):
        if _name(name) == "href":
            raise InputError(f"{where} holds a link: leave links out of a logo")
        del element.attrib[name]
    elif name not in _ATTRIBUTES:
        if name.lower().startswith("on") or name == "href":
            raise InputError(f"{where} holds {name[:40]}=: leave scripts and links out of a logo")
        del element.attrib[name]
    elif _URL.search(value) or not _PLAIN.fullmatch(value):
        raise InputError(f"{where}: {name}={value[:40]!r} is not a plain value: leave it out")


def _is_svg(tag: object) -> bool:
    return isinstance(tag, str) and tag.startswith(f"{{{_SVG}}}")


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _clean_png(raw: bytes, where: str) -> bytes:
    kept = [(kind, body) for kind, body in _chunks(raw, where) if kind in _KEPT_CHUNKS]
    if not kept or kept[0][0] != b"IHDR" or len(kept[0][1]) != 13 or kept[-1][0] != b"IEND":
        raise InputError(f"{where} is a broken PNG: save it again")
    _check_picture(kept[0][1], b"".join(body for kind, body in kept if kind == b"IDAT"), where)
    return raw[:8] + b"".join(_chunk(kind, body) for kind, body in kept)


def _chunks(raw: bytes, where: str) -> list[tuple[bytes, bytes]]:
    """(kind, body) of every chunk up to IEND, checksums checked (PNG specification, 5.3)."""
    found: list[tuple[bytes, bytes]] = []
    at = 8
    while at + 12 <= len(raw) and (not found or found[-1][0] != b"IEND"):
        length, kind = struct.unpack_from(">I4s", raw, at)
        body = raw[at + 8 : at + 8 + length]
        stated = raw[at + 8 + length : at + 12 + length]
        if stated != struct.pack(">I", zlib.crc32(kind + body)):
            raise InputError(f"{where} is a broken PNG (checksum): save it again")
        found.append((kind, body))
        at += 12 + length
    return found


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _check_picture(header: bytes, packed: bytes, where: str) -> None:
    """The picture is as large as its header says and no larger: nothing swells when opened."""
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise InputError(f"{where} is {width} x {height} px: at most {MAX_SIDE_PX} each way")
    if interlaced or colour not in _CHANNELS:
        raise InputError(f"{where} is interlaced or of an odd kind: save it as a plain PNG")
    size = height * (1 + (width * bits * _CHANNELS[colour] + 7) // 8)
    try:
        opened = zlib.decompressobj().decompress(packed, size + 1)
    except zlib.error:
        opened = b""
    if len(opened) != size:
        raise InputError(f"{where} is a broken PNG (picture data): save it again")
