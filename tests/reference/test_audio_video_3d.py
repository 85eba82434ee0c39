"""What is specific to sound, video and 3D: delayed codes, continuous values, rays, distillation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import InputError  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.reference import volume  # noqa: E402
from advisor.reference.codec_lm import undo_delay  # noqa: E402
from advisor.reference.distil import distillation_loss, noise_schedule, optimise  # noqa: E402
from advisor.reference.generate import generate, run_stages  # noqa: E402
from advisor.reference.modules.nerf import HashGridNeRF  # noqa: E402
from advisor.reference.modules.shap_e import ShapEField  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402
from advisor.reference.wire import Wires  # noqa: E402
from advisor.trace import trace_call  # noqa: E402
from advisor.tracestore import trace_store  # noqa: E402

CATALOG = load_catalog()


def debug_run(name: str, **axes: Any) -> Run:
    model = CATALOG.models[name]
    return Run(model, debug_workload(model, **axes), CATALOG, flavour="debug")


def calls(name: str, **axes: Any) -> dict[str, int]:
    model = CATALOG.models[name]
    return {stage.name: stage.calls for stage in plan(model, model.workload(**axes))}


# ---------------------------------------------------------------- codec language models


@given(st.integers(1, 6), st.integers(1, 12), st.integers(1, 3))
def test_undoing_the_delay_gives_back_the_codes(books: int, frames: int, batch: int) -> None:
    codes = torch.arange(batch * books * frames).reshape(batch, books, frames)
    delayed = torch.full((batch, books, frames + books - 1), -1)
    for book in range(books):
        delayed[:, book, book : book + frames] = codes[:, book]
    assert torch.equal(undo_delay(delayed, range(books)), codes)


def test_musicgen_feeds_the_pad_token_where_a_codebook_has_no_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Book k starts k steps late and ends with its last frame; pads never reach the codec."""
    run = debug_run("musicgen-small")
    fed: list[Any] = []
    real = Run.call

    def watched(self: Run, name: str, loop: Any = None, *rest: Any, **named: Any) -> Any:
        if name == "tokens":
            fed.append(loop["token"].flatten().tolist())
        return real(self, name, loop, *rest, **named)

    monkeypatch.setattr(Run, "call", watched)
    run_stages(run)
    pad, frames = 2048, 5
    for step, row in enumerate(fed):
        assert [token == pad for token in row] == [not 0 <= step - k < frames for k in range(4)]
    assert run.outputs["tokens"].shape == (1, 4, frames)
    assert int(run.outputs["tokens"].max()) < pad


def test_musicgen_takes_three_calls_more_than_it_has_frames() -> None:
    made = calls("musicgen-small", seconds=10)
    assert made["first_token"] + made["tokens"] == 10 * 50 + 3


def test_dia_lags_its_codebooks_by_eight_to_fifteen_steps() -> None:
    run = debug_run("dia-1.6b")
    run_stages(run)
    frames = run.outputs["tokens"].shape[2]
    assert run.calls["first_token"] + run.calls["tokens"] == frames + 15
    assert run.outputs["tokens"].shape[:2] == (1, 9)


def test_bark_reads_its_context_anew_every_sixty_coarse_tokens() -> None:
    """Each window is one reading of the context and 59 steps; codes stay inside their codebook."""
    run = debug_run("bark", seconds=1)
    run_stages(run)
    assert (run.calls["coarse_context"], run.calls["coarse"]) == (3, 147)
    coarse = run.outputs["coarse"]
    assert coarse.shape == (1, 2, 75)
    assert 0 <= int(coarse.min()) <= int(coarse.max()) < 1024


@pytest.mark.parametrize("seconds", [0.5, 2, 5, 10, 13])
def test_barks_mean_context_is_that_of_its_windows(seconds: float) -> None:
    """The planned size is the mean of 257 + min(630, 60 i) over the windows, to one token."""
    model = CATALOG.models["bark"]
    stage = next(
        s for s in plan(model, model.workload(seconds=seconds)) if s.name == "coarse_context"
    )
    sizes = [257 + min(630, 60 * i) for i in range(stage.calls)]
    assert abs(dict(stage.symbols)["n"] - sum(sizes) / len(sizes)) <= 1


def test_csm_draws_all_codes_of_a_frame_before_the_next() -> None:
    run = debug_run("csm-1b")
    run_stages(run)
    frames = run.outputs["frames"].shape[2]
    assert run.outputs["frames"].shape == (1, 32, frames)
    assert run.calls["frames"] == frames - 1
    assert run.calls["depth_first"] + run.calls["depth"] == 31 * frames


