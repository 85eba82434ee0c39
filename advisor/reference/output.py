"""What one generation gives: data in its own form, and files that other programs open."""

from __future__ import annotations

import importlib
import io
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from advisor.catalog.schema import OutputSpec
from advisor.errors import DataError, InputError, MissingExtra
from advisor.files import write_atomic
from advisor.reference.mesh import Mesh, obj, ply, surface
from advisor.reference.spelling import spelt, xyz

# Files of each kind; the first is the kind's own. A field can be saved as a mesh where it was read
# on a grid.
FORMATS: dict[str, tuple[str, ...]] = {
    "image": (".png", ".webp"),
    "video": (".gif", ".webp"),
    "audio": (".wav",),
    "point-cloud": (".ply", ".obj"),
    "text": (".txt",),
    "sequence": (".txt",),
    "series": (".csv",),
    "field": (".npy", ".ply", ".obj"),
    "structure": (".xyz",),
}
SUFFIXES = {kind: formats[0] for kind, formats in FORMATS.items()}


@dataclass(frozen=True)
class Output:
    """One generation, first dimension the batch.

    image: uint8 [b, height, width, channels]. video: uint8 [b, frames, height, width, channels].
    audio: float32 [b, channels, samples] in [-1, 1]. point-cloud: float32 [b, points, 3 or more].
    text, sequence: int64 token ids [b, length], spelt by `alphabet` where there is one. structure:
    float32 [b, atoms, 3 coordinates and a score per element]. series, field: float32. `calls`
    counts the calls of each stage. Weights are random: sizes, times and formats are real, the
    content is noise.
    """

    kind: str
    data: np.ndarray[Any, Any]
    calls: dict[str, int] = field(default_factory=dict)
    sample_rate_hz: int | None = None
    fps: float | None = None
    grid: tuple[int, ...] | None = None  # of a field: samples along each axis of its cube
    alphabet: tuple[str, ...] = ()  # what numbers spell, or a structure's elements

    def strings(self) -> list[str]:
        """The sequences of the batch, spelt. Raises DataError where the model has no alphabet."""
        if not self.alphabet or self.kind == "structure":
            raise DataError(f"this {self.kind} has no alphabet to be spelt in")
        return [spelt(row, self.alphabet) for row in self.data]

    def save(self, path: str | Path, item: int = 0) -> Path:
        """Write one item of the batch and return the file.

        A suffix of the kind's formats is kept, a foreign one is refused, a path without one gets
        the kind's own. Raises InputError where the format cannot hold it.
        """
        file = file_for(self.kind, path)
        write_atomic(file, self.encoded(file.suffix.lower(), item))
        return file

    def encoded(self, suffix: str, item: int = 0) -> bytes:
        """The bytes of one item's file."""
        if not 0 <= item < len(self.data):
            raise InputError(f"item {item} does not exist: the batch has {len(self.data)}")
        return _WRITERS[self.kind, suffix](self, self.data[item])


def file_for(kind: str, path: str | Path) -> Path:
    """The path with the suffix that an output of a kind will be saved under."""
    file, own = Path(path), FORMATS[kind]
    suffix = file.suffix.lower()
    if suffix in own:
        return file
    if suffix in _KNOWN_SUFFIXES:
        raise InputError(
            f"this output is of the kind {kind}: save it as {' or '.join(own)}, not as {suffix}"
        )
    return file.with_name(file.name + own[0])  # sdxl-base-1.0 ends in a number, not in a suffix


def to_output(
    spec: OutputSpec,
    value: torch.Tensor,
    shape: tuple[int, ...],
    calls: dict[str, int],
    grid: tuple[int, ...] | None = None,
) -> Output:
    """The last stage's tensor as an Output. Raises DataError unless it has the catalog's shape."""
    if shape and tuple(value.shape) != shape:
        raise DataError(
            f"the last stage gave shape {list(value.shape)}, the catalog says {list(shape)}"
        )
    if not bool(torch.isfinite(value.float()).all()):
        raise DataError("the last stage gave numbers that are not finite")
    data = _FORMS[spec.kind](value.detach().cpu(), shape)
    return Output(spec.kind, data, calls, spec.sample_rate_hz, spec.fps, grid, tuple(spec.alphabet))


def _pixels(value: torch.Tensor) -> np.ndarray[Any, Any]:
    """[-1, 1] to 0..255, channels last."""
    scaled = (value.float().clamp(-1, 1) + 1) * 127.5
    return np.moveaxis(scaled.round().to(torch.uint8).numpy(), 1, -1)


