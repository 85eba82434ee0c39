"""Steps, latency on consumer hardware, and GANs: what image models take."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

from advisor.claims.bench import (
    Bench,
    counted_share,
    figure,
    middle,
    ratio,
    share_within,
)
from advisor.claims.record import Claim, Evidence, Number
from advisor.claims.words import percent_text, spread_text
from advisor.figure import Basis
from advisor.plan import plan

if TYPE_CHECKING:
    from advisor.catalog import Model
    from advisor.figure import Figure

# Families whose steps are denoising steps; score distillation's are updates of a field.
MANY_STEPS = (
    "image-diffusion",
    "audio-diffusion",
    "video-diffusion",
    "point-diffusion",
    "structure-diffusion",
)
FEW_STEPS = ("few-step-diffusion",)
LOWEST, HIGHEST = 20, 50  # steps of the claim
SEGMENTS = ("datacenter", "consumer", "edge")


def diffusion_steps(bench: Bench, claim: Claim) -> Evidence:
    """Default steps of every catalog model that denoises."""
    full = _steps(bench, MANY_STEPS)
    few = _steps(bench, FEW_STEPS)
    inside = {model: count for model, count in full.items() if LOWEST <= count <= HIGHEST}
    source = "defaults of the catalog's models, each with its source there"
    basis = Basis.published
    share = counted_share(len(inside), len(full), basis, source)
    share_few = counted_share(
        sum(LOWEST <= count <= HIGHEST for count in few.values()), len(few), basis, source
    )
    outside = ", ".join(f"{m} {c}" for m, c in sorted(full.items()) if m not in inside)
    return Evidence(
        {"full-models": share, "distilled-models": share_few},
        f"{len(inside)} of {len(full)} full diffusion models have a default of {LOWEST} to"
        f" {HIGHEST} steps (median {statistics.median(full.values()):g}); the {len(few)} distilled"
        f" ones take {min(few.values())} to {max(few.values())}.",
        [
            Number(
                label="median steps of full models",
                figure=figure(statistics.median(full.values()), "steps", basis, source),
            ),
            Number(
                label="median steps of distilled models",
                figure=figure(statistics.median(few.values()), "steps", basis, source),
            ),
        ],
        [f"Outside: {outside}."] if outside else [],
    )


def _steps(bench: Bench, families: tuple[str, ...]) -> dict[str, int]:
    return {
        model.id: int(model.axes["steps"].default)
        for model in bench.models(*families)
        if "steps" in model.axes
    }


def consumer_latency(bench: Bench, claim: Claim) -> Evidence:
    """SD 1.5 at 512 x 512 and 50 steps, and SDXL at its own size, on consumer cards."""
    cards = [device.id for device in bench.devices("consumer")]
    small = _on(bench, "sd-1.5", cards, width=512, height=512, steps=50)
    large = _on(bench, "sdxl-base-1.0", cards)
    source = f"SD 1.5, 512 x 512, 50 steps, predicted on {len(small)} consumer cards"
    inside = share_within(list(small.values()), 2.0, 10.0, source)
    other = share_within(
        list(large.values()), 2.0, 10.0, f"SDXL, 1024 x 1024, predicted on {len(large)} cards"
    )
    quick = sorted(card for card, one in small.items() if one.value < 2.0)
    slow = sorted(card for card, one in small.items() if one.value > 10.0)
    said = "; ".join(
        f"{word}: {', '.join(names)}"
        for word, names in (("under 2 s", quick), ("over 10 s", slow))
        if names
    )
    return Evidence(
        {"share-of-cards": inside},
        f"SD 1.5 should take {spread_text([one.value for one in small.values()], 2)} s on"
        f" {len(small)} consumer cards, on {percent_text(inside.value)} of them between 2 and 10 s"
        f"{f' ({said})' if said else ''}; SDXL at 1024 x 1024 takes 2 to 10 s on"
        f" {percent_text(other.value)}.",
        [
            *(Number(label=f"SD 1.5 on {card}", figure=one) for card, one in small.items()),
            Number(label="share of cards with SDXL inside 2 to 10 s", figure=other),
            Number(label="SDXL, median card", figure=middle(list(large.values()), "predicted")),
        ],
        ["Times are predicted, in eager mode at the published precision, one image at a time."],
    )


def gan_latency(bench: Bench, claim: Claim) -> Evidence:
    """Passes per image, time per image by segment, and diffusion at the same size."""
    gans = bench.estimable("gan", makes="image")
    passes = max(sum(s.calls for s in plan(gan, gan.workload())) for gan in gans)
    times: dict[str, list[Figure]] = defaultdict(list)
    for segment in SEGMENTS:
        ids = [device.id for device in bench.devices(segment)]
        for gan in gans:
            times[segment] += _on(bench, gan.id, ids).values()
    found: dict[str, Figure | str] = {
        "passes": figure(passes, "passes", Basis.datasheet, "stages of the catalog's GANs")
    }
    for segment, figures in times.items():
        source = f"{len(gans)} GANs x {segment} devices, predicted"
        found[f"under-100-ms-{segment}"] = share_within(figures, 0.0, 0.1, source)
    against = _against_diffusion(bench, gans)
    slowest = min(against.values(), key=lambda one: one.value)
    medians = {name: statistics.median(f.value for f in figures) for name, figures in times.items()}
    told = ", ".join(f"{1e3 * value:.3g} ms on {name}" for name, value in medians.items())
    return Evidence(
        {**found, "against-diffusion": slowest},
        f"Every catalog GAN makes an image in one pass; the median over models and devices should"
        f" be {told}. At the same size full diffusion takes"
        f" {spread_text([one.value for one in against.values()], 2)} times as long.",
        [
            *(
                Number(label=f"median time, {name}", figure=middle(figures, "predicted"))
                for name, figures in times.items()
            ),
            *(Number(label=f"diffusion over {name}", figure=one) for name, one in against.items()),
        ],
        ["Image GANs only; the catalog's vocoders are GANs too and are left out here."],
    )


def _against_diffusion(bench: Bench, gans: list[Model]) -> dict[str, Figure]:
    """Per GAN: the fastest full diffusion model that makes its size, median over devices."""
    found: dict[str, Figure] = {}
    ids = [device.id for segment in SEGMENTS for device in bench.devices(segment)]
    for gan in gans:
        width, height = gan.axes["width"].default, gan.axes["height"].default
        able = [m for m in bench.estimable("image-diffusion") if makes_size(m, width, height)]
        own = _on(bench, gan.id, ids)
        over = []
        for model in able:
            other = _on(bench, model.id, ids, width=int(width), height=int(height))
            each = [ratio(other[card], own[card]) for card in other if card in own]
            over.append(middle(each, f"{model.id} over {gan.id}, median over devices"))
        if over:
            found[gan.id] = min(over, key=lambda one: one.value)
    return found


def makes_size(model: Model, width: float, height: float) -> bool:
    """May this size be asked of the model?"""
    if not {"width", "height"} <= set(model.axes):
        return False
    pairs = ((model.axes["width"], width), (model.axes["height"], height))
    return all(a.min <= v <= a.max and (v - a.offset) % a.multiple == 0 for a, v in pairs)


def _on(bench: Bench, model: str, devices: list[str], **axes: int) -> dict[str, Figure]:
    """Latency by device, where it can be estimated and the model fits."""
    made = bench.estimates(model, **axes)
    return {name: made[name].latency_s for name in devices if name in made and made[name].fits}
