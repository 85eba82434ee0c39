"""The claims that this program was founded on, each checked by computing or measuring it.

    check_claims(["gan-latency"], as_of=date(2026, 11, 25))   -> results with verdict and numbers

`catalog/claims.yaml` says what is claimed, how it is checked and from which value on a check holds;
one function per claim gives the numbers; the verdict follows from both (see verdict.py).
"""

from __future__ import annotations

from advisor.claims.check import REGISTRY, check_claims
from advisor.claims.pages import claims_page
from advisor.claims.record import (
    CheckResult,
    Claim,
    ClaimResult,
    Evidence,
    Number,
    load_claims,
)

__all__ = [
    "REGISTRY",
    "CheckResult",
    "Claim",
    "ClaimResult",
    "Evidence",
    "Number",
    "check_claims",
    "claims_page",
    "load_claims",
]
