"""The web form as a user feels it, in Chromium: ready, form, submit to result, slider, memory.

    python -m benchmarks.web            one JSON document; also kept in benchmarks/results/web.json

Medians of `--times` (10). Times are from the browser's side, network on this machine. The first of
everything is not left out: a fresh browser profile for each form, and the first slider move too.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from advisor.files import write_atomic
from advisor.usecase import read_use_case

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "web.json"
EXAMPLE = read_use_case(ROOT / "examples" / "product-photos.yaml").title
FLAGS = ["--disable-gpu", "--no-first-run", "--disable-background-networking"]
USERS = 10
STATE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(home: str, port: int) -> tuple[subprocess.Popen[bytes], float]:
    """A server, and the seconds until it says that it is healthy."""
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "advisor", "web", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "ADVISOR_HOME": home},
    )
    while True:
        try:
            _health(port)
            return server, time.perf_counter() - begun
        except OSError:
            time.sleep(0.02)


def _health(port: int) -> None:
    """Ask the server how it is. Raises OSError while it does not answer."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/healthz")
        asked.getresponse().read()
    finally:
        asked.close()


def memory_mb(pid: int) -> float:
    """Resident set of the server process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def form(page: Any, url: str) -> float:
    begun = time.perf_counter()
    page.goto(url)
    page.get_by_role("heading", name="So far").wait_for(timeout=90_000)
    return time.perf_counter() - begun


def fill(page: Any) -> None:
    page.get_by_role("combobox", name="Start from an example").click()
    page.get_by_role("option", name=EXAMPLE).click()
    page.get_by_role("button", name="Assess", exact=True).wait_for(timeout=90_000)
    page.wait_for_function(STATE, timeout=90_000)


def submit(page: Any) -> float:
    """From the click to the whole result page, its last heading included."""
    begun = time.perf_counter()
    page.get_by_role("button", name="Assess", exact=True).click()
    page.get_by_role("heading", name="Take it with you").wait_for(timeout=90_000)
    return time.perf_counter() - begun


def slide(page: Any, times: int) -> list[float]:
    """From a key press on the volume slider to its new sentence on the screen."""
    page.wait_for_function(STATE, timeout=90_000)
    slider = page.get_by_role("slider", name="Volume")
    slider.focus()
    taken = []
    for number in range(times):
        before = page.locator(".st-key-whatif").inner_text()
        begun = time.perf_counter()
        page.keyboard.press("ArrowRight" if number % 2 == 0 else "ArrowLeft")
        page.wait_for_function(
            "old => document.querySelector('.st-key-whatif').innerText !== old", arg=before,
            timeout=90_000, polling=5,
        )  # fmt: skip
        page.wait_for_function(STATE, timeout=90_000, polling=5)
        taken.append(time.perf_counter() - begun)
    return taken


def measure(times: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server, ready_s = start(home, port)
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", chromium_sandbox=False, args=FLAGS
        )
        try:
            pages, forms, submits = [], [], []
            for _ in range(times):
                page = browser.new_context().new_page()
                forms.append(form(page, url))
                fill(page)
                pages.append(page)
            with_forms = memory_mb(server.pid)
            submits = [submit(page) for page in pages]
            slides = slide(pages[-1], times)
            with_results = memory_mb(server.pid)
        finally:
            browser.close()
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=20)
    return {
        "as_of": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "users": times,
        "server_ready_s": round(ready_s, 2),
        "form_s": summary(forms),
        "submit_to_result_s": summary(submits),
        "slider_s": summary(slides),
        "memory_mb": {"open_forms": round(with_forms), "results": round(with_results)},
    }


def summary(values: list[float]) -> dict[str, float]:
    return {
        "first": round(values[0], 3),
        "median": round(statistics.median(values), 3),
        "largest": round(max(values), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=USERS)
    found = measure(parser.parse_args().times)
    text = json.dumps(found, indent=1) + "\n"
    write_atomic(RESULT, text)
    print(text, end="")


if __name__ == "__main__":
    main()
