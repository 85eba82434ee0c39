"""The errors a user can meet. Each message is one sentence: what is wrong, where, what to do.

AdvisorError
├── InputError        a file or value the user gave cannot be used (exit 3)
│   └── UnknownName   a name that is not in the catalog; names the nearest known ones
├── MissingExtra      an optional part is not installed; says which (exit 2)
├── DataError         shipped or stored data is missing or corrupt (exit 6)
└── CannotEstimate    no basis to estimate this; says why (exit 3)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AdvisorError(Exception):
    """Base of every error that is shown to a user without a traceback."""

    exit_code = 1


class InputError(AdvisorError):
    """Something the user gave cannot be used."""

    exit_code = 3


class CannotEstimate(InputError):
    """There is no honest basis for the figure asked for."""


class DataError(AdvisorError):
    """Shipped or stored data is missing or corrupt."""

    exit_code = 6


class MissingExtra(AdvisorError):
    """An optional part of the program is not installed."""

    exit_code = 2

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': pip install 'advisor[{extra}]'")
        self.extra = extra


class UnknownName(InputError):
    """A name that nothing in the catalog bears."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name = kind, name
        super().__init__(f"unknown {kind} '{printable(name)}'{suggest(name, known)}")


def printable(text: str, length: int = 80) -> str:
    """What a user typed, shortened and on one line, so that it can stand in a message."""
    return "".join(c if c.isprintable() else " " for c in text[:length])


def dotted(path: Iterable[object]) -> str:
    """A place in a document, as `teams.0.name`. Parts can be a user's own keys, of any length."""
    return printable(".".join(map(str, path)))


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of an error sentence that names the nearest known names.

    Prefix matches come first ("h10" means h100-sxm before any one-letter typo).
    """
    names = sorted(known)
    if not names:
        return ": none is known"
    lowered = name[:80].lower()  # nothing is gained from comparing more
    folded = {n.lower(): n for n in names}
    near = [n for n in names if lowered and n.lower().startswith(lowered)]
    close = difflib.get_close_matches(lowered, folded, n=4, cutoff=0.5)
    near += [folded[c] for c in close if folded[c] not in near]
    if near:
        return f": did you mean {', '.join(near[:4])}?"
    if len(names) <= 12:
        return f": known are {', '.join(names)}"
    return f": known are {', '.join(names[:8])} and {len(names) - 8} more"