def _image(value: torch.Tensor, _: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return _pixels(value)


def _video(value: torch.Tensor, _: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """[b, c, frames, h, w], or frames of one clip as a batch [frames, c, h, w]."""
    return _pixels(value) if value.dim() == 5 else _pixels(value)[None]


def _audio(value: torch.Tensor, _: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """[b, samples] or [b, channels, samples]."""
    waves = value.float().clamp(-1, 1).numpy()
    return waves[:, None] if waves.ndim == 2 else waves


def _floats(value: torch.Tensor, _: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return value.float().numpy()


def _ids(value: torch.Tensor, _: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return value.to(torch.int64).numpy()


_FORMS = {
    "image": _image,
    "video": _video,
    "audio": _audio,
    "point-cloud": _floats,
    "field": _floats,
    "series": _floats,
    "text": _ids,
    "sequence": _ids,
    "structure": _floats,
}


Data = np.ndarray[Any, Any]
Writer = Callable[[Output, Data], bytes]


def _still(kind: str, **options: Any) -> Writer:
    def write(output: Output, pixels: Data) -> bytes:
        buffer = io.BytesIO()
        _picture(pixels).save(buffer, format=kind, **options)
        return buffer.getvalue()

    return write


def _animation(kind: str, **options: Any) -> Writer:
    """A looping animation. GIF counts time in hundredths of a second and has 256 colours a frame;
    WebP keeps milliseconds and every pixel."""

    def write(output: Output, frames: Data) -> bytes:
        pictures = [_picture(frame) for frame in frames]
        buffer = io.BytesIO()
        pictures[0].save(
            buffer,
            format=kind,
            save_all=True,
            append_images=pictures[1:],
            duration=round(1000 / (output.fps or 8)),
            loop=0,
            **options,
        )
        return buffer.getvalue()

    return write


def _picture(pixels: Data) -> Any:
    try:
        image = importlib.import_module("PIL.Image")
    except ImportError:
        raise MissingExtra("saving pictures", "profile") from None
    return image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels[..., :3])


def _wav(output: Output, waves: Data) -> bytes:
    """16-bit PCM at the model's sample rate."""
    if output.sample_rate_hz is None:
        raise DataError("this audio has no sample rate: add output.sample_rate_hz to the catalog")
    samples = np.clip(np.round(waves * 32767), -32768, 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(output.sample_rate_hz)
        file.writeframes(samples.T.tobytes())
    return buffer.getvalue()


def _points_as(encode: Callable[[Mesh], bytes]) -> Writer:
    """Points as vertices; where there are six numbers, the last three are a colour 0..1."""

    def write(_: Output, points: Data) -> bytes:
        colours = points[:, 3:6] if points.shape[-1] >= 6 else None
        return encode(Mesh(points[:, :3], np.zeros((0, 3), np.int64), colours))

    return write


def _surface_as(encode: Callable[[Mesh], bytes]) -> Writer:
    """The surface of a field [points, density and maybe colour] that was read on a grid."""

    def write(output: Output, values: Data) -> bytes:
        grid = output.grid
        if grid is None or len(grid) != 3 or min(grid) < 2:
            raise InputError(
                "this field was not read on a grid, so it has no mesh: save it as .npy"
            )
        colour = values[:, 1:4].reshape(*grid, 3) if values.shape[-1] >= 4 else None
        return encode(surface(values[:, 0].reshape(grid), colours=colour))

    return write


def _txt(output: Output, tokens: Data) -> bytes:
    """The string, or token ids where the model's entry has no alphabet to spell them with."""
    if output.alphabet:
        return (spelt(tokens, output.alphabet) + "\n").encode()
    return (" ".join(str(token) for token in tokens.ravel()) + "\n").encode()


def _xyz(output: Output, atoms: Data) -> bytes:
    return xyz(atoms, output.alphabet).encode()


def _csv(_: Output, values: Data) -> bytes:
    """One row per step, one column per variable."""
    rows = values.reshape(values.shape[0], -1) if values.ndim else values.reshape(1, 1)
    return "".join(",".join(f"{v:.7g}" for v in row) + "\n" for row in rows).encode()


def _npy(_: Output, values: Data) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


_WRITERS: dict[tuple[str, str], Writer] = {
    ("image", ".png"): _still("PNG"),
    ("image", ".webp"): _still("WEBP", lossless=True),
    ("video", ".gif"): _animation("GIF"),
    ("video", ".webp"): _animation("WEBP", lossless=True),
    ("audio", ".wav"): _wav,
    ("point-cloud", ".ply"): _points_as(ply),
    ("point-cloud", ".obj"): _points_as(obj),
    ("text", ".txt"): _txt,
    ("sequence", ".txt"): _txt,
    ("series", ".csv"): _csv,
    ("field", ".npy"): _npy,
    ("field", ".ply"): _surface_as(ply),
    ("field", ".obj"): _surface_as(obj),
    ("structure", ".xyz"): _xyz,
}
_KNOWN_SUFFIXES = frozenset(suffix for formats in FORMATS.values() for suffix in formats) | {
    ".jpg",
    ".jpeg",
    ".mp4",
    ".mp3",
    ".stl",
    ".glb",
    ".json",
}
