"""What the store hands out: frozen records, never rows of a session that is over."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from advisor.assessment import Assessment
from advisor.errors import DataError
from advisor.files import parse_json
from advisor.recordfile import upgraded
from advisor.usecase import UseCase, parse_use_case

Kind = Literal[
    "created", "imported", "duplicated", "saved", "renamed", "archived", "restored", "undone"
]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Made(_Record):
    """What a result says, and with what it was made."""

    verdict: str
    family: str
    headline: str
    as_of: date
    schema_version: int
    engine_version: str
    data_version: str
    imported: bool  # the result came from a file and was not made by this program

    def outdated(self, *, data_version: str, engine_version: str) -> str | None:
        """One sentence if this program would answer from other data or code; None if not.

        `data_version` is `advisor.decide.data_version`, a hash over the whole catalog, prices
        included, and all profiles: it tells that data differ, not by how much.
        """
        if data_version != self.data_version:
            return (
                f"Made on {self.as_of} with data {self.data_version}; this program has data "
                f"{data_version}: run again."
            )
        if engine_version != self.engine_version:
            return (
                f"Made on {self.as_of} by Advisor {self.engine_version}; this is "
                f"{engine_version}: run again."
            )
        return None


class Saved(Made):
    """A line in the list of saved assessments, as of `version`."""

    id: str
    title: str
    version: int
    parent_id: str | None  # the assessment that this is a copy of
    created: datetime
    updated: datetime
    archived: datetime | None
    changed_by: str


class Page(_Record):
    """One page of the list, latest change first, and how many there are in all."""

    items: list[Saved]
    total: int


class Change(_Record):
    """One line of an assessment's history."""

    number: int
    kind: Kind
    title: str
    archived: bool
    result_id: str  # equal ids: the same answer
    restores: int | None
    by: str
    created: datetime


class Revision(Made):
    """An assessment as it stood at one version, with its question and answer."""

    assessment_id: str
    number: int
    kind: Kind
    title: str
    by: str
    created: datetime
    request_json: str  # the stated fields of the use case
    answer_json: str

    def use_case(self) -> UseCase:
        """What was asked; fields that nobody stated count as assumed again."""
        where = f"saved assessment {self.assessment_id}"
        return parse_use_case(parse_json(self.request_json, where), where)

    def answer(self) -> Assessment:
        """The answer as it was given. DataError if this program can no longer read it."""
        try:
            data = upgraded(json.loads(self.answer_json))
            return Assessment.model_validate_json(json.dumps(data))
        except ValueError:
            raise DataError(
                f"'{self.title}' (revision {self.number}) was answered by Advisor "
                f"{self.engine_version} in form {self.schema_version}, which this version cannot "
                "show: run it again, or export it"
            ) from None


class Link(_Record):
    """A share link, without its token: that was shown once, when the link was made."""

    id: str
    assessment_id: str
    number: int
    by: str
    created: datetime
    expires: datetime
    withdrawn: datetime | None


class NewLink(_Record):
    """A fresh share link and its token, which is stored nowhere."""

    token: str
    link: Link


class Draft(_Record):
    """What stood in a form."""

    id: str
    content: dict[str, Any]
    updated: datetime


def digest(request_json: str, answer_json: str) -> str:
    """SHA-256 of a result, so that a damaged one is found when it is read."""
    return hashlib.sha256(f"{request_json}\n{answer_json}".encode()).hexdigest()
