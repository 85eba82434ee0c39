"""Frame interpolation: warping, RIFE and FILM, and the loop that fills gaps between frames."""

from __future__ import annotations

from functools import cache
from typing import Any
from unittest import mock

import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import DataError  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.reference.build import build  # noqa: E402
from advisor.reference.interpolate import given_frames, interpolate  # noqa: E402
from advisor.reference.modules.warp import backwarp  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402

CATALOG = load_catalog()
MODELS = ["rife", "rife-m", "film"]
COMPONENTS = {"rife": "rife", "rife-m": "rife_m", "film": "film_style"}


def random(*shape: int, seed: int = 0) -> Any:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@cache
def interpolator(name: str) -> Any:
    return build(CATALOG.components[COMPONENTS[name]], "debug")


def run_of(name: str, **axes: int) -> Run:
    model = CATALOG.models[name]
    return Run(model, debug_workload(model, **axes), CATALOG, flavour="debug")


def test_warping_by_zero_flow_is_the_identity() -> None:
    image = random(2, 3, 7, 9)
    assert torch.allclose(backwarp(image, torch.zeros(2, 2, 7, 9)), image, atol=1e-6)


def test_warping_reads_that_many_pixels_to_the_right_and_below() -> None:
    image, flow = random(1, 3, 8, 10), torch.zeros(1, 2, 8, 10)
    flow[:, 0], flow[:, 1] = 2.0, 1.0
    warped = backwarp(image, flow)
    assert torch.allclose(warped[:, :, :7, :8], image[:, :, 1:, 2:], atol=1e-5)


def test_warping_between_two_pixels_gives_their_mean() -> None:
    image, flow = random(1, 1, 4, 6), torch.zeros(1, 2, 4, 6)
    flow[:, 0] = 0.5
    halfway = (image[..., :-1] + image[..., 1:]) / 2
    assert torch.allclose(backwarp(image, flow)[..., :-1], halfway, atol=1e-5)


def test_warping_from_outside_reads_the_border() -> None:
    image, flow = random(1, 3, 5, 5), torch.zeros(1, 2, 5, 5)
    flow[:, 0] = -100.0
    assert torch.allclose(backwarp(image, flow), image[..., :1].expand_as(image), atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_between_two_equal_frames_lies_a_finite_frame_of_their_shape(name: str) -> None:
    frame = random(2, 3, 64, 96)
    with torch.no_grad():
        middle = interpolator(name)(frame, frame)
    assert middle.shape == frame.shape
    assert torch.isfinite(middle).all()


def test_rife_gives_colours_between_0_and_1() -> None:
    with torch.no_grad():
        middle = interpolator("rife")(random(1, 3, 64, 64), random(1, 3, 64, 64, seed=1))
    assert middle.min() >= 0
    assert middle.max() <= 1


def test_another_instant_gives_another_frame_only_where_the_model_takes_one() -> None:
    first, second = random(1, 3, 64, 64), random(1, 3, 64, 64, seed=1)
    with torch.no_grad():
        early, late = (interpolator("rife-m")(first, second, torch.tensor([t])) for t in (0.1, 0.9))
        plain = [interpolator("rife")(first, second, torch.tensor([t])) for t in (0.1, 0.9)]
    assert not torch.equal(early, late)
    assert torch.equal(*plain)


def test_film_treats_its_two_frames_alike_in_flow() -> None:
    """One predictor serves both directions: equal features give equal flow both ways."""
    film = interpolator("film")
    with torch.no_grad():
        features = film.extract(film._images(random(1, 3, 64, 64)))
        forward, backward = film.flow(features, features), film.flow(features, features)
    assert [flow.shape[1] for flow in forward] == [2] * film.pyramid_levels
    assert all(torch.equal(*pair) for pair in zip(forward, backward, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_the_given_frames_come_out_unchanged(name: str) -> None:
    given = given_frames(run_of(name), "interpolate", 3 if name == "rife" else 2)
    clip = interpolate(run_of(name), "interpolate")
    kept = clip[:, :, :: 2 if name == "rife" else clip.shape[2] - 1]
    assert torch.equal(kept, torch.stack(given, dim=2)[..., :40, : kept.shape[-1]])


def test_frames_are_padded_with_black_to_the_models_size() -> None:
    (frame, _) = given_frames(run_of("film"), "interpolate", 2)
    assert frame.shape == (1, 3, 64, 64)
    assert frame[..., 40:, :].abs().max() == 0
    assert frame[..., 60:].abs().max() == 0


def made_instants(name: str, frames: int) -> list[float]:
    """Where in time each frame of a clip lies when a model blends its neighbours by instant."""
    run = run_of(name, frames=frames)

    def blend(_: Any, loop: Any) -> Any:
        instant = 0.5 if loop["instant"] is None else loop["instant"].view(-1, 1, 1, 1)
        return loop["first"] * (1 - instant) + loop["second"] * instant

    start = torch.zeros(1, 3, 64, 64)
    given = [start + float(i) for i in range(3 if name == "rife" else 2)]
    with (
        mock.patch.object(Run, "call", lambda self, stage, loop: blend(stage, loop)),
        mock.patch("advisor.reference.interpolate.given_frames", return_value=given),
    ):
        clip = interpolate(run, "interpolate")
    return [float(x) for x in clip[0, 0, :, 0, 0]]


@pytest.mark.parametrize(
    ("name", "frames", "instants"),
    [
        ("rife", 5, [0, 0.5, 1, 1.5, 2]),
        ("rife-m", 6, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ("film", 9, [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]),
    ],
)
def test_the_frames_of_a_clip_are_evenly_spaced_in_time(
    name: str, frames: int, instants: list[float]
) -> None:
    assert made_instants(name, frames) == pytest.approx(instants, abs=1e-6)


def test_film_rounds_up_to_what_halving_can_make() -> None:
    model = CATALOG.models["film"]
    calls = [plan(model, model.workload(frames=n))[0].calls for n in (3, 4, 5, 33, 34, 65, 66)]
    assert calls == [1, 3, 3, 31, 63, 63, 127]


def test_gaps_that_cannot_be_filled_evenly_are_an_error() -> None:
    model = CATALOG.models["film"]
    stages = [model.stages[0].model_copy(update={"calls": 2})]
    broken = model.model_copy(update={"stages": stages})
    run = Run(broken, debug_workload(broken), CATALOG, flavour="debug")
    with pytest.raises(DataError, match="2 calls do not fill 1 gaps"):
        interpolate(run, "interpolate")
