"""Outputs saved in their own format, read back by readers that are not ours."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import InputError  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.mesh import Mesh, obj, ply, surface  # noqa: E402
from advisor.reference.output import FORMATS, Output  # noqa: E402

CATALOG = load_catalog()
NOISE = np.random.default_rng(0)


def pixels(*shape: int) -> Any:
    return NOISE.integers(0, 256, size=shape, dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_is_read_back_pixel_for_pixel(tmp_path: Path, suffix: str, channels: int) -> None:
    image = pytest.importorskip("PIL.Image")
    data = pixels(2, 12, 20, channels)
    with image.open(Output("image", data).save(tmp_path / f"made{suffix}", item=1)) as picture:
        read = np.asarray(picture)
    wanted = data[1, ..., 0] if channels == 1 and read.ndim == 2 else data[1]
    assert np.array_equal(read, np.broadcast_to(wanted, read.shape))


def frames_of(file: Path) -> tuple[list[Any], list[int]]:
    image = pytest.importorskip("PIL.Image")
    sequence = pytest.importorskip("PIL.ImageSequence")
    with image.open(file) as clip:
        frames = [np.asarray(frame.convert("RGB")) for frame in sequence.Iterator(clip)]
        times = []
        for number in range(clip.n_frames):
            clip.seek(number)
            clip.load()
            times.append(clip.info["duration"])
    return frames, times


def test_a_webp_clip_keeps_every_pixel_and_millisecond(tmp_path: Path) -> None:
    data = pixels(1, 5, 16, 16, 3)
    frames, times = frames_of(Output("video", data, fps=16).save(tmp_path / "clip.webp"))
    assert np.array_equal(np.stack(frames), data[0])
    assert all(time in (62, 63) for time in times)


def test_a_gif_clip_has_all_frames_in_order_at_its_rate(tmp_path: Path) -> None:
    levels = np.array([0, 60, 120, 180, 240], dtype=np.uint8)
    data = np.broadcast_to(levels[None, :, None, None, None], (1, 5, 8, 8, 3)).copy()
    frames, times = frames_of(Output("video", data, fps=10).save(tmp_path / "clip"))
    assert [int(frame.mean()) for frame in frames] == pytest.approx(levels.tolist(), abs=2)
    assert times == [100] * 5


def test_sound_is_read_back_to_the_last_bit(tmp_path: Path) -> None:
    data = np.linspace(-1, 1, 480, dtype=np.float32).reshape(1, 2, 240)
    with wave.open(str(Output("audio", data, sample_rate_hz=24_000).save(tmp_path / "a"))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24_000, 2, 2)
        read = np.frombuffer(sound.readframes(240), dtype="<i2").reshape(240, 2).T
    assert np.abs(read / 32767 - data[0]).max() <= 0.5 / 32767 + 1e-7


def read_ply(content: bytes) -> dict[str, Any]:
    """An own small reader: the header's elements, then its rows."""
    head, _, body = content.partition(b"end_header\n")
    kinds = {"float": "<f4", "uchar": "u1", "int": "<i4"}
    elements: list[tuple[str, int, list[tuple[str, str]]]] = []
    for line in head.decode().splitlines():
        words = line.split()
        if words[0] == "element":
            elements.append((words[1], int(words[2]), []))
        elif words[0] == "property" and words[1] != "list":
            elements[-1][2].append((words[2], kinds[words[1]]))
    name, number, fields = elements[0]
    assert name == "vertex"
    vertices = np.frombuffer(body, dtype=fields, count=number)
    read = {"vertices": vertices, "faces": np.zeros((0, 3), int)}
    if len(elements) > 1:
        face = np.dtype([("n", "u1"), ("i", "<i4", (3,))])
        rows = np.frombuffer(body, dtype=face, offset=vertices.nbytes, count=elements[1][1])
        assert set(rows["n"]) <= {3}
        read["faces"] = rows["i"]
        assert len(body) == vertices.nbytes + rows.nbytes
    return read


def read_obj(content: bytes) -> tuple[Any, Any]:
    lines = [line.split() for line in content.decode().splitlines()]
    vertices = [[float(word) for word in line[1:]] for line in lines if line[0] == "v"]
    faces = [[int(word) for word in line[1:]] for line in lines if line[0] == "f"]
    return np.array(vertices), np.array(faces)


