"""The served pages in a real browser: one server, its own store, every contacted host noted."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from advisor import assess, read_use_case
from advisor.store import LOCAL, open_store
from benchmarks.browser_session import fetch
from benchmarks.browser_session import visit as session_of

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HOSTILE = (
    "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>![x](http://evil.example/)"
)
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 180_000  # ms; how long a machine may take says nothing of what is tested

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


class Served:
    """A server process that can be ended and started again at the same address."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/advisor"
        self.home = home
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "advisor", "web", "--port", str(self.port)],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "ADVISOR_HOME": str(self.home), "ADVISOR_BASE_PATH": "/advisor"},
        )
        while self._process.poll() is None:
            try:
                # A socket may take a connection before anybody serves it: ask again soon.
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server ended before it was ready")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        os.killpg(self._process.pid, how)
        self._process.wait(timeout=WAIT / 1e3)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("server"))
    yield server
    server.end()


@pytest.fixture(scope="module")
def saved(served: Served) -> dict[str, str]:
    """Assessments that are there already: title -> id."""
    store = open_store(f"sqlite:///{served.home / 'advisor.db'}")
    work = store.assessments(LOCAL)
    found = {}
    for name in ("phone-face-filter", "anomaly-scores"):
        use_case = read_use_case(EXAMPLES / f"{name}.yaml")
        found[name] = work.create(assess(use_case, flips=False)).id
    hostile = read_use_case(EXAMPLES / "anomaly-scores.yaml").model_copy(
        update={"title": HOSTILE, "description": HOSTILE}
    )
    found["hostile"] = work.create(assess(hostile, flips=False)).id
    store.close()
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, chromium_sandbox=False, args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, served: Served) -> Iterator[Any]:
    """Opens pages in a context of their own; afterwards no error and no other host was seen."""
    contexts, hosts, errors = [], set(), []

    def opened(path: str = "", width: int = 1280, **options: Any) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, accept_downloads=True, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("request", lambda r: hosts.add(r.url.split("/")[2]) if "//" in r.url else None)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(served.url + path)
        return page

    opened.errors = errors  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert hosts <= {f"127.0.0.1:{served.port}"}
    assert errors == []


def settled(page: Any) -> None:
    """The script has run, nothing is waiting to be replaced, and what fades in is there."""
    page.locator("[data-testid=stAppViewContainer]").wait_for()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === "
        "'notRunning' && !document.querySelector('[data-stale=true]') && "
        "document.getAnimations().every(one => one.playState !== 'running')"
    )


def choose(page: Any, box: str, option: str, *, of_many: bool = False) -> None:
    """Pick from a list. One of many stays open; until it closes the rest of the page is inert."""
    page.get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option).click()
    if of_many:
        page.keyboard.press("Escape")


def open_part(page: Any, name: str) -> None:
    """Open a closed part of the page; what is pressed while it still grows misses its button."""
    page.get_by_text(name).click()
    settled(page)


def axe_violations(page: Any) -> list[tuple[str, str]]:
    """What breaks the rules for as long as one looks; a text that still fades in mends itself."""
    # Streamlit's own drop zone has a role that its other attributes contradict.
    run = "axe.run({exclude: [['[data-testid=stFileUploaderDropzone]']]})"
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    for _ in range(3):
        settled(page)
        found = page.evaluate(run)["violations"]
        if not found:
            break
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


def assess_it(page: Any) -> None:
    """Press the button once and wait for the whole result."""
    page.get_by_role("button", name="Assess", exact=True).click()
    page.wait_for_url("**/result?a=*")
    page.get_by_role("heading", name="Take it with you").wait_for()


PAGES = {
    "/": ("heading", "So far"),
    "/result?a={phone-face-filter}": ("heading", "Take it with you"),
    "/compare?ids={phone-face-filter}.{anomaly-scores}": ("table", "What they say"),
    "/saved": ("heading", "Saved assessments"),
    "/catalog?model=sd-1.5": ("table", "Components"),
    "/hardware": ("heading", "Hosted APIs"),
    "/accuracy": ("heading", "Measure on this machine"),
    "/rules?code=LAT101": ("heading", "Remedy"),
    "/method": ("heading", "How far to trust it"),
}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.split("?")[0])
def test_a_page_has_no_axe_violation_and_fits_a_phone(
    path: str, visit: Any, saved: dict[str, str]
) -> None:
    role, name = PAGES[path]
    for key, id in saved.items():
        path = path.replace(f"{{{key}}}", id)
    page = visit(path)
    page.get_by_role(role, name=name).first.wait_for()
    assert axe_violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role(role, name=name).first.wait_for()
    page.wait_for_function("document.documentElement.scrollWidth <= 390")


