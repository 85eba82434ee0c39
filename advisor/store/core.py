"""Store: the one handle on the database. Everything in it belongs to an owner."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from advisor.store import migrate, sharing
from advisor.store.access import Access
from advisor.store.assessments import Assessments
from advisor.store.check import faults
from advisor.store.drafts import Drafts
from advisor.store.engine import database_url, make_engine, plain_errors, shown, writing
from advisor.store.records import Revision

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    return datetime.now(UTC)


def open_store(url: str | None = None, *, clock: Clock = now_utc) -> Store:
    """The store at `url` (default: ADVISOR_DATABASE_URL, else SQLite under ADVISOR_HOME).

    Brings its schema up to date first; an SQLite file is copied before that. Raises DataError if
    the database cannot be reached, is broken, or was written by a newer Advisor.
    """
    where = database_url(url)
    with plain_errors(where):
        engine = make_engine(where)
        try:
            migrate.upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
    return Store(engine, clock)


class Store:
    """A database of assessments. Safe to share between threads; one per process is enough."""

    def __init__(self, engine: Engine, clock: Clock = now_utc) -> None:
        self.engine, self.clock = engine, clock
        self._writing = writing(engine)

    @property
    def name(self) -> str:
        """The file or address, for messages."""
        return shown(self.engine.url)

    def assessments(self, access: Access) -> Assessments:
        """What this owner has saved."""
        return Assessments(self, access)

    def links(self, access: Access) -> sharing.Links:
        """The share links of this owner's assessments."""
        return sharing.Links(self, access)

    def drafts(self, access: Access) -> Drafts:
        """The unfinished forms of this person."""
        return Drafts(self, access)

    def open_link(self, token: str) -> Revision:
        """The revision that a share link shows. Raises LinkRefused."""
        return sharing.open_link(self, token)

    def faults(self) -> list[str]:
        """What is broken in the stored data, a sentence each; empty when all is whole."""
        with self.reading() as session:
            return faults(session)

    def backup(self, target: str | Path) -> Path:
        """Copy the SQLite store to a new file, while others work. InputError on PostgreSQL."""
        with plain_errors(self.engine.url):
            return migrate.backup(self.engine, Path(target))

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for one consistent look."""
        with plain_errors(self.engine.url), Session(self.engine) as session:
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are all kept or, on any error, all dropped."""
        with plain_errors(self.engine.url), Session(self._writing) as session, session.begin():
            yield session
