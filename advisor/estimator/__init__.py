"""Predictions of latency, memory and energy from traced operations and device figures.

    estimate("sdxl-base-1.0", "a100-sxm-80", steps=25).latency_s.value

See docs/estimating.md for the model and what each term is worth.
"""

from __future__ import annotations

from advisor.estimator.build import estimate, estimate_many
from advisor.estimator.rates import Rates, load_rates
from advisor.estimator.record import Estimate, MemoryParts, StageEstimate
from advisor.estimator.setting import Setting
from advisor.estimator.stages import why_not
from advisor.estimator.table import EstimateTable, estimate_table

__all__ = [
    "Estimate",
    "EstimateTable",
    "MemoryParts",
    "Rates",
    "Setting",
    "StageEstimate",
    "estimate",
    "estimate_many",
    "estimate_table",
    "load_rates",
    "why_not",
]
