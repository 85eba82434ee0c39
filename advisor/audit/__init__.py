"""Checks of the advisor against the world: measurements and recorded decisions."""

from __future__ import annotations

from advisor.audit.measurements import audit_measurements

__all__ = ["audit_measurements"]
