"""Hand-written audio modules: what each must obey."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from advisor.reference.modules import wavenet as wavenet_module  # noqa: E402
from advisor.reference.modules.vocos import Vocos  # noqa: E402
from advisor.reference.modules.wavenet import WaveNet  # noqa: E402
from tests.reference.cases.case import one_thread_and_seed  # noqa: E402, F401

pytestmark = pytest.mark.torch

# WaveNet


def tiny_wavenet() -> WaveNet:
    return WaveNet(
        layers=6, stacks=2, residual=8, gate=12, skip=5, mels=4, mixtures=2, upsample=(2, 3)
    ).eval()


def test_wavenet_step_by_step_equals_the_parallel_forward() -> None:
    net = tiny_wavenet().double()
    samples, mel = torch.rand(2, 1, 50).double() * 2 - 1, torch.randn(2, 4, 50).double()
    state = net.initial_state(2)
    columns = []
    for t in range(50):
        parameters, state = net.step(samples[..., t], mel[..., t], state)
        columns.append(parameters)
    torch.testing.assert_close(torch.stack(columns, dim=-1), net(samples, mel))


def test_wavenet_never_looks_ahead() -> None:
    net = tiny_wavenet()
    samples, mel = torch.randn(1, 1, 30), torch.randn(1, 4, 30)
    changed = samples.clone()
    changed[..., 20:] += 1
    before, after = net(samples, mel), net(changed, mel)
    torch.testing.assert_close(before[..., :20], after[..., :20])
    assert not torch.allclose(before[..., 20:], after[..., 20:])


def test_wavenet_step_costs_one_column_of_the_network() -> None:
    with torch.device("meta"):
        net = WaveNet().requires_grad_(False)
        with FlopCounterMode(display=False) as counter:
            net.step(torch.empty(1, 1), torch.empty(1, 80), net.initial_state(1))
    generator = [p for name, p in net.named_parameters() if not name.startswith("upsample")]
    assert counter.get_total_flops() == 2 * sum(p.numel() for p in generator if p.dim() > 1)


def test_wavenet_upsampling_gives_a_column_per_sample() -> None:
    net = tiny_wavenet()
    assert net.upsample(torch.randn(2, 4, 5)).shape == (2, 4, 30)


def test_wavenet_draws_follow_the_mixture() -> None:
    # One narrow logistic at 0.25 with almost all the weight.
    parameters = torch.tensor([[9.0, -9.0, 0.25, -0.5, -7.0, -7.0]]).expand(4000, -1)
    drawn = wavenet_module.draw_sample(parameters)
    assert drawn.shape == (4000, 1)
    assert abs(drawn.mean().item() - 0.25) < 1e-3
    wild = wavenet_module.draw_sample(torch.randn(100, 6) * 10)
    assert wild.abs().max() <= 1


# Vocos


def test_vocos_inverse_transform_undoes_the_forward_one() -> None:
    net = Vocos(width=8, hidden=8, layers=1)
    wave = torch.randn(1, 20 * 256)
    padded = F.pad(wave, [(1024 - 256) // 2] * 2)
    frames = padded.unfold(1, 1024, 256) * torch.hann_window(1024)
    torch.testing.assert_close(net._overlap_add(torch.fft.rfft(frames)), wave, rtol=1e-3, atol=1e-3)
