"""Three counters count the same call: the trace, fvcore on the module that ran, torch's own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("fvcore")
pytestmark = pytest.mark.torch

from advisor.catalog import load_catalog  # noqa: E402
from advisor.catalog.schema import EntryPoint  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.profiler.flops import TOLERANCE, _explain, count_flops  # noqa: E402
from advisor.profiler.record import FlopsCount  # noqa: E402
from advisor.reference.build import build, make_inputs  # noqa: E402
from advisor.reference.stage import debug_workload  # noqa: E402
from advisor.trace import trace_call  # noqa: E402

CATALOG = load_catalog()


def _calls() -> dict[tuple[str, str], dict[str, int]]:
    """Every entry point that a runnable model's debug workload calls, once, with its symbols."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for model in CATALOG.models.values():
        if model.runnable:
            for stage in plan(model, debug_workload(model)):
                found.setdefault((stage.component, stage.entry), dict(stage.symbols))
    return found


CALLS = _calls()


@pytest.mark.parametrize(("component", "entry"), CALLS, ids=str)
def test_every_operation_of_the_catalog_is_known_and_the_counters_agree(
    component: str, entry: str
) -> None:
    part, symbols = CATALOG.components[component], CALLS[component, entry]
    traced = trace_call(part, entry, symbols, "", flavour="debug").flops
    module = build(part, "debug")
    inputs = make_inputs(part.entries[entry], part, symbols, flavour="debug")
    flops = count_flops(module, part.entries[entry], inputs, traced)
    assert flops.unsupported == {}, f"give these a handler or a place in the list: {flops}"
    assert flops.fvcore is not None
    assert flops.spread() <= TOLERANCE or flops.explanation, f"counters differ: {flops}"


def _count(module: torch.nn.Module, **inputs: torch.Tensor) -> FlopsCount:
    return count_flops(module.eval(), EntryPoint(inputs={}), inputs, None)


def test_a_linear_layer_is_two_flops_per_multiply_add() -> None:
    flops = _count(torch.nn.Linear(7, 5), input=torch.randn(3, 7))
    assert flops.fvcore == flops.torch == 2 * 3 * 7 * 5


def test_attention_counts_scores_and_weighted_sum() -> None:
    class Attention(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.scaled_dot_product_attention(x, x, x)

    flops = _count(Attention(), x=torch.randn(2, 4, 9, 8))
    assert flops.fvcore == flops.torch == 4 * 2 * 4 * 9 * 9 * 8


@pytest.mark.parametrize(("kind", "gates"), [(torch.nn.LSTM, 4), (torch.nn.GRU, 3)])
def test_recurrent_layers_count_all_matrices_once_per_time_step(
    kind: type[torch.nn.Module], gates: int
) -> None:
    flops = _count(kind(6, 10, 2), input=torch.randn(5, 3, 6))
    assert flops.fvcore == 2 * 5 * 3 * gates * 10 * (6 + 10 + 10 + 10)


def test_an_operation_without_a_handler_is_named() -> None:
    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.linalg.svdvals(x)

    assert set(_count(Odd(), x=torch.randn(4, 4)).unsupported) == {"aten::linalg_svdvals"}


def test_a_difference_that_nobody_can_explain_has_no_explanation() -> None:
    flops = count_flops(
        torch.nn.Linear(4, 4), EntryPoint(inputs={}), {"input": torch.randn(2, 4)}, 1000
    )
    assert flops.spread() > TOLERANCE and flops.explanation == ""


def test_recurrent_layers_excuse_torchs_counter_and_no_other() -> None:
    layer = torch.nn.LSTM(6, 10)
    inputs = {"input": torch.randn(5, 3, 6)}
    truth = _count(layer, **inputs).fvcore
    assert truth is not None
    wrong = count_flops(layer, EntryPoint(inputs={}), inputs, truth * 2)
    assert wrong.spread() > TOLERANCE and wrong.explanation == ""
    assert "torch's counter" in _explain(layer, truth, truth, 0)
    assert _explain(torch.nn.Linear(1, 1), truth, truth, 0) == ""
