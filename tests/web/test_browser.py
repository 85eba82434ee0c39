"""The served form in a real browser: no outside request, no console error, headers, downloads."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor", "web", "--port", str(port)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(url)
        yield url
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=10)


def _wait_until_healthy(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not come up")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=str(CHROMIUM),
            headless=True,
            chromium_sandbox=False,
            args=FLAGS,
            viewport={"width": 1366, "height": 900},
            accept_downloads=True,
        )
        yield context
        context.close()


def test_the_health_route_answers_and_carries_the_security_headers(server: str) -> None:
    with urllib.request.urlopen(f"{server}/healthz", timeout=5) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"


def test_another_host_name_is_refused(server: str) -> None:
    request = urllib.request.Request(server, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert refused.value.code == 400


def test_an_example_goes_from_form_to_pdf_without_outside_requests_or_errors(
    server: str, browser: Any, tmp_path: Path
) -> None:
    page = browser.new_page()
    hosts: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(server)
    page.get_by_role("combobox", name="Start from an example").click(timeout=30_000)
    page.get_by_role("option", name="Product scene pictures").click()
    page.get_by_role("button", name="Assess", exact=True).click(timeout=30_000)
    page.get_by_text("Take it with you").wait_for(timeout=30_000)
    with page.expect_download(timeout=30_000) as started:
        page.get_by_role("button", name="PDF").click()
    target = tmp_path / "report.pdf"
    started.value.save_as(target)
    assert target.read_bytes().startswith(b"%PDF-")
    assert hosts == {server.removeprefix("http://")}
    assert errors == []
