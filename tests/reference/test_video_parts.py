"""Experts that share one denoising loop, and transformers whose text tokens are kept whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import DataError  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.reference.build import build, make_inputs  # noqa: E402
from advisor.reference.denoise import denoise, make_scheduler  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402

CATALOG = load_catalog()
WAN = CATALOG.models["wan2.2-t2v-a14b"]


@pytest.mark.parametrize("steps", [3, 4, 8, 20, 40, 50, 100])
def test_the_high_noise_expert_makes_the_steps_down_to_the_boundary(steps: int) -> None:
    """At 0.875 of the training steps, counted on the scheduler itself."""
    run = Run(WAN, debug_workload(WAN, steps=steps), CATALOG, flavour="debug")
    timesteps = make_scheduler(run, "denoise").timesteps
    assert run.stages["denoise"].calls == int((timesteps >= 875).sum())
    assert run.stages["denoise"].calls + run.stages["denoise_low_noise"].calls == steps


def test_the_experts_take_turns_once_with_one_schedule() -> None:
    """The low-noise expert goes on from the other's latents with the remaining timesteps."""
    run = Run(WAN, debug_workload(WAN, steps=6), CATALOG, flavour="debug")
    seen: list[tuple[str, float]] = []
    call = run.call

    def watched(name: str, loop: Any) -> Any:
        seen.append((name, float(loop["timestep"])))
        return call(name, loop)

    run.outputs["encode_text"] = call("encode_text")
    run.call = watched  # type: ignore[method-assign, assignment]
    run.outputs["denoise"] = denoise(run, "denoise")
    final = denoise(run, "denoise_low_noise")
    assert [name for name, _ in seen] == ["denoise"] * 4 + ["denoise_low_noise"] * 2
    times = [time for _, time in seen]
    assert times == sorted(times, reverse=True)
    assert not torch.equal(final, run.outputs["denoise"])


def test_both_experts_are_kept_in_memory() -> None:
    from advisor.estimator.memory import parameter_count

    experts = 2 * CATALOG.components["wan22_t2v_a14b_high"].parameters
    assert parameter_count(WAN, CATALOG) > experts > 28e9


def test_a_boundary_that_the_plan_does_not_know_is_an_error() -> None:
    run = Run(WAN, debug_workload(WAN, steps=6), CATALOG, flavour="debug")
    run.stages["denoise"] = replace(run.stages["denoise"], calls=1)
    with pytest.raises(DataError, match="makes 4 calls, the catalog says 1"):
        denoise(run, "denoise")


def both(name: str, original: str) -> tuple[Any, Any, dict[str, Any]]:
    """The module with whole text and the library's with the same weights, and inputs for both."""
    diffusers = pytest.importorskip("diffusers")
    component = CATALOG.components[name]
    ours = build(component, "debug")
    config = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in {**component.config, **component.debug}.items()
    }
    theirs = getattr(diffusers, original)(**config).eval()
    theirs.load_state_dict(ours.state_dict())
    sizes = {"t": 2, "h": 4, "w": 4, "n": 6, "g": 3}
    inputs = make_inputs(component.entries["step"], component, sizes, batch=2, flavour="debug")
    return ours, theirs, inputs


def test_mochi_with_whole_text_computes_what_the_library_computes() -> None:
    ours, theirs, inputs = both("mochi_dit", "MochiTransformer3DModel")
    with torch.no_grad():
        assert torch.allclose(ours(**inputs).sample, theirs(**inputs).sample, atol=1e-4)


def test_hunyuan_with_whole_text_computes_what_the_library_computes() -> None:
    """For text to video: an empty image, which the library masks out, and valid text tokens."""
    ours, theirs, inputs = both("hunyuan_video15_dit", "HunyuanVideo15Transformer3DModel")
    glyphs = torch.ones(inputs["encoder_hidden_states_2"].shape[:2], dtype=torch.long)
    no_image = torch.zeros(2, 729, theirs.config.image_embed_dim)
    with torch.no_grad():
        made = theirs(**inputs, encoder_attention_mask_2=glyphs, image_embeds=no_image).sample
        assert torch.allclose(ours(**inputs), made, atol=1e-4)


def test_ltx_2_denoises_picture_and_sound_in_one_row() -> None:
    model = CATALOG.models["ltx-2"]
    run = Run(model, debug_workload(model), CATALOG, flavour="debug")
    run.outputs["encode_text"] = run.call("encode_text")
    run.outputs["connect"] = run.call("connect")
    row = denoise(run, "denoise")
    sizes = dict(run.stages["denoise"].symbols)
    picture = sizes["t"] * sizes["h"] * sizes["w"] * 128
    assert row.shape == (1, picture + sizes["l"] * 128)
    run.outputs["denoise"] = row
    run.outputs["decode_audio"] = run.call("decode_audio")
    sound = run.call("vocode")
    seconds = sizes["l"] / 25
    assert sound.shape[:2] == (1, 2)
    assert sound.shape[2] / 24_000 == pytest.approx(seconds, abs=0.04)
    assert [stage.name for stage in plan(model, model.workload())][-1] == "decode"


def test_the_frame_mask_is_the_librarys() -> None:
    from diffusers.models.autoencoders.autoencoder_kl_hunyuanvideo15 import HunyuanVideo15AttnBlock

    from advisor.reference.modules.hunyuan_vae import causal_by_frame

    asked = (3, 4, torch.float32, torch.device("cpu"))
    theirs = HunyuanVideo15AttnBlock.prepare_causal_attention_mask(*asked)
    assert torch.equal(causal_by_frame(*asked), theirs)


def test_two_clips_of_hunyuan_video_can_be_made_at_once() -> None:
    """The library's own mask has a shape that fails here."""
    output = generate("hunyuanvideo-1.5", batch=2, catalog=CATALOG)
    assert output.data.shape[0] == 2
