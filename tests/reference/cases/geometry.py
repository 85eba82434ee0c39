"""Published modules of 3D shapes and scenes."""

from __future__ import annotations

from tests.reference.cases.case import Case


def point_e(layers: int, width: int, heads: int, params: int, flops: int) -> Case:
    return Case(
        f"point_e_{layers}x{width}",
        "PointE",
        params,
        0,
        [(1, 1024, 6), (1, width), (1, 256, 1024)],
        flops,
        {"width": 32, "layers": 2, "heads": 2},
        [(2, 16, 6), (2, 32), (2, 5, 1024)],
        [(2, 16, 12)],
        config={"width": width, "layers": layers, "heads": heads, "cond": "grid", "cond_dim": 1024},
    )


GEOMETRY = [
    point_e(12, 512, 8, 40_466_956, 137_332_023_296),
    point_e(24, 1024, 16, 311_778_316, 935_602_520_064),
    point_e(24, 2048, 32, 1_244_311_564, 3_418_634_780_672),
    Case(
        "point_e_base40m_textvec",
        "PointE",
        40_333_836,
        0,
        [(1, 1024, 6), (1, 512), (1, 768)],
        # No recorded count: 1026 tokens by the formula that gives the grid model's to the last one.
        103_354_826_752,
        {"width": 32, "layers": 2, "heads": 2},
        [(2, 16, 6), (2, 32), (2, 768)],
        [(2, 16, 12)],
        config={"cond": "vec", "cond_dim": 768},
    ),
    Case(
        "point_e_upsample",
        "PointE",
        40_470_540,
        0,
        [(1, 3072, 6), (1, 512), (1, 256, 1024), (1, 1024, 6)],
        794_657_054_720,
        {"width": 32, "layers": 2, "heads": 2},
        [(2, 12, 6), (2, 32), (2, 5, 1024), (2, 4, 6)],
        [(2, 12, 12)],
        config={"low_res": 1024},
    ),
    Case(
        "nerf_mlp",
        "NeRFMLP",
        595_844,
        0,
        [(262_144, 63), (262_144, 27)],
        311_116_693_504,
        {"width": 16},
        [(10, 63), (10, 27)],
        [(10, 1), (10, 3)],
    ),
    Case(
        "hash_grid_nerf",
        "HashGridNeRF",
        12_602_224,
        0,
        [(262_144, 32)],
        1_207_959_552,
        {"log2_entries": 8, "hidden": 8},
        [(10, 32)],
        [(10, 4)],
    ),
    Case(
        "hunyuan3d2_dit",
        "Hunyuan3DDiT",
        1_113_274_432,
        0,
        [(1, 3072, 64), (1, 256), (1, 1370, 1536)],
        9_250_826_092_544,
        {"hidden": 32, "heads": 2, "depth": 1, "depth_single": 1},
        [(2, 12, 64), (2, 256), (2, 5, 1536)],
        [(2, 12, 64)],
    ),
    Case(
        "trellis_ss_flow_l",
        "TrellisSSFlow",
        555_543_560,
        0,
        [(1, 4096, 8), (1, 256), (1, 1374, 1024)],
        5_227_481_137_152,
        {"resolution": 4, "channels": 32, "blocks": 1, "heads": 2},
        [(2, 64, 8), (2, 256), (2, 5, 1024)],
        [(2, 64, 8)],
    ),
    Case(
        "triposr_decoder",
        "TripoSRDecoder",
        332_886_380,
        0,
        [(1, 1025, 768)],
        2_745_742_393_344,
        {"width": 32, "layers": 1, "heads": 2, "plane": 4, "mlp_width": 8, "mlp_layers": 2},
        [(2, 5, 768)],
        [(2, 3, 40, 8, 8)],
    ),
]
