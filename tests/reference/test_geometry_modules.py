"""Hand-written 3D modules: what each must obey."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from advisor.reference.modules.nerf import HashGridNeRF, NeRFMLP, positional_encoding  # noqa: E402
from advisor.reference.modules.point_e import PointE  # noqa: E402
from advisor.reference.modules.trellis import voxel_positions  # noqa: E402
from advisor.reference.modules.triposr import TripoSRDecoder  # noqa: E402
from tests.reference.cases import CASES  # noqa: E402
from tests.reference.cases.case import (  # noqa: E402
    arguments,
    make,
    one_thread_and_seed,  # noqa: F401
)

pytestmark = pytest.mark.torch


def test_point_e_treats_points_as_a_set() -> None:
    net = PointE(width=16, layers=2, heads=2, cond_dim=8).eval()
    points, time, image = torch.randn(1, 10, 6), torch.randn(1, 16), torch.randn(1, 4, 8)
    order = torch.randperm(10)
    torch.testing.assert_close(
        net(points, time, image)[:, order], net(points[:, order], time, image)
    )


def test_point_e_upsampler_asks_for_the_points_it_refines() -> None:
    net = PointE(width=16, layers=1, heads=2, cond_dim=8, low_res=4)
    with pytest.raises(ValueError, match="low-resolution"):
        net(torch.randn(1, 12, 6), torch.randn(1, 16), torch.randn(1, 4, 8))


def test_hunyuan_latents_are_a_set_that_sees_the_image() -> None:
    case = next(case for case in CASES if case.name == "Hunyuan3DDiT")
    net = make(case, debug=True)
    latent, time, image = arguments(case, case.debug_inputs, "cpu")
    order = torch.randperm(12)
    before = net(latent, time, image)
    torch.testing.assert_close(before[:, order], net(latent[:, order], time, image))
    assert not torch.allclose(before, net(latent, time, image + 1), atol=1e-4)


def test_trellis_voxels_have_distinct_positions() -> None:
    table = voxel_positions(4, 32, torch.device("cpu"))
    assert table.shape == (64, 32)
    assert len(torch.unique(table, dim=0)) == 64
    assert table[:, 30:].eq(0).all()


def test_nerf_encoding_doubles_its_frequencies() -> None:
    x = torch.tensor([[0.3]])
    expected = [x, *((k * x).sin() for k in (1, 2, 4)), *((k * x).cos() for k in (1, 2, 4))]
    torch.testing.assert_close(positional_encoding(x, 3), torch.cat(expected, dim=1))


def test_nerf_density_does_not_depend_on_the_direction() -> None:
    net = NeRFMLP(width=16)
    points = torch.randn(20, 3)
    first, red = net.query(points, F.normalize(torch.randn(20, 3), dim=1))
    second, blue = net.query(points, F.normalize(torch.randn(20, 3), dim=1))
    assert torch.equal(first, second)
    assert not torch.equal(red, blue)
    assert first.min() >= 0


def tiny_grid(**changes: Any) -> HashGridNeRF:
    net = HashGridNeRF(**{"levels": 3, "base": 4, "log2_entries": 8, "hidden": 8, **changes})
    for table in net.tables:
        table.normal_()
    return net


def test_hash_grid_returns_the_entry_at_a_corner() -> None:
    net = tiny_grid(levels=1)
    # Corner (1, 2, 0) of a grid of three cells, which lies half a cell off the origin.
    point = (torch.tensor([[1.0, 2.0, 1.0]]) - 0.5) / net.scales[0]
    torch.testing.assert_close(net.encode(point)[0], net.tables[0][1 + 4 * (2 + 4 * 1)])


def test_hash_grid_features_have_no_jumps() -> None:
    net = tiny_grid()
    line = torch.linspace(0.01, 0.99, 20_001)[:, None] * torch.tensor([[1.0, 0.7, 0.4]])
    steps = net.encode(line).diff(dim=0).abs().max()
    assert steps < 0.01


def test_hash_grid_gradient_equals_finite_differences() -> None:
    net = tiny_grid()
    point = torch.tensor([[0.41, 0.33, 0.52]], requires_grad=True)
    with torch.enable_grad():
        net.encode(point).sum().backward()
    for axis in range(3):
        offset = torch.zeros(1, 3)
        offset[0, axis] = 1e-3
        slope = (net.encode(point + offset) - net.encode(point - offset)).sum() / 2e-3
        assert point.grad[0, axis].item() == pytest.approx(slope.item(), rel=1e-2, abs=1e-2)


def test_hash_grid_learns_through_query() -> None:
    net = tiny_grid()
    with torch.enable_grad():
        density, colour = net.query(torch.rand(50, 3))
        (density.sum() + colour.sum()).backward()
    assert density.shape == (50, 1)
    assert colour.min() >= 0 and colour.max() <= 1
    assert all(table.grad.abs().sum() > 0 for table in net.tables)


def test_fields_read_fine_positions_in_a_coarse_dtype() -> None:
    points = torch.rand(1, 9, 3)
    grid = tiny_grid().bfloat16()
    assert grid.query(points[0])[1].dtype == torch.bfloat16
    assert NeRFMLP(width=8).bfloat16().query(points[0], points[0])[1].dtype == torch.bfloat16
    triplane = TripoSRDecoder(
        width=8, layers=1, heads=2, plane=2, features=2, mlp_width=4, mlp_layers=1
    ).bfloat16()
    planes = torch.randn(1, 3, 2, 4, 4, dtype=torch.bfloat16)
    assert triplane.query(planes, points)[1].dtype == torch.bfloat16


def test_triplane_is_read_along_its_three_pairs_of_axes() -> None:
    net = TripoSRDecoder(
        width=8, layers=1, heads=2, context=4, plane=4, features=1, mlp_width=4, mlp_layers=1
    )
    seen: list[Any] = []
    net.field.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    # The plane (y, z) holds a ramp along its first axis, which is y; the others are flat.
    ramp = torch.linspace(-1 + 1 / 8, 1 - 1 / 8, 8).expand(8, 8)
    planes = torch.stack([torch.full((8, 8), 0.1), torch.full((8, 8), 0.2), ramp])[None, :, None]
    points = torch.tensor([[[0.0, 0.3, -0.5], [0.4, -0.3, 0.1]]])
    density, colour = net.query(planes, points)
    torch.testing.assert_close(seen[0][0, :, 0], torch.full((2,), 0.1))
    torch.testing.assert_close(seen[0][0, :, 1], torch.full((2,), 0.2))
    torch.testing.assert_close(seen[0][0, :, 2], points[0, :, 1] / net.radius)
    assert density.shape == (1, 2, 1) and density.min() > 0
    assert colour.shape == (1, 2, 3) and colour.min() >= 0 and colour.max() <= 1
