"""The eighteen families as rules see them: traits, outputs, inputs, controls. No prose.

Tests use these instead of the shipped cards, so that a changed card does not change what a rule
means; tests/decide/test_examples.py runs on the shipped cards.
"""

from __future__ import annotations

from typing import Any

from advisor.catalog import Family
from advisor.catalog.schema import Sourced

SAID = [Sourced(text="said in a test", source="tests")]

PICTURE = "prompt inpainting image-to-image layout pose depth style-reference subject"
TRAITS: dict[str, tuple[str | None, str, str, str, str, str]] = {
    # id: mechanism, outputs, inputs, controls, traits, maturity
    "llm": (
        "autoregressive",
        "text code label table sequence",
        "text code table image",
        "prompt grammar",
        "sequential streaming-chunks invents-content stochastic-sampler needs-pretrained",
        "production",
    ),
    "image-diffusion": (
        "iterative-denoising",
        "image mask time-series action",
        "text image mask",
        PICTURE,
        "many-step invents-content stochastic-sampler needs-pretrained",
        "production",
    ),
    "few-step-diffusion": (
        "iterative-denoising",
        "image video action",
        "text image",
        "prompt image-to-image layout pose",
        "few-step invents-content stochastic-sampler needs-pretrained",
        "production",
    ),
    "gan": (
        "single-pass",
        "image video time-series table",
        "image video mask",
        "class sliders image-to-image inpainting layout driving-motion",
        "one-pass invents-content adversarial-training edge-sized trainable-from-scratch-small "
        "deterministic-given-input",
        "production",
    ),
    "vae": (
        "single-pass",
        "image sequence table time-series label action",
        "image sequence time-series table",
        "sliders properties",
        "one-pass continuous-latent invents-content reproduces-input calibrated-density "
        "trainable-from-scratch-small edge-sized",
        "production",
    ),
    "codec-lm": (
        "codec-lm",
        "speech music effects",
        "text speech music",
        "prompt melody voice",
        "sequential streaming-chunks invents-content stochastic-sampler needs-pretrained",
        "production",
    ),
    "audio-ar": (
        "autoregressive",
        "speech music effects",
        "text speech music",
        "voice",
        "sequential streaming-chunks invents-content stochastic-sampler edge-sized "
        "trainable-from-scratch-small",
        "production",
    ),
    "audio-diffusion": (
        "iterative-denoising",
        "music effects speech",
        "text",
        "prompt",
        "many-step fixed-length invents-content stochastic-sampler needs-pretrained",
        "production",
    ),
    "parallel-tts": (
        "single-pass",
        "speech",
        "text",
        "voice",
        "one-pass explicit-durations invents-content edge-sized",
        "production",
    ),
    "neural-codec": (
        "single-pass",
        "speech music effects",
        "speech music effects",
        "",
        "one-pass streaming-chunks reproduces-input edge-sized deterministic-given-input",
        "production",
    ),
    "video-diffusion": (
        "iterative-denoising",
        "video",
        "text image video",
        "prompt image-to-image camera",
        "many-step fixed-length invents-content stochastic-sampler needs-pretrained",
        "production",
    ),
    "video-ar": (
        "autoregressive",
        "video",
        "text image video action",
        "prompt",
        "sequential streaming-chunks invents-content stochastic-sampler needs-pretrained",
        "research",
    ),
    "frame-interpolation": (
        "single-pass",
        "video",
        "image video",
        "",
        "one-pass reproduces-input deterministic-given-input",
        "production",
    ),
    "3d-feedforward": (
        "single-pass",
        "3d",
        "image",
        "image-to-image",
        "one-pass invents-content needs-pretrained",
        "pilot",
    ),
    "point-diffusion": (
        "iterative-denoising",
        "3d",
        "text image",
        "prompt",
        "many-step invents-content stochastic-sampler needs-pretrained",
        "research",
    ),
    "3d-sds": (
        "score-distillation",
        "3d",
        "text image",
        "prompt",
        "optimises-per-item invents-content needs-pretrained",
        "research",
    ),
    "structure-diffusion": (
        "iterative-denoising",
        "sequence 3d",
        "3d sequence",
        "properties",
        "many-step invents-content stochastic-sampler needs-pretrained",
        "pilot",
    ),
    "non-generative": (
        None,
        "text code label table image mask video 3d time-series speech action",
        "text code table image mask video 3d speech time-series",
        "grammar determinism",
        "no-generation one-pass deterministic-given-input edge-sized",
        "production",
    ),
}


def family(name: str, **changes: Any) -> Family:
    """One family, with some of its fields changed."""
    mechanism, outputs, inputs, control, traits, maturity = TRAITS[name]
    fields: dict[str, Any] = {
        "id": name,
        "name": name,
        "mechanism": mechanism,
        "summary": "s",
        "how_it_works": "h",
        "strengths": SAID,
        "weaknesses": SAID,
        "control": control.split(),
        "control_notes": "n",
        "training": SAID[0],
        "maturity": maturity,
        "maturity_notes": SAID[0],
        "failure_modes": SAID,
        "outputs": outputs.split(),
        "inputs": inputs.split(),
        "traits": traits.split(),
        "sources": ["tests"],
    }
    return Family(**{**fields, **changes})


FAMILIES = {name: family(name) for name in TRAITS}