def test_points_with_colours_are_read_back_from_ply_and_obj() -> None:
    data = NOISE.random((1, 7, 6)).astype(np.float32)
    output = Output("point-cloud", data)
    read = read_ply(output.encoded(".ply"))["vertices"]
    assert np.allclose(np.stack([read[name] for name in "xyz"], -1), data[0, :, :3])
    colours = np.stack([read[name] for name in ("red", "green", "blue")], -1)
    assert np.abs(colours / 255 - data[0, :, 3:]).max() <= 0.5 / 255 + 1e-6
    vertices, faces = read_obj(output.encoded(".obj"))
    assert np.allclose(vertices, data[0], atol=1e-4)
    assert len(faces) == 0


# ---------------------------------------------------------------- surfaces


def ball(points: int = 20, radius: float = 0.35) -> tuple[Any, Mesh]:
    axis = np.linspace(0, 1, points)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    density = radius - np.linalg.norm(grid - 0.5, axis=-1)
    return grid, surface(density, 0.0, grid)


def edges(faces: Any) -> Any:
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(np.sort(pairs, 1), axis=0, return_counts=True)


def test_the_surface_of_a_ball_is_closed_and_has_no_handle() -> None:
    _, mesh = ball()
    unique, count = edges(mesh.faces)
    assert set(count) == {2}
    assert len(mesh.vertices) - len(unique) + len(mesh.faces) == 2


def test_the_surface_of_a_ball_encloses_its_volume_and_looks_outward() -> None:
    _, mesh = ball()
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    volume = float((np.cross(a, b) * c).sum() / 6)  # positive only where faces look outward
    assert volume == pytest.approx(4 / 3 * np.pi * 0.35**3, rel=0.02)


def test_colours_are_carried_to_the_place_of_each_vertex() -> None:
    _, mesh = ball()
    assert mesh.colours is not None
    assert np.allclose(mesh.colours, mesh.vertices)  # the field's colour was its position


def test_a_field_that_never_crosses_the_level_has_an_empty_mesh() -> None:
    mesh = surface(np.zeros((4, 4, 4)), 1.0)
    assert (len(mesh.vertices), len(mesh.faces)) == (0, 0)
    assert read_ply(ply(mesh))["vertices"].size == 0


def test_a_mesh_is_read_back_from_both_of_its_formats() -> None:
    _, mesh = ball(8)
    read = read_ply(ply(mesh))
    assert np.array_equal(read["faces"], mesh.faces)
    vertices, faces = read_obj(obj(mesh))
    assert np.allclose(vertices[:, :3], mesh.vertices, atol=1e-6)
    assert np.array_equal(faces - 1, mesh.faces)


@pytest.mark.filterwarnings("ignore")
def test_a_distilled_field_is_saved_as_a_mesh_of_its_grid(tmp_path: Path) -> None:
    output = generate("dreamfusion-sds", catalog=CATALOG)
    assert output.grid == (8, 8, 8)
    vertices, faces = read_obj(output.save(tmp_path / "asset.obj").read_bytes())
    assert len(faces) > 0
    assert 0 <= vertices[:, :3].min() <= vertices[:, :3].max() <= 1
    assert faces.max() == len(vertices)


def test_a_field_read_at_random_points_has_no_mesh() -> None:
    with pytest.raises(InputError, match="was not read on a grid"):
        Output("field", np.zeros((1, 8, 4), np.float32)).encoded(".obj")


# ---------------------------------------------------------------- names


def test_a_name_that_ends_in_a_number_keeps_it(tmp_path: Path) -> None:
    file = Output("image", pixels(1, 4, 4, 3)).save(tmp_path / "sdxl-base-1.0")
    assert file.name == "sdxl-base-1.0.png"


def test_a_format_of_another_kind_is_refused_with_those_that_suit(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"is of the kind image: save it as \.png or \.webp, not as \.wav"
    ):
        Output("image", pixels(1, 4, 4, 3)).save(tmp_path / "picture.wav")
    assert not list(tmp_path.iterdir())


def test_an_item_beyond_the_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="item 2 does not exist: the batch has 2"):
        Output("image", pixels(2, 4, 4, 3)).save(tmp_path / "picture", item=2)


def test_tokens_and_series_are_text(tmp_path: Path) -> None:
    assert Output("text", np.array([[5, 7]])).encoded(".txt") == b"5 7\n"
    series = np.array([[[1.5, 2], [3, 4]]], np.float32)
    assert Output("series", series).encoded(".csv") == b"1.5,2\n3,4\n"


def test_every_kind_of_output_has_a_writer_for_each_of_its_formats() -> None:
    kinds = {model.output.kind for model in CATALOG.models.values() if model.output}
    assert kinds <= FORMATS.keys()
