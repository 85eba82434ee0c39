"""Variants at run time: libraries cut the calls that the plan lists, adapters cost as planned."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from advisor.adapters import adapter_parameters, join_trace, with_adapter  # noqa: E402
from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import InputError  # noqa: E402
from advisor.plan import JOIN, plan  # noqa: E402
from advisor.reference.build import build  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402
from advisor.reference.variants import adapt  # noqa: E402
from advisor.trace import trace_call  # noqa: E402
from advisor.variants import turns  # noqa: E402

CATALOG = load_catalog()
TILED = [
    ("sdxl-base-1.0", {"width": 128, "height": 96}),
    ("sdxl-base-1.0", {"width": 128, "height": 96, "batch": 2, "slicing": True}),
    ("flux2-klein-4b", {"width": 128, "height": 128}),
    ("sd-vae-ft", {"width": 128, "height": 128}),
    ("qwen-image", {"width": 288, "height": 272}),
    ("wan2.1-t2v-1.3b", {"width": 272, "height": 272}),
]


@pytest.mark.parametrize(("name", "asked"), TILED)
def test_the_library_makes_the_tiles_that_the_plan_lists(name: str, asked: dict[str, Any]) -> None:
    model = CATALOG.models[name]
    workload = debug_workload(model, tiling=True, **asked)
    planned = {s.name: s.calls for s in plan(model, workload, CATALOG.components, "debug")}
    assert any(name.endswith("-join") for name in planned)
    assert generate(name, catalog=CATALOG, tiling=True, **asked).calls == planned


def test_slices_are_counted_as_the_library_makes_them() -> None:
    assert generate("sd-1.5", catalog=CATALOG, batch=3, slicing=True).calls["decode"] == 3


@pytest.mark.parametrize(
    ("name", "asked"), [("sdxl-base-1.0", TILED[0][1]), ("qwen-image", TILED[4][1])]
)
def test_tiles_and_join_cost_what_the_library_does_as_a_whole(
    name: str, asked: dict[str, Any]
) -> None:
    """The whole tiled call, traced, has the operations of the plan's parts."""
    model = CATALOG.models[name]
    (whole,) = (s for s in plan(model, debug_workload(model, **asked)) if s.name == "decode")
    component = CATALOG.components[whole.component]
    module = build(component, "debug", "meta", torch.bfloat16)
    module.enable_tiling()

    def traced(symbols: Any) -> Any:
        return trace_call(component, "decode", dict(symbols), "", flavour="debug", module=module)

    real = traced(whole.symbols)
    parts = plan(model, debug_workload(model, tiling=True, **asked), CATALOG.components, "debug")
    module.disable_tiling()
    cut = [
        (s, join_trace(s, 0, 0) if s.entry == JOIN else traced(s.symbols))
        for s in parts
        if s.component == whole.component
    ]
    assert sum(s.calls * t.flops for s, t in cut) == real.flops
    assert sum(s.calls * t.launches for s, t in cut) == real.launches
    moved = sum(s.calls * t.bytes_moved for s, t in cut)
    assert moved == pytest.approx(real.bytes_moved, rel=0.005)


@pytest.mark.parametrize("name", ["qwen25_0_5b", "shap_e_prior_text"])
def test_an_adapted_module_has_the_operations_that_the_trace_predicts(name: str) -> None:
    component = CATALOG.components[name]
    model = next(
        m for m in CATALOG.models.values() if any(p.component == name for p in m.components)
    )
    stage = next(s for s in plan(model, model.workload()) if s.component == name)
    module = build(component, "full", "meta", torch.bfloat16)
    symbols = dict(stage.symbols)
    plain = trace_call(component, stage.entry, symbols, "", module=module)
    adapt(module, 4)
    real = trace_call(component, stage.entry, symbols, "", module=module)
    ours = with_adapter(plain, 4)
    assert (ours.flops, ours.launches) == (real.flops, real.launches)
    assert adapter_parameters(plain, 4) == real.parameters - plain.parameters


def test_an_adapter_changes_the_output_and_a_zero_one_would_not() -> None:
    model = CATALOG.models["sd-1.5"]
    assert (
        generate(model, catalog=CATALOG, lora_rank=4).data != generate(model, catalog=CATALOG).data
    ).any()
    run = Run(model, debug_workload(model, lora_rank=4), CATALOG, flavour="debug")
    module = run.module("sd15_unet")
    adapters = [m for m in module.modules() if type(m).__name__ == "Adapter"]
    assert adapters
    for adapter in adapters:
        adapter.scale = 0.0
    plain = Run(model, debug_workload(model), CATALOG, flavour="debug").module("sd15_unet")
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    given = {"timestep": 3, "encoder_hidden_states": torch.ones(1, 4, _context(plain))}
    with torch.no_grad():
        assert torch.equal(module(x, **given).sample, plain(x, **given).sample)


def _context(unet: Any) -> int:
    return int(unet.config.cross_attention_dim)


def test_nothing_to_adapt_is_one_sentence() -> None:
    with pytest.raises(InputError, match="has no attention projections to adapt"):
        adapt(torch.nn.Conv2d(1, 1, 1), 4)


def test_offloading_brings_each_component_as_often_as_the_plan_says() -> None:
    model = CATALOG.models["sdxl-base-1.0"]
    run = Run(model, debug_workload(model, offload="model"), CATALOG, flavour="debug")
    from advisor.reference.generate import run_stages

    run_stages(run)
    assert run.moves == turns(run.planned)
