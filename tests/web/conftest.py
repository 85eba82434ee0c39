"""A store and profiles of its own for every test, and the pages as AppTest runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ADVISOR_ACCESS", raising=False)
    monkeypatch.delenv("ADVISOR_DATABASE_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def open_page() -> Open:
    """Opens the app at a page with the parameters of its address."""

    def opened(name: str = "new", **parameters: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        if name != "new":  # AppTest.switch_page knows files only
            app._page_hash = calc_hash(name)
        for key, value in parameters.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return opened


def shown(app: AppTest) -> str:
    """All that a page says, in one text."""
    parts = [
        *(element.value for kind in (app.title, app.header, app.subheader) for element in kind),
        *(element.value for kind in (app.markdown, app.caption, app.error) for element in kind),
        *(element.value for kind in (app.warning, app.info, app.success) for element in kind),
        *(body for e in app.get("html") if not (body := e.proto.body).startswith("<style>")),
    ]
    return "\n".join(str(part) for part in parts)
