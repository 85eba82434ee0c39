"""estimate() on catalog models: what must hold for every figure it gives."""

from __future__ import annotations

import math

import pytest

from advisor.catalog import Catalog, Device
from advisor.errors import CannotEstimate, InputError, UnknownName
from advisor.estimator import Estimate, Rates, Setting, estimate, estimate_many, why_not
from advisor.estimator.memory import GIB
from advisor.figure import Basis, Figure

MODELS = ["sd-1.5", "sdxl-base-1.0", "sdxl-turbo", "llama-3.1-8b", "sd-vae-ft", "flux1-dev"]


def figures(made: Estimate) -> list[Figure]:
    own = [made.latency_s, made.first_output_s, made.peak_memory_gib, made.energy_j]
    stages = [f for stage in made.stages for f in (stage.latency_s, stage.energy_j)]
    return [figure for figure in [*own, *stages] if figure is not None]


@pytest.fixture(scope="module", params=MODELS)
def made(request: pytest.FixtureRequest, catalog: Catalog) -> dict[str, Estimate]:
    return estimate_many(request.param, catalog.devices.values(), catalog=catalog)


def test_stages_add_up_to_the_totals(made: dict[str, Estimate]) -> None:
    for one in made.values():
        assert math.isclose(sum(s.latency_s.value for s in one.stages), one.latency_s.value)
        assert sum(stage.flops for stage in one.stages) == one.flops
        if one.energy_j is not None:
            energy = sum(s.energy_j.value for s in one.stages if s.energy_j is not None)
            assert math.isclose(energy, one.energy_j.value)


def test_every_interval_is_ordered_and_labelled(made: dict[str, Estimate]) -> None:
    for one in made.values():
        for figure in figures(one):
            assert figure.low < figure.value < figure.high or figure.unit in ("J", "GiB")
            assert 0 < figure.low <= figure.value <= figure.high
            assert figure.basis is Basis.datasheet
            assert figure.source


def test_memory_parts_add_up_and_are_never_under_the_weights(made: dict[str, Estimate]) -> None:
    for one in made.values():
        parts = one.memory
        total = sum(parts.model_dump().values())
        assert math.isclose(total, one.peak_memory_gib.value)
        assert one.peak_memory_gib.low >= parts.weights_gib
        assert parts.weights_gib >= one.parameters * 2 / GIB * (1 - 1e-9)
        assert one.fits == (one.peak_memory_gib.value <= one.device_memory_gib)


def test_energy_is_at_most_the_power_limit_over_the_time(
    made: dict[str, Estimate], catalog: Catalog
) -> None:
    for device, one in made.items():
        limit = catalog.device(device).power_w
        if one.energy_j is None:
            assert limit is None
        else:
            assert limit is not None
            assert one.energy_j.value <= limit * one.latency_s.value * (1 + 1e-9)
            assert one.energy_j.high <= limit * one.latency_s.high * (1 + 1e-9)


def test_the_first_output_is_never_later_than_the_last(made: dict[str, Estimate]) -> None:
    for one in made.values():
        assert 0 < one.first_output_s.value <= one.latency_s.value * (1 + 1e-9)


def test_no_stage_runs_above_the_datasheet_peak(
    made: dict[str, Estimate], catalog: Catalog
) -> None:
    for name, one in made.items():
        device = catalog.device(name)
        plain = device.fp32_tflops or 0
        peak = max(device.fp16_tflops or 0, device.bf16_tflops or 0, plain)
        for stage in one.stages:
            # SDXL's decoder runs in fp32; Winograd needs up to 2.25 times fewer products.
            saved = 2.25 * plain if stage.name == "decode" else 0
            assert stage.achieved_tflops <= max(peak, saved)


def test_one_device_gives_what_many_give(catalog: Catalog) -> None:
    many = estimate_many("sd-1.5", ["a10", "h100-sxm"], catalog=catalog, steps=20)
    alone = estimate("sd-1.5", "a10", catalog=catalog, steps=20)
    for one, other in zip(figures(many["a10"]), figures(alone), strict=True):
        assert math.isclose(one.value, other.value, rel_tol=1e-12)
    assert many["a10"].notes == alone.notes


@pytest.mark.parametrize(
    ("model", "axis", "small", "large"),
    [
        ("sd-1.5", "steps", 10, 30),
        ("sd-1.5", "width", 512, 768),
        ("sd-1.5", "batch", 1, 8),
        ("sd-1.5", "guidance", 1, 7.5),
        ("sdxl-base-1.0", "height", 512, 1024),
        ("llama-3.1-8b", "tokens_out", 128, 256),
        ("llama-3.1-8b", "tokens_in", 256, 1024),
        ("llama-3.1-8b", "batch", 1, 16),
    ],
)
def test_asking_for_more_never_costs_less(
    model: str, axis: str, small: float, large: float, catalog: Catalog
) -> None:
    for device in ("t4", "rtx-4090", "a100-sxm-80", "h100-sxm"):
        less, more = (
            estimate(model, device, catalog=catalog, **{axis: value}) for value in (small, large)
        )
        assert less.latency_s.value < more.latency_s.value
        assert less.flops < more.flops
        assert less.peak_memory_gib.value <= more.peak_memory_gib.value * (1 + 1e-9)


