"""The ASGI application: pages, health, sign-in, host check, security headers, limits of a body."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

from advisor.web import signin
from advisor.web.page import PAGES, SHARED

# Streamlit's own scripts need inline and evaluated code; everything else is our origin.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "base-uri 'self'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]


class SecurityHeaders:
    """Adds the headers to every HTTP response."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *_HEADERS]}
            await send(message)

        await self._app(scope, receive, with_headers)


class SignInFirst:
    """With team passwords, sends whoever has not signed in to the form (pages check it again)."""

    def __init__(self, app: Any, base: str) -> None:
        self._app, self._base = app, base

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if signin.is_page(scope, self._base):
            from advisor.web.session import access_rules

            rules = access_rules()
            if rules is not None and rules.mode == "password":
                cookie = Request(scope).cookies.get(signin.COOKIE)
                if signin.of_cookie(cookie, rules) is None:
                    answer = RedirectResponse(f"{self._base}/sign-in", status_code=303)
                    await answer(scope, receive, send)
                    return
        await self._app(scope, receive, send)


async def health(_: Request) -> JSONResponse:
    """Healthy when the catalog can be read and the store answers; 503 with the reason if not."""
    from advisor import __version__, load_catalog
    from advisor.errors import AdvisorError

    try:
        version = load_catalog().version
        await run_in_threadpool(_ask_store)
    except AdvisorError as error:
        return JSONResponse({"status": "failing", "reason": type(error).__name__}, 503)
    return JSONResponse({"status": "ok", "advisor": __version__, "catalog": version})


async def page(_: Request) -> HTMLResponse:
    """The page of an address below the first: told where the server is, Streamlit's script does not
    try addresses below it, each of which would be an error in the browser's console."""
    return HTMLResponse(_index(_base()), headers={"cache-control": "no-cache"})


@functools.lru_cache(maxsize=2)
def _index(base: str) -> str:
    index = Path(st.__file__).parent / "static" / "index.html"
    here = json.dumps(base)
    script = f"<script>window.__streamlit={{BACKEND_BASE_URL:location.origin+{here}}}</script>"
    return index.read_text(encoding="utf-8").replace("<head>", f"<head>{script}", 1)


def _ask_store() -> None:
    from sqlalchemy import text

    from advisor.web.session import store

    with store().reading() as session:
        session.execute(text("SELECT 1"))


def _warm_up() -> None:
    """Load what the first answer needs, so that the first user does not wait for it."""
    from advisor import assess, read_use_case
    from advisor.errors import AdvisorError
    from advisor.paths import data_dir
    from advisor.web.session import ENGINE
    from advisor.web.sheet import Sheet

    with contextlib.suppress(AdvisorError, OSError):
        example = read_use_case(data_dir("examples") / "product-photos.yaml")
        with ENGINE:
            answer = assess(example, flips=False)
        Sheet(answer).chart()


@contextlib.asynccontextmanager
async def _lifespan(_: Any) -> AsyncIterator[None]:
    threading.Thread(target=_warm_up, daemon=True).start()
    yield


def _allowed_hosts() -> list[str]:
    hosts = os.environ.get("ADVISOR_ALLOWED_HOSTS", "localhost,127.0.0.1")
    return [host.strip() for host in hosts.split(",") if host.strip()]


def _base() -> str:
    """The path under which the server is reached: "" or "/advisor"."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def _routes(base: str) -> list[Route]:
    """Health also without the base path: whoever asks for it is often inside."""
    routes = [Route("/healthz", health)]
    if base:
        routes.append(Route(f"{base}/healthz", health))
    routes.append(Route(f"{base}/sign-in", signin.sign_in, methods=["GET", "POST"]))
    routes += [Route(f"{base}/{name}", page) for name in (*PAGES, SHARED)]
    return routes


app = st.App(
    Path(__file__).with_name("script.py"),
    lifespan=_lifespan,
    routes=_routes(_base()),
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=_allowed_hosts()),
        Middleware(SecurityHeaders),
        Middleware(SignInFirst, base=_base()),
    ],
)
