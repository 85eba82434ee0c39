"""Every test of the store runs on SQLite and on a real PostgreSQL server.

The server comes from Debian's packages and is started once per test process, in a folder of its
own, on a Unix socket only. Where it is missing these tests are skipped and say so.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from advisor.assessment import Assessment
from advisor.store import Access
from advisor.store.assessments import Assessments
from advisor.store.core import Store, open_store
from tests.store.server import PostgresServer, unavailable

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "reports" / "samples" / "legal-text.json"
ANA = Access(owner="team:north", person="ana")
BEN = Access(owner="team:south", person="ben")


class Clock:
    """A clock that ticks by a second at each look, and can be moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    if reason := unavailable():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="advisor-pg-"))
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


_NAMES = (f"test_{number}" for number in itertools.count())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'advisor.db'}"
    return request.getfixturevalue("postgres").new_schema(next(_NAMES))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store that is up to date, to be copied: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("empty") / "advisor.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def store(url: str, clock: Clock, empty_file: Path) -> Iterator[Store]:
    if url.startswith("sqlite"):
        shutil.copy(empty_file, url.removeprefix("sqlite:///"))
    opened = open_store(url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def work(store: Store) -> Assessments:
    return store.assessments(ANA)


@pytest.fixture(scope="session")
def answer() -> Assessment:
    """A real answer, the smallest of the sample reports."""
    return Assessment.model_validate_json(SAMPLE.read_bytes())


@pytest.fixture(scope="session")
def other(answer: Assessment) -> Assessment:
    """The same with another headline."""
    return answer.model_copy(update={"headline": "Another answer.", "data_version": "newer"})
