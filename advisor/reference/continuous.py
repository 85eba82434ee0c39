"""Autoregression over continuous values: waveform samples (WaveNet), spectrogram frames (SpeechT5).

Each call is given the last value (wired to `token`) and the state that the last call left (wired to
`cache`). The first come from the stage that `_start` names, else both are zero. `_value` and
`_state` say where prediction and state are in a call's result; with `_head` the prediction is made
by a further stage, called after every call. `_draw` says how a prediction becomes the next value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from advisor.errors import DataError
from advisor.reference.autoregress import sizes
from advisor.reference.modules.wavenet import draw_sample
from advisor.reference.stage import Run, calls_of

DRAWS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "logistic-mixture": draw_sample,
    "mean": lambda prediction: prediction,  # the prediction is the value, as for spectrograms
}


def continuous(run: Run, name: str) -> torch.Tensor:
    """All values one after the other, along the dimension after the batch: [b, values, ...]."""
    if name in run.outputs:  # a head: it ran inside the loop of its stage
        value: torch.Tensor = run.outputs[name]
        return value
    wire = run.specs[name].wire
    values: list[torch.Tensor] = []
    if "_start" in wire:
        result = run.outputs[wire["_start"]]
        values.append(_drawn(run, name, wire["_start"], result))
        loop = {"token": values[-1], "cache": _state(run, name, wire["_start"], result)}
    else:
        loop = {"token": _zeros(run, name, "token"), "cache": _zeros(run, name, "cache")}
    for _ in range(calls_of(run, name)):
        result = run.call(name, loop, sizes(run, name))
        values.append(_drawn(run, name, name, result))
        loop = {"token": values[-1], "cache": _state(run, name, name, result)}
    joined = torch.cat(values, dim=1)
    if "_head" in wire:
        run.outputs[wire["_head"]] = joined
    return joined


def _drawn(run: Run, name: str, stage: str, result: Any) -> torch.Tensor:
    """The next value, from the result of `stage`."""
    wire = run.specs[name].wire
    if "_head" in wire:
        result = run.call(wire["_head"], {"result": result})
    wires = run.wires(run.stages[stage], {"result": result})
    return DRAWS[wire["_draw"]](wires.tensor(wire["_value"]))


def _state(run: Run, name: str, stage: str, result: Any) -> Any:
    wires = run.wires(run.stages[stage], {"result": result})
    return wires.value(run.specs[name].wire["_state"])


def _zeros(run: Run, name: str, wired_to: str) -> torch.Tensor:
    shape = run.input_shape(name, wired_to)
    if shape is None:
        raise DataError(f"{run.model.id}, stage {name}: no tensor input is wired to '{wired_to}'")
    return torch.zeros(shape, device=run.device, dtype=run.dtype)
