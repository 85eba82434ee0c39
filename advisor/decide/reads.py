"""Does a published model take the inputs that a use case hangs on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import frame_limit_s

if TYPE_CHECKING:
    from advisor.catalog import Model
    from advisor.usecase import UseCase

# Controls through which a text-to-picture model takes a picture.
PICTURE_CONTROLS = frozenset(
    {"image-to-image", "inpainting", "layout", "pose", "depth", "style-reference", "subject"}
)
# Roles in which an input decides what comes out; knowledge and context can be put into a prompt.
LEADING = frozenset(
    {
        "subject",
        "layout",
        "first-frame",
        "frame-pair",
        "driving-motion",
        "source",
        "target-structure",
    }
)
STAGED = frozenset({"3d", "video"})  # outputs for which a picture may be made first


CODING = frozenset({"compress", "reconstruct", "latent-space", "compress-audio", "audio-tokens"})


def makes_output(model: Model, use_case: UseCase) -> bool:
    """The first output; live video counts as made when its frames are, one by one."""
    first = use_case.outputs[0]
    frames = first == "video" and frame_limit_s(use_case) is not None and "image" in model.outputs
    return first in model.outputs or frames


def only_codes(model: Model) -> bool:
    """An encoder and decoder that makes nothing new."""
    return set(model.tasks) <= CODING


def reads_inputs(model: Model, use_case: UseCase) -> bool:
    """Every leading input has a way in; without any, a prompt has (or is not needed)."""
    leading = [given.modality for given in use_case.inputs if given.role in LEADING]
    if leading:
        return any(_has_way_in(model, modality) for modality in leading)
    given: set[str] = {one.modality for one in use_case.inputs}
    if "class" in use_case.controls:
        given.add("label")
    if given & set(model.inputs) or not given:
        return True
    return "image" in model.inputs and use_case.outputs[0] in STAGED and "text" in given


def _has_way_in(model: Model, modality: str) -> bool:
    if modality in model.inputs:
        return True
    picture = modality in ("image", "mask", "video")
    return picture and ("image" in model.inputs or bool(PICTURE_CONTROLS & set(model.controls)))
