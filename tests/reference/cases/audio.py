"""Published audio modules."""

from __future__ import annotations

from tests.reference.cases.case import Case

AUDIO = [
    Case(
        "vocos_mel_24k",
        "Vocos",
        13_531_650,
        0,
        [(1, 100, 94)],
        2_537_115_648,
        {"width": 32, "hidden": 64, "layers": 2},
        [(2, 100, 8)],
        [(2, 8 * 256)],
    ),
    Case(
        "wavenet_mol",
        "WaveNet",
        24_713_282,
        0,
        [(1, 1, 1000), (1, 80, 1000)],
        50_092_179_456,
        {"residual": 8, "gate": 8, "skip": 8},
        [(2, 1, 40), (2, 80, 40)],
        [(2, 30, 40)],
    ),
    Case(
        "snac_24k",
        "SNAC",
        19_823_577,
        0,
        [(1, 1, 24_576)],
        14_847_148_032,
        {"encoder_dim": 4, "decoder_dim": 32, "codebook_size": 64},
        [(2, 1, 4096)],
        [(2, 1, 4096)],
    ),
]
