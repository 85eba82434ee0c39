"""Working in a latent space against working in pixels: FLOPs, time, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.claims.bench import FEW_DEVICES, Bench, exact_ratio, figure, ratio
from advisor.claims.record import Claim, Evidence, Number
from advisor.claims.words import percent_text, spread_text
from advisor.figure import Basis, Figure

if TYPE_CHECKING:
    from advisor.catalog import Model
    from advisor.estimator import Estimate

LATENT = "sd-1.5"
SOURCE = "operations of the traced stages, 1 multiply-add = 2 FLOPs"


def in_pixels(model: Model) -> Model:
    """The same denoiser at one position per pixel, without a VAE.

    Its trace is extrapolated from the stored ones: FLOPs are a sum of a fixed part, one in
    proportion to the positions and one that grows with their square, which three sizes fix.
    """
    stages = [stage for stage in model.stages if stage.name != "decode"]
    parts = [part for part in model.components if part.role != "vae"]
    return model.model_copy(
        update={
            "id": f"{model.id}-in-pixels",
            "symbols": {**model.symbols, "h": "height", "w": "width"},
            "stages": stages,
            "components": parts,
        }
    )


def flops_of(estimate: Estimate, *stages: str) -> int:
    """FLOPs of a request, or of some of its stages."""
    return sum(one.flops for one in estimate.stages if not stages or one.name in stages)


def latent_compute(bench: Bench, claim: Claim) -> Evidence:
    """FLOPs of one denoiser in pixels and in latents, and of a published pixel-space U-Net."""
    latent, pixel = _pair(bench, FEW_DEVICES[0])
    denoiser = flops_of(latent, "denoise") / latent.stages[1].calls / latent.stages[1].batch
    same = exact_ratio(flops_of(pixel, "denoise"), flops_of(latent, "denoise"), SOURCE)
    whole = exact_ratio(flops_of(pixel), flops_of(latent), f"{SOURCE}; text encoder, 50 steps, VAE")
    adm = claim.fact("adm_512_multiply_adds")
    other = figure(
        2 * adm.value * 1e9 / denoiser,
        "times",
        Basis.published,
        f"{adm.source}, multiply-adds x 2, over the traced denoiser",
    )
    times = [_time_ratio(bench, device) for device in FEW_DEVICES]
    positions = figure(64.0, "times", Basis.datasheet, "512 x 512 positions over 64 x 64")
    numbers = [
        Number(label="positions of the grid", figure=positions),
        Number(
            label="FLOPs of one pass of the denoiser at 64 x 64",
            figure=figure(denoiser / 1e12, "TFLOP", Basis.datasheet, SOURCE),
        ),
        Number(label="published pixel-space U-Net (ADM, 512 px), multiply-adds", figure=adm),
        *(
            Number(label=f"time of the whole request on {device}", figure=one)
            for device, one in zip(FEW_DEVICES, times, strict=True)
        ),
    ]
    return Evidence(
        {"same-network": same, "with-vae": whole, "published-pixel-unet": other},
        f"The SD 1.5 denoiser needs {same.value:.0f} times the FLOPs at 512 x 512 positions, since"
        f" its attention grows with the square of the positions ({whole.value:.0f} times for the"
        f" request with text encoder and VAE). A U-Net built for pixels (ADM) has no attention at"
        f" full size: one pass takes {other.value:.1f} times one of SD 1.5. About 50 is neither.",
        numbers,
        [
            "The trace at 512 x 512 positions is extrapolated from three stored sizes; a test holds"
            " it to one made with torch.",
            "ADM is unconditional on text and of another size, so the"
            " last ratio compares two published systems, not two spaces alone.",
        ],
    )


def latent_efficiency(bench: Bench, claim: Claim) -> Evidence:
    """Time and memory of the two on several devices, VAE included."""
    times = {device: _time_ratio(bench, device) for device in FEW_DEVICES}
    memory = {}
    for device in FEW_DEVICES:
        latent, pixel = _pair(bench, device)
        memory[device] = ratio(pixel.peak_memory_gib, latent.peak_memory_gib)
    slowest = min(times.values(), key=lambda one: one.low)
    smallest = min(memory.values(), key=lambda one: one.low)
    latent, pixel = _pair(bench, FEW_DEVICES[-1])
    share = figure(
        latent.stages[-1].latency_s.value / latent.latency_s.value,
        "share",
        latent.latency_s.basis,
        f"predicted on {FEW_DEVICES[-1]}",
    )
    numbers = [
        *(Number(label=f"time, pixels over latents, {k}", figure=v) for k, v in times.items()),
        *(Number(label=f"memory, pixels over latents, {k}", figure=v) for k, v in memory.items()),
        Number(label="share of the VAE in the time of the latent request", figure=share),
        Number(label="peak memory in latents", figure=latent.peak_memory_gib),
        Number(label="peak memory in pixels", figure=pixel.peak_memory_gib),
    ]
    spread = spread_text([one.value for one in times.values()])
    peaks = spread_text([one.value for one in memory.values()])
    return Evidence(
        {"time": slowest, "memory": smallest},
        f"With the VAE counted, the same denoiser should take {spread} times as long in pixels on"
        f" {len(times)} devices, and {peaks} times the memory; the VAE is"
        f" {percent_text(share.value)} of the latent request's time.",
        numbers,
        [
            "Efficiency only: what is lost in the VAE's reconstruction is not part of this check.",
            "The request in pixels is far larger than any that the estimator was checked on: its"
            " intervals are those of ordinary requests.",
        ],
    )


def _pair(bench: Bench, device: str) -> tuple[Estimate, Estimate]:
    pixels = in_pixels(bench.catalog.models[LATENT])
    return bench.estimate(LATENT, device), bench.estimate(pixels, device)


def _time_ratio(bench: Bench, device: str) -> Figure:
    latent, pixel = _pair(bench, device)
    return ratio(pixel.latency_s, latent.latency_s, source=f"predicted on {device}")
