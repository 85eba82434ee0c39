"""The parameters of catalog/rates.yaml: which are fitted, from where, and how far they may move.

A fitted parameter has a start and a relative spread: the standard deviation, in log, of what is
believed before any row is seen. Fits shrink towards the start, so a generation with few rows stays
near the common value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MAMF = "measured matmul maxima (ml-engineering MAMF), facts/hardware_prices.md section 3"
FORMULA = "FLOP per clock and multiprocessor x boost clock, facts/hardware_prices.md section 3"
FULL_RATE = "dense 16-bit over fp32 peak of the generation's full-rate part, catalog/devices.csv"
JUDGED = "judgement: no measurement at hand"
FIT = "benchmarks.fit_rates on benchmarks/data/measurements_calibration.csv, trust 1-2"


@dataclass(frozen=True)
class Free:
    """A fitted parameter: start, spread in log, which rows it is fitted on, and hard limits."""

    start: float
    spread: float
    why: str
    rows: str = "eager"
    low: float = 0.0
    high: float = np.inf


SHARED: dict[str, Free] = {
    "matmul_efficiency": Free(0.75, 0.2, "share of peak of large matrix products", high=1.0),
    "convolution_efficiency": Free(0.6, 0.3, "share of peak of large convolutions", high=1.0),
    "attention_efficiency": Free(0.6, 0.3, "share of peak of fused attention", high=1.0),
    "vector_efficiency": Free(0.85, 0.15, "share of the fp32 vector peak", high=1.0),
    "bandwidth_efficiency": Free(0.8, 0.15, "share of bandwidth, activations", high=1.0),
    "normalisation_passes": Free(1.5, 0.3, "times a normalisation moves its bytes", low=1.0),
    "refetch_bytes_per_flop": Free(0.0015, 0.5, "bytes that tiles fetch again per FLOP"),
    "wave_share": Free(0.3, 0.7, "part of a wave of tiles that the last one wastes"),
    "kernel_floor_us": Free(4.0, 0.5, "shortest kernel"),
    "host_us_server": Free(60.0, 0.3, "host time per operation, server CPUs"),
    "host_us_desktop": Free(42.0, 0.3, "host time per operation, desktop CPUs"),
    "host_light_share": Free(0.3, 0.4, "host time of a pointwise operation against a module's"),
    "softmax_vector_flops": Free(14.0, 0.5, "softmax of one score in FLOPs of the vector units"),
    "winograd_speed": Free(1.6, 0.15, "3 x 3 fp32 convolutions in Winograd form, at most 2.25"),
    "attention_ramp_keys": Free(128.0, 0.5, "keys' worth of start and end per query tile"),
    "score_passes": Free(5.0, 0.3, "times unfused attention moves the scores"),
    "wide_head_speed": Free(0.5, 0.3, "attention with heads over 256 against narrower"),
    "volume_speed": Free(0.7, 0.3, "3-D convolutions against 2-D"),
    "hopper_attention_speed": Free(1.5, 0.2, "FlashAttention-3 against 2 on Hopper"),
    "overlap_exponent": Free(
        2.0, 0.5, "how far arithmetic hides memory time: 1 not, inf fully", low=1.0
    ),
    "host_exponent": Free(4.0, 0.2, "how far device time hides host time"),
    "throttle_exponent": Free(
        1 / 3, 0.5, "clock kept per share of the full power; 1/3 were power the clock's cube"
    ),
    "legacy_host": Free(1.2, 0.15, "host time of PyTorch 1.x stacks against current ones"),
    "legacy_speed": Free(0.85, 0.2, "PyTorch 1.x kernels against current ones"),
    "stream_efficiency": Free(0.8, 0.15, "share of bandwidth, weights", "other", high=1.0),
    "fused_bytes_share": Free(
        0.35, 0.4, "bytes left after fusing pointwise operations", "other", low=0.15, high=1.0
    ),
    "compiled_speed": Free(1.1, 0.1, "compiled kernels against eager ones", "other", low=1.0),
    "engine_speed": Free(1.1, 0.25, "engines' kernels (TensorRT, vLLM) against eager", "other"),
    "llama_cpp_speed": Free(0.8, 0.25, "llama.cpp's matrix kernels against eager ones", "other"),
    "llama_cpp_stream": Free(0.9, 0.1, "llama.cpp's weight reading against others'", "other"),
}
FIXED: dict[str, tuple[float, str]] = {
    "split_depth": (2048.0, "longest sum of one multiprocessor; judgement: longer are split"),
}
GENERATION_SPREAD = {
    "half_speed": 0.15,
    "attention_speed": 0.2,
    "convolution_speed": 0.15,
    "bandwidth_speed": 0.1,
}


@dataclass(frozen=True)
class Fixed:
    """What is not fitted about a generation. `half` overrides the start of half_speed."""

    architectures: tuple[str, ...]
    capabilities: tuple[str, ...]
    core: float
    knee: float | None
    idle: float
    per_vector: float = 1.0
    fused: bool = True
    half: float = 1.0
    half_source: str = JUDGED
    attention: float = 1.0
    evidence: str = "none"


# knee: board power per dense 16-bit TFLOPS of the generation's full-power part.
# per_vector: dense 16-bit over fp32 peak of its full-rate part; 1 where matrix units are unknown.
GENERATIONS: dict[str, Fixed] = {
    "pascal": Fixed(("Pascal",), (), 0.19, None, 0.12),
    "volta": Fixed(("Volta",), (), 1.57, 2.4, 0.15, 8),
    "turing": Fixed(("Turing",), (), 1.63, 2.4, 0.12, 8),
    "ampere-a100": Fixed(("Ampere",), ("8.0",), 2.89, 1.28, 0.15, 16),
    "ampere": Fixed(("Ampere",), (), 1.74, 1.94, 0.10, 4),
    "ampere-orin": Fixed(("Ampere",), ("8.7",), 2.66, None, 0.25, 8),
    "ada": Fixed(("Ada Lovelace",), (), 2.56, 0.97, 0.08, 4),
    "hopper": Fixed(("Hopper",), ("9.0",), 7.5, 0.707, 0.14, 14.8),
    "blackwell-b200": Fixed(
        ("Blackwell", "Blackwell Ultra"),
        ("10.0", "10.3"),
        15.2,
        0.44,
        0.14,
        28.1,
        half=0.78 / 0.80,
        half_source=f"{MAMF}: B200 78 % against H100 80 %",
    ),
    "blackwell": Fixed(("Blackwell",), (), 2.68, 1.19, 0.08, 4),
    "cdna2": Fixed(("CDNA2",), (), 1.74, None, 0.15, 8, half=0.75),
    "cdna3": Fixed(
        ("CDNA3",),
        (),
        4.3,
        None,
        0.18,
        8,
        half=0.51 / 0.80,
        half_source=f"{MAMF}: MI300X 51 %, MI325X 60 % against H100 80 %",
    ),
    "cdna4": Fixed(
        ("CDNA4",),
        (),
        9.83,
        None,
        0.18,
        16,
        half=0.68 / 0.80,
        half_source=f"{MAMF}: MI355X 68 % against H100 80 %",
    ),
    "rdna3": Fixed(("RDNA3",), (), 1.28, None, 0.08, 2, half=0.6),
    "gaudi": Fixed(("Gaudi2", "Gaudi3"), (), 18.0, None, 0.2, half=0.8),
    "apple": Fixed(("Apple GPU",), (), 0.35, None, 0.1, fused=False, half=0.9),
    "cpu-x86": Fixed(
        ("x86-64 AVX2", "x86-64 AVX-512", "x86-64 AMX"), (), 0.16, None, 0.3, half=0.7
    ),
    "cpu-arm": Fixed(("Armv9 SVE2",), (), 0.08, None, 0.3, half=0.7),
}


def parameter_names(generations: list[str], rows: str) -> list[tuple[str, str]]:
    """(place, name) of the parameters that rows of a kind move: shared ones and generations'."""
    names = [("shared", name) for name, free in SHARED.items() if free.rows == rows]
    if rows == "eager":
        names += [(g, field) for g in generations for field in GENERATION_SPREAD]
    return names


