"""Reading a catalog folder: one YAML file per family, model and component; CSV tables for the rest.

    families/<id>.yaml  models/<id>.yaml  components/<id>.yaml  traces/<component>.json
    devices.csv  prices.csv  api_prices.csv  energy.yaml  adaptations.yaml

A second folder laid over the first adds entries and replaces those of the same id (for tables, of
the same key columns; energy.yaml as a whole). Everything is read when first asked for, so a short
command reads little.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from advisor.catalog.adaptations import Adaptation, Adaptations
from advisor.catalog.composites import Composite, Composites
from advisor.catalog.energy import Energy
from advisor.catalog.schema import ApiPrice, Component, Device, Family, Model, Price
from advisor.errors import DataError, InputError, UnknownName, dotted, printable
from advisor.files import Lines, parse_yaml, read_bounded
from advisor.paths import data_dir, home_dir

T = TypeVar("T", bound=BaseModel)
MAX_TABLE_BYTES = 8 * 1024 * 1024

# A row of a later layer replaces all rows of the same key in earlier ones. Prices keep several
# dates of one offer, so a key may repeat within a layer; a device may not.
DEVICE_KEY = ("id",)
PRICE_KEY = ("provider", "instance", "device", "region")
API_PRICE_KEY = ("provider", "model", "unit", "quality_or_size")


class Entries(Mapping[str, T], Generic[T]):
    """The YAML entries of one kind over all layers, each read when first asked for."""

    def __init__(self, kind: str, folders: list[Path], schema: type[T]) -> None:
        self._kind, self._schema = kind, schema
        self._files = {
            file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))
        }
        self._read: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        """The entry. Raises UnknownName with the nearest known names, DataError if it is broken."""
        if name not in self._read:
            if name not in self._files:
                raise UnknownName(self._kind, name, self._files)
            self._read[name] = self._load(name, self._files[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._files))

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def path(self, name: str) -> Path:
        return self._files[name]

    def _load(self, name: str, file: Path) -> T:
        entry = read_entry(self._schema, file)
        if getattr(entry, "id", name) != name:
            raise DataError(f"{file}: id '{getattr(entry, 'id', '')}' differs from the file name")
        return entry


def read_entry(schema: type[T], file: Path) -> T:
    """One YAML file as a record. Raises InputError or DataError, with file and line."""
    data, lines = parse_yaml(read_bounded(file), str(file))
    return validated(schema, data, str(file), lines)


def validated(schema: type[T], data: Any, where: str, lines: Lines | None = None) -> T:
    """`data` as a record; a fault becomes one DataError sentence with file, line and field."""
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = [str(part) for part in first["loc"]]
        line = _line(path, lines) if lines is not None else None
        place = f"{where}, line {line}" if line else where
        label = f"{dotted(path)}: " if path else ""
        reason = _REASONS.get(first["type"], first["msg"]).removeprefix("Value error, ")
        raise DataError(f"{place}: {label}{reason}") from None


_REASONS = {
    "missing": "is missing: add it",
    "extra_forbidden": "is not a known field: see catalog/README.md",
    "model_type": "must be a mapping of fields",
}


def _line(path: list[str], lines: Lines) -> int | None:
    """Line of a path or, for something that is missing, of what should hold it."""
    for length in range(len(path), -1, -1):
        line = lines.get(".".join(path[:length]))
        if line is not None:
            return line
    return None


class Catalog:
    """Families, models, components, devices and prices of one or more folders, best layer last."""

    def __init__(self, *folders: Path) -> None:
        self.folders = [folder for folder in folders if folder.is_dir()]
        if not self.folders:
            raise DataError(f"no catalog folder at {', '.join(map(str, folders))}: reinstall")
        self.families = self._entries("family", "families", Family)
        self.models = self._entries("model", "models", Model)
        self.components = self._entries("component", "components", Component)

    def _entries(self, kind: str, folder: str, schema: type[T]) -> Entries[T]:
        return Entries(kind, [layer / folder for layer in self.folders], schema)

    @cached_property
    def devices(self) -> dict[str, Device]:
        rows = self._table("devices.csv", Device, DEVICE_KEY, lists=("aliases",), unique=True)
        return {device.id: device for device in rows}

    @cached_property
    def prices(self) -> list[Price]:
        return self._table("prices.csv", Price, PRICE_KEY)

    @cached_property
    def api_prices(self) -> list[ApiPrice]:
        return self._table("api_prices.csv", ApiPrice, API_PRICE_KEY)

    @cached_property
    def energy(self) -> Energy:
        """Grids, PUE, electricity, purchase and depreciation of the last layer that has them."""
        files = [folder / "energy.yaml" for folder in self.folders]
        found = [file for file in files if file.is_file()]
        if not found:
            raise DataError(f"no energy.yaml in {', '.join(map(str, self.folders))}: reinstall")
        return read_entry(Energy, found[-1])

    @cached_property
    def adaptations(self) -> dict[str, Adaptation]:
        """Ways to adapt a published model, by id: data needed and published settings."""
        found: dict[str, Adaptation] = {}
        for folder in self.folders:
            file = folder / "adaptations.yaml"
            if file.is_file():
                entries = read_entry(Adaptations, file).adaptations
                if len({one.id for one in entries}) < len(entries):
                    raise DataError(f"{file}: an id is given twice: rename or merge the entries")
                found.update({one.id: one for one in entries})
        return found

    @cached_property
    def composites(self) -> dict[str, Composite]:
        """Chains of families by id; a later layer's entry replaces one of the same id."""
        found: dict[str, Composite] = {}
        for folder in self.folders:
            file = folder / "composites.yaml"
            if file.is_file():
                found.update({one.id: one for one in read_entry(Composites, file).composites})
        return found

    @cached_property
    def _device_names(self) -> dict[str, list[str]]:
        """Ids that each name may mean; names in folded case."""
        names: dict[str, list[str]] = {}
        for device in self.devices.values():
            for name in {n.casefold() for n in (device.torch_name, *device.aliases) if n}:
                names.setdefault(name, []).append(device.id)
        return names

    def device(self, name: str) -> Device:
        """A device by id, torch name or alias, in any case.

        Raises InputError naming the candidates when several boards share the name ("A100"), and
        UnknownName with the nearest known names otherwise.
        """
        folded = name.strip().casefold()
        if folded in self.devices:
            return self.devices[folded]
        meant = self._device_names.get(folded, [])
        if len(meant) == 1:
            return self.devices[meant[0]]
        if meant:
            raise InputError(
                f"device '{printable(name)}' is more than one: "
                f"say which of {', '.join(sorted(meant))}"
            )
        raise UnknownName("device", name, self.devices)

    def models_of(self, family: str) -> list[Model]:
        return [model for model in self.models.values() if model.family == family]

    def adaptations_of(self, model: Model) -> list[Adaptation]:
        """What may be done to adapt this model; nothing for a hosted one."""
        return [one for one in self.adaptations.values() if one.fits(model)]

    def prices_of(self, model: Model) -> list[ApiPrice]:
        """The rows of api_prices.csv that sell a hosted model; empty where it is not hosted."""
        if model.hosted is None:
            return []
        names = {(one.provider, name) for one in model.hosted.prices for name in one.models}
        return [row for row in self.api_prices if (row.provider, row.model) in names]

    @cached_property
    def version(self) -> str:
        """First 12 hex digits of a hash over every file: names the data an answer was made with."""
        digest = hashlib.sha256()
        for folder in self.folders:
            for file in sorted(folder.rglob("*")):
                if file.suffix in (".yaml", ".csv", ".json") and file.is_file():
                    digest.update(file.relative_to(folder).as_posix().encode())
                    digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:12]

    def _table(
        self,
        name: str,
        schema: type[T],
        key: Sequence[str],
        lists: tuple[str, ...] = (),
        unique: bool = False,
    ) -> list[T]:
        """A CSV table; rows of a later layer replace rows of the same key."""
        merged: dict[tuple[str, ...], list[T]] = {}
        for folder in self.folders:
            file = folder / name
            if not file.is_file():
                continue
            layer: dict[tuple[str, ...], list[T]] = {}
            for line, row in _rows(file):
                record = validated(schema, _typed(row, lists), f"{file}, line {line}")
                own = tuple(row.get(column) or "" for column in key)
                if unique and own in layer:
                    raise DataError(f"{file}, line {line}: '{' '.join(own)}' is given twice")
                layer.setdefault(own, []).append(record)
            merged.update(layer)
        return [record for group in merged.values() for record in group]


