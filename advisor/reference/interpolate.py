"""Frame interpolation: frames are made between given ones, each by a pass over two neighbours.

A stage's wire names what the loop holds: `first` and `second`, [b, 3, height, width] in 0..1, and
`instant`, [b] between 0 and 1, where the model takes one. Without it the model gives the middle,
and further frames are made by halving again: a gap then takes 1, 3, 7 ... new frames. `_given` is
the number of given frames (default 2); the new ones are spread evenly over the gaps.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F

from advisor.errors import DataError
from advisor.reference.stage import Run, whole
from advisor.reference.wire import first_tensor


def interpolate(run: Run, name: str) -> torch.Tensor:
    """The clip [b, 3, frames, height, width] in 0..1: the given frames and those between them."""
    calls, count = run.stages[name].calls, whole(run, run.specs[name].wire.get("_given", 2))
    new, left = divmod(calls, count - 1)
    timed = run.input_shape(name, "instant") is not None
    if left or not (timed or _halves(new)):
        raise DataError(
            f"{run.model.id}, stage {name}: {calls} calls do not fill {count - 1} gaps between "
            "frames evenly"
        )
    given = given_frames(run, name, count)
    clip = given[:1]
    for first, second in pairwise(given):
        fill = _at_instants if timed else _by_halving
        clip += [*fill(run, name, first, second, new), second]
    height, width = (whole(run, axis) for axis in ("height", "width"))
    return torch.stack(clip, dim=2)[..., :height, :width]


def given_frames(run: Run, name: str, count: int) -> list[torch.Tensor]:
    """Random frames of the asked size, with black to the right and below up to the model's size."""
    shape = run.input_shape(name, "first")
    if shape is None:
        raise DataError(f"{run.model.id}, stage {name}: no input is wired to `first`")
    height, width = (whole(run, axis) for axis in ("height", "width"))
    border = (0, shape[3] - width, 0, shape[2] - height)
    frames = torch.rand((count, *shape[:2], height, width), generator=run.generator)
    return list(F.pad(frames, border).to(run.device, run.dtype).unbind(0))


def _at_instants(run: Run, name: str, first: Any, second: Any, new: int) -> list[torch.Tensor]:
    """Each frame from the two given ones, at evenly spaced instants."""
    instants = [(index + 1) / (new + 1) for index in range(new)]
    return [_between(run, name, first, second, first.new_full((len(first),), t)) for t in instants]


def _by_halving(run: Run, name: str, first: Any, second: Any, new: int) -> list[torch.Tensor]:
    """The middle, then the middles of both halves, and so on."""
    if new == 0:
        return []
    middle = _between(run, name, first, second)
    before = _by_halving(run, name, first, middle, new // 2)
    return [*before, middle, *_by_halving(run, name, middle, second, new // 2)]


def _between(run: Run, name: str, first: Any, second: Any, instant: Any = None) -> torch.Tensor:
    return first_tensor(run.call(name, {"first": first, "second": second, "instant": instant}))


def _halves(new: int) -> bool:
    """Whether a gap can be filled by halving alone: 1, 3, 7, 15 ..."""
    return new > 0 and (new + 1) & new == 0
