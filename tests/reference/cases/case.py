"""What a hand-written module must weigh, cost and give, and how tests build and call it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from advisor.reference.modules import MODULES  # noqa: E402

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One published component: what it must weigh and cost, and a tiny size of the same code.

    `integers` gives the exclusive upper bound of the inputs that hold integers, by position.
    """

    id: str
    name: str
    params: int
    buffers: int
    inputs: list[Shape]
    flops: int
    debug: dict[str, Any]
    debug_inputs: list[Shape]
    debug_output: list[Shape]
    config: dict[str, Any] = field(default_factory=dict)
    integers: dict[int, int] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def one_thread_and_seed():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with torch.no_grad():
        yield
    torch.set_num_threads(before)


def module_class(name: str) -> Any:
    return getattr(importlib.import_module(f"advisor.reference.modules.{MODULES[name]}"), name)


def make(case: Case, debug: bool, device: str = "cpu", dtype: Any = torch.float32) -> Any:
    """As `advisor.reference.build` does: under the device and the default dtype, eval, no grad."""
    config = {**case.config, **case.debug} if debug else case.config
    torch.manual_seed(1)
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return module_class(case.name)(**config).eval().requires_grad_(False)
    finally:
        torch.set_default_dtype(torch.float32)


def arguments(
    case: Case, shapes: list[Shape], device: str, dtype: Any = torch.float32
) -> list[Any]:
    return [
        torch.randint(case.integers[index], shape, device=device)
        if index in case.integers
        else torch.randn(shape, device=device, dtype=dtype)
        for index, shape in enumerate(shapes)
    ]


def outputs(module: Any, inputs: list[Any]) -> list[Any]:
    made = module(*inputs)
    return list(made) if isinstance(made, tuple) else [made]
