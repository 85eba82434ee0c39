"""Audio: how slow pieces one after the other are, and codec tokens from end to end."""

from __future__ import annotations

import importlib.util
import math
import statistics
from typing import TYPE_CHECKING, Any

from advisor.claims.bench import ONE_DEVICE, Bench, figure, middle, ratio
from advisor.claims.record import Claim, Evidence, Number
from advisor.claims.words import spread_text
from advisor.figure import Basis

if TYPE_CHECKING:
    from advisor.figure import Figure

TOKEN_MODEL, CODEC_MODEL = "musicgen-small", "encodec-24khz"
NO_TORCH = "needs torch: install advisor[profile] and ask again"


def ar_audio_slow(bench: Bench, claim: Claim) -> Evidence:
    """Seconds of computing per second of audio on one device, by family."""
    factors = {
        family: {model.id: _real_time(bench, model.id) for model in bench.estimable(family)}
        for family in ("audio-ar", "codec-lm", "parallel-tts", "audio-diffusion")
    }
    samples = factors["audio-ar"]["wavenet-mol"]
    parallel = factors["parallel-tts"]
    tokens = {name: one for name, one in factors["codec-lm"].items() if _one_by_one(bench, name)}
    token_middle = middle(list(tokens.values()), f"{len(tokens)} codec language models")
    parallel_middle = middle(list(parallel.values()), f"{len(parallel)} parallel models")
    diffusion = [one.value for one in factors["audio-diffusion"].values()]
    return Evidence(
        {
            "sample-by-sample": samples,
            "token-by-token": token_middle,
            "tokens-against-parallel": ratio(token_middle, parallel_middle),
        },
        f"On one {ONE_DEVICE}, one request at a time, a second of audio should take"
        f" {samples.value:.3g} s with WaveNet, {spread_text([f.value for f in tokens.values()], 2)}"
        f" s with codec language models, {spread_text([f.value for f in parallel.values()], 2)} s"
        f" with parallel speech models and {spread_text(diffusion, 2)} s with audio diffusion.",
        [
            Number(label=f"{name} ({family}), s per s of audio", figure=one)
            for family, models in factors.items()
            for name, one in models.items()
        ],
        [
            "Predicted in eager mode without an inference engine; a compiled or engine-served model"
            " is faster. A factor under 1 is faster than real time."
        ],
    )


def _one_by_one(bench: Bench, model: str) -> bool:
    """Does it write token after token? (SoundStorm fills all of them in parallel.)"""
    return any(stage.loop == "autoregress" for stage in bench.catalog.models[model].stages)


def _real_time(bench: Bench, model: str) -> Figure:
    made = bench.estimate(model, ONE_DEVICE)
    seconds = made.workload.seconds
    assert seconds is not None
    return made.latency_s.times(1 / seconds, "s/s")


def codec_tokens(bench: Bench, claim: Claim) -> Evidence:
    """Token rate and bitrate from the architecture; the chain itself run small, where torch is."""
    books, entries, rate = 4, _entries(bench, "encodec_32k_musicgen"), 50.0
    bits = books * math.log2(entries) * rate
    codec_entries, codec_books, codec_rate = _entries(bench, "encodec_24k"), 8, 75.0
    codec_bits = codec_books * math.log2(codec_entries) * codec_rate
    source = "codec's configuration in the catalog"
    full = bench.estimate(TOKEN_MODEL, ONE_DEVICE)
    stages = {one.name: one.latency_s for one in full.stages}
    numbers = [
        Number(
            label=f"tokens a second, {TOKEN_MODEL}",
            figure=figure(books * rate, "tokens/s", Basis.published, source),
        ),
        Number(
            label=f"bitrate of these tokens, {TOKEN_MODEL}",
            figure=figure(bits / 1e3, "kbit/s", Basis.published, source),
        ),
        Number(
            label=f"bitrate of {CODEC_MODEL} with {codec_books} codebooks",
            figure=figure(codec_bits / 1e3, "kbit/s", Basis.published, source),
        ),
        *(
            Number(label=f"stage {name}, 30 s of music on {ONE_DEVICE}", figure=one)
            for name, one in stages.items()
        ),
    ]
    ran = run_codec_chain(bench)
    share = stages["tokens"].value / full.latency_s.value
    told = "" if isinstance(ran["tokens-are-discrete"], str) else " Run small, the chain is whole:"
    told += (
        " codes come out of the encoder and of the language model, and the decoder makes a waveform"
        " of the stated length of both."
        if told
        else " The chain was not run: torch is not installed."
    )
    return Evidence(
        ran,
        f"{TOKEN_MODEL} writes {books * rate:g} tokens a second of music ({bits / 1e3:g} kbit/s);"
        f" the language model should take {share:.1%} of the time at full size.{told}",
        numbers,
        ["The run uses random weights: formats and lengths are checked, not how it sounds."],
    )


def _entries(bench: Bench, component: str) -> int:
    return int(bench.catalog.components[component].config["codebook_size"])


def run_codec_chain(bench: Bench) -> dict[str, Figure | str]:
    """The debug flavours end to end: encode, tokens, decode, and language model, decode."""
    names = ("tokens-are-discrete", "round-trip", "tokens-to-waveform")
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("diffusers") is None:
        return dict.fromkeys(names, NO_TORCH)
    encoded, sound = _run(bench, CODEC_MODEL, "encode", "audio_codes")
    written, music = _run(bench, TOKEN_MODEL, "tokens", "")
    limits = ((encoded, _entries(bench, "encodec_24k")), (written, 2048))
    whole = statistics.mean(float(_discrete(codes, entries)) for codes, entries in limits)

    def found(value: float, unit: str) -> Figure:
        source = "debug flavours run here with random weights, seed 0"
        return figure(value, unit, Basis.measured, source, as_of=bench.as_of)

    return {
        "tokens-are-discrete": found(whole, "share"),
        "round-trip": found(sound, "times the stated length"),
        "tokens-to-waveform": found(music, "times the stated length"),
    }


def _run(bench: Bench, model: str, stage: str, attribute: str) -> tuple[Any, float]:
    """The codes of a stage, and samples made over samples stated by the catalog's sample rate."""
    from advisor.reference.generate import run_stages, workload_for
    from advisor.reference.stage import Run

    entry = bench.catalog.models[model]
    run = Run(entry, workload_for(entry, "debug"), bench.catalog, flavour="debug", seed=0)
    output = run_stages(run)
    codes = run.outputs[stage]
    assert run.workload.seconds is not None and output.sample_rate_hz is not None
    per_s = entry.output.per_s if entry.output else None
    frames = math.ceil(run.workload.seconds * float(per_s or 0))
    stated = frames * output.sample_rate_hz / float(per_s or 1)
    return getattr(codes, attribute) if attribute else codes, output.data.shape[-1] / stated


def _discrete(codes: Any, entries: int) -> bool:
    """Whole numbers of a codebook."""
    whole = not (codes.is_floating_point() or codes.is_complex())
    return bool(whole and int(codes.min()) >= 0 and int(codes.max()) < entries)
