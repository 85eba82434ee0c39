"""Checking a catalog folder: every entry read, every invariant tried, one sentence per finding.

    report = check_catalog(load_catalog("mine"), "mine")     # the folder, laid over the shipped one
    report.findings[0]      # mine/models/x.yaml, line 7: licence.source: still says TODO: ...

What needs torch (parameters, running) is added by advisor/reference/check.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from advisor.catalog import table_invariants as tables
from advisor.catalog.invariants import Fault, component_faults, family_faults, model_faults
from advisor.catalog.load import Catalog, Entries, read_rows, validated
from advisor.catalog.schema import ApiPrice, Device, Price
from advisor.errors import AdvisorError
from advisor.files import Lines, parse_yaml, read_bounded

T = TypeVar("T", bound=BaseModel)

FAULTS: dict[str, Callable[[Catalog, Any], Iterator[Fault]]] = {
    "families": family_faults,
    "components": component_faults,
    "models": model_faults,
}
KNOWN_FILES = frozenset(
    """devices.csv prices.csv api_prices.csv energy.yaml adaptations.yaml rates.yaml
    memory.yaml claims.yaml published.csv composites.yaml""".split()
)
_PLACED = re.compile(r"^(?P<file>.+?), line (?P<line>\d+): (?P<text>.+)$", re.DOTALL)
_YAML = re.compile(
    r"^(?P<file>.+?) is not valid YAML: line (?P<line>\d+), (?P<text>.+)$", re.DOTALL
)


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: the file, its line (0 = the file as a whole), and a sentence."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.text}"


@dataclass(frozen=True)
class Report:
    """What was checked, what was not, and what was found. `models`, `components`: readable ones."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """One line for people: what was looked at and how much is wrong."""
        parts = [f"{number} {kind}" for kind, number in self.counts.items() if number]
        faults = len(self.findings)
        found = "nothing is wrong" if not faults else f"{faults} finding{'s' * (faults > 1)}"
        notes = "".join(f"; {note}" for note in self.notes)
        return f"checked {', '.join(parts) or 'no entries'}: {found}{notes}"

    def to_json(self) -> dict[str, Any]:
        findings = [{"file": f.file, "line": f.line, "text": f.text} for f in self.findings]
        return {"findings": findings, "checked": self.counts, "notes": self.notes}


def check_catalog(catalog: Catalog, folder: str | Path | None = None) -> Report:
    """Every entry of `folder` (of all folders without one), seen within the whole catalog."""
    folders = [Path(folder)] if folder is not None else catalog.folders
    found: list[Finding] = []
    counts: dict[str, int] = {}
    readable: dict[str, list[str]] = {}
    for kind in FAULTS:
        entries: Entries[Any] = getattr(catalog, kind)
        names = [name for name in entries if entries.path(name).parent.parent in folders]
        counts[kind] = len(names)
        readable[kind] = [
            name for name in names if _add(found, entry_findings(catalog, kind, name))
        ]
    counts |= dict.fromkeys(["devices", "prices", "hosted prices"], 0)
    for place in folders:
        found += _table_findings(catalog, place, counts)
        found += _stray_files(place)
    if any(place / "energy.yaml" == _energy_file(catalog) for place in folders):
        found += _read(lambda: catalog.energy)
    found += _read(lambda: catalog.adaptations)
    found += _read(lambda: catalog.composites)
    note = "parameters and running were not checked: install advisor[profile]"
    return Report(sorted(set(found)), counts, readable["models"], readable["components"], [note])


def entry_findings(catalog: Catalog, kind: str, name: str) -> list[Finding]:
    """What is wrong with one family, component or model."""
    entries: Entries[Any] = getattr(catalog, kind)
    try:
        entry = entries[name]
        faults = list(FAULTS[kind](catalog, entry))
    except AdvisorError as error:
        return [placed(error, entries.path(name))]
    return located(entries.path(name), faults)


def located(file: Path, faults: Sequence[Fault]) -> list[Finding]:
    """Faults with the line of their field, or of what should hold it."""
    if not faults:
        return []
    _, lines = parse_yaml(read_bounded(file), str(file))
    return [Finding(str(file), _line(path, lines), _sentence(path, text)) for path, text in faults]


def placed(error: AdvisorError, file: Path) -> Finding:
    """An error of reading as a finding: most name their file and line themselves."""
    match = _PLACED.match(str(error))
    if match is not None:
        return Finding(match["file"], int(match["line"]), match["text"])
    match = _YAML.match(str(error))
    if match is not None:
        return Finding(match["file"], int(match["line"]), f"is not valid YAML: {match['text']}")
    return Finding(str(file), 0, str(error).removeprefix(f"{file}: "))


def _sentence(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text


def _line(path: str, lines: Lines) -> int:
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        line = lines.get(".".join(parts[:length]))
        if line is not None:
            return line
    return 1


def _add(found: list[Finding], more: list[Finding]) -> bool:
    """Keep findings; whether there were none."""
    found += more
    return not more


def _read(load: Callable[[], Any], file: Path = Path()) -> list[Finding]:
    try:
        load()
    except AdvisorError as error:
        return [placed(error, file)]
    return []


def _energy_file(catalog: Catalog) -> Path | None:
    files = [place / "energy.yaml" for place in catalog.folders]
    return next((file for file in reversed(files) if file.is_file()), None)


def _table_findings(catalog: Catalog, folder: Path, counts: dict[str, int]) -> Iterator[Finding]:
    """Findings of the three tables of one folder, row by row."""
    file = folder / "devices.csv"
    devices, broken = _rows(file, Device, ("aliases",))
    counts["devices"] += len(devices)
    yield from broken
    seen: set[str] = set()
    for line, device in devices:
        yield from _at(file, line, tables.device_faults(device))
        if device.id in seen:
            yield Finding(str(file), line, f"'{device.id}' is given twice: keep one")
        seen.add(device.id)
    file = folder / "prices.csv"
    prices, broken = _rows(file, Price)
    counts["prices"] += len(prices)
    yield from broken
    known = _device_ids(catalog)
    for line, price in prices:
        yield from _at(file, line, tables.price_faults(price, known))
    yield from _at_rows(file, prices, tables.repeated_offers)
    file = folder / "api_prices.csv"
    hosted, broken = _rows(file, ApiPrice)
    counts["hosted prices"] += len(hosted)
    yield from broken
    for line, row in hosted:
        yield from _at(file, line, tables.api_price_faults(row))
    yield from _at_rows(file, hosted, tables.conflicting_labels)


def _rows(
    file: Path, schema: type[T], lists: tuple[str, ...] = ()
) -> tuple[list[tuple[int, T]], list[Finding]]:
    """The rows that can be read, with their lines, and a finding for each that cannot."""
    good: list[tuple[int, T]] = []
    broken: list[Finding] = []
    if not file.is_file():
        return good, broken
    try:
        for line, row in read_rows(file, lists):
            try:
                good.append((line, validated(schema, row, f"{file}, line {line}")))
            except AdvisorError as error:
                broken.append(placed(error, file))
    except AdvisorError as error:  # the file itself: the rows before are kept
        broken.append(placed(error, file))
    return good, broken


def _device_ids(catalog: Catalog) -> set[str]:
    """Ids of all devices of all layers that can be read."""
    return {
        device.id
        for folder in catalog.folders
        for _, device in _rows(folder / "devices.csv", Device, ("aliases",))[0]
    }


def _at(file: Path, line: int, sentences: Iterable[str]) -> Iterator[Finding]:
    for sentence in sentences:
        yield Finding(str(file), line, sentence)


def _at_rows(
    file: Path,
    rows: list[tuple[int, T]],
    check: Callable[[Sequence[T]], Iterator[tuple[int, str]]],
) -> Iterator[Finding]:
    for index, sentence in check([row for _, row in rows]):
        yield Finding(str(file), rows[index][0], sentence)


def _stray_files(folder: Path) -> Iterator[Finding]:
    """Files that look like entries and are not read, because of their name or place."""
    for file in sorted(folder.rglob("*")):
        if file.suffix not in (".yaml", ".yml", ".csv") or not file.is_file():
            continue
        parts = file.relative_to(folder).parts
        read = parts[0] in KNOWN_FILES if len(parts) == 1 else False
        if len(parts) == 2 and parts[0] in FAULTS and file.suffix == ".yaml":
            read = True
        if not read:
            yield Finding(
                str(file), 0, "is not read: entries are <families|models|components>/<id>.yaml"
            )
