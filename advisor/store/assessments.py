"""One owner's assessments. Nothing here can reach a row of another owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from advisor.assessment import Assessment
from advisor.errors import InputError
from advisor.store import rows, transfer
from advisor.store.access import Access
from advisor.store.errors import Conflict, NotFound
from advisor.store.ids import is_id, new_id
from advisor.store.records import Change, Kind, Page, Revision, Saved
from advisor.store.tables import TITLE_CHARS, AssessmentRow, ResultRow, RevisionRow

if TYPE_CHECKING:
    from advisor.store.core import Store

MAX_PAGE = 200


class Assessments:
    """Every change takes the version it began from, and raises Conflict if that is not the latest.

    An id of another owner raises NotFound, exactly as one that does not exist.
    """

    def __init__(self, store: Store, access: Access) -> None:
        self._store, self._access = store, access

    # -- making ---------------------------------------------------------------------------------

    def create(
        self, answer: Assessment, title: str | None = None, *, parent_id: str | None = None
    ) -> Saved:
        """Save a new assessment; `title` defaults to the use case's."""
        with self._store.writing() as session:
            if parent_id is not None:
                self.own(session, parent_id)
            return self._add(session, answer, title or answer.use_case.title, "created", parent_id)

    def import_text(self, text: str) -> Saved:
        """Save what `export` or `advisor assess --json` wrote, marked as imported.

        Raises InputError, one sentence, for anything else.
        """
        title, answer = transfer.read_export(text)
        with self._store.writing() as session:
            return self._add(session, answer, title, "imported", None)

    def duplicate(self, id: str, number: int | None = None, title: str | None = None) -> Saved:
        """A copy of a revision (default: the latest) that goes its own way from here."""
        with self._store.writing() as session:
            row = self.own(session, id)
            source = self.own_revision(session, row, number)
            name = title or f"Copy of {source.title}"[:TITLE_CHARS]
            return self._put(session, source.result_id, name, "duplicated", id)

    # -- changing -------------------------------------------------------------------------------

    def save(self, id: str, version: int, answer: Assessment, *, title: str | None = None) -> Saved:
        """Add a new answer as the latest revision; the earlier ones stay."""

        def change(session: Session, row: AssessmentRow) -> None:
            _refuse_archived(row)
            result = rows.result_row(answer, self._store.clock())
            session.add(result)
            session.flush()  # before the row that refers to it, and before that one is touched
            row.result_id = result.id
            if title is not None:
                _name(row, title)

        return self._change(id, version, "saved", change)

    def rename(self, id: str, version: int, title: str) -> Saved:
        def change(session: Session, row: AssessmentRow) -> None:
            _refuse_archived(row)
            _name(row, title)

        return self._change(id, version, "renamed", change)

    def archive(self, id: str, version: int) -> Saved:
        """Take it off the list; its share links stop. `restore` brings both back."""

        def change(session: Session, row: AssessmentRow) -> None:
            _refuse_archived(row)
            row.archived = self._store.clock()

        return self._change(id, version, "archived", change)

    def restore(self, id: str, version: int) -> Saved:
        """Put an archived assessment back on the list."""

        def change(session: Session, row: AssessmentRow) -> None:
            if row.archived is None:
                raise InputError(f"'{row.title}' is not archived: there is nothing to restore")
            row.archived = None

        return self._change(id, version, "restored", change)

    def undo(self, id: str, version: int) -> Saved:
        """Bring back the state before the last change; again, the one before that.

        An undo is a revision too, so it can be looked at and nothing is lost by it.
        """

        def change(session: Session, row: AssessmentRow) -> int:
            head = session.get_one(RevisionRow, (id, row.version))
            before = (head.restores or head.number) - 1
            if before < 1:
                raise InputError(f"'{row.title}' is as it was first saved: nothing to undo")
            target = session.get_one(RevisionRow, (id, before))
            _name(row, target.title)
            row.result_id = target.result_id
            row.archived = (row.archived or self._store.clock()) if target.archived else None
            return target.restores or target.number

        return self._change(id, version, "undone", change)

    # -- looking --------------------------------------------------------------------------------

    def page(
        self, search: str = "", *, archived: bool = False, limit: int = 50, offset: int = 0
    ) -> Page:
        """Titles that hold `search`, in any case; latest change first."""
        row, result, last = AssessmentRow, ResultRow, RevisionRow
        mine = [row.owner == self._access.owner]
        mine.append(row.archived.is_not(None) if archived else row.archived.is_(None))
        if wanted := rows.folded(search):
            mine.append(row.title_folded.contains(wanted, autoescape=True))
        page = (
            select(row, result, last.by)
            .join(result, row.result_id == result.id)
            .join(last, (last.assessment_id == row.id) & (last.number == row.version))
            .where(*mine)
            .order_by(row.updated.desc(), row.id.desc())
            .limit(max(1, min(limit, MAX_PAGE)))
            .offset(max(0, min(offset, 2**31)))
        )
        with self._store.reading() as session:
            items = [rows.saved(*found) for found in session.execute(page)]
            total = session.scalar(select(func.count()).select_from(row).where(*mine))
            return Page(items=items, total=total or 0)

    def get(self, id: str) -> Saved:
        with self._store.reading() as session:
            return self._saved(session, self.own(session, id))

    def revision(self, id: str, number: int | None = None) -> Revision:
        """Question and answer as of a version (default: the latest)."""
        with self._store.reading() as session:
            row = self.own(session, id)
            found = self.own_revision(session, row, number)
            return rows.read_revision(session, id, found.number)

    def history(self, id: str) -> list[Change]:
        """Every change, the first one first."""
        with self._store.reading() as session:
            self.own(session, id)
            every = select(RevisionRow).where(RevisionRow.assessment_id == id)
            return [rows.change(one) for one in session.scalars(every.order_by(RevisionRow.number))]

    def export(self, id: str, number: int | None = None) -> str:
        """A revision as JSON that `import_text` reads, here or on another server."""
        return transfer.export_text(self.revision(id, number))

    # -- shared with links ----------------------------------------------------------------------

    def own(self, session: Session, id: str) -> AssessmentRow:
        """The row, if it is this owner's. Raises NotFound."""
        if is_id(id):
            mine = select(AssessmentRow).where(AssessmentRow.owner == self._access.owner)
            row = session.scalar(mine.where(AssessmentRow.id == id))
            if row is not None:
                return row
        raise NotFound("saved assessment", id)

    def own_revision(self, session: Session, row: AssessmentRow, number: int | None) -> RevisionRow:
        wanted = row.version if number is None else number
        if not 1 <= wanted <= row.version:
            raise NotFound(f"revision of '{row.title}'", str(wanted))
        return session.get_one(RevisionRow, (row.id, wanted))

    # -- inside ---------------------------------------------------------------------------------

    def _add(
        self, session: Session, answer: Assessment, title: str, kind: Kind, parent_id: str | None
    ) -> Saved:
        result = rows.result_row(answer, self._store.clock(), imported=kind == "imported")
        session.add(result)
        session.flush()
        return self._put(session, result.id, title, kind, parent_id)

    def _put(
        self, session: Session, result_id: str, title: str, kind: Kind, parent_id: str | None
    ) -> Saved:
        now = self._store.clock()
        row = AssessmentRow(
            id=new_id(now),
            owner=self._access.owner,
            result_id=result_id,
            parent_id=parent_id,
            created=now,
            updated=now,
        )
        _name(row, title)
        session.add(row)
        session.flush()
        session.add(rows.revision_row(row, kind, self._access.person, now))
        session.flush()
        return self._saved(session, row)

    def _change(
        self,
        id: str,
        version: int,
        kind: Kind,
        change: Callable[[Session, AssessmentRow], int | None],
    ) -> Saved:
        """One change and its revision in one transaction, or nothing and Conflict."""
        try:
            with self._store.writing() as session:
                row = self.own(session, id)
                if row.version != version:
                    raise self._conflict(session, row, version)
                restores = change(session, row)
                row.updated = now = self._store.clock()
                flag_modified(row, "updated")  # the version counts even if the clock stood still
                session.flush()
                session.add(rows.revision_row(row, kind, self._access.person, now, restores))
                session.flush()
                return self._saved(session, row)
        except StaleDataError:  # changed between our look and our write
            with self._store.reading() as session:
                raise self._conflict(session, self.own(session, id), version) from None

    def _conflict(self, session: Session, row: AssessmentRow, version: int) -> Conflict:
        last = session.get_one(RevisionRow, (row.id, row.version))
        return Conflict(row.title, last.by, version, row.version)

    def _saved(self, session: Session, row: AssessmentRow) -> Saved:
        result = session.get_one(ResultRow, row.result_id)
        last = session.get_one(RevisionRow, (row.id, row.version))
        return rows.saved(row, result, last.by)


def _name(row: AssessmentRow, title: str) -> None:
    row.title = rows.clean_title(title)
    row.title_folded = rows.folded(row.title)


def _refuse_archived(row: AssessmentRow) -> None:
    if row.archived is not None:
        raise InputError(f"'{row.title}' is archived: restore it first")
