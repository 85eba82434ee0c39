"""The wheel works where there is no checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # A path from outside would show the checkout instead of the wheel.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        text=True,
        capture_output=True,
        timeout=300,
    )


@pytest.mark.slow
def test_the_wheel_assesses_an_example_in_an_empty_environment(tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    site = Path(
        run(
            python, "-c", "import site; print(site.getsitepackages()[0])", cwd=tmp_path
        ).stdout.strip()
    )
    installed = run(
        sys.executable, "-m", "pip", "install", "--no-deps", "--target", site, wheel, cwd=tmp_path
    )
    assert installed.returncode == 0, installed.stderr
    # Dependencies come from this environment; a path in a .pth adds no editable install of ours.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")

    where = run(python, "-c", "import advisor; print(advisor.__file__)", cwd=tmp_path)
    assert str(site) in where.stdout

    example = site / "advisor" / "_data" / "examples" / "product-photos.yaml"
    report = tmp_path / "report.html"
    answered = run(
        python, "-m", "advisor", "assess", example, "--html", report, "--json", cwd=tmp_path
    )
    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout)["family"] != "not-feasible"
    assert report.read_text().startswith("<!DOCTYPE html>")

    # The store's migrations are in the wheel too.
    store = "from advisor.store import open_store; print(open_store('sqlite:///a.db').faults())"
    opened = run(python, "-c", store, cwd=tmp_path)
    assert opened.stdout == "[]\n", opened.stderr
