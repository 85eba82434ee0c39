"""Bringing the schema up to date, with a copy first; and refusing one that is too new."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from advisor.errors import DataError, InputError
from advisor.store.engine import make_engine, shown, writing

VERSION_TABLE = "advisor_schema"
_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x6164766973  # PostgreSQL's advisory lock of ours


def upgrade(engine: Engine, target: str = "head") -> None:
    """Bring the database to `target`; nothing happens where it is there already.

    One transaction on both back ends: a kill in the middle leaves the old schema. Of several
    processes that start at once the first migrates and the others wait.
    """
    scripts = ScriptDirectory.from_config(config())
    found = revision_of(engine)
    if found == (scripts.get_current_head() if target == "head" else target):
        return
    _refuse_newer(found, scripts, engine)
    if engine.dialect.name == "sqlite":
        if found is not None:
            _backup_before(engine, found)
        _upgrade_sqlite(engine, target)
    else:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            command.upgrade(config(connection), target)


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; there is no alembic.ini, the store migrates itself."""
    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def revision_of(engine: Engine) -> str | None:
    """The schema revision that the database is at; None for an empty one."""
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE}
        return MigrationContext.configure(connection, opts=options).get_current_revision()


def backup(engine: Engine, target: Path) -> Path:
    """A consistent copy of an SQLite store under a name that is still free."""
    if engine.dialect.name != "sqlite":
        raise InputError(f"{shown(engine.url)} is PostgreSQL: use pg_dump for its backup")
    if target.exists():
        raise InputError(f"{target} exists: choose another name")
    copy = _copy(engine, target.parent)
    os.replace(copy, target)
    return target


def _refuse_newer(found: str | None, scripts: ScriptDirectory, engine: Engine) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if found is not None and found not in known:
        raise DataError(
            f"the store {shown(engine.url)} has schema '{found[:40]}', written by a newer Advisor: "
            "install that version again, or restore the copy made before its upgrade"
        )


def _upgrade_sqlite(engine: Engine, target: str) -> None:
    """Tables are rebuilt with foreign keys off, then every reference is checked."""
    rebuilding = make_engine(engine.url, foreign_keys=False)
    try:
        with writing(rebuilding).begin() as connection:
            command.upgrade(config(connection), target)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise DataError(
                    f"the store {shown(engine.url)} was not upgraded: {len(broken)} references in "
                    f"table {broken[0][0]} lead nowhere; restore a backup"
                )
    finally:
        rebuilding.dispose()


def _backup_before(engine: Engine, found: str) -> None:
    """Keep `advisor.db.before-upgrade-from-0001` beside the store."""
    file = Path(engine.url.database or "")
    copy = _copy(engine, file.parent)
    if _revision_of_file(copy) == found:
        os.replace(copy, file.with_name(f"{file.name}.before-upgrade-from-{found}"))
    else:  # another process has just migrated, and kept its own copy
        copy.unlink()


def _copy(engine: Engine, folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=".advisor-copy-", dir=folder)
    try:
        with contextlib.closing(engine.raw_connection()) as connection:  # outside a transaction
            connection.cursor().execute("VACUUM INTO ?", (name,))
        os.fsync(handle)
    except BaseException:
        os.unlink(name)
        raise
    finally:
        os.close(handle)
    return Path(name)


def _revision_of_file(file: Path) -> str | None:
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    return revision_of(engine)
