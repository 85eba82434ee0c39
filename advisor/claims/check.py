"""All checks: which function answers which claim, and running them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from advisor.catalog import load_catalog
from advisor.claims import audio, choices, compute, images, published, threed, trained, video
from advisor.claims.bench import Bench
from advisor.claims.record import Claim, ClaimResult, Evidence, load_claims
from advisor.claims.verdict import check_results, verdict_of
from advisor.errors import UnknownName

if TYPE_CHECKING:
    from advisor.catalog import Catalog

REGISTRY: dict[str, Callable[[Bench, Claim], Evidence]] = {
    "latent-compute": compute.latent_compute,
    "diffusion-steps": images.diffusion_steps,
    "consumer-latency": images.consumer_latency,
    "steps-quality": trained.steps_quality,
    "gan-latency": images.gan_latency,
    "gan-fid": published.gan_fid,
    "gan-training": trained.gan_training,
    "vae-smooth": trained.vae_smooth,
    "vae-latent": trained.vae_latent,
    "adapter-data": published.adapter_data,
    "latent-diffusion-efficiency": compute.latent_efficiency,
    "ar-audio-slow": audio.ar_audio_slow,
    "codec-tokens": audio.codec_tokens,
    "video-compute": video.video_compute,
    "video-cost": video.video_cost,
    "sds-cost": threed.sds_cost,
    "asset-cleanup": threed.asset_cleanup,
    "choice-table": choices.choice_table,
    "llm-default": choices.llm_default,
}


def check_claims(
    ids: Sequence[str] = (),
    *,
    catalog: Catalog | None = None,
    as_of: date | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> list[ClaimResult]:
    """The named claims (default: all, in the order of the catalog) with their verdicts.

    `as_of`: the day for which prices count (default: today). `report` is told each id before its
    check begins. Raises UnknownName for an id that is no claim.
    """
    known = {claim.id: claim for claim in load_claims().claims}
    for name in ids:
        if name not in known:
            raise UnknownName("claim", name, known)
    bench = Bench(catalog or load_catalog(), as_of or date.today())
    results = []
    for claim in [known[name] for name in ids] or list(known.values()):
        report(claim.id)
        results.append(_result(claim, REGISTRY[claim.id](bench, claim), bench.as_of))
    return results


def _result(claim: Claim, evidence: Evidence, as_of: date) -> ClaimResult:
    checks = check_results(claim, evidence)
    return ClaimResult(
        id=claim.id,
        claim=claim.claim,
        attributed_to=claim.attributed_to,
        source=load_claims().article,
        how=claim.how,
        verdict=verdict_of(checks),
        sentence=evidence.sentence,
        checks=checks,
        numbers=evidence.numbers,
        notes=evidence.notes,
        command=f"advisor claims {claim.id} --as-of {as_of.isoformat()}",
        as_of=as_of,
    )
