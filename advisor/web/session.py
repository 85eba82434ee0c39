"""What a page works with: who is at work, the store, and answers made once.

Objects that sessions share are keyed by their whole content (a question with its date, an answer's
JSON), so one session can see nothing of another but the answer to the same question. Everything
that belongs to somebody is read through the store, which knows owners.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

import streamlit as st

from advisor import Assessment, assess
from advisor.files import parse_json
from advisor.store import LOCAL, Access, open_store
from advisor.store.access import AccessRules, read_access
from advisor.usecase import UseCase, parse_use_case
from advisor.web.sheet import Sheet

if TYPE_CHECKING:
    from advisor.store.assessments import Assessments
    from advisor.store.core import Store
    from advisor.store.drafts import Drafts
    from advisor.store.sharing import Links


# The engine keeps estimates and keys between runs for one thread of a process at a time.
ENGINE = RLock()


def today() -> date:
    """The day for which prices count as fresh or old."""
    return date.today()


@st.cache_resource(show_spinner=False)
def _store(url: str) -> Store:
    return open_store(url)


def store() -> Store:
    """The one handle of this process. Raises DataError when it cannot be opened."""
    from advisor.store.engine import database_url

    return _store(database_url().render_as_string(hide_password=False))


@lru_cache(maxsize=8)
def _rules(path: str | None, changed_ns: int) -> AccessRules | None:
    return read_access(path)


def access_rules() -> AccessRules | None:
    """The access file, read again when it changes; None = one person on one machine."""
    import os
    from pathlib import Path

    from advisor.store.access import VARIABLE

    path = os.environ.get(VARIABLE)
    changed = Path(path).stat().st_mtime_ns if path and Path(path).exists() else 0
    return _rules(path, changed)


def access() -> Access | None:
    """Who this session belongs to; None when nobody has signed in. Raises AccessRefused."""
    from advisor.web import signin

    rules = access_rules()
    if rules is None:
        return LOCAL
    if rules.mode == "password":
        return signin.of_cookie(st.context.cookies.get(signin.COOKIE), rules)
    claims = st.user.to_dict()
    return rules.of_claims(claims) if claims.get("is_logged_in") else None


def _mine() -> Access:
    found = access()
    if found is None:  # the frame stops before any page in that case
        from advisor.store.errors import AccessRefused

        raise AccessRefused("nobody has signed in: sign in first")
    return found


def work() -> Assessments:
    """What this session's owner has saved."""
    return store().assessments(_mine())


def links() -> Links:
    """The share links of this session's owner."""
    return store().links(_mine())


def drafts() -> Drafts:
    """The unfinished forms of this session's person."""
    return store().drafts(_mine())


def stated_json(use_case: UseCase) -> str:
    """The stated fields only, so that assumptions stay assumptions."""
    return use_case.model_dump_json(exclude_unset=True)


@st.cache_resource(max_entries=128, ttl=3600, show_spinner=False)
def _preview(asked: str, as_of: date, evidence: str) -> Assessment:
    with ENGINE:
        return assess(_parsed(asked), as_of=as_of, flips=False)


def preview(asked: str) -> Assessment:
    """The answer without the search for what would change it: what the form shows meanwhile."""
    return _preview(asked, today(), evidence_stamp())


def answer(asked: str) -> Assessment:
    """The whole answer to the stated fields in JSON."""
    with ENGINE:
        return assess(_parsed(asked), as_of=today())


def _parsed(asked: str) -> UseCase:
    return parse_use_case(parse_json(asked, "the form"), "the form")


@st.cache_resource(max_entries=24, show_spinner=False)
def _sheet(answer_json: str) -> Sheet:
    return Sheet(Assessment.model_validate_json(answer_json))


def sheet(answer_json: str) -> Sheet:
    """An answer with the parts of its report; whoever has the text may have these."""
    return _sheet(answer_json)


def submitted() -> list[str]:
    """Ids of this session's answers that are stored and not shown yet.

    A plain list: unlike the session's state it may be changed without giving way to another event.
    """
    found: list[str] = st.session_state.setdefault("submitted", [])
    return found


def evidence_stamp() -> str:
    """Changes when a profile or the catalog on disk does, so that no old preview is shown."""
    from advisor import load_catalog
    from advisor.profiles import profile_folders

    newest = max(
        (f.stat().st_mtime_ns for folder in profile_folders() for f in folder.glob("*/*.json")),
        default=0,
    )
    return f"{load_catalog().version} {newest}"


def flash(text: str, kind: str = "success") -> None:
    """A message that the next page (or rerun) shows once."""
    st.session_state["flash"] = (kind, text)


def show_flash() -> None:
    kind, text = st.session_state.pop("flash", ("", ""))
    if text:
        {"success": st.success, "warning": st.warning}.get(kind, st.info)(plain(text))


_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()<>#+-.!|~$:&^="})


def plain(text: Any) -> str:
    """A text that Streamlit's Markdown shows as it is: no link, picture, colour or formula."""
    return str(text).translate(_MARKDOWN)
