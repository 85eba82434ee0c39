"""Hand-written autoencoders: what each must obey."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from advisor.reference.modules import common  # noqa: E402
from advisor.reference.modules.donut import DonutVAE  # noqa: E402
from advisor.reference.modules.molecule_vae import (  # noqa: E402
    BEGIN,
    END,
    MOSES_ALPHABET,
    ZINC_ALPHABET,
    ChemVAE,
    MosesVAE,
)
from advisor.reference.modules.vqvae import VQVAE  # noqa: E402
from tests.reference.cases import CASES  # noqa: E402
from tests.reference.cases.case import (  # noqa: E402
    arguments,
    make,
    one_thread_and_seed,  # noqa: F401
)

pytestmark = pytest.mark.torch


def test_vqvae_quantises_to_the_nearest_code() -> None:
    net = VQVAE(codes=16, code_dim=4)
    latents = torch.randn(2, 4, 3, 3) * 0.1
    quantised, index = net.quantise(latents)
    gaps = latents.movedim(1, -1)[..., None, :] - net.codebook.weight
    assert torch.equal(index, gaps.square().sum(-1).argmin(-1))
    torch.testing.assert_close(quantised, net.codebook(index).movedim(-1, 1))


def test_vqvae_codes_stand_for_themselves() -> None:
    net = VQVAE(codes=16, code_dim=4)
    index = torch.arange(16).view(1, 4, 4)
    latents = net.codebook(index).movedim(-1, 1)
    assert torch.equal(net.quantise(latents)[1], index)
    torch.testing.assert_close(net.decode_indices(index), net.decode(latents))


def test_vqvae_gradient_passes_the_rounding_unchanged() -> None:
    net = VQVAE(codes=16, code_dim=4)
    latents = torch.randn(1, 4, 2, 2, requires_grad=True)
    with torch.enable_grad():
        (net.quantise(latents)[0] * 3).sum().backward()
    assert torch.equal(latents.grad, torch.full_like(latents, 3.0))


@pytest.mark.parametrize("name", ["ConvVAE", "ChemVAE", "MosesVAE", "DonutVAE"])
def test_vae_draws_in_training_and_takes_the_mean_in_eval(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    net = make(case, debug=True)
    inputs = arguments(case, case.debug_inputs, "cpu")
    assert torch.equal(net(*inputs)[0], net(*inputs)[0])
    net.train()
    assert not torch.equal(net(*inputs)[0], net(*inputs)[0])


def test_gaussian_sample_has_the_stated_moments() -> None:
    mean, log_variance = torch.full((20_000,), 2.0), torch.full((20_000,), 1.0)
    drawn = common.gaussian_sample(mean, log_variance)
    assert drawn.mean().item() == pytest.approx(2.0, abs=0.05)
    assert drawn.var().item() == pytest.approx(2.718, rel=0.05)


def test_chemvae_reads_back_the_string_its_logits_spell() -> None:
    net = ChemVAE(max_len=12, hidden=8, latent=4, gru=8, gru_layers=1)
    text = "C1=CC(Br)=N1"
    onehot = F.one_hot(torch.tensor([[ZINC_ALPHABET.index(c) for c in text]]), 35).float()
    assert net.to_smiles(onehot) == [text]
    assert len(set(ZINC_ALPHABET)) == 35


def test_moses_reads_back_a_string_up_to_its_end_mark() -> None:
    net = MosesVAE(hidden=8, latent=4, gru=8, gru_layers=1)
    marks = [BEGIN, *"c1ccccc1O", END, "C"]
    logits = F.one_hot(torch.tensor([[MOSES_ALPHABET.index(m) for m in marks]]), 30).float()
    assert net.to_smiles(logits) == ["c1ccccc1O"]
    assert len(set(MOSES_ALPHABET)) == 30


def test_moses_samples_strings_that_a_seed_repeats() -> None:
    net = MosesVAE(hidden=8, latent=4, gru=8, gru_layers=1).eval()
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        drawn.append(net.sample(torch.zeros(3, 4), max_len=9))
    assert drawn[0] == drawn[1]
    assert all(len(text) <= 9 for text in drawn[0])


def test_donut_scores_a_spike_above_the_rest_of_the_window() -> None:
    net = DonutVAE(window=16, hidden=8, latent=3).eval()
    window = torch.zeros(1, 16)
    window[0, 5] = 50.0
    score = net.anomaly_score(window, draws=32)
    assert score.shape == (1, 16)
    assert score.argmax().item() == 5
