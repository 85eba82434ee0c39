"""Hand-written image modules: what each must obey."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from advisor.reference.modules import stylegan3 as sg3  # noqa: E402
from advisor.reference.modules.biggan import BigGANDeepGenerator  # noqa: E402
from advisor.reference.modules.pix2pix import PatchGAN  # noqa: E402
from advisor.reference.modules.rrdbnet import SRVGGNetCompact  # noqa: E402
from advisor.reference.modules.stylegan import (  # noqa: E402
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    blur,
    modulated_conv,
)
from tests.reference.cases.case import one_thread_and_seed  # noqa: E402, F401
from tests.reference.cases.images import STYLEGAN_DEBUG  # noqa: E402

pytestmark = pytest.mark.torch

# StyleGAN2


def test_stylegan2_demodulation_gives_unit_variance() -> None:
    style = torch.rand(4, 32) * 10 + 0.1
    out = modulated_conv(torch.randn(4, 32, 48, 48), torch.randn(8, 32, 3, 3), style, padding=1)
    inner = out[..., 1:-1, 1:-1]
    torch.testing.assert_close(inner.std((2, 3)).mean(), torch.tensor(1.0), rtol=0.05, atol=0)


def test_stylegan2_modulation_equals_scaling_the_weights() -> None:
    x, weight, style = torch.randn(2, 3, 6, 6), torch.randn(4, 3, 3, 3), torch.rand(2, 3) + 0.5
    for index in range(2):
        scaled = weight * style[index][None, :, None, None]
        scaled = scaled / scaled.square().sum((1, 2, 3), keepdim=True).sqrt()
        expected = F.conv2d(x[index : index + 1], scaled, padding=1)
        got = modulated_conv(x, weight, style, padding=1)[index : index + 1]
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("padding", "margins"), [((1, 0, 0), 1), ((1, 1, 0), 2)])
def test_stylegan2_blur_is_the_1331_filter(padding: Any, margins: int) -> None:
    x = torch.randn(1, 1, 9, 9)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    expected = F.conv2d(F.pad(x, [margins] * 4), torch.outer(taps, taps)[None, None])
    torch.testing.assert_close(blur(x, padding), expected)


def test_stylegan2_skip_halves_with_the_1331_filter() -> None:
    x = torch.randn(1, 1, 8, 8)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    expected = F.conv2d(x, torch.outer(taps, taps)[None, None], stride=2, padding=1)
    torch.testing.assert_close(blur(x, (1, 0, 0), last_stride=2), expected)


def test_stylegan2_mapping_ignores_the_length_of_z() -> None:
    mapping = StyleGAN2Generator(**STYLEGAN_DEBUG, mapping_layers=2).mapping
    z = torch.randn(2, 512)
    torch.testing.assert_close(mapping(z), mapping(7 * z))


def test_stylegan2_noise_changes_detail_only_when_it_has_strength() -> None:
    net = StyleGAN2Generator(**STYLEGAN_DEBUG, mapping_layers=2)
    style = net.mapping(torch.randn(1, 512))
    assert torch.equal(net.synthesis(style), net.synthesis(style))
    net.convs[0].noise_strength.fill_(0.1)
    assert not torch.equal(net.synthesis(style), net.synthesis(style))


def test_stylegan2_discriminator_notices_missing_variety() -> None:
    net = StyleGAN2Discriminator(**STYLEGAN_DEBUG)
    image = torch.randn(1, 3, 16, 16)
    alone = net(image)
    torch.testing.assert_close(net(image.expand(4, -1, -1, -1)), alone.expand(4, -1))
    assert not torch.allclose(net(torch.cat([image, torch.randn(3, 3, 16, 16)]))[:1], alone)


# StyleGAN3


def test_stylegan3_filter_equals_scipys_kaiser_design() -> None:
    signal = pytest.importorskip("scipy.signal")
    for taps, cutoff, width, rate in [(12, 12.7, 20.0, 128.0), (24, 80.6, 95.0, 512.0)]:
        expected = signal.firwin(taps, cutoff, width=width, fs=rate)
        got = sg3.low_pass(taps, cutoff, width, rate).double()
        torch.testing.assert_close(got, torch.from_numpy(expected), rtol=1e-5, atol=1e-6)


def test_stylegan3_radial_filter_is_round() -> None:
    taps = sg3.low_pass(12, 12.7, 20.0, 128.0, radial=True)
    assert taps.shape == (12, 12)
    torch.testing.assert_close(taps, torch.rot90(taps))
    torch.testing.assert_close(taps, taps.T)
    assert taps.sum().item() == pytest.approx(1.0)


def test_stylegan3_waves_move_with_the_shift_of_the_style() -> None:
    made = sg3.Signal(channels=6, size=36, rate=16, cutoff=2.0, half_width=6.0)
    waves = sg3.FourierInput(8, made)
    still = waves(torch.zeros(1, 8))
    waves.affine.bias[2] = 3 / made.rate  # three pixels to the right
    moved = waves(torch.zeros(1, 8))
    torch.testing.assert_close(moved[..., 3:], still[..., :-3], rtol=1e-4, atol=1e-4)


def test_stylegan3_resampling_keeps_a_slow_wave_in_place() -> None:
    source = sg3.Signal(channels=1, size=84, rate=64, cutoff=12.7, half_width=19.3)
    target = sg3.Signal(channels=1, size=148, rate=128, cutoff=20.2, half_width=43.8)
    layer = sg3.FilteredLayer(4, source, target, kernel=1, rgb=False, radial=False)

    def wave(signal: sg3.Signal) -> Any:
        place = (torch.arange(signal.size) + 0.5 - signal.size / 2) / signal.rate
        return torch.sin(2 * torch.pi * 3 * place).expand(1, 1, signal.size, -1)

    resampled, expected = layer._lower(layer._raise(wave(source))), wave(target)
    assert resampled.shape == (1, 1, 148, 148)
    inner = slice(12, -12)  # the border sees zeros from outside
    resampled, expected = resampled[..., inner, inner], expected[..., inner, inner]
    gain = (resampled * expected).sum() / expected.square().sum()
    assert 0.9 < gain < 1.02  # twelve taps let a few percent go
    torch.testing.assert_close(resampled, gain * expected, rtol=0, atol=1e-4)


# The other image generators


def test_biggan_with_the_ported_head_has_the_count_its_authors_print() -> None:
    with torch.device("meta"):
        net = BigGANDeepGenerator(128, rgb_channels=128)
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, 1) == 50.4


def test_biggan_makes_another_image_for_another_class() -> None:
    net = BigGANDeepGenerator(128, width=8).eval()
    z = torch.randn(1, 128)
    images = [net(z, torch.tensor([label])) for label in (3, 3, 4)]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])


def test_patchgan_judges_patches_of_70_pixels() -> None:
    net = PatchGAN(width=4).eval().double()
    image = torch.randn(1, 6, 256, 256, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        net(image)[0, 0, 15, 15].backward()
    touched = image.grad.abs().sum((0, 1)).nonzero()
    extent = touched.max(0).values - touched.min(0).values + 1
    assert extent.tolist() == [70, 70]


def test_compact_super_resolution_starts_from_the_enlarged_image() -> None:
    net = SRVGGNetCompact(num_conv=1, width=4)
    net.layers[-2].weight.zero_()
    net.layers[-2].bias.zero_()
    image = torch.rand(1, 3, 5, 5)
    assert torch.equal(net(image)[..., ::4, ::4], image)
    assert torch.equal(net(image)[..., 3::4, 3::4], image)
