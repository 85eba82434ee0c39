"""In a real browser: no script runs, nothing is asked for, nothing sticks out at phone width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor.report import render_html
from tests.report.sample import SAMPLES, go, html_of, poisoned
from tests.report.test_escaping import cycled

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
             "--disable-background-networking", "--disable-sync"]  # fmt: skip
STICKS_OUT = """() => [...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.right > innerWidth + 1 && !e.closest('.picture, pre, .skip, .visually-hidden')
    && getComputedStyle(e).position !== 'absolute' && !e.closest('thead');
}).map(e => e.outerHTML.slice(0, 120))"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=str(CHROMIUM),
            headless=True,
            chromium_sandbox=False,
            args=ARGUMENTS,
        )
        yield context
        context.close()


def opened(browser: Any, tmp_path: Path, page: str, width: int) -> tuple[Any, list[str]]:
    """The page in a tab, and every address that was asked for besides the file itself."""
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    tab = browser.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(file.as_uri())
    return tab, [url for url in asked if url != file.as_uri()]


def test_hostile_text_runs_no_script_and_asks_for_nothing(browser: Any, tmp_path: Path) -> None:
    tab, asked = opened(browser, tmp_path, render_html(poisoned(go(), cycled(7))), 900)
    assert tab.evaluate("window.__pwned === undefined")
    assert asked == []
    tab.close()


@pytest.mark.parametrize("width", [360, 390, 800, 1280])
@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_sticks_out_at_any_width(
    browser: Any, tmp_path: Path, name: str, width: int
) -> None:
    tab, _ = opened(browser, tmp_path, html_of(name), width)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.evaluate(STICKS_OUT) == []
    tab.close()


def test_very_long_names_do_not_stick_out_on_a_phone(browser: Any, tmp_path: Path) -> None:
    page = render_html(poisoned(go(), lambda text: ("W" * 120 + text)[:180]))
    tab, _ = opened(browser, tmp_path, page, 390)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.close()


def test_dark_readers_get_a_dark_page(browser: Any, tmp_path: Path) -> None:
    tab, _ = opened(browser, tmp_path, html_of("go"), 900)
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 30)"
    tab.emulate_media(color_scheme="light")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.close()
