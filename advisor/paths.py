"""Where the data folders are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"


def data_dir(name: str) -> Path:
    """The shipped folder `name` (catalog, profiles, reports, examples)."""
    installed = _INSTALLED / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def home_dir() -> Path:
    """The user's own folder (`ADVISOR_HOME`, else ~/.advisor); it need not exist.

    Its `catalog/` and `profiles/` are laid over the shipped ones.
    """
    return Path(os.environ.get("ADVISOR_HOME") or Path.home() / ".advisor")


def cache_dir() -> Path:
    """Where things that can be made again are kept (`ADVISOR_HOME`/cache)."""
    return home_dir() / "cache"
