"""Autoregressive video: a chunk sees the chunks before it, and nothing is computed twice."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from diffusers import WanTransformer3DModel  # noqa: E402
from transformers import DynamicCache  # noqa: E402

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import DataError  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.reference.chunks import chunks  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.modules.causal_wan import CausalWan, StreamingWanVAE  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402
from advisor.tracestore import TraceStore  # noqa: E402

CATALOG = load_catalog()
MODEL = CATALOG.models["self-forcing-wan2.1-1.3b"]
CONFIG: dict[str, Any] = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "text_dim": 16,
    "freq_dim": 32,
    "ffn_dim": 32,
    "num_layers": 1,
}


def inputs(frames: int) -> tuple[Any, Any, Any]:
    """Latents [1, 16, frames, 4, 6], a timestep and a text."""
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(1, 16, frames, 4, 6, generator=generator)
    return latents, torch.tensor([500.0]), torch.randn(1, 5, 16, generator=generator)


def causal_and_library(layers: int) -> tuple[Any, Any]:
    torch.manual_seed(0)
    causal = CausalWan(**{**CONFIG, "num_layers": layers}).eval()
    library = WanTransformer3DModel(**{**CONFIG, "num_layers": layers}).eval()
    own = causal.wan.state_dict()
    library.load_state_dict({name: own[name] for name in library.state_dict()})
    return causal, library


@torch.no_grad()
def test_the_first_chunk_is_denoised_as_by_the_library() -> None:
    causal, library = causal_and_library(layers=2)
    latents, timestep, text = inputs(3)
    ours = causal(latents, timestep, text, DynamicCache())
    assert torch.allclose(ours, library(latents, timestep, text).sample, atol=1e-6)


@torch.no_grad()
def test_a_later_chunk_attends_to_the_kept_one_at_its_own_place_in_time() -> None:
    """With one layer, what the first chunk shows does not depend on the second: both agree."""
    causal, library = causal_and_library(layers=1)
    latents, timestep, text = inputs(6)
    cache = DynamicCache()
    causal(latents[:, :, :3], timestep, text, cache, keep=True)
    later = causal(latents[:, :, 3:], timestep, text, cache)
    whole = library(latents, timestep, text).sample
    assert torch.allclose(later, whole[:, :, 3:], atol=1e-6)


@torch.no_grad()
def test_only_keeping_lets_the_cache_grow() -> None:
    causal, _ = causal_and_library(layers=2)
    latents, timestep, text = inputs(3)
    cache = DynamicCache()
    lengths = []
    for keep in (False, True, False, True):
        causal(latents, timestep, text, cache, keep=keep)
        lengths.append(cache.get_seq_length())
    assert lengths == [0, 18, 18, 36]


@torch.no_grad()
def test_latent_frames_decoded_one_by_one_are_those_of_one_whole_decode() -> None:
    component = CATALOG.components["wan21_vae_streaming"]
    vae = StreamingWanVAE(**{**component.config, **component.debug}).eval()
    latents = torch.randn(1, 16, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    pictures, past = vae.first(latents[:, :, :1])
    clip = [pictures]
    for index in range(1, 4):
        pictures, past = vae.next(latents[:, :, index : index + 1], past)
        clip.append(pictures)
    assert [part.shape[2] for part in clip] == [1, 4, 4, 4]
    assert torch.allclose(torch.cat(clip, dim=2), vae.vae.decode(latents).sample, atol=1e-6)


def test_a_longer_clip_begins_with_the_shorter_one() -> None:
    """Autoregression: what comes later changes nothing that is already shown."""
    short, long = (generate(MODEL, frames=n, catalog=CATALOG).data for n in (9, 33))
    assert long.shape[1] == 33
    assert (long[:, :9] == short).all()


def test_each_chunk_takes_its_steps_and_one_call_that_keeps_it() -> None:
    run = Run(MODEL, debug_workload(MODEL, frames=33, steps=4), CATALOG, flavour="debug")
    run.outputs["encode_text"] = run.call("encode_text")
    chunks(run, "first_chunk")
    assert run.calls["first_chunk"] + run.calls["rollout"] == 3 * (4 + 1)
    assert run.calls["decode_first"] + run.calls["decode"] == 9


def test_the_steps_follow_the_published_noise_levels() -> None:
    """1000, 750, 500, 250 after the shift of 5: 1000, 937.5, 833.3, 625."""
    run = Run(MODEL, debug_workload(MODEL, frames=9, steps=4), CATALOG, flavour="debug")
    run.outputs["encode_text"] = run.call("encode_text")
    seen: list[float] = []
    real = run.call

    def watched(name: str, loop: Any = None, *rest: Any, **options: Any) -> Any:
        if loop is not None and "timestep" in loop:
            seen.append(float(loop["timestep"]))
        return real(name, loop, *rest, **options)

    run.call = watched  # type: ignore[method-assign]
    chunks(run, "first_chunk")
    assert seen == pytest.approx([1000, 937.5, 833.333, 625, 0], abs=0.01)


def test_a_clip_that_is_no_whole_number_of_chunks_is_an_error() -> None:
    run = Run(MODEL, debug_workload(MODEL, frames=13), CATALOG, flavour="debug")
    run.outputs["encode_text"] = run.call("encode_text")
    with pytest.raises(DataError, match="no whole number of chunks of 3"):
        chunks(run, "first_chunk")


def test_the_mean_cache_of_the_plan_gives_the_work_of_the_growing_one() -> None:
    """FLOPs are linear in the cache's length: 35 calls at 0, 1, ... 6 chunks before them."""
    store = TraceStore(CATALOG)
    stages = {stage.name: stage for stage in plan(MODEL, MODEL.workload())}
    first = store.stage_trace(stages["first_chunk"]).flops
    later = store.stage_trace(stages["rollout"]).flops
    planned = stages["first_chunk"].calls * first + stages["rollout"].calls * later
    attention = 30 * 4 * 4680 * 1536  # layers, both products, queries, width: per key seen
    grown = sum(5 * (first + attention * 4680 * seen) for seen in range(7))
    assert planned == pytest.approx(grown, rel=1e-4)
