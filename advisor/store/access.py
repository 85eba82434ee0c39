"""Who may read what: one owner's work is invisible to every other owner.

Three ways to run, chosen by the file that ADVISOR_ACCESS names:

    (no file)                one person on one machine; the owner is `local`
    mode: password           a team signs in with its name and password; the owner is `team:NAME`
    mode: oidc               a person signs in with the company's provider; the file says which team
                             an e-mail address or a whole domain belongs to

    mode: oidc
    unlisted: refuse         # or `own`: a person in no team works alone
    teams:
      - {name: north, members: [ana@example.com, "@north.example.com"]}
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from advisor.errors import InputError, dotted, printable
from advisor.files import read_document
from advisor.store.errors import AccessRefused

VARIABLE = "ADVISOR_ACCESS"
MIN_PASSWORD_CHARS = 12
# scrypt at 32 MiB a try (OWASP's password storage cheat sheet, N=2^15, r=8, p=3).
_COST = {"n": 2**15, "r": 8, "p": 3}
_MAX_MEMORY = 128 * 2**20
_HASH = re.compile(r"scrypt\$([A-Za-z0-9+/=]{24})\$([A-Za-z0-9+/=]{44})")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Access(_Strict):
    """Who is at work: `owner` keys what they see, `person` is the name beside their changes."""

    owner: str = Field(min_length=1, max_length=300)
    person: str = Field(min_length=1, max_length=300)


LOCAL = Access(owner="local", person="local")

TeamName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Member = Annotated[str, StringConstraints(pattern=r"^[^@\s]*@[^@\s]+\.[^@\s]+$", max_length=254)]


class Team(_Strict):
    """A team: what it signs in with, or whom the provider may sign in for it."""

    name: TeamName
    password: str | None = Field(
        None, pattern=f"^{_HASH.pattern}$"
    )  # from `advisor saved password`
    members: list[Member] = Field(default=[], max_length=10_000)  # "a@b.com", or "@b.com" for all


class AccessRules(_Strict):
    """The access file."""

    mode: Literal["password", "oidc"]
    unlisted: Literal["refuse", "own"] = "refuse"
    teams: list[Team] = Field(default=[], max_length=1000)

    @model_validator(mode="after")
    def _sane(self) -> AccessRules:
        names = [team.name for team in self.teams]
        members = [member.casefold() for team in self.teams for member in team.members]
        for kind, values in (("team", names), ("member", members)):
            twice = {value for value in values if values.count(value) > 1}
            if twice:
                raise ValueError(f"{kind} '{min(twice)}' is given twice")
        if self.mode == "password" and not all(team.password for team in self.teams):
            raise ValueError("mode password needs a password for every team")
        if not self.teams and (self.mode == "password" or self.unlisted == "refuse"):
            raise ValueError("there is no team, so nobody could sign in")
        return self

    def sign_in(self, team: str, password: str, person: str = "") -> Access:
        """Password mode. Raises AccessRefused, after the same work for a team that is not known."""
        wanted = next((one for one in self.teams if one.name == team), None)
        stored = wanted.password if wanted and self.mode == "password" else None
        right = _matches(password, stored or _NOBODY)
        if stored is None or wanted is None or not right:
            raise AccessRefused("the team or its password is wrong: try again")
        return Access(owner=f"team:{wanted.name}", person=_name(person) or wanted.name)

    def of_claims(self, claims: Mapping[str, Any]) -> Access:
        """OIDC mode: the access of the person whom the provider's claims name.

        A team is found by e-mail address only if the provider has verified it: an unverified one is
        what the person typed. Raises AccessRefused.
        """
        subject, issuer = claims.get("sub"), claims.get("iss")
        if self.mode != "oidc" or not (_text(subject) and _text(issuer)):
            raise AccessRefused("the provider's answer names nobody: sign in again")
        email = claims.get("email")
        verified = (
            str(email).casefold() if _text(email) and claims.get("email_verified") is True else ""
        )
        person = _name(str(claims.get("name") or "")) or verified or _name(str(subject))
        team = self._team_of(verified)
        if team is not None:
            return Access(owner=f"team:{team.name}", person=person)
        if self.unlisted == "own":
            key = hashlib.sha256(
                f"{issuer}\n{subject}".encode("utf-8", "surrogatepass")
            ).hexdigest()
            return Access(owner=f"person:{key}", person=person)
        raise AccessRefused(
            f"{printable(verified or 'this person')} belongs to no team here: "
            "ask whoever runs this server"
        )

    def _team_of(self, email: str) -> Team | None:
        """The team that lists the address, else the one that lists its domain."""
        if not email:
            return None
        for wanted in (email, email[email.rindex("@") :] if "@" in email else email):
            for team in self.teams:
                if any(member.casefold() == wanted for member in team.members):
                    return team
        return None


def read_access(path: str | None = None) -> AccessRules | None:
    """The access file at `path` or ADVISOR_ACCESS; None = single-user local mode."""
    where = path or os.environ.get(VARIABLE)
    if not where:
        return None
    data, _ = read_document(where)
    try:
        return AccessRules.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = dotted(first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{where}: {place + ': ' if place else ''}{reason}") from None


def hash_password(password: str) -> str:
    """What stands in the access file for a password: scrypt, salted."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise InputError(f"the password is short: use {MIN_PASSWORD_CHARS} characters or more")
    salt = secrets.token_bytes(16)
    return f"scrypt${_base64(salt)}${_base64(_scrypt(password, salt))}"


def _matches(password: str, stored: str) -> bool:
    match = _HASH.fullmatch(stored)
    try:
        salt, key = (base64.b64decode(part, validate=True) for part in match.groups())  # type: ignore[union-attr]
    except (AttributeError, binascii.Error):
        return False
    return hmac.compare_digest(_scrypt(password, salt), key)


def _scrypt(password: str, salt: bytes) -> bytes:
    secret = password[:1024].encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, maxmem=_MAX_MEMORY, dklen=32, **_COST)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


_NOBODY = f"scrypt${_base64(bytes(16))}${_base64(bytes(32))}"  # no password hashes to this


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _name(text: str) -> str:
    return printable(text, 100).strip()
