"""ReportDoc: what a report says, before anybody decides how it looks.

Sections of blocks; every number in it is final text. Renderers lay it out and never compute.
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from advisor.figure import Basis


def plain(text: str) -> str:
    """One line without control, formatting or unassigned characters: nothing can hide or turn."""
    return " ".join(listing(text).split())


def listing(text: str) -> str:
    """A line of a listing: spaces are kept, control and formatting characters are not."""
    if text.isprintable():  # neither kind is: almost every text, and ten times as fast
        return text
    spaced = "".join(" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in text)
    return "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))


Text = Annotated[str, AfterValidator(plain)]
Line = Annotated[str, AfterValidator(listing)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Tone = Literal["good", "caution", "stop", "info"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kpi(_Part):
    """One headline figure. `basis` None: a plain count, or unknown."""

    label: Text
    value: Text
    interval: Text = ""
    note: Text = ""
    basis: Basis | None = None


class Kpis(_Part):
    kind: Literal["kpis"] = "kpis"
    items: list[Kpi]


class Paragraph(_Part):
    kind: Literal["paragraph"] = "paragraph"
    text: Text
    tone: Literal["normal", "lead", "note"] = "normal"


class Subheading(_Part):
    kind: Literal["subheading"] = "subheading"
    text: Text


class Bullets(_Part):
    kind: Literal["bullets"] = "bullets"
    items: list[Text]


class Column(_Part):
    """`width` is a share of the table's width, relative to the other columns."""

    label: Text
    align: Literal["left", "right"] = "left"
    width: float = 1.0


class Cell(_Part):
    """One cell: text, a second line in small type, and the basis of its figure if it has one."""

    text: Text
    sub: Text = ""
    basis: Basis | None = None
    tone: Literal["", "good", "caution", "stop", "muted", "strong"] = ""


class Table(_Part):
    """Rows of cells; `header` is the column whose cells name their rows."""

    kind: Literal["table"] = "table"
    caption: Text
    columns: list[Column]
    rows: list[list[Cell]]
    header: int = 0
    marked: list[int] = []  # rows to stand out
    note: Text = ""
    dense: bool = False


class Chart(_Part):
    """A chart as a Vega-Lite specification. The title is the finding; `alt` says it in words."""

    kind: Literal["chart"] = "chart"
    name: Text  # unique within the document
    title: Text
    alt: Annotated[Text, Field(min_length=1)]
    spec: dict[str, Any]
    note: Text = ""


class Callout(_Part):
    kind: Literal["callout"] = "callout"
    tone: Tone
    title: Text
    text: Text = ""


class Entry(_Part):
    label: Text
    value: Text
    basis: Basis | None = None


class KeyValues(_Part):
    kind: Literal["keyvalues"] = "keyvalues"
    items: list[Entry]


class Commands(_Part):
    """Text to be copied: commands, or a file. Lines stay lines."""

    kind: Literal["commands"] = "commands"
    label: Text
    lines: list[Line]


class Columns(_Part):
    """Two groups of blocks side by side where there is room."""

    kind: Literal["columns"] = "columns"
    left: list[Block]
    right: list[Block]


Block = Annotated[
    Kpis
    | Paragraph
    | Subheading
    | Bullets
    | Table
    | Chart
    | Callout
    | KeyValues
    | Commands
    | Columns,
    Field(discriminator="kind"),
]


class LogoPart(_Part):
    """A logo that `advisor.report.logo` has made safe."""

    form: Literal["svg", "png"]
    data_base64: str

    def data(self) -> bytes:
        return base64.b64decode(self.data_base64)


class BrandMark(_Part):
    """Whose report it is. Colours are "#rrggbb" that are readable on the report's grounds."""

    client: Annotated[Text, Field(min_length=1)]
    disclaimer: Text = ""
    accent: Colour | None = None
    accent_dark: Colour | None = None
    logo: LogoPart | None = None


class Section(_Part):
    """`new_page`: starts a page of its own where there are pages."""

    id: str
    number: str  # "3", "A"
    title: Text
    blocks: list[Block]
    new_page: bool = False


class ReportDoc(_Part):
    """A report: the executive page, then numbered sections, then lettered appendices."""

    report: Text  # what kind of report it is
    title: Text
    verdict: Text  # "Go with guardrails"
    tone: Tone
    decision: Text  # one sentence
    meta: list[Entry]  # date, data version, ...
    as_of: date
    executive: list[Block]
    reading: list[Block]  # how to read the rest, after the contents
    sections: list[Section]
    brand: BrandMark | None = None

    def charts(self) -> Iterator[Chart]:
        """All charts, in reading order."""
        for block in self.blocks():
            if isinstance(block, Chart):
                yield block

    def blocks(self) -> Iterator[Any]:
        """All blocks in reading order, those in columns too."""
        for blocks in [
            self.executive,
            self.reading,
            *(section.blocks for section in self.sections),
        ]:
            yield from flat(blocks)

    def texts(self) -> Iterator[str]:
        """Every text that a reader of the document sees (chart pictures aside)."""
        yield from _texts(self.model_dump(exclude={"as_of"}))


Columns.model_rebuild()
Section.model_rebuild()
ReportDoc.model_rebuild()

# Keys that steer the layout and are not shown.
_HIDDEN = frozenset(
    "kind id tone align width basis spec name alt form data_base64 accent accent_dark".split()
)


def flat(blocks: Sequence[Any]) -> Iterator[Any]:
    """Blocks in reading order, those in columns too."""
    for block in blocks:
        if isinstance(block, Columns):
            yield from flat(block.left)
            yield from flat(block.right)
        else:
            yield block


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            if key not in _HIDDEN:
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