def test_a_form_goes_to_a_result_a_pdf_and_a_link_that_a_client_opens(
    visit: Any, tmp_path: Path
) -> None:
    page = visit()
    choose(page, "Start from an example", "Product scene pictures")
    assess_it(page)
    assert "/advisor/result?a=" in page.url
    with page.expect_download() as started:
        page.get_by_role("button", name="PDF").click()
    target = tmp_path / "report.pdf"
    started.value.save_as(target)
    assert target.read_bytes().startswith(b"%PDF-")
    open_part(page, "Share with a link")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_test_id("stCode").inner_text().strip()
    client = visit(link[link.index("/advisor") + len("/advisor") :], width=390)
    client.get_by_text("Read-only").wait_for()
    client.get_by_role("heading", name="Take it with you").wait_for()
    assert client.get_by_role("button", name="Archive").count() == 0
    assert client.get_by_role("link", name="Saved").count() == 0


def test_two_editors_are_told_of_each_other(visit: Any, saved: dict[str, str]) -> None:
    first, second = (visit(f"/result?a={saved['anomaly-scores']}") for _ in range(2))
    for page, title in ((first, "By the first"), (second, "By the second")):
        open_part(page, "Rename and history")
        page.get_by_role("textbox", name="Title").fill(title)
    first.get_by_role("button", name="Rename").click()
    first.get_by_role("heading", name="By the first").wait_for()
    second.get_by_role("button", name="Rename").click()
    warning = second.get_by_text("since you opened it")
    warning.wait_for()
    assert "stored is version 2" in warning.inner_text()
    assert second.get_by_role("heading", level=1).inner_text() == "By the first"


def test_hostile_text_runs_nothing(visit: Any, saved: dict[str, str]) -> None:
    page = visit(f"/result?a={saved['hostile']}")
    page.get_by_role("heading", name="Take it with you").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == HOSTILE
    page.goto(page.url.split("/result")[0] + "/saved?search=<script>window.pwned=2</script>")
    page.get_by_text("Nothing found").wait_for()
    assert page.evaluate("window.pwned") is None


def test_the_keyboard_reaches_the_answer(visit: Any) -> None:
    page = visit()
    page.get_by_role("combobox", name="What comes out?").focus()
    page.keyboard.type("label")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    button = page.get_by_role("button", name="Assess", exact=True, disabled=False)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/result?a=*")
    page.get_by_role("heading", name="Take it with you").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == "Untitled use case"


def test_a_restart_in_the_middle_loses_nothing(visit: Any, served: Served) -> None:
    page = visit()
    # What is typed while the form is still being put up can be overwritten.
    page.get_by_role("heading", name="So far").wait_for()
    settled(page)
    page.get_by_role("textbox", name="Title").fill("Through a restart")
    page.keyboard.press("Tab")
    settled(page)
    choose(page, "What comes out?", "label", of_many=True)
    page.get_by_role("button", name="Assess", exact=True, disabled=False).wait_for()
    settled(page)
    page.wait_for_url("**draft=*")  # the form is in the store before the address names it
    address = page.url.removeprefix(served.url)
    served.end(signal.SIGKILL)
    page.context.close()
    served.start()
    visit.errors.clear()  # the browser noted that the server was away
    again = visit(address)
    again.get_by_role("button", name="Assess", exact=True, disabled=False).wait_for()
    assert again.get_by_role("textbox", name="Title").input_value() == "Through a restart"
    assert again.url == served.url + address


def test_ten_users_at_once_each_get_their_own_answer(visit: Any, served: Served) -> None:
    title = read_use_case(EXAMPLES / "ticket-routing.yaml").title
    pages = [visit() for _ in range(10)]
    for page in pages:
        choose(page, "Start from an example", title)
    for number, page in enumerate(pages):
        page.get_by_role("button", name="Assess", exact=True, disabled=False).wait_for()
        page.get_by_role("textbox", name="Title").fill(f"User number {number}")
        page.keyboard.press("Tab")
    for page in pages:
        page.get_by_role("button", name="Assess", exact=True).click()
    for number, page in enumerate(pages):
        page.wait_for_url("**/result?a=*")
        page.get_by_role("heading", name="Take it with you").wait_for()
        assert page.get_by_role("heading", level=1).inner_text() == f"User number {number}"
    store = open_store(f"sqlite:///{served.home / 'advisor.db'}")
    titles = [one.title for one in store.assessments(LOCAL).page("User number", limit=50).items]
    store.close()
    assert sorted(titles) == [f"User number {number}" for number in range(10)]  # each once


def test_a_file_waits_for_its_reader_while_others_work(
    served: Served, saved: dict[str, str]
) -> None:
    async def fetched() -> int:
        here = served.port, "/advisor"
        async with session_of(*here) as reader, session_of(*here) as other:
            await reader.run("result", f"a={saved['anomaly-scores']}")
            address = await reader.made("CSV of options")
            for _ in range(3):  # a file that nobody holds is gone after two runs
                await other.run("method")
            return await fetch(served.port, address)

    with ThreadPoolExecutor(1) as apart:  # Playwright's loop runs in this thread
        assert apart.submit(asyncio.run, fetched()).result() > 0


def test_the_server_names_its_limits(served: Served) -> None:
    with urllib.request.urlopen(f"{served.url}/healthz", timeout=WAIT / 1e3) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
    request = urllib.request.Request(served.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=WAIT / 1e3)
    assert refused.value.code == 400
