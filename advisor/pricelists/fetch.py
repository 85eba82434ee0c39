"""The only code that opens a network connection."""

from __future__ import annotations

import threading
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import Any

from advisor.errors import DataError

TIMEOUT_S = 60.0  # for the whole answer, however slowly it drips
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def fetch(url: str, max_bytes: int, timeout_s: float = TIMEOUT_S) -> str:
    """The text at an https address (or http on this machine), whole.

    Raises DataError in one sentence: refused, too slow, too large, not text.
    """
    _check(url)
    found: list[bytes | Exception] = []

    def read() -> None:
        try:
            found.append(_read(url, max_bytes, timeout_s))
        except Exception as error:  # handed to the caller's thread
            found.append(error)

    # A thread, because a socket's timeout starts anew with every byte that arrives.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(timeout_s)
    if not found:
        raise DataError(f"{url} did not answer within {timeout_s:g} s: try again later")
    answer = found[0]
    if isinstance(answer, Exception):
        raise _sentence(url, answer, timeout_s) from None
    if len(answer) > max_bytes:
        raise DataError(
            f"{url} is larger than {max_bytes // 1024} KiB: it is not the expected file"
        )
    try:
        return answer.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{url} is not UTF-8 text: it is not the expected file") from None


def _check(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not local and parts.scheme != "https":
        raise DataError(f"{url[:200]} is not an https address: give one")


class _SameCare(urllib.request.HTTPRedirectHandler):
    """A redirect may not lead where a first address may not."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            _check(newurl)
        except DataError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read(url: str, max_bytes: int, timeout_s: float) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "advisor prices refresh"})
    opener = urllib.request.build_opener(_SameCare)
    with opener.open(request, timeout=timeout_s) as response:
        body: bytes = response.read(max_bytes + 1)
    return body


def _sentence(url: str, error: Exception, timeout_s: float) -> DataError:
    if isinstance(error, DataError):
        return error
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return DataError(f"{url} answered {error.code} {error.reason}: nothing was changed")
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return DataError(f"{url} did not answer within {timeout_s:g} s: try again later")
    if isinstance(error, OSError | HTTPException):
        return DataError(f"{url} cannot be read ({reason}): nothing was changed")
    return DataError(f"{url} cannot be read ({type(error).__name__}): nothing was changed")
