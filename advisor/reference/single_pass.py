"""Single pass: a stage that is called once, or piece by piece (a decoder in chunks)."""

from __future__ import annotations

from typing import Any

import torch

from advisor.errors import DataError
from advisor.reference.stage import Run
from advisor.reference.wire import first_tensor


def single_pass(run: Run, name: str) -> Any:
    """The stage's output; of several calls, joined along the dimension that `_join` names."""
    calls = run.stages[name].calls
    if calls == 1:
        return run.call(name)
    dim = run.specs[name].wire.get("_join")
    if dim is None:
        raise DataError(f"{run.model.id}, stage {name}: {calls} calls need `_join`, a dimension")
    return torch.cat([first_tensor(run.call(name)) for _ in range(calls)], dim=dim)
