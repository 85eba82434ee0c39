"""Schema changes: none forgotten, none that loses data, none backwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, text

from advisor.assessment import Assessment
from advisor.errors import DataError, InputError
from advisor.store import LOCAL, migrate, open_store
from advisor.store.core import Store
from advisor.store.engine import database_url, make_engine
from advisor.store.ids import new_id, token_digest
from advisor.store.records import digest
from tests.store.conftest import Clock

REVISIONS = [s.revision for s in ScriptDirectory.from_config(migrate.config()).walk_revisions()]
HEAD, OLD = REVISIONS[0], REVISIONS[:0:-1]
TITLE = "Größe_1"


def filled(url: str, revision: str, answer: Assessment) -> Engine:
    """A database at an older revision with a row in every table it has."""
    engine = make_engine(database_url(url))
    migrate.upgrade(engine, revision)
    clock = Clock()
    request, whole = answer.use_case.model_dump_json(), answer.model_dump_json()
    ids = {name: new_id(clock()) for name in ("result", "parent", "child", "share", "draft")}
    now = clock()
    state = {"title": TITLE, "result_id": ids["result"], "title_folded": TITLE.casefold()}
    made = {
        "id": ids["result"], "request": request, "answer": whole, "sha256": digest(request, whole),
        "schema_version": 1, "engine_version": "0.1.0", "data_version": "abc",
        "as_of": answer.as_of, "verdict": answer.verdict, "family": answer.family,
        "headline": "H", "imported": False, "created": now,
    }  # fmt: skip
    parent = {**state, "id": ids["parent"], "owner": "local", "version": 2, "created": now,
              "updated": now, "archived": None, "parent_id": None}  # fmt: skip
    change = {**state, "kind": "saved", "archived": False, "restores": None, "by": "local",
              "created": now}  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {
        "result": [made],
        "assessment": [
            parent,
            {**parent, "id": ids["child"], "parent_id": ids["parent"], "version": 1},
        ],
        "revision": [
            {**change, "assessment_id": ids["parent"], "number": 1},
            {**change, "assessment_id": ids["parent"], "number": 2},
            {**change, "assessment_id": ids["child"], "number": 1},
        ],
        "share": [
            {"id": ids["share"], "token_sha256": token_digest("token"), "number": 1, "by": "local",
             "assessment_id": ids["parent"], "created": now, "withdrawn": None,
             "expires": now.replace(year=2100)},
        ],
        "draft": [
            {"id": ids["draft"], "owner": "local", "person": "local", "updated": now,
             "content": json.dumps({"title": "half"})},
        ],
    }  # fmt: skip
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table in (t for t in tables.sorted_tables if t.name in rows):
            for row in rows[table.name]:
                own = {k: v for k, v in row.items() if k in table.columns}
                connection.execute(table.insert().values(own))
    return engine


def test_the_tables_are_what_the_migrations_make(store: Store) -> None:
    with store.engine.connect() as connection:
        command.check(migrate.config(connection))
    assert migrate.revision_of(store.engine) == HEAD


def test_there_are_old_revisions_and_they_form_one_line() -> None:
    assert OLD and sorted(REVISIONS, reverse=True) == REVISIONS


@pytest.mark.parametrize("revision", OLD)
def test_an_upgrade_keeps_every_row(
    url: str, revision: str, answer: Assessment, clock: Clock
) -> None:
    engine = filled(url, revision, answer)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        before = {t.name: connection.execute(t.select()).mappings().all()
                  for t in tables.sorted_tables if t.name != migrate.VERSION_TABLE}  # fmt: skip
    engine.dispose()

    store = open_store(url, clock=clock)
    now = MetaData()
    now.reflect(store.engine)
    with store.engine.connect() as connection:
        command.check(migrate.config(connection))
        for name, rows in before.items():
            after = connection.execute(now.tables[name].select()).mappings().all()
            assert [{k: row[k] for k in old} for row, old in zip(after, rows, strict=True)] == [
                dict(old) for old in rows
            ]
    assert store.faults() == []
    work = store.assessments(LOCAL)
    assert {one.title for one in work.page("GRÖSSE_").items} == {TITLE}
    newest = work.page().items[0]
    assert work.revision(newest.id).answer() == answer
    assert work.rename(newest.id, newest.version, "Works on").title == "Works on"
    if "share" in before:
        assert store.open_link("token").title == TITLE
        assert store.drafts(LOCAL).latest()[0].content == {"title": "half"}
    store.close()


@pytest.mark.parametrize("revision", OLD)
def test_sqlite_is_copied_before_an_upgrade(
    tmp_path: Path, revision: str, answer: Assessment
) -> None:
    url = f"sqlite:///{tmp_path / 'advisor.db'}"
    filled(url, revision, answer).dispose()
    open_store(url).close()
    copy = tmp_path / f"advisor.db.before-upgrade-from-{revision}"
    engine = create_engine(f"sqlite:///{copy}")
    assert migrate.revision_of(engine) == revision
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM revision")) == 3
    engine.dispose()
    copy.replace(tmp_path / "advisor.db")  # restoring is putting the copy back
    store = open_store(url)
    assert store.assessments(LOCAL).page().total == 2
    store.close()


def test_a_store_that_is_up_to_date_is_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        open_store(f"sqlite:///{tmp_path / 'advisor.db'}").close()
    assert [file.name for file in tmp_path.iterdir()] == ["advisor.db"]


def test_an_upgrade_that_fails_leaves_the_old_schema_and_its_data(
    url: str, answer: Assessment, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = filled(url, OLD[0], answer)
    real = command.upgrade

    def breaks(*arguments: Any) -> None:
        real(*arguments)
        raise RuntimeError("killed")

    monkeypatch.setattr(command, "upgrade", breaks)
    with pytest.raises(RuntimeError):
        open_store(url)
    assert migrate.revision_of(engine) == OLD[0]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM assessment")) == 2
    engine.dispose()
    monkeypatch.undo()
    store = open_store(url)
    assert store.assessments(LOCAL).page().total == 2
    store.close()


def test_a_reference_that_leads_nowhere_stops_an_upgrade(
    tmp_path: Path, answer: Assessment
) -> None:
    url = f"sqlite:///{tmp_path / 'advisor.db'}"
    engine = filled(url, OLD[-1], answer)
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("DELETE FROM result")
    engine.dispose()
    with pytest.raises(DataError, match="lead nowhere"):
        open_store(url)


def test_a_store_of_a_newer_advisor_is_left_alone(store: Store, url: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(DataError, match="schema '9999', written by a newer Advisor"):
        open_store(url)
    assert migrate.revision_of(store.engine) == "9999"


def test_a_backup_is_a_whole_store_and_overwrites_nothing(
    store: Store, answer: Assessment, tmp_path: Path
) -> None:
    store.assessments(LOCAL).create(answer, "Kept")
    target = tmp_path / "copy.db"
    if store.engine.dialect.name != "sqlite":
        with pytest.raises(InputError, match="pg_dump"):
            store.backup(target)
        return
    store.backup(target)
    copy = open_store(f"sqlite:///{target}")
    assert [one.title for one in copy.assessments(LOCAL).page().items] == ["Kept"]
    copy.close()
    with pytest.raises(InputError, match="exists"):
        store.backup(target)
