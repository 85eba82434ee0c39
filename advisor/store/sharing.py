"""Share links: read-only, of one revision, until a day, and only as long as nobody withdraws them.

A link shows the revision it was made for, whatever happens to the assessment afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from advisor.errors import InputError
from advisor.store import rows
from advisor.store.access import Access
from advisor.store.assessments import Assessments
from advisor.store.errors import LinkRefused, NotFound
from advisor.store.ids import is_id, new_id, new_token, token_digest
from advisor.store.records import Link, NewLink, Revision
from advisor.store.tables import AssessmentRow, ShareRow

if TYPE_CHECKING:
    from advisor.store.core import Store

DEFAULT_DAYS = 30
MAX_DAYS = 366


class Links:
    """The share links of one owner's assessments."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store, self._access = store, access
        self._mine = Assessments(store, access)

    def share(self, id: str, number: int | None = None, days: int = DEFAULT_DAYS) -> NewLink:
        """A link to a revision (default: the latest). Its token is shown here and never again."""
        if not 1 <= days <= MAX_DAYS:
            raise InputError(f"a link cannot last {days} days: give 1 to {MAX_DAYS}")
        now, token = self._store.clock(), new_token()
        with self._store.writing() as session:
            row = self._mine.own(session, id)
            if row.archived is not None:
                raise InputError(f"'{row.title}' is archived: restore it before sharing it")
            link = ShareRow(
                id=new_id(now),
                token_sha256=token_digest(token),
                assessment_id=id,
                number=self._mine.own_revision(session, row, number).number,
                by=self._access.person,
                created=now,
                expires=now + timedelta(days=days),
                withdrawn=None,
            )
            session.add(link)
            session.flush()
            return NewLink(token=token, link=_link(link))

    def of(self, id: str) -> list[Link]:
        """Every link ever made to an assessment, the newest first."""
        with self._store.reading() as session:
            self._mine.own(session, id)
            found = select(ShareRow).where(ShareRow.assessment_id == id)
            return [_link(one) for one in session.scalars(found.order_by(ShareRow.id.desc()))]

    def withdraw(self, link_id: str) -> Link:
        """Close a link for good; closing it twice is no fault."""
        with self._store.writing() as session:
            mine = select(ShareRow).join(AssessmentRow, AssessmentRow.id == ShareRow.assessment_id)
            mine = mine.where(AssessmentRow.owner == self._access.owner, ShareRow.id == link_id)
            link = session.scalar(mine) if is_id(link_id) else None
            if link is None:
                raise NotFound("share link", link_id)
            link.withdrawn = link.withdrawn or self._store.clock()
            session.flush()
            return _link(link)


def open_link(store: Store, token: str) -> Revision:
    """What a link shows to whoever holds it. Raises LinkRefused."""
    with store.reading() as session:
        found = select(ShareRow).where(ShareRow.token_sha256 == token_digest(token))
        link = session.scalar(found)
        if link is None:
            raise LinkRefused("this link opens nothing: check that it was copied whole")
        if link.withdrawn is not None:
            raise LinkRefused("this link was withdrawn: ask for a new one")
        if store.clock() >= link.expires:
            raise LinkRefused(f"this link expired on {link.expires:%Y-%m-%d}: ask for a new one")
        if session.get_one(AssessmentRow, link.assessment_id).archived is not None:
            raise LinkRefused("what this link showed was archived: ask whoever sent it")
        return rows.read_revision(session, link.assessment_id, link.number)


def _link(row: ShareRow) -> Link:
    return Link.model_validate({name: getattr(row, name) for name in Link.model_fields})
