"""Video: its compute against single images, and what a finished minute costs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from advisor.claims.bench import Bench, figure, middle, product
from advisor.claims.images import makes_size
from advisor.claims.money import gpu_second_usd
from advisor.claims.record import Claim, Evidence, Number
from advisor.claims.words import spread_text
from advisor.cost.offers import UNTRUSTED
from advisor.figure import Basis, Figure, weakest
from advisor.plan import plan

if TYPE_CHECKING:
    from advisor.catalog import ApiPrice, Model

FPS = 30.0
SIMILAR = 2.0  # denoisers of up to twice the parameters count as of similar size
SELF_HOSTED, ITS_DEVICE = "wan2.1-t2v-14b", "h100-sxm"
# Sizes as vendors name them, the wanted one first.
SIZES = ("720p", "768p", "default", "1080p", "2k")
_FROM_PICTURE = re.compile(r"i2v|r2v|(image|reference)-to-video", re.IGNORECASE)
ANY_DEVICE = "h100-sxm"  # FLOPs are the same on every device


def video_compute(bench: Bench, claim: Claim) -> Evidence:
    """FLOPs of a second of video over those of one image of the same size, in pairs of models."""
    whole, per_step, pairs = [], [], []
    for video in bench.estimable("video-diffusion"):
        image = _like(bench, video)
        if image is None:
            continue
        ratios = _ratios(bench, video, image)
        whole.append(ratios[0])
        per_step.append(ratios[1])
        pairs.append((video.id, image.id))
    source = f"{len(pairs)} pairs of models of similar size"
    found = _typical(whole, source), _typical(per_step, source)
    lowest, highest = min(f.value for f in per_step), max(f.value for f in per_step)
    return Evidence(
        {"whole-request": found[0], "per-step": found[1]},
        f"A second of video at 30 frames takes {found[0].value:.3g} times the FLOPs of one image of"
        f" the same size by a model of similar size (median of {len(pairs)} pairs;"
        f" {spread_text([f.value for f in whole])}); per denoising step"
        f" {found[1].value:.3g} times ({lowest:.3g} to {highest:.3g}).",
        [
            *(
                Number(label=f"{video} over {image}, whole request", figure=one)
                for (video, image), one in zip(pairs, whole, strict=True)
            ),
            *(
                Number(label=f"{video} over {image}, per step", figure=one)
                for (video, image), one in zip(pairs, per_step, strict=True)
            ),
        ],
        [
            "Defaults of each model (steps, guidance, frames). Most models make 7 to 25 frames a"
            " second; their FLOPs are scaled to 30 frames."
        ],
    )


def _typical(figures: Sequence[Figure], source: str) -> Figure:
    """The median of exact figures; its interval is their whole range."""
    values = [one.value for one in figures]
    told = f"median and range of {source}"
    return figure(median(values), "times", Basis.datasheet, told, min(values), max(values))


def _denoiser(bench: Bench, model: Model) -> int:
    """Parameters of what the denoising loop runs."""
    roles = {stage.component for stage in model.stages if stage.loop == "denoise"}
    return max(bench.catalog.components[model.component_of(role)].parameters for role in roles)


def _like(bench: Bench, video: Model) -> Model | None:
    """The image model that makes the video's size and is nearest in parameters, within SIMILAR."""
    width, height = video.axes["width"].default, video.axes["height"].default
    size = _denoiser(bench, video)
    able = [m for m in bench.estimable("image-diffusion") if makes_size(m, width, height)]
    found = min(able, key=lambda m: abs(math.log(_denoiser(bench, m) / size)), default=None)
    if found is None or abs(math.log(_denoiser(bench, found) / size)) > math.log(SIMILAR):
        return None
    return found


def _ratios(bench: Bench, video: Model, image: Model) -> tuple[Figure, Figure]:
    """Of whole requests, and of one denoising step of each, per second at 30 frames."""
    size = {name: int(video.axes[name].default) for name in ("width", "height")}
    moving = bench.estimate(video, ANY_DEVICE)
    still = bench.estimate(image, ANY_DEVICE, **size)
    frames = moving.workload.frames
    assert frames is not None
    seconds = frames / FPS
    steps = []
    for model, made in ((video, moving), (image, still)):
        loops = {spec.name for spec in model.stages if spec.loop == "denoise"}
        calls = {s.name: s.calls for s in plan(model, made.workload)}
        flops = sum(one.flops for one in made.stages if one.name in loops)
        steps.append(flops / sum(calls.get(name, 0) for name in loops))
    source = f"{video.id} over {image.id}, traced FLOPs at {size['width']} x {size['height']}"
    return (
        figure(moving.flops / seconds / still.flops, "times", Basis.datasheet, source),
        figure(steps[0] / seconds / steps[1], "times", Basis.datasheet, source),
    )