def test_a_codec_gives_back_as_many_samples_as_it_was_given() -> None:
    output = generate("encodec-24khz", seconds=0.2, catalog=CATALOG)
    assert output.data.shape == (1, 1, 15 * 320)


def test_lstm_layers_are_counted_as_their_matrix_products() -> None:
    """EnCodec's two layers of 512 at 75 Hz: 2 x T x 4H x 2H FLOPs each, linear in time."""
    component = CATALOG.components["encodec_24k"]
    store = trace_store(CATALOG)
    trace = store.call_trace(component, "decode", {"t": 750, "q": 8})
    recurrent = [op for op in trace.ops if op.kind == "mkldnn_rnn_layer"]
    assert sum(op.flops * op.count for op in recurrent) == 2 * 2 * 750 * 4 * 512 * 1024


# ---------------------------------------------------------------- continuous autoregression


def test_wavenet_generation_feeds_each_sample_back() -> None:
    """The values equal those of the module stepped by hand with the same noise."""
    from advisor.reference.modules.wavenet import draw_sample

    run = debug_run("wavenet-mol")
    network: Any = run.module("wavenet_mol")  # built first: building seeds the generator
    torch.manual_seed(5)
    run_stages(run)
    made = run.outputs["samples"][0, 0]
    torch.manual_seed(5)
    sample, state = torch.zeros(1, 1), network.initial_state(1)
    for index in range(20):
        with torch.no_grad():
            parameters, state = network.step(sample, run.outputs["condition"][..., index], state)
        sample = draw_sample(parameters)
        assert torch.allclose(sample[0, 0], made[index], atol=1e-6)


def test_wavenet_needs_one_call_per_sample() -> None:
    assert calls("wavenet-mol", seconds=1)["samples"] == 87 * 256


def test_speecht5_predicts_two_frames_per_call_from_the_last_one() -> None:
    run = debug_run("speecht5-tts")
    run_stages(run)
    pairs = run.calls["mel"]
    assert run.calls["frames"] == pairs - 1
    assert run.outputs["frames"].shape == (1, 2 * pairs, 80)


# ---------------------------------------------------------------- video and sound


@pytest.mark.parametrize("frames", [8, 9, 16, 25])
def test_svd_decodes_every_frame_once_in_chunks_of_eight(frames: int) -> None:
    model = CATALOG.models["svd-xt"]
    stages = plan(model, model.workload(frames=frames))
    decoded = [s.calls * dict(s.symbols)["f"] for s in stages if s.name.startswith("decode")]
    assert sum(decoded) == frames


@pytest.mark.parametrize("frames", [8, 9])
def test_svd_gives_all_frames_in_order(frames: int) -> None:
    output = generate("svd-xt", frames=frames, steps=1, catalog=CATALOG)
    assert output.data.shape == (1, frames, 64, 64, 3)


def test_a_longer_clip_has_more_frames_at_the_catalogued_rate() -> None:
    output = generate("wan2.1-t2v-1.3b", frames=13, catalog=CATALOG)
    assert output.data.shape[1] == 13
    assert output.fps == 16


def test_stable_audio_costs_the_same_for_shorter_sound() -> None:
    short, long = calls("stable-audio-open-1.0", seconds=5), calls("stable-audio-open-1.0")
    assert short == long
    assert generate("stable-audio-open-1.0", seconds=1, catalog=CATALOG).data.shape == (1, 2, 44100)


def test_rotary_tables_equal_those_of_the_published_pipelines() -> None:
    embeddings = pytest.importorskip("diffusers.models.embeddings")
    wires = Wires({}, {}, {})
    cos, sin = embeddings.get_1d_rotary_pos_embed(
        32, 9, use_real=True, repeat_interleave_real=False
    )
    for part, table in (("cos", cos), ("sin", sin)):
        wire = {"rotary": [9], "sizes": [32], "part": part, "halves": True}
        assert torch.allclose(wires.tensor(wire), table, atol=1e-5)
    grid = {"rotary": [2, 3, 4], "sizes": [16, 24, 24], "part": "cos"}
    published, _ = embeddings.get_3d_rotary_pos_embed(
        64, ((0, 0), (3, 4)), (3, 4), 2, max_size=(3, 4), grid_type="slice"
    )
    assert torch.allclose(wires.tensor(grid), published, atol=1e-5)


