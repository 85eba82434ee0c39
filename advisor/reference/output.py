"""What one generation gives: data in its own form, and files that other programs open."""

from __future__ import annotations

import importlib
import io
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from advisor.catalog.schema import OutputSpec
from advisor.errors import DataError
from advisor.files import write_atomic

SUFFIXES = {
    "image": ".png",
    "video": ".gif",
    "audio": ".wav",
    "point-cloud": ".ply",
    "text": ".txt",
    "sequence": ".txt",
    "series": ".csv",
    "field": ".npy",
}


@dataclass(frozen=True)
class Output:
    """One generation, first dimension the batch.

    image: uint8 [b, height, width, channels]. video: uint8 [b, frames, height, width, channels].
    audio: float32 [b, channels, samples] in [-1, 1]. point-cloud: float32 [b, points, 3 or more].
    text, sequence: int64 token ids [b, length]. series, field: float32. `calls` counts the calls of
    each stage. Weights are random: sizes, times and formats are real, the content is noise.
    """

    kind: str
    data: np.ndarray[Any, Any]
    calls: dict[str, int] = field(default_factory=dict)
    sample_rate_hz: int | None = None
    fps: float | None = None

    def save(self, path: str | Path) -> Path:
        """Write the first item of the batch; the suffix is the kind's own. Returns the file."""
        file = Path(path).with_suffix(SUFFIXES[self.kind])
        write_atomic(file, _WRITERS[self.kind](self))
        return file


def to_output(
    spec: OutputSpec, value: torch.Tensor, shape: tuple[int, ...], calls: dict[str, int]
) -> Output:
    """The last stage's tensor as an Output. Raises DataError unless it has the catalog's shape."""
    if shape and tuple(value.shape) != shape:
        raise DataError(
            f"the last stage gave shape {list(value.shape)}, the catalog says {list(shape)}"
        )
    if not bool(torch.isfinite(value.float()).all()):
        raise DataError("the last stage gave numbers that are not finite")
    data = _FORMS[spec.kind](value.detach().cpu(), shape)
    return Output(spec.kind, data, calls, spec.sample_rate_hz, spec.fps)


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
}


def _png(output: Output) -> bytes:
    buffer = io.BytesIO()
    _picture(output.data[0]).save(buffer, format="PNG")
    return buffer.getvalue()


def _gif(output: Output) -> bytes:
    pictures = [_picture(frame) for frame in output.data[0]]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 / (output.fps or 8)),
        loop=0,
    )
    return buffer.getvalue()


def _picture(pixels: np.ndarray[Any, Any]) -> Any:
    image = importlib.import_module("PIL.Image")
    return image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels[..., :3])


def _wav(output: Output) -> bytes:
    """16-bit PCM at the model's sample rate."""
    if output.sample_rate_hz is None:
        raise DataError("this audio has no sample rate: add output.sample_rate_hz to the catalog")
    samples = np.clip(output.data[0] * 32767, -32768, 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(output.sample_rate_hz)
        file.writeframes(samples.T.tobytes())
    return buffer.getvalue()


def _ply(output: Output) -> bytes:
    """Points as a binary PLY; where there are six numbers, the last three are a colour 0..1."""
    points = output.data[0].astype("<f4")
    names = ["x", "y", "z", "red", "green", "blue"][: points.shape[-1]]
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header += [f"property float {name}" for name in names]
    return ("\n".join([*header, "end_header"]) + "\n").encode() + points[:, : len(names)].tobytes()


def _txt(output: Output) -> bytes:
    """Token ids: a reference model has no trained vocabulary to spell them with."""
    return (" ".join(str(token) for token in output.data[0].ravel()) + "\n").encode()


def _csv(output: Output) -> bytes:
    return "".join(f"{value:.7g}\n" for value in output.data[0].ravel()).encode()


def _npy(output: Output) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, output.data[0], allow_pickle=False)
    return buffer.getvalue()


_WRITERS = {
    "image": _png,
    "video": _gif,
    "audio": _wav,
    "point-cloud": _ply,
    "text": _txt,
    "sequence": _txt,
    "series": _csv,
    "field": _npy,
}