def test_decoding_one_sequence_is_bound_by_reading_the_weights(catalog: Catalog) -> None:
    made = estimate("llama-3.1-8b", "a100-sxm-80", catalog=catalog, mode="compiled")
    decode = next(stage for stage in made.stages if stage.name == "decode")
    assert decode.bound == "memory"
    reading = made.memory.weights_gib * GIB / 2039e9
    assert reading < decode.latency_s.value / decode.calls < 2 * reading


def test_the_first_token_needs_the_prompt_and_one_step(catalog: Catalog) -> None:
    made = estimate("llama-3.1-8b", "a100-sxm-80", catalog=catalog)
    prefill, decode = made.stages
    expected = prefill.latency_s.value + decode.latency_s.value / decode.calls
    assert math.isclose(made.first_output_s.value, expected)


def test_quantised_weights_take_less_memory_and_fp32_more(catalog: Catalog) -> None:
    sizes = [
        estimate("llama-3.1-8b", "a100-sxm-80", catalog=catalog, dtype=dtype).memory.weights_gib
        for dtype in ("nf4", "int8", "bf16", "fp32")
    ]
    assert sizes == sorted(sizes)
    assert math.isclose(sizes[3], 2 * sizes[2], rel_tol=1e-3)


def test_an_unknown_device_is_an_error_that_names_near_ones(catalog: Catalog) -> None:
    with pytest.raises(UnknownName, match="h100-"):
        estimate("sd-1.5", "h10", catalog=catalog)


def test_an_unknown_model_is_an_error_that_names_near_ones(catalog: Catalog) -> None:
    with pytest.raises(UnknownName, match="sdxl-base"):
        estimate("sdxl-bas", "a10", catalog=catalog)


def test_an_axis_that_the_model_lacks_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(InputError, match="frames"):
        estimate("sd-1.5", "a10", catalog=catalog, frames=8)


def test_a_device_without_the_needed_peak_is_an_error_that_names_it(
    catalog: Catalog, a100: Device
) -> None:
    bare = a100.model_copy(
        update={"id": "bare", "fp16_tflops": None, "bf16_tflops": None, "fp32_tflops": None}
    )
    with pytest.raises(CannotEstimate, match=r"bare.*peak"):
        estimate("sd-1.5", bare, catalog=catalog)


def test_a_device_of_an_unknown_architecture_is_an_error(catalog: Catalog, a100: Device) -> None:
    strange = a100.model_copy(update={"architecture": "Quantum", "compute_capability": "99"})
    with pytest.raises(CannotEstimate, match="Quantum"):
        estimate("sd-1.5", strange, catalog=catalog)


def test_devices_left_out_of_many_have_a_reason(catalog: Catalog, rates: Rates) -> None:
    workload = catalog.models["sd-1.5"].workload()
    made = estimate_many("sd-1.5", catalog.devices, workload, catalog=catalog)
    for name, device in catalog.devices.items():
        reason = why_not(device, rates, Setting.of(workload))
        assert (reason is None) == (name in made)


def test_bf16_on_a_device_without_it_says_so(catalog: Catalog) -> None:
    made = estimate("sd-1.5", "t4", catalog=catalog, dtype="bf16")
    assert any("no bf16" in note for note in made.notes)


def test_a_generation_without_measurements_has_a_wider_interval(catalog: Catalog) -> None:
    made = estimate_many("sdxl-base-1.0", ["a100-sxm-80", "mi300x"], catalog=catalog)

    def width(one: Estimate) -> float:
        return one.latency_s.high / one.latency_s.low

    assert width(made["mi300x"]) > width(made["a100-sxm-80"])
    assert any("no measurement" in note for note in made["mi300x"].notes)


def test_the_same_question_gives_the_same_bytes(catalog: Catalog) -> None:
    one, two = (estimate("sd-1.5", "a10", catalog=catalog).model_dump_json() for _ in range(2))
    assert one == two


def test_quickly_made_records_equal_validated_ones(made: dict[str, Estimate]) -> None:
    for one in list(made.values())[:5]:
        checked = Estimate.model_validate_json(one.model_dump_json())
        assert checked == one
        assert checked.model_dump_json() == one.model_dump_json()
