"""Published autoencoders."""

from __future__ import annotations

from tests.reference.cases.case import Case

AUTOENCODERS = [
    Case(
        "vqvae_2017",
        "VQVAE",
        694_851,
        0,
        [(1, 3, 32, 32)],
        87_031_808,
        {"width": 16, "residual_width": 8, "codes": 16, "code_dim": 8},
        [(2, 3, 32, 32)],
        [(2, 3, 32, 32), (2, 8, 8, 8), (2, 8, 8)],
    ),
    Case(
        "conv_vae_64",
        "ConvVAE",
        3_937_635,
        3_018,
        [(1, 3, 64, 64)],
        104_792_064,
        {"latent": 8, "widths": (4, 8, 8, 16, 16)},
        [(2, 3, 64, 64)],
        [(2, 3, 64, 64), (2, 8), (2, 8)],
    ),
    Case(
        "chemvae_zinc",
        "ChemVAE",
        4_030_142,
        0,
        [(1, 120, 35)],
        931_120_338,
        {"max_len": 12, "hidden": 16, "latent": 8, "gru": 16, "gru_layers": 1},
        [(2, 12, 35)],
        [(2, 12, 35), (2, 8), (2, 8)],
        config={
            "max_len": 120,
            "charset": 35,
            "hidden": 196,
            "latent": 196,
            "gru": 488,
            "gru_layers": 3,
        },
    ),
    Case(
        "moses_vae",
        "MosesVAE",
        4_553_378,
        0,
        [(1, 57)],
        502_985_728,  # 65,536 above the recorded count, which left out the log variance
        {"hidden": 16, "latent": 8, "gru": 16, "gru_layers": 1},
        [(2, 12)],
        [(2, 12, 30), (2, 8), (2, 8)],
        integers={0: 30},
    ),
    Case(
        "donut_vae",
        "DonutVAE",
        58_150,
        0,
        [(1, 120)],
        115_000,
        {"window": 16, "hidden": 8, "latent": 3},
        [(2, 16)],
        [(2, 16), (2, 16), (2, 3), (2, 3)],
    ),
]
