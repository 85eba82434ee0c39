"""Published denoisers of molecules."""

from __future__ import annotations

from tests.reference.cases.case import Case

MOLECULES = [
    Case(
        "edm_qm9",
        "EGNNDenoiser",
        5_339_920,
        0,
        [(1, 19, 9), (1,)],
        2_632_474_624,
        {"hidden": 16, "layers": 2},
        [(2, 5, 9), (2,)],
        [(2, 5, 9)],
    ),
]
