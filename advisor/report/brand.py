"""A client's name, logo, colours and disclaimer on every report, from one small file.

    name: Example Consulting
    logo: logo.svg                # beside this file; PNG or plain SVG
    accent: "#0b3d5c"             # headings and rules on white
    accent_dark: "#9fcdec"        # the same on a dark page; left out: the accent, lightened
    disclaimer: For the client named only.

Colours that say good, caution and stop, and those of charts, carry meaning: no brand changes them.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.errors import InputError
from advisor.files import Lines, parse_yaml, read_bounded
from advisor.report.contrast import AA, lightened, ratio
from advisor.report.doc import BrandMark, Colour, LogoPart, plain
from advisor.report.logo import MAX_BYTES as LOGO_BYTES
from advisor.report.logo import clean_logo

MAX_BYTES = 16 * 1024
SETTING = "ADVISOR_BRAND"  # the web's setting: path of a brand file
LIGHT_GROUNDS, DARK_GROUNDS = ("#ffffff", "#f5f7f9"), ("#12181e", "#1a222a")


class BrandFile(BaseModel):
    """What a brand file may hold. Paths are relative to the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=80)
    logo: str | None = Field(default=None, min_length=1, max_length=200)
    accent: Colour | None = None
    accent_dark: Colour | None = None
    disclaimer: str = Field(default="", max_length=1000)


def read_brand(path: str | Path) -> BrandMark:
    """The brand in a YAML file, its logo made safe. Raises InputError with file and line."""
    data, lines = parse_yaml(read_bounded(path, MAX_BYTES), str(path))
    try:
        stated = BrandFile.model_validate(data)
    except ValidationError as error:
        raise InputError(_first(error, str(path), lines)) from None
    if not plain(stated.name):
        raise InputError(f"{path}: name has no visible character: give the client's name")
    return BrandMark(
        client=stated.name,
        disclaimer=stated.disclaimer,
        accent=_readable("accent", stated.accent, LIGHT_GROUNDS, path),
        accent_dark=_on_dark(stated, path),
        logo=_logo(stated.logo, Path(path)),
    )


def configured_brand() -> BrandMark | None:
    """The brand that ADVISOR_BRAND names; None where it is not set."""
    path = os.environ.get(SETTING)
    return read_brand(path) if path else None


def _first(error: ValidationError, where: str, lines: Lines) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in fault["loc"])[:80]
    line = f", line {lines[name]}" if name in lines else ""
    known = ", ".join(BrandFile.model_fields)
    if fault["type"] == "extra_forbidden":
        return f"{where}{line}: '{name}' is not known: a brand file has {known}"
    if fault["type"] == "missing":
        return f"{where}: '{name}' is missing: add it"
    if fault["type"] == "string_pattern_mismatch":
        return f'{where}{line}: {name} is no colour: write it as "#0b3d5c", in quotes'
    if fault["type"] == "model_type":
        return f"{where} is not a brand file: it has {known}"
    return f"{where}{line}: {name}: {fault['msg'].lower()}"


def _readable(
    name: str, colour: str | None, grounds: tuple[str, ...], path: str | Path
) -> str | None:
    if colour is None:
        return None
    worst = min(grounds, key=lambda ground: ratio(colour, ground))
    found = ratio(colour, worst)
    if found < AA:
        raise InputError(
            f"{path}: {name} {colour} on {worst} has a contrast of {found:.2f}, readable text needs"
            f" {AA:g} (WCAG AA): choose a {'darker' if worst in LIGHT_GROUNDS else 'lighter'} tone"
        )
    return colour.lower()


def _on_dark(stated: BrandFile, path: str | Path) -> str | None:
    if stated.accent_dark is not None or stated.accent is None:
        return _readable("accent_dark", stated.accent_dark, DARK_GROUNDS, path)
    return lightened(stated.accent, DARK_GROUNDS)


def _logo(name: str | None, brand_file: Path) -> LogoPart | None:
    if name is None:
        return None
    file = brand_file.parent / name
    try:
        with file.open("rb") as handle:
            raw = handle.read(LOGO_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot read {str(file)!r}, the logo of {brand_file}: {reason}") from None
    logo = clean_logo(raw, str(file))
    return LogoPart(form=logo.form, data_base64=base64.b64encode(logo.data).decode())
