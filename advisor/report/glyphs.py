"""Which characters our fonts can draw. PDF/UA refuses a text that its fonts cannot show."""

from __future__ import annotations

import functools
import struct
from pathlib import Path

from advisor.paths import data_dir

STAND_IN = "\ufffd"  # shown for what no font of ours has


def drawable(text: str) -> str:
    """The text with every character that no shipped font has replaced by a visible stand-in."""
    if text.isascii():
        return text
    known = covered()
    return "".join(c if c.isascii() or ord(c) in known else STAND_IN for c in text)


@functools.lru_cache(maxsize=1)
def covered() -> frozenset[int]:
    """Code points that at least one shipped font maps to a glyph."""
    fonts = data_dir("reports") / "fonts"
    files = sorted([*fonts.glob("*.ttf"), *fonts.glob("*.otf")])
    return frozenset().union(*(_mapped(file) for file in files))


def _mapped(file: Path) -> set[int]:
    """Code points of a font's format 12 or format 4 character map (OpenType, table 'cmap')."""
    data = file.read_bytes()
    start = _table(data, b"cmap")
    subtables = {}
    for index in range(struct.unpack_from(">H", data, start + 2)[0]):
        offset = struct.unpack_from(">I", data, start + 8 + 8 * index)[0]
        subtables[struct.unpack_from(">H", data, start + offset)[0]] = start + offset
    if 12 in subtables:
        return _format_12(data, subtables[12])
    return _format_4(data, subtables[4])


def _table(data: bytes, tag: bytes) -> int:
    for index in range(struct.unpack_from(">H", data, 4)[0]):
        name, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        if name == tag:
            return int(offset)
    raise ValueError(f"font has no table {tag!r}")


def _format_12(data: bytes, at: int) -> set[int]:
    found: set[int] = set()
    for index in range(struct.unpack_from(">I", data, at + 12)[0]):
        first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * index)
        found.update(range(first, last + 1))
    return found


def _format_4(data: bytes, at: int) -> set[int]:
    segments = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", data, at + 14)
    starts = struct.unpack_from(f">{segments}H", data, at + 16 + 2 * segments)
    pairs = zip(starts, ends, strict=True)
    return {code for first, last in pairs for code in range(first, last + 1) if code != 0xFFFF}
