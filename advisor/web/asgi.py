"""The ASGI application: the form, a health route, host check and security headers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

# Streamlit's own scripts and charts need inline and evaluated code; everything else is our origin.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'none'; object-src 'none'; base-uri 'self'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
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


async def health(_: Request) -> JSONResponse:
    """Answers as soon as the catalog can be read."""
    from advisor import __version__, load_catalog

    return JSONResponse({"status": "ok", "advisor": __version__, "catalog": load_catalog().version})


def _allowed_hosts() -> list[str]:
    hosts = os.environ.get("ADVISOR_ALLOWED_HOSTS", "localhost,127.0.0.1")
    return [host.strip() for host in hosts.split(",") if host.strip()]


app = st.App(
    Path(__file__).with_name("script.py"),
    routes=[Route("/healthz", health)],
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=_allowed_hosts()),
        Middleware(SecurityHeaders),
    ],
)
