"""Drafts: what stands in a form before it is submitted, so that a restart loses nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from advisor.errors import InputError
from advisor.store.access import Access
from advisor.store.errors import NotFound
from advisor.store.ids import is_id, new_id
from advisor.store.records import Draft
from advisor.store.tables import DraftRow

if TYPE_CHECKING:
    from advisor.store.core import Store

MAX_BYTES = 64 * 1024
KEPT_DAYS = 30  # untouched ones are dropped after that


class Drafts:
    """One person's drafts. The last write wins: a draft belongs to one open form."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store, self._access = store, access

    def save(self, content: dict[str, Any], draft_id: str | None = None) -> Draft:
        """Keep `content` (plain JSON data) under a new id, or over the draft of that id."""
        text, now = _text(content), self._store.clock()
        with self._store.writing() as session:
            _drop_old(session, now - timedelta(days=KEPT_DAYS))
            if draft_id is None:
                row = DraftRow(id=new_id(now), owner=self._access.owner, person=self._access.person)
                session.add(row)
            else:
                row = self._own(session, draft_id)
            row.content, row.updated = text, now
            session.flush()
            return _draft(row)

    def get(self, draft_id: str) -> Draft:
        with self._store.reading() as session:
            return _draft(self._own(session, draft_id))

    def latest(self) -> list[Draft]:
        """The latest first, 20 at most."""
        mine = select(DraftRow).where(
            DraftRow.owner == self._access.owner, DraftRow.person == self._access.person
        )
        latest = mine.order_by(DraftRow.updated.desc(), DraftRow.id.desc()).limit(20)
        with self._store.reading() as session:
            return [_draft(row) for row in session.scalars(latest)]

    def drop(self, draft_id: str) -> None:
        """Forget a draft, as when its form has been submitted."""
        with self._store.writing() as session:
            session.delete(self._own(session, draft_id))

    def _own(self, session: Session, draft_id: str) -> DraftRow:
        row = session.get(DraftRow, draft_id) if is_id(draft_id) else None
        if row is None or (row.owner, row.person) != (self._access.owner, self._access.person):
            raise NotFound("draft", draft_id)
        return row


def _text(content: dict[str, Any]) -> str:
    try:
        text = json.dumps(content, allow_nan=False)  # ASCII: no back end trips over a character
    except (TypeError, ValueError, RecursionError):
        raise InputError("the form holds something that is not plain data: nothing kept") from None
    if len(text) > MAX_BYTES:
        raise InputError(f"the form holds more than {MAX_BYTES // 1024} KiB: shorten its texts")
    return text


def _drop_old(session: Session, before: Any) -> None:
    session.execute(delete(DraftRow).where(DraftRow.updated < before))


def _draft(row: DraftRow) -> Draft:
    return Draft(id=row.id, content=json.loads(row.content), updated=row.updated)
