"""Components: published sizes, published FLOPs, and stored traces that are still true of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from advisor.catalog import load_catalog  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.reference.build import build, count  # noqa: E402
from advisor.reference.stage import debug_workload  # noqa: E402
from advisor.retrace import needed_calls, stored_workloads  # noqa: E402
from advisor.trace import made_from, trace_call  # noqa: E402
from advisor.tracestore import read_traces  # noqa: E402

CATALOG = load_catalog()
COMPONENTS = list(CATALOG.components)
RUNNABLE = [name for name, model in CATALOG.models.items() if model.runnable]
TRACES = Path(CATALOG.folders[0]) / "traces"
NEEDED = needed_calls(CATALOG, CATALOG.models.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_has_its_published_size_and_flops(name: str) -> None:
    """Built on the meta device at full size; every FLOPs check of its entries within 0.5 %."""
    component = CATALOG.components[name]
    module = build(component, "full", "meta", torch.bfloat16)
    assert count(module) == (component.parameters, component.buffers)
    for entry_name, entry in component.entries.items():
        for check in entry.checks:
            symbols = {symbol: int(value) for symbol, value in check.at.items()}
            on_meta = module if entry.trace_on == "meta" else None
            trace = trace_call(component, entry_name, symbols, "check", module=on_meta)
            assert trace.flops == pytest.approx(check.flops, rel=0.005), (entry_name, symbols)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_every_call_of_the_stored_workloads_has_a_fresh_trace(name: str) -> None:
    """If this fails: python -m advisor.retrace"""
    file = TRACES / f"{name}.json"
    assert file.is_file(), f"no traces of {name}: python -m advisor.retrace"
    component = CATALOG.components[name]
    header = json.loads(file.read_text())
    assert header["made_from"] == made_from(component), "stale: python -m advisor.retrace"
    assert (header["parameters"], header["buffers"]) == (component.parameters, component.buffers)
    assert NEEDED[name].keys() <= read_traces(file).keys()


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_stored_traces_are_possible(name: str) -> None:
    """Work is done, no operation reads more weights than there are, and it all fits in the peak."""
    for trace in read_traces(TRACES / f"{name}.json").values():
        assert trace.flops > 0
        assert trace.launches > 0
        assert trace.peak_activation_bytes > 0
        for op in trace.ops:
            assert 0 <= op.weight_bytes <= op.read_bytes
            if op.op_class != "memory":  # a lookup may read the same rows again and again
                assert op.weight_bytes <= 2 * (trace.parameters + trace.buffers)
            assert op.count > 0
            assert all(size >= 0 for size in op.dims)
            assert op.flops >= 0
            assert math.prod(op.dims) > 0 or op.flops == 0


@pytest.mark.parametrize("name", RUNNABLE)
def test_a_models_parts_are_catalogued_and_its_workloads_plan(name: str) -> None:
    model = CATALOG.models[name]
    assert all(part.component in CATALOG.components for part in model.components)
    for workload in [*stored_workloads(model), debug_workload(model)]:
        stages = plan(model, workload)
        assert stages
        for stage in stages:
            assert stage.entry in CATALOG.components[stage.component].entries
            assert stage.batch >= 1
