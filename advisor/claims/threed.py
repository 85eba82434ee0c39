"""3D: what an optimised asset costs, and what is left to do by hand."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from advisor.claims.audio import NO_TORCH
from advisor.claims.bench import (
    Bench,
    counted_share,
    decisions_folder,
    figure,
    product,
    ratio,
)
from advisor.claims.money import run_usd
from advisor.claims.record import Claim, Evidence, Number
from advisor.claims.words import percent_text
from advisor.figure import Basis

if TYPE_CHECKING:
    from advisor.figure import Figure

DISTILLED, DEVICE = "dreamfusion-sds", "l40s"
DEBUG_STEPS = 4
ASSET = "hunyuan3d-2"
NO_DECISIONS = "the recorded decisions are not part of this installation"


def sds_cost(bench: Bench, claim: Claim) -> Evidence:
    """Views per asset, the loop run small, and the cost against models without a loop."""
    model = bench.catalog.models[DISTILLED]
    views = figure(
        model.axes["steps"].default, "views", Basis.published, model.axes["steps"].source
    )
    own = run_usd(bench, DISTILLED, DEVICE)
    others = _costs(bench, "3d-feedforward")
    clouds = _costs(bench, "point-diffusion")
    dearest_fast = max(others.values(), key=lambda one: one.value)
    dearest_cloud = max(clouds.values(), key=lambda one: one.value)
    time = bench.estimate(DISTILLED, DEVICE).latency_s
    over = ratio(own, dearest_fast), ratio(own, dearest_cloud)
    return Evidence(
        {
            "views": views,
            "loop-runs": _loop(bench),
            "against-feed-forward": over[0],
            "against-point-diffusion": over[1],
        },
        f"The published recipe scores {views.value:,.0f} random views per asset; on a rented"
        f" {DEVICE} that should take {time.value / 3600:.2g} h and {own.value:.2g} USD, at least"
        f" {over[0].value:,.0f} times a feed-forward model and {over[1].value:,.0f} times the"
        " dearest point-diffusion model.",
        [
            Number(label=f"time per asset on {DEVICE}", figure=time),
            Number(label=f"cost per asset, {DISTILLED}", figure=own),
            *(Number(label=f"cost per asset, {n}", figure=one) for n, one in others.items()),
            *(Number(label=f"cost per asset, {n}", figure=one) for n, one in clouds.items()),
        ],
        ["The GPU is counted as always busy; takes that are rejected are not counted."],
    )


def _costs(bench: Bench, family: str) -> dict[str, Figure]:
    """USD per asset by model."""
    able = bench.estimable(family, makes="3d")
    return {model.id: run_usd(bench, model.id, DEVICE) for model in able}


def _loop(bench: Bench) -> Figure | str:
    """Views scored by the denoiser in a small run, over the steps asked for."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("diffusers") is None:
        return NO_TORCH
    from advisor.reference.generate import generate

    made = generate(DISTILLED, steps=DEBUG_STEPS, catalog=bench.catalog)
    scored = min(made.calls["render"], made.calls["denoise"])
    source = f"debug flavour run here with {DEBUG_STEPS} steps, random weights"
    return figure(scored / DEBUG_STEPS, "per step", Basis.measured, source, as_of=bench.as_of)


def asset_cleanup(bench: Bench, claim: Claim) -> Evidence:
    """Published statements, recorded decisions, and what clean-up does to the cost."""
    minutes, rate = claim.fact("cleanup_minutes"), claim.fact("artist_usd_per_hour")
    takes = claim.fact("takes_per_asset")
    people = product(minutes, rate.times(1 / 60, "USD/min"), "USD/asset")
    compute = product(run_usd(bench, ASSET, DEVICE), takes, "USD/asset")
    total = people.plus(compute)
    share = figure(
        people.value / total.value,
        "share",
        total.basis,
        "clean-up over clean-up and generation",
        people.low / (people.low + compute.high),
        people.high / (people.high + compute.low),
    )
    say, all_found = claim.fact("pages_that_say_so"), claim.fact("pages_found")
    decided = _decisions()
    told = (
        f" {decided[0]} of {decided[1]} recorded decisions that rule clean-up out end in no-go."
        if decided
        else ""
    )
    return Evidence(
        {
            "published-statements": ratio(say, all_found, "share", say.source),
            "recorded-decisions": counted_share(
                decided[0], decided[1], Basis.published, "benchmarks/decisions"
            )
            if decided
            else NO_DECISIONS,
            "how-often": "no published count of assets used without clean-up was found",
        },
        f"{say.value:g} of {all_found.value:g} published pages found say that generated meshes need"
        f" work by hand before production.{told} With {minutes.low:g} to {minutes.high:g} minutes"
        f" of it, clean-up is {percent_text(share.value)} of the {total.value:.0f} USD per"
        " accepted asset.",
        [
            Number(label="clean-up per asset, by hand", figure=people),
            Number(label=f"generation per asset ({ASSET} on {DEVICE}, with takes)", figure=compute),
            Number(label="share of clean-up in the cost", figure=share),
        ],
        ["The pages are a handful, found by search and partly by vendors: not a survey."],
    )


def _decisions() -> tuple[int, int] | None:
    """Recorded 3D decisions that plan no clean-up for finished assets: no-go, and all."""
    from advisor.auditor.recorded import NOT_FEASIBLE, read_decisions

    folder = decisions_folder()
    if folder is None:
        return None
    asked = [
        one
        for one in read_decisions(folder)
        if "3d" in one.use_case.outputs
        and "cleanup_minutes_per_item" in one.use_case.model_fields_set
        and one.use_case.cleanup_minutes_per_item == 0
    ]
    return sum(one.family == NOT_FEASIBLE for one in asked), len(asked)
