"""generate(): every runnable model makes a real output from the stages its plan lists."""

from __future__ import annotations

import wave
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import CannotEstimate, DataError, InputError  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.reference import stage as stage_room  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.output import SUFFIXES, Output  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402

CATALOG = load_catalog()
RUNNABLE = [name for name, model in CATALOG.models.items() if model.runnable]


@cache
def made(name: str) -> tuple[Output, Counter[int]]:
    """A debug generation, and how often each entry point was really called."""
    seen: Counter[int] = Counter()
    real = stage_room.call

    def counted(module: Any, entry: Any, inputs: Any) -> Any:
        seen[id(entry)] += 1
        return real(module, entry, inputs)

    with mock.patch.object(stage_room, "call", counted):
        return generate(name, catalog=CATALOG), seen


@pytest.mark.parametrize("name", RUNNABLE)
def test_a_model_generates_its_output_by_the_calls_of_its_plan(name: str, tmp_path: Path) -> None:
    """Shape and kind as catalogued, finite, not constant, and each stage called as planned."""
    model = CATALOG.models[name]
    output, seen = made(name)
    expected: Counter[int] = Counter()
    for stage in plan(model, debug_workload(model)):
        assert output.calls[stage.name] == stage.calls
        if stage.name.endswith("_backward"):
            continue  # autograd's work, counted in forward passes (reference/distil.py)
        expected[id(CATALOG.components[stage.component].entries[stage.entry])] += stage.calls
    assert seen == expected
    assert model.output is not None
    assert output.kind == model.output.kind
    assert np.isfinite(output.data.astype(np.float64)).all()
    assert output.data.size == 1 or output.data.min() < output.data.max()
    assert output.save(tmp_path / "made").stat().st_size > 0


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_same_seed_gives_the_same_output(name: str) -> None:
    assert np.array_equal(generate(name, catalog=CATALOG).data, made(name)[0].data)


def test_another_seed_gives_another_output() -> None:
    first, second = (generate("sd-1.5", seed=seed, catalog=CATALOG) for seed in (1, 2))
    assert not np.array_equal(first.data, second.data)


def test_more_steps_are_more_calls_of_the_denoiser_only() -> None:
    few, many = (generate("sdxl-base-1.0", steps=n, catalog=CATALOG).calls for n in (1, 5))
    assert many == {**few, "denoise": 5}


def test_guidance_changes_the_image() -> None:
    """The pair is combined with the asked weight, so another weight gives another image."""
    low, high = (generate("sd-1.5", guidance=g, catalog=CATALOG).data for g in (2.0, 12.0))
    assert not np.array_equal(low, high)


def test_a_batch_gives_as_many_images() -> None:
    assert generate("sdxl-turbo", batch=3, catalog=CATALOG).data.shape[0] == 3


def test_each_token_is_one_call_after_the_first() -> None:
    output = generate("qwen2.5-0.5b", tokens_in=4, tokens_out=9, catalog=CATALOG)
    assert output.data.shape == (1, 9)
    assert output.calls == {"prefill": 1, "decode": 8}


def test_one_token_needs_no_decoding() -> None:
    output = generate("qwen2.5-0.5b", tokens_in=4, tokens_out=1, catalog=CATALOG)
    assert output.data.shape == (1, 1)
    assert output.calls == {"prefill": 1}


def test_the_cache_gives_the_same_logits_as_reading_everything_again() -> None:
    """Prefill of n tokens and one cached step must equal a prefill of n + 1 tokens."""
    model = CATALOG.models["llama-3.1-8b"]
    run = Run(model, debug_workload(model, tokens_in=5), CATALOG, flavour="debug")
    decoder = run.module("llama31_8b")
    tokens = torch.randint(0, 512, (1, 6), generator=torch.Generator().manual_seed(0))

    def mask(n: int) -> Any:
        return torch.full((n, n), -1e30).triu(1)[None, None]

    with torch.no_grad():
        whole = decoder(input_ids=tokens, attention_mask=mask(6)).logits[:, -1]
        start = decoder(input_ids=tokens[:, :5], attention_mask=mask(5), use_cache=True)
        loop = {"token": tokens[:, 5:], "cache": start.past_key_values}
        step = run.call("decode", loop, {"k": 5}).logits[:, -1]
    assert torch.allclose(whole, step, atol=1e-5)


def test_a_model_without_implementation_says_why() -> None:
    with pytest.raises(CannotEstimate, match="no official code"):
        generate("gigagan", catalog=CATALOG)


def test_an_unknown_axis_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="has no frames: its settings are width"):
        generate("sd-1.5", frames=3, catalog=CATALOG)


def test_a_wire_to_an_input_that_does_not_exist_is_an_error() -> None:
    model = CATALOG.models["taesd"]
    stages = [model.stages[0].model_copy(update={"wire": {"imaje": "latents"}})]
    broken = model.model_copy(update={"stages": stages})
    with pytest.raises(DataError, match="no input 'imaje' to wire: taesd takes x"):
        generate(broken, catalog=CATALOG)


def test_scheduler_and_plan_must_agree_on_the_number_of_calls() -> None:
    model = CATALOG.models["sd-1.5"]
    broken = model.model_copy(
        update={"scheduler": "PNDMScheduler", "scheduler_config": {"skip_prk_steps": True}}
    )
    with pytest.raises(DataError, match="makes 3 calls, the catalog says 2"):
        generate(broken, catalog=CATALOG)


def test_audio_is_saved_as_16_bit_wav_at_its_rate(tmp_path: Path) -> None:
    data = np.linspace(-1, 1, 480, dtype=np.float32).reshape(1, 2, 240)
    file = Output("audio", data, sample_rate_hz=24_000).save(tmp_path / "tone")
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (2, 24_000, 240)


def test_an_image_survives_its_file(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    output = generate("taesd", catalog=CATALOG)
    with image.open(output.save(tmp_path / "image")) as picture:
        assert np.array_equal(np.asarray(picture), output.data[0])


def test_every_kind_of_output_has_a_file_format() -> None:
    kinds = {model.output.kind for model in CATALOG.models.values() if model.output}
    assert kinds <= SUFFIXES.keys()
