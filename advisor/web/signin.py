"""Signing in with a team's name and password: a plain form of our own and a signed cookie.

Streamlit can read cookies but not set them, so two routes beside it do. The cookie holds no secret:
owner, person and an end, under an HMAC whose key comes from the server's secret and the team's
stored password hash. A changed password or a removed team therefore ends every sign-in of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections import defaultdict, deque
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from advisor.paths import home_dir
from advisor.store.access import Access, AccessRules
from advisor.store.errors import AccessRefused

if TYPE_CHECKING:
    from advisor.store.access import Team

COOKIE = "advisor_sign_in"
HOURS = 12
MAX_BODY = 4096
# Tries that may fail per team and minute, in one process: a proxy in front can see all of them.
TRIES, WINDOW_S = 5, 60.0
_failed: dict[str, deque[float]] = defaultdict(deque)

_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in - Advisor</title>
<style>:root{{color-scheme:light dark}}
body{{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;padding:0 1.2rem}}
label{{display:block;margin:.9rem 0 .2rem}}input{{width:100%;font:inherit;padding:.5rem;
box-sizing:border-box}}button{{font:inherit;margin-top:1.2rem;padding:.5rem 1.4rem}}
.note{{border-left:4px solid #a32d00;padding:.4rem .8rem}}</style></head><body><main>
<h1>Advisor</h1>{message}{body}</main></body></html>"""
_FORM = """<form method="post" action="sign-in">
<label for="team">Team</label><input id="team" name="team" required autocomplete="organization">
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password">
<label for="person">Your name (shown beside your changes)</label>
<input id="person" name="person" maxlength="100" autocomplete="name">
<button>Sign in</button></form>"""
_OUT = """<p>Signed in as {person}.</p><p><a href="./">Back to Advisor</a></p>
<form method="post" action="sign-in"><input type="hidden" name="out" value="1">
<button>Sign out</button></form>"""


def of_cookie(value: str | None, rules: AccessRules) -> Access | None:
    """Who a cookie says is at work; None unless this server signed it and it has not ended."""
    try:
        payload, _, mark = (value or "").rpartition(".")
        data = json.loads(base64.urlsafe_b64decode(payload.encode()))
        found = Access(owner=data["owner"], person=data["person"])
        ends = float(data["ends"])
    except (ValueError, KeyError, TypeError):
        return None
    team = next((one for one in rules.teams if f"team:{one.name}" == found.owner), None)
    if team is None or not hmac.compare_digest(mark, _mark(payload, team)) or time.time() > ends:
        return None
    return found


def cookie_of(found: Access, team: Team, now: float) -> str:
    """The cookie of somebody who has just signed in."""
    data = {"owner": found.owner, "person": found.person, "ends": now + HOURS * 3600}
    payload = base64.urlsafe_b64encode(json.dumps(data).encode()).decode()
    return f"{payload}.{_mark(payload, team)}"


def _mark(payload: str, team: Team) -> str:
    key = _secret() + (team.password or "").encode()
    return hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()


def _secret() -> bytes:
    """Streamlit's cookieSecret, the same on all replicas; else one kept in ADVISOR_HOME."""
    given = os.environ.get("STREAMLIT_SERVER_COOKIE_SECRET")
    if given:
        return given.encode()
    file = home_dir() / "cookie-secret"
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as new:
            new.write(secrets.token_hex(32).encode())
    except FileExistsError:
        pass
    return file.read_bytes()


async def sign_in(request: Request) -> Response:
    """GET shows the form, POST signs in (or out) and goes to the first page."""
    from advisor.web.session import access_rules

    rules = access_rules()
    if rules is None or rules.mode != "password":
        return RedirectResponse("./", status_code=303)
    if request.method == "GET":
        found = of_cookie(request.cookies.get(COOKIE), rules)
        return _page(_OUT.format(person=escape(found.person)) if found else _FORM)
    if not _same_origin(request):
        return _page(_FORM, "This form was sent from another site.", 403)
    fields = await _fields(request)
    if "out" in fields:
        answer: Response = RedirectResponse("sign-in", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer
    return await _try(fields, rules, request)


async def _try(fields: dict[str, str], rules: AccessRules, request: Request) -> Response:
    name, now = fields.get("team", "")[:64], time.monotonic()
    if _too_many(name, now):
        return _page(_FORM, "Too many tries: wait a minute.", 429)
    try:
        found = await run_in_threadpool(
            rules.sign_in, name, fields.get("password", ""), fields.get("person", "")
        )
    except AccessRefused as error:
        _failed[name].append(now)
        return _page(_FORM, str(error), 403)
    team = next(one for one in rules.teams if f"team:{one.name}" == found.owner)
    answer = RedirectResponse("./", status_code=303)
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    answer.set_cookie(
        COOKIE,
        cookie_of(found, team, time.time()),
        max_age=HOURS * 3600,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    return answer


def _too_many(team: str, now: float) -> bool:
    if len(_failed) > 1000:  # names of teams that do not exist: forget them all
        _failed.clear()
    times = _failed[team]
    while times and now - times[0] > WINDOW_S:
        times.popleft()
    return len(times) >= TRIES


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _fields(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return {}
    text = body.decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text, max_num_fields=8).items()}


def _page(body: str, message: str = "", status: int = 200) -> Response:
    note = f'<p class="note" role="alert">{escape(message)}</p>' if message else ""
    html = _PAGE.format(message=note, body=body)
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})


def is_page(scope: Any, base: str) -> bool:
    """Whether a request is for a page that needs a sign-in: not for assets, health or a link."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path = scope["path"].removeprefix(base).strip("/")
    first = path.partition("/")[0]
    return "." not in path and first not in {
        "_stcore",
        "static",
        "media",
        "component",
        "healthz",
        "sign-in",
        "shared",
    }
