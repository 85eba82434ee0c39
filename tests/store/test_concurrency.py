"""Many at once, and one killed in the middle: no update is lost and nothing is half done."""

from __future__ import annotations

import threading

import pytest

from advisor.assessment import Assessment
from advisor.errors import InputError
from advisor.store import LOCAL, open_store
from advisor.store.core import Store
from advisor.store.errors import Conflict
from benchmarks.store import count_up, in_processes, kill_writers
from tests.store.conftest import ANA


def test_eight_processes_lose_no_update(url: str) -> None:
    found = count_up(url, processes=8, each=6)
    assert found["failed_processes"] == 0
    assert (found["lost_updates"], found["revisions"], found["faults"]) == (0, 49, [])


def test_a_writer_killed_twenty_times_leaves_nothing_half_done(url: str) -> None:
    found = kill_writers(url, runs=20)
    assert found["killed"] == 20 and found["changes_told_saved"] >= 40
    assert (found["lost"], found["faults"]) == (0, [])


def test_eight_processes_may_open_an_empty_store_at_once(url: str) -> None:
    assert in_processes(8, lambda _: open_store(url).close()) == [0] * 8
    store = open_store(url)
    assert store.assessments(LOCAL).page().total == 0
    store.close()


def test_two_editors_who_start_alike_get_one_save_and_one_conflict(
    store: Store, answer: Assessment
) -> None:
    """Threads of one server, as two browser tabs are."""
    work = store.assessments(ANA)
    saved = work.create(answer)
    together, outcomes = threading.Barrier(2), []

    def edit(title: str) -> None:
        together.wait()
        try:
            outcomes.append(store.assessments(ANA).rename(saved.id, 1, title).version)
        except Conflict as conflict:
            outcomes.append((conflict.yours, conflict.theirs))

    threads = [threading.Thread(target=edit, args=(title,)) for title in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [(1, 2), 2]


def test_a_change_that_fails_leaves_no_trace(store: Store, answer: Assessment) -> None:
    work = store.assessments(ANA)
    saved = work.create(answer)
    with pytest.raises(InputError):
        work.save(saved.id, 1, answer, title="\0")
    assert work.get(saved.id) == saved
    assert len(work.history(saved.id)) == 1


def test_a_change_between_our_look_and_our_write_is_a_conflict(
    store: Store, answer: Assessment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL lets both read first; the version column stops the later one."""
    if store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite takes its lock before the look: nobody can come between")
    work = store.assessments(ANA)
    saved = work.create(answer)
    look = work.own

    def look_and_be_overtaken(session, id):  # type: ignore[no-untyped-def]
        row = look(session, id)
        monkeypatch.undo()
        store.assessments(ANA).rename(id, 1, "Theirs")
        return row

    monkeypatch.setattr(work, "own", look_and_be_overtaken)
    with pytest.raises(Conflict) as caught:
        work.rename(saved.id, 1, "Mine")
    assert (caught.value.yours, caught.value.theirs) == (1, 2)
    assert work.get(saved.id).title == "Theirs"
    assert [one.title for one in work.history(saved.id)] == [saved.title, "Theirs"]
