"""Where the store is, and what is said when it cannot be used."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.errors import AdvisorError, DataError, InputError
from advisor.store import LOCAL, open_store
from advisor.store.core import Store
from advisor.store.engine import database_url, shown
from advisor.store.ids import is_id, new_id
from tests.store.conftest import Clock


def test_the_default_is_a_private_file_in_the_user_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ADVISOR_DATABASE_URL", raising=False)
    store = open_store()
    store.assessments(LOCAL).page()
    for file in (tmp_path / "home").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert store.name == str(tmp_path / "home" / "advisor.db")
    store.close()


def test_sqlite_runs_with_the_settings_that_were_measured(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'advisor.db'}")
    with store.engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }
    store.close()
    assert values == {
        "journal_mode": "wal", "busy_timeout": 5000, "foreign_keys": 1, "synchronous": 1,
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_addresses_of_postgresql_are_understood(scheme: str) -> None:
    url = database_url(f"{scheme}://me:secret@host/db")
    assert url.drivername == "postgresql+psycopg"
    assert "secret" not in shown(url)


@pytest.mark.parametrize("text", ["nonsense", "mysql://me:secret@h/db", "sqlite://", "http://[x"])
def test_another_address_is_refused_without_showing_its_password(text: str) -> None:
    with pytest.raises(InputError) as caught:
        database_url(text)
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_sentence_without_its_password() -> None:
    with pytest.raises(DataError, match="cannot be used") as caught:
        open_store("postgresql://me:secret@127.0.0.1:1/db")
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"not a database at all, but longer than a header" * 9])
def test_a_file_that_is_no_database_is_named_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "advisor.db"
    file.write_bytes(content)
    with pytest.raises(DataError, match="not a database"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot open the store"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'advisor.db'}")


@pytest.mark.parametrize("package", ["sqlalchemy", "alembic"])
def test_a_missing_extra_is_named(package: str) -> None:
    script = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "sys.argv = ['advisor', 'saved', 'list']\n"
        "from advisor.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'advisor[web]'" in done.stderr and "Traceback" not in done.stderr


def test_what_the_database_refuses_is_one_sentence(store: Store) -> None:
    from sqlalchemy import text

    with pytest.raises(AdvisorError, match="cannot be used") as caught, store.reading() as session:
        session.execute(text("SELECT nothing FROM nowhere"))
    assert "\n" not in str(caught.value)


def test_ids_sort_by_time_and_differ_within_a_millisecond(clock: Clock) -> None:
    made = [new_id(clock()) for _ in range(50)]
    assert made == sorted(made) and all(map(is_id, made))
    assert len({new_id(clock.now) for _ in range(1000)}) == 1000


def test_another_process_that_leaves_takes_no_change_with_it(tmp_path: Path) -> None:
    """SQLite's locks of a process are gone once that process closes any handle on the file."""
    store = open_store(f"sqlite:///{tmp_path / 'advisor.db'}")
    store.drafts(LOCAL).save({"title": "the first"})
    _other_process(tmp_path, "select 1")
    kept = store.drafts(LOCAL).save({"title": "kept"})
    seen = _other_process(tmp_path, "select id from draft")
    store.close()
    assert kept.id in seen


def _other_process(folder: Path, query: str) -> str:
    code = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1])"
    code += "; print(db.execute(sys.argv[2]).fetchall()); db.close()"
    command = [sys.executable, "-c", code, str(folder / "advisor.db"), query]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
