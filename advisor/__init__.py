"""Advisor: which generative architecture for a use case, what it costs, how sure we are, and why.

    from advisor import assess, read_use_case, render_html
    answer = assess(read_use_case("examples/product-photos.yaml"), as_of=date.today())

Public names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# No room bears the name of a public function: importing it would hide the function.
_HOMES = {
    "Assessment": "advisor.assessment",
    "Figure": "advisor.figure",
    "UseCase": "advisor.usecase",
    "Workload": "advisor.workload",
    "assess": "advisor.pipeline",
    "audit": "advisor.auditor",
    "estimate": "advisor.estimator",
    "generate": "advisor.reference.generate",
    "load_catalog": "advisor.catalog",
    "profile": "advisor.profiler",
    "read_brand": "advisor.report.brand",
    "read_use_case": "advisor.usecase",
    "render_html": "advisor.report",
    "render_markdown": "advisor.report",
    "render_pdf": "advisor.report",
}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'advisor' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
