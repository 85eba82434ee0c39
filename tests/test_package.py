"""The public surface and the size of the house."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import advisor

ROOT = Path(__file__).resolve().parent.parent


def test_the_public_names_are_these_and_no_others() -> None:
    """Adding a name is a promise: add it here too, in the changelog, and keep it at 15 or fewer."""
    assert advisor.__all__ == [
        "Assessment",
        "Figure",
        "UseCase",
        "Workload",
        "assess",
        "audit",
        "estimate",
        "generate",
        "load_catalog",
        "profile",
        "read_brand",
        "read_use_case",
        "render_html",
        "render_markdown",
        "render_pdf",
    ]


def test_every_public_name_can_be_imported_and_is_no_module() -> None:
    for name in advisor.__all__:
        value = getattr(advisor, name)
        assert callable(value), f"{name} is {type(value)}"


def test_importing_the_package_imports_nothing_else_of_ours() -> None:
    script = "import sys, advisor; print([m for m in sys.modules if m.startswith('advisor.')])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.strip() == "[]"


def test_no_module_is_longer_than_500_lines() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for folder in ("advisor", "tools", "benchmarks")
        for file in (ROOT / folder).rglob("*.py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}


def test_the_version_is_the_same_in_the_package_and_in_pyproject() -> None:
    assert f'version = "{advisor.__version__}"' in (ROOT / "pyproject.toml").read_text()
