"""What can go wrong with saved assessments, beyond a store that cannot be reached (DataError)."""

from __future__ import annotations

from advisor.errors import InputError, printable


class NotFound(InputError):
    """No such assessment, revision, link or draft of this owner (perhaps of another one)."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            f"there is no {kind} '{printable(name)}' here: look at the list of what is saved"
        )


class Conflict(InputError):
    """Somebody else changed the assessment meanwhile; nothing was written.

    `yours` is the version that the change began from, `theirs` the one that is stored now. Both can
    be read as revisions and shown side by side.
    """

    def __init__(self, title: str, by: str, yours: int, theirs: int) -> None:
        super().__init__(
            f"'{printable(title)}' was changed by someone else ({printable(by)}): you have version "
            f"{yours}, stored is version {theirs}; look at theirs, then save yours again or apart"
        )
        self.yours, self.theirs = yours, theirs


class LinkRefused(InputError):
    """A share link that opens nothing: unknown, withdrawn, expired, or its assessment archived."""


class AccessRefused(InputError):
    """A wrong password, or a person who belongs to no team."""
