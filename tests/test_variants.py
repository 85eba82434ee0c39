"""Variants of a workload change the plan as they change the run; defaults change nothing."""

from __future__ import annotations

import pytest

from advisor.adapters import LORA, adapter_parameters, attention_layers, with_adapter
from advisor.catalog import load_catalog
from advisor.errors import InputError
from advisor.plan import JOIN, Stage, plan
from advisor.tracestore import trace_store
from advisor.variants import turns
from advisor.workload import Workload

CATALOG = load_catalog()
STORE = trace_store(CATALOG)


def stages(model: str, **asked: object) -> dict[str, Stage]:
    entry = CATALOG.models[model]
    made = plan(entry, entry.workload(**asked), CATALOG.components)
    return {stage.name: stage for stage in made}


def test_a_plain_workload_is_described_and_written_as_before_there_were_variants() -> None:
    plain = Workload(width=64, height=64)
    assert plain.describe() == "64x64, batch 1, bf16, eager"
    assert not {"tiling", "slicing", "offload", "lora_rank"} & set(plain.model_dump())
    assert Workload.model_validate(plain.model_dump()) == plain


def test_variants_are_described_written_and_read_again() -> None:
    varied = Workload(width=64, height=64, tiling=True, offload="model", lora_rank=16)
    assert varied.describe().endswith("eager, tiling, model offload, LoRA rank 16")
    assert Workload.model_validate_json(varied.model_dump_json()) == varied


def test_tiles_start_every_three_quarters_and_the_edge_gets_what_is_left() -> None:
    """SDXL at 2048: latents of 256 in tiles of 128 every 96, so 128, 128 and 64 each way."""
    made = stages("sdxl-base-1.0", width=2048, height=2048, tiling=True)
    calls = {name: s.calls for name, s in made.items() if name.startswith("decode")}
    assert calls == {
        "decode": 4,
        "decode-64x128": 2,
        "decode-128x64": 2,
        "decode-64x64": 1,
        "decode-join": 1,
    }
    assert made["decode"].key == "decode h=128 w=128"


def test_a_picture_of_one_tile_is_not_cut() -> None:
    assert stages("sdxl-base-1.0", tiling=True) == stages("sdxl-base-1.0")


def test_the_size_of_a_tile_is_the_models_own() -> None:
    """The network of SD 1.5 and SDXL is one component; SDXL's configuration has larger tiles."""
    small, large = (
        stages(name, width=1024, height=1024, tiling=True) for name in ("sd-1.5", "sdxl-base-1.0")
    )
    assert dict(small["decode"].symbols)["h"] == 64
    assert dict(large["decode"].symbols)["h"] == 128


def test_slicing_decodes_the_batch_one_by_one() -> None:
    made = stages("sdxl-base-1.0", batch=4, slicing=True)
    assert (made["decode"].calls, made["decode"].batch) == (4, 1)
    assert made["denoise"] == stages("sdxl-base-1.0", batch=4)["denoise"]


def test_joining_reads_every_tile_and_blends_only_what_overlaps() -> None:
    made = stages("sdxl-base-1.0", width=2048, height=2048, tiling=True)["decode-join"]
    trace = STORE.stage_trace(made)
    assert made.entry == JOIN and trace.flops == 0
    # 3 x 3 tiles overlap by 256 pixels on two seams each way: 2 x 3 x 256 lines, twice.
    assert trace.launches == 4 * 2 * (2 * 3 * 256) + 3 + 1


def test_a_finished_tile_stays_in_memory() -> None:
    made = stages("sdxl-base-1.0", width=2048, height=2048, tiling=True)
    held, alone = (
        STORE.stage_trace(s) for s in (made["decode"], stages("sdxl-base-1.0")["decode"])
    )
    assert held.peak_activation_bytes - alone.peak_activation_bytes == 2 * made["decode"].held > 0


@pytest.mark.parametrize(
    ("model", "projections", "parameters"),
    [
        ("sdxl-base-1.0", 560, 5_806_080),  # 140 attentions x 4; U-Net proj_in and proj_out are not
        ("flux1-dev", 266, 6_537_216),  # 19 double blocks x 8, 38 single ones x 3
        ("llama-3.1-8b", 128, 3_407_872),  # grouped queries: keys and values are narrower
        ("wan2.1-t2v-1.3b", 240, 2_949_120),
    ],
)
def test_attention_projections_are_found_by_their_shapes(
    model: str, projections: int, parameters: int
) -> None:
    """Numbers of layers and weights at rank 4, as counted on the modules by their names."""
    stage = next(s for s in stages(model, lora_rank=4).values() if s.lora_rank)
    component = CATALOG.components[stage.component]
    trace = STORE.call_trace(component, stage.entry, dict(stage.symbols))
    assert sum(attention_layers(trace).values()) == projections
    assert adapter_parameters(trace, 4) == parameters


def test_an_adapter_adds_four_launches_and_two_thin_products_per_layer() -> None:
    stage = stages("sdxl-base-1.0")["denoise"]
    component = CATALOG.components[stage.component]
    plain = STORE.call_trace(component, stage.entry, dict(stage.symbols))
    adapted = with_adapter(plain, 16)
    assert adapted.launches - plain.launches == 4 * 560
    extra = sum(2 * m * 16 * (n + k) * c for (m, n, k), c in attention_layers(plain).items())
    assert adapted.flops - plain.flops == extra
    assert {op.kind for op in adapted.ops[len(plain.ops) :]} == {LORA}


def test_each_component_comes_to_the_device_once_in_a_row_of_its_stages() -> None:
    made = list(stages("sdxl-base-1.0", offload="model").values())
    assert turns(made) == dict.fromkeys((stage.component for stage in made), 1)
    again = [*made, made[0]]
    assert turns(again)[made[0].component] == 2
    assert turns([made[0], *made]) == turns(made)


@pytest.mark.parametrize(
    ("model", "asked", "says"),
    [
        ("svd-xt", {"tiling": True}, "svd-xt has no part that works in tiles"),
        ("llama-3.1-8b", {"slicing": True}, "no part that slices a batch"),
        ("llama-3.1-8b", {"offload": "model"}, "runs one component, offloading saves nothing"),
        ("musicgen-small", {"offload": "model"}, "in turn within one loop"),
        ("sd-vae-ft", {"lora_rank": 8}, "no denoiser or language model to adapt"),
    ],
)
def test_a_variant_that_a_model_cannot_do_is_refused_in_one_sentence(
    model: str, asked: dict[str, object], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        stages(model, **asked)


def test_who_measures_is_refused_a_variant_because_it_plans_without_components() -> None:
    model = CATALOG.models["sdxl-base-1.0"]
    with pytest.raises(InputError, match="tiling can be estimated and generated with but not"):
        plan(model, model.workload(tiling=True))
