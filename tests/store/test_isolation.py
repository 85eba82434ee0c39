"""Nobody reads or changes another team's work, by any way in."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from advisor.assessment import Assessment
from advisor.errors import InputError
from advisor.store import Access
from advisor.store.core import Store
from advisor.store.errors import LinkRefused, NotFound
from advisor.store.ids import TOKEN_BYTES, new_token
from tests.store.conftest import ANA, BEN, Clock


def test_another_owner_gets_nothing_by_any_method(
    store: Store, answer: Assessment, other: Assessment
) -> None:
    mine, theirs = store.assessments(ANA), store.assessments(BEN)
    saved = mine.create(answer)
    share = store.links(ANA).share(saved.id)
    ways = {
        "get": lambda: theirs.get(saved.id),
        "revision": lambda: theirs.revision(saved.id),
        "first revision": lambda: theirs.revision(saved.id, 1),
        "history": lambda: theirs.history(saved.id),
        "export": lambda: theirs.export(saved.id),
        "duplicate": lambda: theirs.duplicate(saved.id),
        "copy of": lambda: theirs.create(answer, parent_id=saved.id),
        "save": lambda: theirs.save(saved.id, 1, other),
        "rename": lambda: theirs.rename(saved.id, 1, "Taken"),
        "archive": lambda: theirs.archive(saved.id, 1),
        "restore": lambda: theirs.restore(saved.id, 1),
        "undo": lambda: theirs.undo(saved.id, 1),
        "share": lambda: store.links(BEN).share(saved.id),
        "links": lambda: store.links(BEN).of(saved.id),
        "withdraw": lambda: store.links(BEN).withdraw(share.link.id),
    }
    for name, way in ways.items():
        with pytest.raises(NotFound):
            pytest.fail(f"{name} gave {way()}")
    assert theirs.page().total == theirs.page(archived=True).total == 0
    assert theirs.page(answer.use_case.title).items == []
    assert mine.get(saved.id) == saved
    assert store.open_link(share.token).answer() == answer


def test_an_id_of_another_owner_reads_like_one_that_does_not_exist(
    store: Store, answer: Assessment
) -> None:
    saved = store.assessments(ANA).create(answer)
    free = saved.id[:-1] + ("0" if saved.id[-1] != "0" else "1")
    messages = []
    for id_ in (saved.id, free):
        with pytest.raises(NotFound) as caught:
            store.assessments(BEN).get(id_)
        messages.append(str(caught.value).replace(id_, "ID"))
    assert messages[0] == messages[1]


def test_a_team_shares_its_work_and_names_who_changed_it(store: Store, answer: Assessment) -> None:
    saved = store.assessments(ANA).create(answer)
    colleague = Access(owner=ANA.owner, person="cai")
    assert store.assessments(colleague).rename(saved.id, 1, "Ours").changed_by == "cai"
    assert [one.by for one in store.assessments(ANA).history(saved.id)] == ["ana", "cai"]


def test_a_draft_is_its_person_s_alone(store: Store) -> None:
    draft = store.drafts(ANA).save({"title": "half done"})
    for access in (BEN, Access(owner=ANA.owner, person="cai"), Access(owner="x", person="ana")):
        drafts = store.drafts(access)
        assert drafts.latest() == []
        for way in (drafts.get, drafts.drop, lambda id_, d=drafts: d.save({}, id_)):
            with pytest.raises(NotFound):
                way(draft.id)
    assert store.drafts(ANA).get(draft.id) == draft


def test_a_draft_outlives_the_program_and_is_written_over_in_place(store: Store, url: str) -> None:
    from advisor.store import open_store

    draft = store.drafts(ANA).save({"title": "a"})
    store.drafts(ANA).save({"title": "\0 \ud800 é", "outputs": ["image"]}, draft.id)
    store.close()
    opened = open_store(url)
    again = opened.drafts(ANA)
    assert [one.content for one in again.latest()] == [
        {"title": "\0 \ud800 é", "outputs": ["image"]}
    ]
    again.drop(draft.id)
    assert again.latest() == []
    opened.close()


def test_old_drafts_are_dropped_and_large_or_odd_ones_refused(store: Store, clock: Clock) -> None:
    drafts = store.drafts(ANA)
    drafts.save({"title": "old"})
    clock.now = clock.now.replace(year=2027)
    drafts.save({"title": "new"})
    assert [one.content["title"] for one in drafts.latest()] == ["new"]
    for content in ({"title": "x" * 70_000}, {"limit": float("nan")}, {"odd": object()}):
        with pytest.raises(InputError):
            drafts.save(content)


# -- share links -----------------------------------------------------------------------------------


def test_a_link_shows_the_revision_it_was_made_for_whatever_happens_later(
    store: Store, answer: Assessment, other: Assessment
) -> None:
    work = store.assessments(ANA)
    saved = work.create(answer, "As sent")
    token = store.links(ANA).share(saved.id).token
    saved = work.save(saved.id, 1, other, title="Later")
    shown = store.open_link(token)
    assert (shown.title, shown.number, shown.answer()) == ("As sent", 1, answer)


def test_a_token_is_128_random_bits_and_is_not_in_the_database(
    store: Store, answer: Assessment
) -> None:
    assert TOKEN_BYTES * 8 == 128
    assert len({new_token() for _ in range(2000)}) == 2000
    assert len(new_token()) == 22
    saved = store.assessments(ANA).create(answer)
    token = store.links(ANA).share(saved.id).token
    with store.reading() as session:
        stored = [
            str(value) for row in session.execute(text("SELECT * FROM share")) for value in row
        ]
    assert all(token not in value for value in stored)


def test_withdrawn_expired_archived_and_unknown_links_open_nothing(
    store: Store, answer: Assessment, clock: Clock
) -> None:
    work, links = store.assessments(ANA), store.links(ANA)
    saved = work.create(answer)
    withdrawn, short, long = (
        links.share(saved.id),
        links.share(saved.id, days=1),
        links.share(saved.id),
    )
    links.withdraw(withdrawn.link.id)
    links.withdraw(withdrawn.link.id)
    with pytest.raises(LinkRefused, match="withdrawn"):
        store.open_link(withdrawn.token)
    for token in ("", "x", long.token[:-1], f"{long.token} ", "\0", "\ud800", long.link.id):
        with pytest.raises(LinkRefused, match="opens nothing"):
            store.open_link(token)
    clock.now = short.link.expires
    with pytest.raises(LinkRefused, match="expired on 2026-11-24"):
        store.open_link(short.token)
    saved = work.archive(saved.id, saved.version)
    with pytest.raises(LinkRefused, match="archived"):
        store.open_link(long.token)
    work.restore(saved.id, saved.version)
    assert store.open_link(long.token).answer() == answer
    assert [link.withdrawn is not None for link in links.of(saved.id)] == [False, False, True]


@pytest.mark.parametrize("days", [0, -1, 367, 10**9])
def test_a_link_lasts_a_day_to_a_year(store: Store, answer: Assessment, days: int) -> None:
    saved = store.assessments(ANA).create(answer)
    with pytest.raises(InputError, match="1 to 366"):
        store.links(ANA).share(saved.id, days=days)
