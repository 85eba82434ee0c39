"""Fixed words of reports by key: headings, heads of columns, badges. One file per language.

    label("page.contents")            "Contents", in the language of the report being made
    with speaking("en"): ...          a language of reports/labels, or the path of such a file

A language file has every key of reports/labels/en.yaml and no other, so that no report is half
translated. Sentences that are built from figures are code (`words.py`, `numbers.py`) and English.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from advisor.errors import InputError
from advisor.files import parse_yaml, read_bounded
from advisor.paths import data_dir

SHIPPED = "en"
_MAX_LENGTH = 300
K = TypeVar("K")
V = TypeVar("V")
_spoken: ContextVar[Mapping[str, str] | None] = ContextVar("labels", default=None)


def label(key: str, **values: str) -> str:
    """The words of a key, `{name}` filled in. KeyError for a key that no file has."""
    text = _labels()[key]
    return text.format(**values) if values else text


@contextmanager
def speaking(language: str | Path) -> Iterator[None]:
    """Reports made within are labelled in this language. Raises InputError for a bad file."""
    token = _spoken.set(read_labels(language))
    try:
        yield
    finally:
        _spoken.reset(token)


def read_labels(language: str | Path) -> Mapping[str, str]:
    """All labels of a shipped language, or of a labels file given by its path."""
    if language == SHIPPED:
        return _english()
    found = _read(Path(language))
    missing, unknown = sorted(_english().keys() - found), sorted(found.keys() - _english())
    if missing or unknown:
        word, keys = ("lacks", missing) if missing else ("has the unknown", unknown)
        raise InputError(
            f"{language} {word} {', '.join(keys[:3])} ({len(keys)} in all): a labels file has the "
            "keys of reports/labels/en.yaml"
        )
    return found


def _labels() -> Mapping[str, str]:
    spoken = _spoken.get()
    return _english() if spoken is None else spoken


@functools.lru_cache(maxsize=1)
def _english() -> Mapping[str, str]:
    return _read(data_dir("reports") / "labels" / f"{SHIPPED}.yaml")


def _read(path: Path) -> dict[str, str]:
    data, _ = parse_yaml(read_bounded(path), str(path))
    return dict(_flat(data, "", path))


def _flat(node: Any, prefix: str, path: Path) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key), path)
    elif isinstance(node, str) and 0 < len(node) <= _MAX_LENGTH:
        yield prefix, node
    else:
        raise InputError(
            f"{path}: {prefix[:80] or 'the file'} is no text of 1 to {_MAX_LENGTH} characters"
        )


class Spoken(Mapping[K, V]):
    """A table of a record's words, each looked up in the language of the report being made."""

    def __init__(self, keys: Iterable[K], say: Callable[[K], V]) -> None:
        self._keys, self._say = dict.fromkeys(keys), say

    def __getitem__(self, key: K) -> V:
        if key not in self._keys:
            raise KeyError(key)
        return self._say(key)

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def group(name: str) -> Spoken[Any, str]:
    """The words of one group of the labels file: group("gate")["open"]."""
    start = f"{name}."
    keys = [key.removeprefix(start) for key in _english() if key.startswith(start)]
    return Spoken(keys, lambda key: label(f"{start}{key}"))
