"""Estimates of variants: what they save and cost, and what they say about it."""

from __future__ import annotations

import math

import pytest

from advisor.catalog import Catalog
from advisor.errors import CannotEstimate
from advisor.estimator import Estimate, Setting, estimate, estimate_many
from advisor.estimator import memory as memory_room
from advisor.estimator.offload import PCIE_GB_S, SHARE, STAGE, bus_gb_s
from advisor.estimator.optable import op_table
from advisor.estimator.quantised import is_linear, linear_parameters, vocabulary
from advisor.figure import Basis
from advisor.tracestore import trace_store

DEVICE = "rtx-4090"


def made(model: str, catalog: Catalog, **asked: object) -> Estimate:
    return estimate(model, DEVICE, catalog=catalog, **asked)


def test_tiling_saves_memory_and_costs_time(catalog: Catalog) -> None:
    size = {"width": 2048, "height": 2048}
    whole, tiled = (made("sdxl-base-1.0", catalog, tiling=t, **size) for t in (False, True))
    assert tiled.peak_memory_gib.value < 0.6 * whole.peak_memory_gib.value
    seconds = [
        sum(s.latency_s.value for s in one.stages if s.name.startswith("decode"))
        for one in (whole, tiled)
    ]
    assert seconds[0] < seconds[1] < 2 * seconds[0]


def test_tiling_that_changes_nothing_says_so(catalog: Catalog) -> None:
    plain, tiled = (made("sdxl-base-1.0", catalog, tiling=t) for t in (False, True))
    assert tiled.latency_s == plain.latency_s
    assert any("tiling changes nothing" in note for note in tiled.notes)


def test_slicing_bounds_the_memory_of_a_batch(catalog: Catalog) -> None:
    """Decoding eight at once is the peak; one by one it no longer is."""
    whole, sliced = (made("sd-1.5", catalog, batch=8, slicing=s) for s in (False, True))
    assert sliced.peak_memory_gib.value < whole.peak_memory_gib.value


def test_one_component_at_a_time_needs_the_room_of_the_largest(catalog: Catalog) -> None:
    resident, offloaded = (made("flux1-dev", catalog, offload=o) for o in ("none", "model"))
    assert not resident.fits and offloaded.fits
    component = catalog.components["flux1_dev"]
    own = (component.parameters + component.buffers) * 2 / memory_room.GIB
    assert offloaded.memory.weights_gib == pytest.approx(own, rel=1e-3)
    parts = offloaded.memory.model_dump().values()
    assert math.isclose(sum(parts), offloaded.peak_memory_gib.value)


def test_copies_are_a_stage_of_their_own_and_make_the_time_an_assumption(
    catalog: Catalog,
) -> None:
    resident, offloaded = (made("flux1-dev", catalog, offload=o) for o in ("none", "model"))
    *run, copies = offloaded.stages
    assert [s.latency_s for s in run] == [s.latency_s for s in resident.stages]
    assert (copies.name, copies.calls, copies.latency_s.basis) == (STAGE, 4, Basis.assumed)
    names = memory_room.resident(catalog.models["flux1-dev"])
    setting = Setting()
    total = sum(sum(memory_room.component_bytes(name, catalog, setting)) for name, _ in names)
    assert copies.bytes_moved == pytest.approx(2 * total)  # to the device and back
    rate = SHARE * PCIE_GB_S["4.0"] * 1e9
    assert copies.latency_s.value == pytest.approx(2 * total / rate)
    assert math.isclose(
        offloaded.latency_s.value, resident.latency_s.value + copies.latency_s.value
    )
    assert offloaded.latency_s.basis is Basis.assumed
    assert offloaded.first_output_s.value == offloaded.latency_s.value
    assert any("not measured" in note for note in offloaded.notes)


def test_a_bus_that_is_not_known_or_not_there_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CannotEstimate, match="shares its memory with the host"):
        estimate("flux1-dev", "apple-m4-max", catalog=catalog, offload="model")
    with pytest.raises(CannotEstimate, match="unknown speed"):
        bus_gb_s(catalog.device("mi250x"))
    able = estimate_many("flux1-dev", ["apple-m4-max", DEVICE], catalog=catalog, offload="model")
    assert set(able) == {DEVICE}