# ---------------------------------------------------------------- 3D


def test_point_e_calls_heun_twice_per_step_but_the_last() -> None:
    made = calls("point-e-40m")
    assert made["denoise"] == made["upsample"] == 2 * 64 - 1
    assert "upsample" not in calls("point-e-40m", points=1024)


def test_point_colours_lie_between_0_and_1() -> None:
    colours = generate("point-e-40m", catalog=CATALOG).data[..., 3:]
    assert colours.min() >= 0
    assert colours.max() <= 1


def test_shap_e_field_is_read_with_the_projected_weights() -> None:
    """Another latent makes another field: the projection is what the field is read with."""
    component = CATALOG.components["shap_e_renderer"]
    config = {**component.config, **component.debug}
    shapes = tuple(tuple(shape) for shape in config.pop("param_shapes"))
    torch.manual_seed(0)
    field: Any = ShapEField(param_shapes=shapes, **config).eval().requires_grad_(False)
    points = torch.rand(1, 7, 3) * 2 - 1
    read = []
    for seed in (1, 2, 1):
        latent = torch.randn(1, 64, 16, generator=torch.Generator().manual_seed(seed))
        field.project(latent)
        read.append(field.field(points))
    assert torch.equal(read[0], read[2])
    assert not torch.equal(read[0], read[1])


def test_camera_rays_are_unit_vectors_that_look_at_the_scene() -> None:
    origins, directions = volume.camera_rays(5, 7, 1.0, 0.4)
    assert torch.allclose(directions.norm(dim=-1), torch.ones(35), atol=1e-6)
    middle = origins[17] + volume.DISTANCE * directions[17]  # the middle pixel's ray
    assert torch.allclose(middle, torch.full((3,), volume.MIDDLE), atol=1e-5)


def test_rows_of_a_view_go_down_and_columns_to_the_right() -> None:
    _, directions = volume.camera_rays(3, 3, 0.0, 0.0)  # the camera looks along -x, up is z
    view = directions.reshape(3, 3, 3)
    assert view[0, 1, 2] > view[2, 1, 2]
    assert view[1, 0, 1] < view[1, 2, 1]


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 20), st.floats(0, 100))
def test_ray_weights_are_shares(rays: int, samples: int, density: float) -> None:
    depth = volume.depths(rays, samples)
    weights = volume.ray_weights(torch.full((rays, samples), density), depth)
    assert bool((weights >= 0).all())
    assert float(weights.sum(-1).max()) <= 1 + 1e-4


def test_empty_space_shows_the_background_and_a_wall_its_colour() -> None:
    depth = volume.depths(2, 8)
    colour = torch.full((16, 3), 0.25)
    empty = volume.composite(torch.zeros(16, 1), colour, depth)
    wall = volume.composite(torch.full((16, 1), 1e4), colour, depth)
    assert torch.allclose(empty, torch.ones(2, 3))
    assert torch.allclose(wall, torch.full((2, 3), 0.25), atol=1e-4)


def test_denser_depths_gather_where_the_matter_is() -> None:
    depth = volume.depths(1, 16)
    weights = torch.zeros(1, 16)
    weights[0, 5] = 1.0
    denser = volume.denser_depths(depth, weights, 32)
    near = (denser - depth[0, 5]).abs() <= (volume.FAR - volume.NEAR) / 16
    assert denser.shape == (1, 48)
    assert bool((denser.diff() >= 0).all())
    assert int(near.sum()) >= 32


# ---------------------------------------------------------------- score distillation


def exact_denoiser(scheduler: Any, target: Any) -> Any:
    """The noise prediction of a model whose only image is `target`."""

    def predict(noisy: Any, timestep: Any) -> Any:
        kept = scheduler.alphas_cumprod[timestep].reshape(-1, 1, 1, 1)
        return (noisy - kept.sqrt() * target) / (1 - kept).sqrt()

    return predict