def video_cost(bench: Bench, claim: Claim) -> Evidence:
    """USD per finished minute: hosted and self-hosted generation, and documented productions."""
    waste = claim.fact("generated_per_finished_s")
    budget = claim.fact("budget_usd_per_month")
    hosted = _hosted(bench)
    cheap, dear = hosted[0], hosted[-1]
    own = _own(bench)
    minutes = {
        "cheapest hosted model": _minute(cheap, waste),
        "median hosted model": _minute(middle(hosted, f"{len(hosted)} hosted models"), waste),
        "dearest hosted model": _minute(dear, waste),
        f"{SELF_HOSTED} on a rented {ITS_DEVICE}": _minute(own, waste),
    }
    documented = claim.fact("documented_usd_per_minute")
    typical = minutes["median hosted model"]
    volume = figure(
        budget.value / typical.value,
        "finished minutes a month",
        weakest([budget.basis, typical.basis]),
        f"{budget.value:,.0f} USD a month over the median hosted cost",
        budget.low / typical.high,
        budget.high / typical.low,
    )
    return Evidence(
        {
            "generation-cost": typical,
            "documented-cost": documented,
            "production-quality": "no measure of production quality can be made without weights",
        },
        f"Generating a finished minute at 720p should cost {typical.value:,.0f} USD with the median"
        f" of {len(hosted)} hosted models ({minutes['cheapest hosted model'].value:,.0f} to"
        f" {minutes['dearest hosted model'].value:,.0f}), {waste.value:.3g} s being generated per"
        f" finished second; documented productions report {documented.low:g} to"
        f" {documented.high:g} USD all in. A budget of {budget.value:,.0f} USD a month is exceeded"
        f" from {volume.value:.0f} minutes on. On cost alone it is not out of reach; whether the"
        " quality suffices was not checked.",
        [
            *(
                Number(label=f"finished minute, {name}", figure=one)
                for name, one in minutes.items()
            ),
            Number(label="volume at which the budget is exceeded", figure=volume),
            Number(label="generated per finished second", figure=waste),
            Number(label="the comparison: a filmed minute", figure=claim.fact("filmed_minute")),
        ],
        ["Generation only: editors, sound and review come on top, except in the documented costs."],
    )


def _hosted(bench: Bench) -> list[Figure]:
    """USD per generated second from text, one figure per hosted model, cheapest first.

    Of a model's sizes 720p, else the next that the vendor lists.
    """
    found: dict[tuple[str, str], list[ApiPrice]] = {}
    for row in bench.catalog.api_prices:
        gone = row.deprecated_on is not None and row.deprecated_on <= bench.as_of
        doubtful = row.confidence in UNTRUSTED or row.usd_per_unit <= 0
        per_second = row.modality == "video" and row.unit == "second of video"
        if per_second and not (gone or doubtful or _FROM_PICTURE.search(row.model)):
            found.setdefault((row.provider, row.model), []).append(row)
    chosen = [
        min((row for row in rows if row.quality_or_size in SIZES), key=_rank, default=None)
        for rows in found.values()
    ]
    return sorted((_per_second(row) for row in chosen if row), key=lambda one: one.value)


def _rank(row: ApiPrice) -> int:
    return SIZES.index(row.quality_or_size)


def _per_second(row: ApiPrice) -> Figure:
    source = f"{row.provider} {row.model}, {row.as_of_text}"
    return Figure.exact(row.usd_per_unit, "USD/s", Basis.priced, source, row.as_of)


def _own(bench: Bench) -> Figure:
    """USD per generated second on rented hardware that is always busy."""
    made = bench.estimate(SELF_HOSTED, ITS_DEVICE)
    spec = bench.catalog.models[SELF_HOSTED].output
    assert spec is not None and spec.fps and made.workload.frames
    price = gpu_second_usd(bench, ITS_DEVICE)
    seconds = made.latency_s.times(spec.fps / made.workload.frames, "s/s")
    return product(seconds, price, "USD/s")


def _minute(per_second: Figure, waste: Figure) -> Figure:
    return product(per_second.times(60.0, "USD/min"), waste, "USD/min")
