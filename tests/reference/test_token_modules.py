"""SNAC's three rates, SoundStorm's Conformer and its masked loop, Parler's decoder."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import DataError  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.masked import fill, masked, still_masked  # noqa: E402
from advisor.reference.modules.parler import ParlerDecoder  # noqa: E402
from advisor.reference.modules.snac import SNAC, NoiseBlock, Quantiser  # noqa: E402
from advisor.reference.modules.soundstorm import SoundStorm, rotate  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402
from tests.reference.cases.case import one_thread_and_seed  # noqa: E402, F401

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

CATALOG = load_catalog()
MASK = 9


def tiny_snac() -> SNAC:
    return SNAC(encoder_dim=4, decoder_dim=16, codebook_size=32).eval()


def tiny_soundstorm() -> SoundStorm:
    return SoundStorm(levels=3, codes=8, semantic=8, width=16, layers=2, heads=2, hidden=32).eval()


# SNAC


def test_snac_codes_come_at_three_rates_that_double() -> None:
    codes = tiny_snac().encode(torch.randn(2, 1, 3 * 2048))
    assert [tuple(code.shape) for code in codes] == [(2, 3), (2, 6), (2, 12)]


def test_snac_samples_of_a_batch_do_not_mix() -> None:
    net = tiny_snac()
    for block in net.modules():
        if isinstance(block, NoiseBlock):
            block.strength.weight.zero_()
    audio = torch.randn(2, 1, 4096)
    torch.testing.assert_close(net(audio)[:1], net(audio[:1]), rtol=1e-3, atol=1e-4)


def test_snac_noise_changes_the_audio_of_the_same_codes_only_where_it_has_strength() -> None:
    net = tiny_snac()
    codes = net.encode(torch.randn(1, 1, 2048))
    assert not torch.equal(net.decode(*codes), net.decode(*codes))
    for block in net.modules():
        if isinstance(block, NoiseBlock):
            block.strength.weight.zero_()
    assert torch.equal(net.decode(*codes), net.decode(*codes))


def test_snac_chooses_the_entry_in_the_nearest_direction() -> None:
    quantiser = Quantiser(channels=6, codes=16, code_dim=4, stride=1)
    latents = torch.randn(1, 6, 10)
    projected = quantiser.down(latents)[0].T
    angles = torch.nn.functional.cosine_similarity(
        projected[:, None], quantiser.codebook.weight[None], dim=-1
    )
    assert torch.equal(quantiser.choose(latents)[0], angles.argmax(1))


def test_snac_reads_a_coarse_code_for_as_long_as_it_covers() -> None:
    quantiser = Quantiser(channels=6, codes=16, code_dim=4, stride=4)
    latents = quantiser.read(torch.tensor([[3, 5]]))
    assert latents.shape == (1, 6, 8)
    assert torch.equal(latents[..., 0], latents[..., 3])
    assert not torch.equal(latents[..., 3], latents[..., 4])


# SoundStorm


def test_rotary_scores_depend_on_the_distance_only() -> None:
    query, key = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)
    rows = rotate(query.expand(-1, -1, 12, -1)) @ rotate(key.expand(-1, -1, 12, -1)).mT
    torch.testing.assert_close(rows[..., 0, 3], rows[..., 6, 9], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(rows[..., 0, 3], rows[..., 0, 4])


def test_soundstorm_sees_frames_on_both_sides() -> None:
    net = tiny_soundstorm()
    tokens, semantic = torch.randint(8, (1, 3, 40)), torch.randint(8, (1, 20))
    changed = tokens.clone()
    changed[0, :, 20] = (tokens[0, :, 20] + 1) % 8
    moved = (net(tokens, semantic, 0) - net(changed, semantic, 0)).abs().sum(-1)[0]
    assert moved[:19].min() > 0
    assert moved[22:].min() > 0


def test_soundstorm_has_an_output_layer_per_level() -> None:
    net = tiny_soundstorm()
    tokens, semantic = torch.randint(8, (1, 3, 8)), torch.randint(8, (1, 4))
    first, second = (net(tokens, semantic, level) for level in (0, 1))
    assert not torch.allclose(first, second)


# The masked loop


def test_masks_fall_along_a_cosine_to_none() -> None:
    left = [still_masked(1000, done, 16) for done in range(17)]
    assert left[0] == 1000 and left[-1] == 0
    assert left[8] == math.floor(1000 * math.cos(math.pi / 4))
    assert left == sorted(set(left), reverse=True)


def test_the_surest_tokens_are_kept_and_set_ones_stay() -> None:
    row = torch.tensor([[2, MASK, MASK, MASK]])
    logits = torch.zeros(1, 4, MASK)
    logits[0, 1, 5], logits[0, 2, 6], logits[0, 3, 7] = 9.0, 1.0, 5.0
    filled = fill(row, logits, MASK, stay=1, sampler=None)
    assert filled.tolist() == [[2, 5, MASK, 7]]


def test_nothing_is_left_masked_and_calls_equal_the_plan() -> None:
    model = CATALOG.models["soundstorm"]
    run = Run(model, debug_workload(model, steps=7), CATALOG, flavour="debug")
    seen: list[tuple[int, int]] = []
    plain = run.call

    def watched(name, loop=None, *rest, **more):  # type: ignore[no-untyped-def]
        seen.append((loop["level"], int((loop["tokens"][:, loop["level"]] == 64).sum())))
        assert not (loop["tokens"][:, : loop["level"]] == 64).any()
        assert (loop["tokens"][:, loop["level"] + 1 :] == 64).all()
        return plain(name, loop, *rest, **more)

    run.call = watched  # type: ignore[method-assign]
    codes = masked(run, "fill")
    assert codes.shape == (1, 12, 16)
    assert codes.max() < 64
    assert run.calls["fill"] == run.stages["fill"].calls == 7 + 11
    assert [level for level, _ in seen] == [0] * 7 + list(range(1, 12))
    left = [count for _, count in seen[:7]]
    assert left == [16, 15, 14, 12, 9, 6, 3]  # a quarter of a cosine, in whole tokens


def test_too_few_calls_for_the_levels_are_refused() -> None:
    model = CATALOG.models["soundstorm"]
    stages = [model.stages[0].model_copy(update={"calls": 11}), model.stages[1]]
    broken = model.model_copy(update={"stages": stages})
    with pytest.raises(DataError, match="12 levels need as many calls"):
        generate(broken, catalog=CATALOG)


# Parler-TTS


def tiny_parler() -> ParlerDecoder:
    return ParlerDecoder(
        vocab_size=16,
        text_vocab_size=20,
        num_hidden_layers=2,
        ffn_dim=32,
        num_attention_heads=2,
        hidden_size=16,
        num_codebooks=3,
        max_position_embeddings=32,
    ).eval()


def causal(size: int):  # type: ignore[no-untyped-def]
    return torch.full((size, size), -1e30).triu(1).expand(2, 1, size, size)


def test_parler_step_by_step_equals_reading_the_whole() -> None:
    net = tiny_parler()
    described, transcript = torch.randn(2, 4, 16), torch.randint(20, (2, 5))
    first, second = torch.randint(16, (6, 1)), torch.randint(16, (6, 1))
    start = net.prefill(transcript, first, described, causal(6))
    step = net(second, described, torch.zeros(2, 1, 1, 7), start.past_key_values)
    whole = net.prefill(transcript, torch.cat([first, second], 1), described, causal(7))
    torch.testing.assert_close(start.logits[:, -1], whole.logits[:, -2])
    torch.testing.assert_close(step.logits[:, -1], whole.logits[:, -1])


def test_parler_hears_the_order_of_the_transcript_and_the_description() -> None:
    net = tiny_parler()
    described, transcript = torch.randn(2, 4, 16), torch.tensor([[1, 2, 3], [4, 5, 6]])
    codes = torch.zeros(6, 1, dtype=torch.int64)
    said = net.prefill(transcript, codes, described, causal(4)).logits[:, -1]
    swapped = net.prefill(transcript[:, [1, 0, 2]], codes, described, causal(4)).logits[:, -1]
    voiced = net.prefill(transcript, codes, described + 1, causal(4)).logits[:, -1]
    assert not torch.allclose(said, swapped, atol=1e-5)
    assert not torch.allclose(said, voiced, atol=1e-5)
