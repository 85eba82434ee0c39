"""A browser's side of one Streamlit session, without a browser: it presses buttons and reads.

    async with visit(port) as page:
        await page.run()
        await page.choose("Start from an example", "Product photos")
        await page.press("Assess")

It speaks the protocol of `streamlit.proto` over a websocket, so that the server works for it as for
a browser: a session with a state of its own, every element sent, every file made. Nothing is drawn,
which is why fifty of them fit beside the server on two cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
from collections.abc import AsyncIterator
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

_WIDGETS = ("button", "download_button", "selectbox", "slider")
_MOST_BYTES = 64 * 2**20


class Broken(Exception):
    """What a user would call an error, in a sentence."""


class Page:
    """What one user has in front of them."""

    def __init__(self, socket: ClientConnection, port: int, base: str) -> None:
        self._socket, self._port, self._base = socket, port, base
        self._states: dict[str, WidgetState] = {}
        self._widgets: dict[tuple[str, str], tuple[Any, str]] = {}  # kind, label -> proto, fragment
        self._requests = itertools.count(1)
        self._session = self._script = ""
        self.query = ""
        self.headings: list[str] = []
        self.codes: list[str] = []

    async def run(self, page: str = "", query: str = "") -> None:
        """Load a page by its address, as a browser does first."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, query
        self._script, self._states = "", {}
        await self._started(message)

    async def choose(self, label: str, option: str) -> None:
        """Pick an option of a select box."""
        box, fragment = self._widget("selectbox", label)
        self._states[box.id] = WidgetState(id=box.id, string_value=option)
        await self._rerun(fragment)

    async def slide(self, label: str, place: float) -> None:
        """Move a slider over named options; `place` is 0 at its left and 1 at its right end."""
        slider, fragment = self._widget("slider", label)
        state = WidgetState(id=slider.id)
        state.string_array_value.data.append(slider.options[round(place * len(slider.options[1:]))])
        self._states[slider.id] = state
        await self._rerun(fragment)

    async def press(self, label: str) -> None:
        """Press a button, of a form or not."""
        button, fragment = self._widget("button", label)
        await self._rerun(fragment, WidgetState(id=button.id, trigger_value=True))

    async def download(self, label: str) -> int:
        """Have a file made and fetch it; bytes."""
        return await fetch(self._port, await self.made(label))

    async def made(self, label: str) -> str:
        """Have a file made; its address."""
        button, _ = self._widget("download_button", label)
        return self._base + (button.url or await self._made(button.deferred_file_id))

    def options(self, label: str) -> list[str]:
        """What a select box offers."""
        return list(self._widget("selectbox", label)[0].options)

    def _widget(self, kind: str, label: str) -> tuple[Any, str]:
        try:
            return self._widgets[kind, label]
        except KeyError:
            raise Broken(f"there is no {kind} '{label}' on the page") from None

    async def _made(self, file_id: str) -> str:
        """The address of a file that is made when it is asked for."""
        message, number = BackMsg(), str(next(self._requests))
        request = message.backend_operation_request
        request.request_id, request.session_id = number, self._session
        request.deferred_file.file_id = file_id
        await self._send(message)
        while True:
            answer = (await self._receive()).backend_operation_response
            if answer.request_id == number:
                if answer.error_msg:
                    raise Broken(f"a file was not made: {answer.error_msg}")
                return str(answer.deferred_file.url)

    async def _rerun(self, fragment: str, pressed: WidgetState | None = None) -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self.query, self._script
        asked.fragment_id = fragment
        asked.widget_states.widgets.extend(
            [*self._states.values(), *([pressed] if pressed else [])]
        )
        await self._started(message)

    async def _started(self, message: BackMsg) -> None:
        """Have the script run, and wait until it has."""
        message.rerun_script.context_info.url = f"http://127.0.0.1:{self._port}"
        await self._send(message)
        await self._finished()

    async def _send(self, message: BackMsg) -> None:
        await self._socket.send(message.SerializeToString())

    async def _receive(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(await self._socket.recv(decode=False))
        return message

    async def _finished(self) -> None:
        """Read until the script has run to its end; raises Broken for what it says went wrong."""
        while True:
            message = await self._receive()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._begin(message)
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "page_not_found":
                raise Broken("a page was not found")
            elif kind == "delta" and message.delta.HasField("new_element"):
                self._show(message.delta.new_element, message.delta.fragment_id)
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise Broken("the script does not compile")
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return

    def _begin(self, message: ForwardMsg) -> None:
        """A run starts: the whole page is drawn anew, or a part of it."""
        self._session = message.new_session.initialize.session_id or self._session
        self._script = message.new_session.page_script_hash
        if not message.metadata.run.fragment_ids:
            self._widgets.clear()
            self.headings, self.codes = [], []

    def _show(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind in _WIDGETS:
            widget = getattr(element, kind)
            self._widgets[kind, widget.label] = (widget, fragment)
        elif kind == "heading":
            self.headings.append(element.heading.body)
        elif kind == "code":
            self.codes.append(element.code.code_text)
        elif kind == "exception":
            raise Broken(f"the page shows {element.exception.type}: {element.exception.message}")
        elif kind == "alert" and element.alert.format == element.alert.ERROR:
            raise Broken(f"the page says: {element.alert.body}")


@contextlib.asynccontextmanager
async def visit(port: int, base: str = "") -> AsyncIterator[Page]:
    """A new session, ended when the block is left; `base` is the server's base path."""
    async with connect(
        f"ws://127.0.0.1:{port}{base}/_stcore/stream",
        subprotocols=["streamlit"],
        max_size=_MOST_BYTES,
        open_timeout=None,
        ping_interval=None,
    ) as socket:
        yield Page(socket, port, base)


async def fetch(port: int, path: str) -> int:
    """GET a path of the server; the bytes of its body. Raises Broken unless it answers 200."""
    return await asyncio.to_thread(_fetched, port, path)


def _fetched(port: int, path: str) -> int:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        asked.request("GET", path)
        answer = asked.getresponse()
        body = answer.read()
    finally:
        asked.close()
    if answer.status != 200 or not body:
        raise Broken(f"GET {path.split('?')[0][:40]} answered {answer.status}")
    return len(body)