def limits(names: list[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limits, in log."""
    frees = [SHARED.get(n) if place == "shared" else None for place, n in names]
    low = [np.log(free.low) if free and free.low > 0 else -np.inf for free in frees]
    high = [np.log(free.high) if free and np.isfinite(free.high) else np.inf for free in frees]
    return np.array(low), np.array(high)


def spreads(names: list[tuple[str, str]]) -> np.ndarray:
    return np.array(
        [SHARED[n].spread if place == "shared" else GENERATION_SPREAD[n] for place, n in names]
    )


def start_values() -> dict[tuple[str, str], float]:
    """Every fitted parameter at what is believed before the fit."""
    values = {("shared", name): free.start for name, free in SHARED.items()}
    for name, fixed in GENERATIONS.items():
        values[name, "half_speed"] = fixed.half
        values[name, "attention_speed"] = fixed.attention
        values[name, "convolution_speed"] = 1.0
        values[name, "bandwidth_speed"] = 1.0
    return values


def document(
    values: dict[tuple[str, str], float],
    evidence: dict[str, str],
    extra: dict[str, tuple[float, str]],
    intervals: dict[str, dict[str, Any]],
    made_by: str,
) -> dict[str, Any]:
    """The content of rates.yaml. `evidence`: rows behind each generation ("none" = none)."""
    shared = {
        name: _parameter(values["shared", name], f"{free.why}; {FIT} ({free.rows} rows)", True)
        for name, free in SHARED.items()
    }
    for name, (value, source) in {**FIXED, **extra}.items():
        shared[name] = _parameter(value, source, False)
    generations = {
        name: _generation(name, fixed, values, evidence.get(name, "none"))
        for name, fixed in GENERATIONS.items()
    }
    return {
        "schema_version": 1,
        "made_by": made_by,
        "shared": shared,
        "generations": generations,
        "intervals": intervals,
    }


def _generation(
    name: str, fixed: Fixed, values: dict[tuple[str, str], float], evidence: str
) -> dict[str, Any]:
    fitted = evidence != "none"
    entry: dict[str, Any] = {
        "architectures": list(fixed.architectures),
        "capabilities": list(fixed.capabilities),
        "fused_attention": fixed.fused,
    }
    for field in GENERATION_SPREAD:
        judged = fixed.half_source if field == "half_speed" and fixed.half != 1 else JUDGED
        entry[field] = _parameter(values[name, field], FIT if fitted else judged, fitted)
    if fixed.knee is not None:
        entry["knee_w_per_tflops"] = _parameter(
            fixed.knee, "board power over dense 16-bit peak of the full-power part", False
        )
    entry["core_tflops"] = _parameter(fixed.core, FORMULA, False)
    entry["matrix_per_vector"] = _parameter(fixed.per_vector, FULL_RATE, False)
    entry["idle_share"] = _parameter(fixed.idle, "typical idle over limit power; " + JUDGED, False)
    entry["evidence"] = evidence
    return entry


def _parameter(value: float, source: str, fitted: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"value": float(f"{value:.4g}"), "source": source}
    if fitted:
        entry["fitted"] = True
    return entry