@pytest.mark.parametrize(
    ("device", "gb_s"),
    [("rtx-4090", 31.5), ("a100-sxm-80", 31.5), ("h100-sxm", 63.0), ("gh200-96", 450.0)],
)
def test_the_bus_of_a_device_is_read_off_its_row(
    device: str, gb_s: float, catalog: Catalog
) -> None:
    assert bus_gb_s(catalog.device(device)) == gb_s


# model, format, GiB of all weights: measured with torchao on an A100, linear layers of transformer
# and text encoder (sayakpaul/diffusers-torchao README, column model_memory, without fused QKV).
MEASURED = [
    ("cogvideox-2b", "bf16", 12.55),
    ("cogvideox-2b", "int8", 6.58),
    ("cogvideox-2b", "int4", 4.155),
    ("cogvideox-5b", "bf16", 19.764),
    ("cogvideox-5b", "int8", 10.302),
    ("cogvideox-5b", "int4", 6.237),
]


@pytest.mark.parametrize(("model", "dtype", "gib"), MEASURED)
def test_quantised_weights_weigh_what_was_measured(
    model: str, dtype: str, gib: float, catalog: Catalog
) -> None:
    ours = memory_room.weight_bytes(catalog.models[model], catalog, Setting(dtype=dtype))
    assert ours / memory_room.GIB == pytest.approx(gib, rel=0.05)


def test_embeddings_and_the_output_layer_of_a_language_model_stay_wide(catalog: Catalog) -> None:
    part = catalog.components["llama31_8b"]
    wide = 2 * part.config["vocab_size"] * part.config["hidden_size"]
    assert linear_parameters(catalog, part.id) == pytest.approx(part.parameters - wide, rel=1e-3)


def test_convolutions_are_not_quantised(catalog: Catalog) -> None:
    assert linear_parameters(catalog, "hifigan_v1_22k") == 0
    assert (
        linear_parameters(catalog, "sd_vae_4ch")
        < 0.02 * catalog.components["sd_vae_4ch"].parameters
    )


def test_only_linear_layers_are_read_narrow(catalog: Catalog) -> None:
    store, words = trace_store(catalog), vocabulary(catalog, "llama31_8b")
    trace = next(t for k, t in store.stored("llama31_8b").items() if k.startswith("decode_token"))
    plain, narrow = (op_table(trace, Setting(dtype=d), words) for d in ("bf16", "int8"))
    linear = [is_linear(op, words) for op in trace.ops]
    assert any(linear)
    for index, is_narrow in enumerate(linear):
        share = 0.5 if is_narrow else 1.0
        assert narrow.weight_bytes[index] == share * plain.weight_bytes[index]


def test_llama_cpp_formats_hold_everything(catalog: Catalog) -> None:
    model = catalog.models["llama-3.1-8b"]
    setting = Setting(dtype="q4_k_m", engine="llama.cpp")
    assert not setting.linear_only
    ours = memory_room.weight_bytes(model, catalog, setting)
    assert ours == pytest.approx(model_parameters(catalog) * setting.weight_bytes, rel=1e-6)


def model_parameters(catalog: Catalog) -> int:
    return memory_room.parameter_count(catalog.models["llama-3.1-8b"], catalog)


def test_a_quantised_estimate_says_how_much_of_the_model_that_is(catalog: Catalog) -> None:
    notes = made("sdxl-base-1.0", catalog, dtype="nf4").notes
    assert any("nf4 holds the weights of linear layers, 8" in note for note in notes)


def test_an_adapter_beside_quantised_weights_stays_in_16_bit(catalog: Catalog) -> None:
    plain, adapted = (
        made("flux1-dev", catalog, dtype="nf4", lora_rank=rank) for rank in (None, 16)
    )
    more = (adapted.memory.weights_gib - plain.memory.weights_gib) * memory_room.GIB
    assert more == pytest.approx(26_148_864 * 2)
    assert adapted.latency_s.value > plain.latency_s.value
    assert adapted.parameters == plain.parameters
