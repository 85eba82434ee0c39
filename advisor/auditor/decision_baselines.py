"""What simpler advisors answer: the same audit holds them beside the program. Both say `go`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.limits import frame_limit_s
from advisor.rules.reading import input_of

if TYPE_CHECKING:
    from advisor.usecase import UseCase

# The founding article's table, row by row; it has none for actions and masks.
TABLE = {
    "text": "llm",
    "code": "llm",
    "label": "llm",
    "image": "image-diffusion",
    "mask": "image-diffusion",
    "sequence": "vae",
    "table": "vae",
    "time-series": "vae",
    "speech": "codec-lm",
    "music": "codec-lm",
    "effects": "codec-lm",
    "video": "video-diffusion",
    "3d": "point-diffusion",
    "action": "llm",
}


def language_model(_: UseCase) -> str:
    """A language model, whatever is asked."""
    return "llm"


def article_table(use_case: UseCase) -> str:
    """The founding article's table: by output, and real-time picture transforms by GAN."""
    pictures = use_case.outputs[0] in ("image", "video") and input_of(use_case, "image", "video")
    if pictures and frame_limit_s(use_case) is not None:
        return "gan"
    return TABLE[use_case.outputs[0]]


BASELINES: dict[str, Callable[[UseCase], str]] = {
    "llm-for-everything": language_model,
    "article-table": article_table,
}
