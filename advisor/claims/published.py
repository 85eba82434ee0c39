"""Claims that rest on figures other people published: their sources, and what we can add."""

from __future__ import annotations

from advisor.claims.bench import Bench, counted_share, product
from advisor.claims.money import gpu_second_usd
from advisor.claims.record import Claim, Evidence, Number
from advisor.claims.words import spread_text, value_text
from advisor.errors import CannotEstimate, DataError
from advisor.estimator.training import estimate_training
from advisor.figure import Basis, Figure

TRAINED, ITS_DEVICE, RANK = "sd-1.5", "rtx-4090", 16


def gan_fid(bench: Bench, claim: Claim) -> Evidence:
    """Published FID of StyleGAN3 on FFHQ; nothing is measured here, for want of weights."""
    known = [claim.fact(name) for name in claim.facts]
    looked_up = [claim.fact(name) for name, fact in claim.facts.items() if fact.confirmed]
    if not looked_up:
        return Evidence({"worst-published": "no figure with a source"}, "No source was found.")
    worst = max(looked_up, key=lambda one: one.value)
    recalled = len(known) - len(looked_up)
    return Evidence(
        {"worst-published": worst},
        f"Published FID of StyleGAN3 on FFHQ runs from {spread_text([f.value for f in known])}, by"
        f" variant and resolution; {len(looked_up)} of the {len(known)} figures were looked up"
        f" (the highest is {worst.value:g}){f', {recalled} recalled' if recalled else ''}.",
        [Number(label=name.replace("_", " "), figure=claim.fact(name)) for name in claim.facts],
        [
            "Published, not measured here: trained weights and FFHQ are not available to this"
            " program. FFHQ-U is the unaligned variant of the data set."
        ],
    )


def adapter_data(bench: Bench, claim: Claim) -> Evidence:
    """Images that published recipes use, and what such a run costs."""
    counts = {n: claim.fact(n) for n in claim.facts if n.startswith("images_")}
    inside = [one for one in counts.values() if one.low >= 5 and one.high <= 50]
    overlapping = [one for one in counts.values() if one.high >= 5 and one.low <= 50]
    source = f"{len(counts)} published recipes"
    run = training_run(bench, claim)
    cost = (
        f" A LoRA run of {claim.fact('lora_steps').value:.0f} steps on SD 1.5 should take"
        f" {run['time'].value:.0f} s and {value_text(run['cost'].value, 2)} USD on a rented"
        f" {ITS_DEVICE}."
        if run
        else " What a run costs was not estimated: no training step is stored here."
    )
    return Evidence(
        {
            "recipes-overlap": counted_share(
                len(overlapping), len(counts), Basis.published, source
            ),
            "recipes-inside": counted_share(len(inside), len(counts), Basis.published, source),
        },
        f"{len(overlapping)} of {len(counts)} published recipes name counts that overlap 5 to 50,"
        f" {len(inside)} lie wholly inside; DreamBooth itself is described with 3 to 5 images, and"
        f" the largest count named is {max(f.high for f in counts.values()):g}.{cost}",
        [
            *(Number(label=name.replace("_", " "), figure=one) for name, one in counts.items()),
            *(
                Number(label=f"LoRA run on {TRAINED}, rank {RANK}, {ITS_DEVICE}: {name}", figure=f)
                for name, f in run.items()
            ),
        ],
        ["Recipes and guides, not a controlled comparison of quality against image count."],
    )


def training_run(bench: Bench, claim: Claim) -> dict[str, Figure]:
    """Time, cost and memory of one LoRA run on SD 1.5; empty where no training trace is stored."""
    try:
        one = estimate_training(
            TRAINED, ITS_DEVICE, method="lora", rank=RANK, batch=1, catalog=bench.catalog
        )
    except (CannotEstimate, DataError):
        return {}
    seconds = product(one.step_s, claim.fact("lora_steps"), "s")
    return {
        "time": seconds,
        "cost": product(seconds, gpu_second_usd(bench, ITS_DEVICE), "USD/run"),
        "peak memory": one.peak_memory_gib,
    }
