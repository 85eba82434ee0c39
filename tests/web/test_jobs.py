"""Measuring from the page: one at a time, seen from anywhere, ended for good."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from advisor.errors import InputError
from advisor.web import jobs
from tests.web.conftest import Open, shown

PYTHON = sys.executable
# Stands for `advisor profile`: tells its progress, then waits or ends. It is started the same way.
_CHILD = """
import sys, time
print("2 points, 0 measured already", file=sys.stderr, flush=True)
print("[2/2] gpt2-small: batch 1", file=sys.stderr, flush=True)
{rest}
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def set_rest(rest: str) -> None:
        program = tmp_path / "child.sh"
        script = tmp_path / "child.py"
        script.write_text(_CHILD.format(rest=rest), encoding="utf-8")
        program.write_text(f"#!/bin/sh\nexec '{PYTHON}' '{script}'\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(jobs.sys, "executable", str(program))

    yield set_rest
    jobs.cancel()


def until(true) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def latest() -> jobs.Job:
    found = jobs.latest()
    assert found is not None
    return found


def test_a_job_tells_its_progress_and_keeps_its_result(child) -> None:  # type: ignore[no-untyped-def]
    child("""print('{"points": []}')""")
    jobs.start(["gpt2-small"], 2)
    until(lambda: not latest().running)
    assert latest().result == {"points": []}
    assert latest().lines[-1].startswith("[2/2]")


def test_only_one_job_runs_at_once(child) -> None:  # type: ignore[no-untyped-def]
    child("time.sleep(60)")
    jobs.start(["gpt2-small"], 2)
    with pytest.raises(InputError, match="runs already"):
        jobs.start(["dcgan-64"], 2)
    until(lambda: latest().share == 0.5)
    assert latest().running and latest().models == ["gpt2-small"]


def test_a_cancelled_job_has_ended(child) -> None:  # type: ignore[no-untyped-def]
    child("time.sleep(60)")
    jobs.start(["gpt2-small"], 2)
    until(lambda: latest().lines)
    jobs.cancel()
    assert not latest().running and latest().cancelled
    child("""print('{"points": []}')""")
    jobs.start(["gpt2-small"], 2)
    until(lambda: not latest().running)
    assert not latest().cancelled


def test_a_job_that_fails_leaves_its_last_words(child, open_page: Open) -> None:  # type: ignore[no-untyped-def]
    child("sys.exit('the disk is full')")
    jobs.start(["gpt2-small"], 2)
    until(lambda: not latest().running)
    assert latest().failed
    assert "the disk is full" in shown(open_page("accuracy"))


def test_a_running_job_is_seen_after_a_reload(child, open_page: Open) -> None:  # type: ignore[no-untyped-def]
    child("time.sleep(60)")
    jobs.start(["gpt2-small"], 2)
    until(lambda: latest().lines)
    app = open_page("accuracy")
    assert "gpt2-small" in app.code[-1].value
    app.button(key="cancel_job").click().run()
    assert not app.exception
    assert "Cancelled" in shown(app)
