"""Reading what users give and writing what they keep: bounded, strict, atomic."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import stat
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from advisor.errors import InputError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Lines(dict[str, int]):
    """Line number (from 1) of each dotted path in a YAML or JSON document."""


def read_bounded(path: str | Path, max_bytes: int = MAX_BYTES) -> str:
    """The text of a small UTF-8 file. Raises InputError when missing, too large or not text."""
    file = Path(path)
    try:
        with file.open("rb") as handle:
            raw = handle.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(f"cannot read {str(path)!r}: {reason}") from None
    if len(raw) > max_bytes:
        raise InputError(f"{file} is larger than {max_bytes // 1024} KiB: give a smaller file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file} is not UTF-8 text (byte {error.start}): save it as UTF-8"
        ) from None


def parse_yaml(text: str, where: str = "input") -> tuple[Any, Lines]:
    """A YAML document as plain data, and the line of every path in it.

    Events are scanned before anything is built, so that alias bombs, deep nesting, tags and
    duplicate keys are refused in linear time. Raises InputError, with a line number where the
    fault has one.
    """
    lines = _scan(text, where)
    try:
        data = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise InputError(f"{where} is not valid YAML: {_yaml_reason(error)}") from None
    _refuse_non_finite(data, "", lines, where)
    return data, lines


def parse_json(text: str, where: str = "input") -> Any:
    """A strict JSON document: no NaN or Infinity, no duplicate keys, bounded depth."""

    def refuse(token: str) -> Any:
        raise InputError(f"{where} holds {token}, which is not a number JSON allows")

    def finite(token: str) -> float:
        return value if math.isfinite(value := float(token)) else refuse(token[:80])

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise InputError(f"{where} gives '{key[:80]}' twice: keep one")
            seen[key] = value
        return seen

    if _json_depth(text) > MAX_DEPTH:
        raise InputError(f"{where} is nested deeper than {MAX_DEPTH} levels")
    try:
        return json.loads(text, parse_constant=refuse, parse_float=finite, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where}, line {error.lineno}: not valid JSON ({error.msg.lower()})"
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not valid JSON: {error}") from None


def read_document(path: str | Path, max_bytes: int = MAX_BYTES) -> tuple[Any, Lines]:
    """A YAML or JSON file (by its ending) as plain data with line numbers."""
    text = read_bounded(path, max_bytes)
    if str(path).endswith(".json"):
        data = parse_json(text, str(path))
        with contextlib.suppress(InputError):
            return data, _scan(text, str(path))  # JSON is YAML: the scan gives its line numbers
        return data, Lines()
    return parse_yaml(text, str(path))


def write_atomic(path: str | Path, content: str | bytes) -> None:
    """Write a whole file or nothing: temporary file, fsync, rename, fsync of the folder.

    A file that is replaced keeps its permissions. Raises InputError, the old file untouched.
    """
    target = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot write {str(target)!r}: {reason}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644)
        os.replace(name, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError):
            raise InputError(f"cannot write {target}: {error.strerror}") from None
        raise
    with contextlib.suppress(OSError):  # the file is in place; some systems cannot sync a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def plain_cell(value: Any) -> Any:
    """A cell of a CSV file that no spreadsheet takes for a formula; numbers stay as they are.

    A text that starts like a formula, after blanks or quotes too, gets a ' in front: what
    spreadsheets themselves write for text. None becomes an empty cell.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or not _FORMULA.match(value):
        return value
    return f"'{value}"


_FORMULA = re.compile(r"[\s\"\ufeff\u200b]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|[\t\r]")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def _json_depth(text: str) -> int:
    """Deepest nesting of brackets outside strings, in linear time."""
    depth = deepest = 0
    for char in _JSON_STRING.sub("", text):
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _refuse_non_finite(data: Any, path: str, lines: Lines, where: str) -> None:
    """Raise InputError at .nan and .inf: YAML has them, no figure may."""
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in items:
            _refuse_non_finite(value, f"{path}.{key}" if path else str(key), lines, where)
    elif isinstance(data, float) and not math.isfinite(data):
        line = lines.get(path)
        place = f"{where}, line {line}" if line else where
        raise InputError(f"{place}: {path or 'the value'} is {data}, which is not a number to use")


def _yaml_reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    first = str(problem).splitlines()[0][:120]
    return f"line {mark.line + 1}, {first}" if mark is not None else first


def _scan(text: str, where: str) -> Lines:
    """Walk the events once: refuse what must not be built and note the line of each path."""
    lines = Lines()
    stack: list[_Level] = []
    try:
        for event in yaml.parse(text, Loader=_Loader):
            _visit(event, stack, lines, where)
    except (yaml.YAMLError, ValueError, IndexError) as error:
        raise InputError(f"{where} is not valid YAML: {_yaml_reason(error)}") from None
    return lines


class _Level:
    """One open mapping or sequence while scanning."""

    def __init__(self, path: str, mapping: bool) -> None:
        self.path, self.mapping = path, mapping
        self.keys: set[str] = set()
        self.key: str | None = None
        self.index = 0

    def child(self) -> str:
        name = self.key if self.mapping else str(self.index)
        return f"{self.path}.{name}" if self.path else str(name)


def _visit(event: Any, stack: list[_Level], lines: Lines, where: str) -> None:
    line = event.start_mark.line + 1
    _refuse_tags_and_bad_dates(event, line, where)
    if isinstance(event, yaml.AliasEvent):
        raise InputError(f"{where}, line {line}: aliases (*name) are not allowed: write it out")
    if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
        if len(stack) >= MAX_DEPTH:
            raise InputError(f"{where}, line {line}: nested deeper than {MAX_DEPTH} levels")
        path = stack[-1].child() if stack else ""
        lines[path] = line
        stack.append(_Level(path, isinstance(event, yaml.MappingStartEvent)))
    elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        stack.pop()
        _advance(stack)
    elif isinstance(event, yaml.ScalarEvent) and stack:
        level = stack[-1]
        if level.mapping and level.key is None:
            if event.value in level.keys:
                raise InputError(f"{where}, line {line}: '{event.value[:80]}' is given twice")
            level.keys.add(event.value)
            level.key = event.value
            lines[level.child()] = line
        else:
            lines.setdefault(level.child(), line)
            _advance(stack)


_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)")


def _refuse_tags_and_bad_dates(event: Any, line: int, where: str) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise InputError(f"{where}, line {line}: tags ({tag[:80]}) are not allowed: leave it out")
    if isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
        match = _DATE.fullmatch(event.value)
        try:
            _ = match and date(*map(int, match.groups()))
        except ValueError:
            raise InputError(f"{where}, line {line}: {event.value} is not a date") from None


def _advance(stack: list[_Level]) -> None:
    if stack:
        stack[-1].key = None
        stack[-1].index += 1