def test_the_distilled_gradient_is_the_weighted_error_of_the_noise() -> None:
    """d loss / d latents = w(t) (predicted - added), for whatever the denoiser says."""
    scheduler = noise_schedule(debug_run("dreamfusion-sds"))
    clean = torch.randn(1, 4, 2, 2, requires_grad=True)
    seen: dict[str, Any] = {}

    def predict(noisy: Any, timestep: Any) -> Any:
        kept = scheduler.alphas_cumprod[timestep].reshape(-1, 1, 1, 1)
        added = (noisy - kept.sqrt() * clean.detach()) / (1 - kept).sqrt()
        seen["gradient"] = (1 - kept) * (torch.full_like(noisy, 0.3) - added)
        return torch.full_like(noisy, 0.3)

    loss = distillation_loss(clean, predict, scheduler, torch.Generator().manual_seed(1))
    loss.backward()
    assert clean.grad is not None
    assert torch.allclose(clean.grad, seen["gradient"], atol=1e-3)


def test_distillation_brings_a_field_to_what_the_denoiser_knows() -> None:
    """With the exact denoiser of one picture, the loss falls and the view becomes the picture."""
    torch.manual_seed(0)
    field = HashGridNeRF(levels=4, log2_entries=10, hidden=16)
    rays = volume.camera_rays(8, 8, 0.3, 0.2)
    depth = volume.depths(64, 16)
    points, _ = volume.points_along(*rays, depth)

    def view(_: int = 0) -> Any:
        density, colour = field.query(points.clamp(0, 1))
        inside = volume.in_scene(points)
        return volume.as_image(volume.composite(20 * density * inside, colour, depth), 8, 8)

    target = torch.full((1, 3, 8, 8), -0.6)
    target[:, 0] = 0.4
    scheduler = noise_schedule(debug_run("dreamfusion-sds"))
    with torch.no_grad():
        start = float((view() - target).square().mean())
    losses = optimise(
        field.parameters(),
        view,
        exact_denoiser(scheduler, target),
        scheduler,
        60,
        torch.Generator().manual_seed(0),
    )
    assert losses.shape == (60,)
    assert float(losses[-10:].mean()) < 0.5 * float(losses[:10].mean())
    with torch.no_grad():
        assert float((view() - target).square().mean()) < 0.5 * start


def test_generating_by_distillation_changes_the_field_and_records_a_loss_per_iteration() -> None:
    run = debug_run("dreamfusion-sds", steps=3)
    weights = list(run.module("hash_grid_nerf").parameters())
    before = [weight.clone() for weight in weights]
    run_stages(run)
    assert run.outputs["render"].shape == (3,)
    assert bool((run.outputs["render"] > 0).all())
    assert not any(torch.equal(old, new) for old, new in zip(before, weights, strict=True))


def test_backward_passes_cost_two_forwards_of_the_field_and_one_of_the_encoder() -> None:
    made = calls("dreamfusion-sds", steps=500)
    assert made["render_backward"] == 2 * made["render"] == 1000
    assert made["encode_backward"] == made["encode_image"] == made["denoise"] == 500


def test_distillation_makes_one_asset_at_a_time() -> None:
    with pytest.raises(InputError, match="one asset at a time"):
        generate("dreamfusion-sds", batch=2, catalog=CATALOG)


def test_the_backward_flops_are_those_autograd_runs() -> None:
    """The rule of two, measured on the field's MLP: backward = 2 x forward matrix products."""
    counter = pytest.importorskip("torch.utils.flop_counter")
    field = HashGridNeRF(levels=4, log2_entries=10, hidden=16)
    features = torch.randn(64, 8, requires_grad=True)
    with counter.FlopCounterMode(display=False) as forward:
        out = field(features)
    with counter.FlopCounterMode(display=False) as backward:
        out.sum().backward()
    assert backward.get_total_flops() == 2 * forward.get_total_flops()


def test_nerf_draws_a_view_from_its_parts() -> None:
    """Two chunks of rays give the same picture as one."""
    whole = generate("nerf-mlp", catalog=CATALOG).data
    model = CATALOG.models["nerf-mlp"]
    split = model.model_copy(update={"symbols": {**model.symbols, "rays": 32}})
    parts = generate(split, catalog=CATALOG).data
    assert np.abs(whole.astype(int) - parts.astype(int)).max() <= 1


def test_a_trace_made_on_the_cpu_counts_bytes_as_bf16() -> None:
    """EnCodec runs in fp32 to be traced; its weights still count two bytes each."""
    component = CATALOG.components["encodec_24k"]
    trace = trace_call(component, "decode", {"t": 3, "q": 2}, "decode q=2 t=3", flavour="debug")
    weights = sum(op.weight_bytes * op.count for op in trace.ops)
    assert 0 < weights <= 2.2 * (trace.parameters + trace.buffers)
