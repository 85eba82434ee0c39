"""Checks of the advisor against the world: published measurements and recorded decisions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.auditor.decisions import audit_decisions
from advisor.auditor.measurements import audit_measurements
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.catalog import Catalog

__all__ = ["audit", "audit_decisions", "audit_measurements"]


def audit(
    *,
    measurements: str | Path | None = None,
    decisions: str | Path | None = None,
    where: Sequence[str] = (),
    catalog: Catalog | None = None,
) -> dict[str, Any]:
    """Predicted against measured, or answered against recorded, as plain data (docs/cli.md).

    Give one of `measurements` (a CSV) and `decisions` (a file or folder). Raises InputError.
    """
    if (measurements is None) == (decisions is None):
        raise InputError("give measurements or decisions, one of the two")
    if measurements is not None:
        return audit_measurements(str(measurements), where=list(where), catalog=catalog)
    return audit_decisions(str(decisions), catalog=catalog)
