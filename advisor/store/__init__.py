"""Saved assessments: kept for years, changed by several people, read only by those who may.

    store = open_store()                  # SQLite under ADVISOR_HOME, or ADVISOR_DATABASE_URL
    work = store.assessments(LOCAL)       # one owner's assessments, and nobody else's
    saved = work.create(assess(use_case))
    saved = work.save(saved.id, saved.version, assess(changed))     # Conflict if one was faster

Every change adds a revision and no result is ever written over. Needs the extra `web` (SQLAlchemy,
alembic), for PostgreSQL also `postgres`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.errors import MissingExtra
from advisor.store.access import LOCAL, Access

if TYPE_CHECKING:
    from advisor.store.core import Store

__all__ = ["LOCAL", "Access", "open_store"]


def open_store(url: str | None = None, **options: Any) -> Store:
    """The store, its schema brought up to date; see advisor.store.core.open_store."""
    try:
        from advisor.store import core
    except ModuleNotFoundError as error:
        if error.name not in ("sqlalchemy", "alembic"):
            raise
        raise MissingExtra("the store of saved assessments", "web") from None
    return core.open_store(url, **options)
