"""Identifiers and tokens. Both are random enough that nobody can guess a neighbour's."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_ID = re.compile(f"[0-7][{_BASE32}]{{25}}")
TOKEN_BYTES = 16  # 128 bits


def new_id(now: datetime) -> str:
    """26 characters that sort by time: 48 bits of milliseconds, 80 random bits (a ULID)."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def is_id(text: str) -> bool:
    """Whether this can be an id at all."""
    return _ID.fullmatch(text) is not None


def new_token() -> str:
    """A share link's token: 128 random bits, 22 characters that may stand in a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """What is stored instead of the token. Unsalted: 128 random bits cannot be tried out."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
