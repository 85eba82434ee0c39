"""In a real browser: no script runs, nothing is asked for, nothing sticks out at phone width.

axe-core (tests/vendor) finds no violation in any kind of report, light, dark and on a phone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor.report import render_html
from advisor.report.brand import read_brand
from advisor.report.comparison import comparison_doc
from advisor.report.html import html
from advisor.report.portfolio import portfolio_doc
from tests.report.poison import poisoned
from tests.report.sample import SAMPLES, go, html_of, no_go
from tests.report.test_brand import FULL, SVG, brand_file
from tests.report.test_escaping import cycled
from tests.report.test_portfolio_report import portfolio

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


AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"


def violations(tab: Any) -> list[str]:
    tab.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 15  # it has looked
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]


def page_of(name: str, folder: Path) -> str:
    if name == "comparison":
        return html(comparison_doc([("a.json", go()), ("b.json", no_go())]))
    if name == "portfolio":
        return html(portfolio_doc(portfolio(), "Portfolio"))
    if name == "branded":
        brand = read_brand(brand_file(folder, FULL, SVG.format("").encode()))
        return render_html(go(), brand=brand)
    return html_of(name)


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light")])
@pytest.mark.parametrize("name", [*SAMPLES, "comparison", "portfolio", "branded"])
def test_axe_finds_no_violation(
    browser: Any, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    tab, _ = opened(browser, tmp_path, page_of(name, tmp_path), width)
    tab.emulate_media(color_scheme=scheme)
    assert violations(tab) == []
    tab.close()


def test_axe_notices_a_picture_without_words(browser: Any, tmp_path: Path) -> None:
    page = html_of("go").replace("</main>", "<img src='data:,'></main>", 1)
    tab, _ = opened(browser, tmp_path, page, 1200)
    assert any(one.startswith("image-alt") for one in violations(tab))
    tab.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["comparison", "portfolio", "branded"])
def test_nothing_sticks_out_of_the_other_reports(
    browser: Any, tmp_path: Path, name: str, width: int
) -> None:
    tab, _ = opened(browser, tmp_path, page_of(name, tmp_path), width)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.evaluate(STICKS_OUT) == []
    tab.close()
