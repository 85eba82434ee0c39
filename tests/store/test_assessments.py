"""Saving: nothing is lost, nothing is written over, and each change can be taken back."""

from __future__ import annotations

import pytest

from advisor.assessment import Assessment
from advisor.errors import DataError, InputError
from advisor.store.assessments import Assessments
from advisor.store.core import Store
from advisor.store.errors import Conflict, NotFound
from advisor.store.tables import ResultRow, RevisionRow


def test_what_was_saved_is_read_back_as_it_was(work: Assessments, answer: Assessment) -> None:
    saved = work.create(answer)
    revision = work.revision(saved.id)
    assert revision.answer() == answer
    assert revision.answer_json == answer.model_dump_json()
    assert (saved.title, saved.version, saved.verdict) == (answer.use_case.title, 1, answer.verdict)
    assert (saved.data_version, saved.imported) == (answer.data_version, False)


def test_assumed_fields_are_still_assumed_when_read_back(
    work: Assessments, answer: Assessment
) -> None:
    asked = work.revision(work.create(answer).id).use_case()
    assert asked.model_dump() == answer.use_case.model_dump()
    assert set(asked.assumed()) == {one.field for one in answer.assumed}


def test_running_again_adds_a_revision_and_keeps_the_old_result(
    work: Assessments, answer: Assessment, other: Assessment
) -> None:
    saved = work.create(answer)
    saved = work.save(saved.id, saved.version, other, title="Second try")
    assert (saved.version, saved.title, saved.headline) == (2, "Second try", other.headline)
    assert work.revision(saved.id, 1).answer() == answer
    assert work.revision(saved.id).answer() == other


def test_a_change_from_an_old_version_is_a_conflict_that_names_both(
    work: Assessments, answer: Assessment
) -> None:
    saved = work.create(answer)
    theirs = work.rename(saved.id, 1, "Theirs")
    with pytest.raises(Conflict, match="changed by someone else") as caught:
        work.rename(saved.id, 1, "Mine")
    assert (caught.value.yours, caught.value.theirs) == (1, 2)
    assert work.get(saved.id) == theirs


def test_undo_goes_back_step_by_step_and_no_further_than_the_first(
    work: Assessments, answer: Assessment, other: Assessment
) -> None:
    saved = work.create(answer, "One")
    saved = work.rename(saved.id, saved.version, "Two")
    saved = work.save(saved.id, saved.version, other)
    saved = work.undo(saved.id, saved.version)
    assert (saved.title, saved.headline) == ("Two", answer.headline)
    saved = work.undo(saved.id, saved.version)
    assert saved.title == "One"
    with pytest.raises(InputError, match="nothing to undo"):
        work.undo(saved.id, saved.version)


def test_a_change_after_an_undo_is_undone_to_where_it_began(
    work: Assessments, answer: Assessment
) -> None:
    saved = work.create(answer, "One")
    for title in ("Two", None, "Three", None, None):
        saved = (
            work.rename(saved.id, saved.version, title)
            if title
            else work.undo(saved.id, saved.version)
            if saved.title != "One"
            else saved
        )
    assert saved.title == "One"
    kinds = [change.kind for change in work.history(saved.id)]
    assert kinds == ["created", "renamed", "undone", "renamed", "undone"]


def test_archiving_takes_off_the_list_and_undo_or_restore_brings_back(
    work: Assessments, answer: Assessment
) -> None:
    saved = work.create(answer)
    for back in (work.undo, work.restore):
        saved = work.archive(saved.id, saved.version)
        assert work.page().items == []
        assert [one.id for one in work.page(archived=True).items] == [saved.id]
        saved = back(saved.id, saved.version)
        assert [one.id for one in work.page().items] == [saved.id]


def test_an_archived_assessment_is_not_changed(work: Assessments, answer: Assessment) -> None:
    saved = work.create(answer)
    saved = work.archive(saved.id, saved.version)
    for change in (
        lambda: work.rename(saved.id, saved.version, "New"),
        lambda: work.save(saved.id, saved.version, answer),
        lambda: work.archive(saved.id, saved.version),
    ):
        with pytest.raises(InputError, match="restore it first"):
            change()
    assert work.get(saved.id) == saved