def read_rows(file: Path, lists: tuple[str, ...] = ()) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a table with their lines, ready to be validated one by one (for checking)."""
    for line, row in _rows(file):
        yield line, _typed(row, lists)


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with the line each ends on. Raises DataError where a row is broken."""
    reader = csv.reader(io.StringIO(read_bounded(file, MAX_TABLE_BYTES), newline=""), strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            raise DataError(f"{file}, line 1: a column is given twice")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"{file}, line {reader.line_num}: {len(cells)} cells under "
                    f"{len(header)} columns: quote cells that hold a comma"
                )
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: not valid CSV ({error})") from None


def _typed(row: Mapping[str, str], lists: tuple[str, ...]) -> dict[str, Any]:
    """A CSV row with empty cells left out (unknown stays unknown) and list cells split at '|'."""
    return {
        key: [part for part in value.split("|") if part] if key in lists else value
        for key, value in row.items()
        if value != ""
    }


def load_catalog(folder: str | Path | None = None) -> Catalog:
    """The shipped catalog, and laid over it, each over those before:

    price lists fetched again and the client's own (ADVISOR_HOME/prices/NAME), the user's catalog
    (ADVISOR_HOME/catalog), `folder`. A price list that has changed since is read anew.
    """
    lists = _price_lists()
    changed = tuple(file.stat().st_mtime_ns for one in lists for file in sorted(one.glob("*.csv")))
    home = os.environ.get("ADVISOR_HOME", "")
    return _load_catalog(str(folder) if folder else None, home, tuple(lists), changed)


def _price_lists() -> list[Path]:
    """Folders of price lists by name; the client's own comes last and so counts most."""
    folder = home_dir() / "prices"
    found = [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []
    return sorted(found, key=lambda one: (one.name == "client", one.name))


@lru_cache(maxsize=8)
def _load_catalog(
    folder: str | None, _home: str, lists: tuple[Path, ...], _changed: tuple[int, ...]
) -> Catalog:
    layers = [data_dir("catalog"), *lists, home_dir() / "catalog"]
    if folder is not None:
        if not Path(folder).is_dir():
            raise InputError(f"no catalog folder at {folder}: give an existing folder")
        layers.append(Path(folder))
    return Catalog(*layers)
