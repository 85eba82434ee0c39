"""The connection: SQLite in the user's folder, or the database that ADVISOR_DATABASE_URL names."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, TimeoutError

from advisor.errors import DataError, InputError, MissingExtra
from advisor.paths import home_dir

VARIABLE = "ADVISOR_DATABASE_URL"
FILE_NAME = "advisor.db"
WAIT_MS = 5000  # for a lock that somebody else holds
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")


def database_url(given: str | None = None) -> URL:
    """`given`, else ADVISOR_DATABASE_URL, else the SQLite file under ADVISOR_HOME."""
    text = given or os.environ.get(VARIABLE)
    if not text:
        return URL.create("sqlite", database=str(home_dir() / FILE_NAME))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # no text of it: it may hold a password
        raise InputError(f"{VARIABLE} is not a URL: write sqlite:///FILE or {_EXAMPLE}") from None
    if url.drivername in _POSTGRES:
        if importlib.util.find_spec("psycopg") is None:
            raise MissingExtra("PostgreSQL", "postgres")
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise InputError(
        f"{VARIABLE} names '{url.drivername}', which is not supported: "
        f"write sqlite:///FILE or {_EXAMPLE}"
    )


_EXAMPLE = "postgresql://USER:PASSWORD@HOST/NAME"


def make_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine for either back end. `foreign_keys=False` only while tables are rebuilt."""
    if url.get_backend_name() == "sqlite":
        _private_file(Path(url.database or ""))
        engine = create_engine(url)
        _prepare_sqlite(engine, foreign_keys)
        return engine
    defaults = {"connect_timeout": 5, "options": f"-c lock_timeout={WAIT_MS}"}
    own = {name: value for name, value in defaults.items() if name not in url.query}
    return create_engine(url, pool_pre_ping=True, connect_args=own)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: SQLite takes its lock at the start.

    A transaction that reads first and asks for the lock later is refused at once if somebody wrote
    in between; no timeout helps there.
    """
    return engine.execution_options(advisor_writes=True)


def _prepare_sqlite(engine: Engine, foreign_keys: bool) -> None:
    pragmas = (
        f"busy_timeout={WAIT_MS}",  # first: the others may meet a lock
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not where the driver likes
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("advisor_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _private_file(file: Path) -> None:
    """The database file, made so that only its owner can read it.

    One that is there is not opened: closing it would drop every lock that SQLite holds on it in
    this process, and the next process to leave would take the log of changes away with it.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise DataError(f"cannot open the store {file}: {error.strerror}") from None


@contextlib.contextmanager
def plain_errors(url: URL) -> Iterator[None]:
    """What the database says, as one sentence without a password or a statement in it."""
    try:
        yield
    except DBAPIError as error:
        lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        raise DataError(f"the store {shown(url)} cannot be used: {lines[0][:200]}") from error
    except TimeoutError as error:  # of the pool
        raise DataError(f"the store {shown(url)} is busy: try again") from error


def shown(url: URL) -> str:
    """The store's name for a message: the file, or the address without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