def test_a_copy_goes_its_own_way(work: Assessments, answer: Assessment, other: Assessment) -> None:
    saved = work.create(answer, "Original")
    work.save(saved.id, 1, other)
    copy = work.duplicate(saved.id, number=1)
    assert (copy.title, copy.parent_id) == ("Copy of Original", saved.id)
    assert work.revision(copy.id).answer() == answer
    work.rename(copy.id, copy.version, "Changed")
    assert work.get(saved.id).title == "Original"


def test_the_list_is_searched_in_any_case_and_wildcards_are_plain_characters(
    work: Assessments, answer: Assessment
) -> None:
    for title in ("Straße 100%", "É like e", "under_score", "plain"):
        work.create(answer, title)
    for wanted, found in (
        ("STRASSE", "Straße 100%"),
        ("é LIKE", "É like e"),
        ("0%", "Straße 100%"),
        ("r_s", "under_score"),
    ):
        assert [one.title for one in work.page(wanted).items] == [found]
    assert work.page("%").total == 1
    assert work.page("\0").total == 4


def test_pages_follow_each_other_latest_change_first(work: Assessments, answer: Assessment) -> None:
    made = [work.create(answer, f"Number {n}") for n in range(5)]
    work.rename(made[0].id, 1, "Touched")
    pages = [work.page(limit=2, offset=start) for start in (0, 2, 4)]
    titles = [one.title for page in pages for one in page.items]
    assert titles == ["Touched", "Number 4", "Number 3", "Number 2", "Number 1"]
    assert {page.total for page in pages} == {5}


@pytest.mark.parametrize("title", ["", " \t\n", "x" * 201, "\0"])
def test_a_title_that_cannot_be_shown_is_refused(
    work: Assessments, answer: Assessment, title: str
) -> None:
    saved = work.create(answer)
    with pytest.raises(InputError, match="the title"):
        work.rename(saved.id, 1, title)


def test_control_characters_in_a_title_become_spaces(work: Assessments, answer: Assessment) -> None:
    assert work.create(answer, "a\0b\u2028c\ud800d").title == "a b c d"


@pytest.mark.parametrize("id", ["", "x", "\0" * 26, "Z" * 26, "0" * 26, "' OR 1=1 --"])
def test_an_id_that_nobody_has_is_not_found(work: Assessments, id: str) -> None:
    with pytest.raises(NotFound):
        work.get(id)


@pytest.mark.parametrize("number", [0, -1, 2, 2**70])
def test_a_revision_that_does_not_exist_is_not_found(
    work: Assessments, answer: Assessment, number: int
) -> None:
    saved = work.create(answer)
    with pytest.raises(NotFound):
        work.revision(saved.id, number)


def test_an_answer_from_other_data_or_code_says_so(work: Assessments, answer: Assessment) -> None:
    saved = work.create(answer)
    same = {"data_version": answer.data_version, "engine_version": answer.engine_version}
    assert saved.outdated(**same) is None
    newer = saved.outdated(**same | {"data_version": "abc"})
    assert newer is not None and "has data abc: run again" in newer
    assert "this is 9.9" in (saved.outdated(**same | {"engine_version": "9.9"}) or "")


def test_a_result_that_was_changed_in_the_store_is_refused_and_found(
    store: Store, work: Assessments, answer: Assessment
) -> None:
    saved = work.create(answer)
    assert store.faults() == []
    with store.writing() as session:
        changed = answer.model_dump_json().replace(answer.verdict, "go")
        session.query(ResultRow).update({"answer": changed})
    with pytest.raises(DataError, match="damaged"):
        work.revision(saved.id)
    assert len(store.faults()) == 1


@pytest.mark.parametrize("table", [ResultRow, RevisionRow])
def test_results_and_revisions_cannot_be_written_over(
    store: Store, work: Assessments, answer: Assessment, table: type
) -> None:
    work.create(answer)
    with pytest.raises(AssertionError, match="append-only"), store.writing() as session:
        row = session.query(table).one()
        row.created = store.clock()


def test_a_result_of_an_older_program_is_kept_and_says_why_it_cannot_be_shown(
    store: Store, work: Assessments, answer: Assessment
) -> None:
    saved = work.create(answer)
    revision = work.revision(saved.id).model_copy(update={"answer_json": '{"old": true}'})
    with pytest.raises(DataError, match="run it again, or export it"):
        revision.answer()
