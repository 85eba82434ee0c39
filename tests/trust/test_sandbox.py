"""Rendering opens no connection and reads no file but the program's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A hostile answer is rendered three ways while every file and connection that is opened is noted.
# The names that charts and pages could ask for are those of a listener and of a canary file.
RENDER = """
import json, sys
port, canary = sys.argv[1], sys.argv[2]
from advisor.report import render_html, render_markdown, render_pdf
from tests.report.poison import poisoned
from tests.report.sample import go
urls = [f"http://127.0.0.1:{port}/a.png", f"file://{canary}", canary, f"//127.0.0.1:{port}/b",
        f"url(http://127.0.0.1:{port}/c)", f'<img src="http://127.0.0.1:{port}/d">',
        f'#image("{canary}")', f'#read("{canary}")', f'![x](file://{canary})',
        f'<?xml-stylesheet href="file://{canary}"?>', f'@import "http://127.0.0.1:{port}/e";']
given = {}
def hostile(text):
    return given.setdefault(text, f"{urls[len(given) % len(urls)]} {len(given)}")
answer = poisoned(go(), hostile)
if port != "0":
    render_html(go()), render_pdf(go())  # modules, templates and fonts are loaded
seen = []
def note(event, arguments):
    asks = ("open", "os.open", "socket.", "subprocess", "os.exec", "os.system", "os.posix_spawn")
    if event.startswith(asks):
        seen.append((event, str(arguments[0])))
sys.addaudithook(note)
made = [render_html(answer), render_markdown(answer), render_pdf(answer)]
texts = [m if isinstance(m, str) else m.decode("latin-1") for m in made]
print(json.dumps({"seen": seen, "sizes": [len(m) for m in made],
                  "leaked": any("CANARY" in text for text in texts)}))
"""


def rendered(canary: Path, port: int, prefix: list[str]) -> dict[str, object]:
    import json

    done = subprocess.run(
        [*prefix, sys.executable, "-c", RENDER, str(port), str(canary)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


def without_network() -> list[str]:
    """`unshare` into an empty network, where the system lets us."""
    for prefix in (["unshare", "-n"], ["unshare", "-rn"]):
        try:
            if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
                return prefix
        except OSError:
            continue
    return []


def test_rendering_asks_for_nothing_beyond_the_program(tmp_path: Path) -> None:
    """No request reaches a local listener, no canary file is read, no process is started."""
    canary = tmp_path / "canary.txt"
    canary.write_text("CANARY")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        found = rendered(canary, listener.getsockname()[1], [])
        with pytest.raises(BlockingIOError):
            listener.accept()
    own = (str(ROOT / "advisor"), str(ROOT / "reports"), str(ROOT / "catalog"), sys.prefix)
    outside = [one for one in found["seen"] if not str(one[1]).startswith((*own, sys.base_prefix))]
    assert outside == [] and not found["leaked"]


def test_reports_are_made_where_there_is_no_network(tmp_path: Path) -> None:
    prefix = without_network()
    if not prefix:
        pytest.skip("this system allows no network namespace")
    found = rendered(tmp_path / "none", 0, prefix)
    assert min(found["sizes"]) > 10_000  # type: ignore[type-var]
