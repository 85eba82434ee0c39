"""Reading a catalog folder: one YAML file per family, model and component; CSV tables for the rest.

    families/<id>.yaml  models/<id>.yaml  components/<id>.yaml  traces/<component>.json
    devices.csv  prices.csv  api_prices.csv

A second folder laid over the first adds entries and replaces those of the same id (for tables, of
the same key). Entries are read when asked for, so a short command reads little.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from advisor.catalog.schema import ApiPrice, Component, Device, Family, Model, Price
from advisor.errors import DataError, UnknownName
from advisor.files import Lines, parse_yaml, read_bounded
from advisor.paths import data_dir, home_dir

T = TypeVar("T", bound=BaseModel)
MAX_TABLE_BYTES = 8 * 1024 * 1024


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
        data, lines = parse_yaml(read_bounded(file), str(file))
        entry = validated(self._schema, data, str(file), lines)
        if getattr(entry, "id", name) != name:
            raise DataError(f"{file}: id '{getattr(entry, 'id', '')}' differs from the file name")
        return entry


def validated(schema: type[T], data: Any, where: str, lines: Lines | None = None) -> T:
    """`data` as a record; a fault becomes one DataError sentence with file, line and field."""
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        line = (lines or Lines()).get(path)
        place = f"{where}, line {line}" if line else where
        label = f"{path}: " if path else ""
        raise DataError(f"{place}: {label}{first['msg'].removeprefix('Value error, ')}") from None


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
        rows = self._table("devices.csv", Device, lists=("aliases",))
        return {device.id: device for device in rows}

    @cached_property
    def prices(self) -> list[Price]:
        return self._table("prices.csv", Price)

    @cached_property
    def api_prices(self) -> list[ApiPrice]:
        return self._table("api_prices.csv", ApiPrice)

    def device(self, name: str) -> Device:
        """A device by id or by an unambiguous alias. Raises UnknownName with near names."""
        if name in self.devices:
            return self.devices[name]
        lowered = name.casefold()
        known = [
            device
            for device in self.devices.values()
            if lowered in {alias.casefold() for alias in [*device.aliases, device.torch_name or ""]}
        ]
        if len(known) == 1:
            return known[0]
        raise UnknownName("device", name, [d.id for d in known] or self.devices)

    def models_of(self, family: str) -> list[Model]:
        return [model for model in self.models.values() if model.family == family]

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

    def _table(self, name: str, schema: type[T], lists: tuple[str, ...] = ()) -> list[T]:
        """A CSV table; rows of a later layer replace rows of the same first column."""
        merged: dict[str, list[T]] = {}
        for folder in self.folders:
            file = folder / name
            if not file.is_file():
                continue
            layer: dict[str, list[T]] = {}
            text = read_bounded(file, MAX_TABLE_BYTES)
            for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
                record = validated(schema, _typed(row, lists), f"{file}, line {number}")
                layer.setdefault(next(iter(row.values()), ""), []).append(record)
            merged.update(layer)
        return [record for group in merged.values() for record in group]


def _typed(row: dict[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    """A CSV row with empty cells left out (unknown stays unknown) and list cells split at '|'."""
    typed: dict[str, Any] = {}
    for key, value in row.items():
        if value in ("", None):
            continue
        typed[key] = [part for part in value.split("|") if part] if key in lists else value
    return typed


def load_catalog(folder: str | Path | None = None) -> Catalog:
    """The shipped catalog with `ADVISOR_HOME`/catalog and then `folder` laid over it."""
    return _load_catalog(str(folder) if folder else None, os.environ.get("ADVISOR_HOME", ""))


@lru_cache(maxsize=8)
def _load_catalog(folder: str | None, _home: str) -> Catalog:
    layers = [data_dir("catalog"), home_dir() / "catalog"]
    if folder is not None:
        if not Path(folder).is_dir():
            raise DataError(f"no catalog folder at {folder}: give an existing folder")
        layers.append(Path(folder))
    return Catalog(*layers)


def parse_date(text: str) -> date | None:
    """A date if the text is one ('2026-07-20'); undated snapshots stay None."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
