"""Estimates of training steps."""

from __future__ import annotations

import pytest

from advisor.catalog import load_catalog
from advisor.errors import CannotEstimate, InputError
from advisor.estimator.training import estimate_training

CATALOG = load_catalog()


def made(**changes):  # type: ignore[no-untyped-def]
    asked = {"model": "sd-1.5", "device": "a100-sxm-80", "catalog": CATALOG, **changes}
    return estimate_training(asked.pop("model"), asked.pop("device"), **asked)


def test_mixed_precision_takes_16_bytes_per_trained_parameter() -> None:
    """2 weights + 2 gradients + 12 optimiser: ZeRO, arXiv 1910.02054, section 3.1."""
    one = made()
    parts = one.memory.weights_gib + one.memory.gradients_gib + one.memory.optimiser_gib
    assert parts * 2**30 == pytest.approx(16 * one.trained_parameters, rel=1e-6)


def test_the_parts_of_memory_add_up_to_the_peak() -> None:
    one = made(method="lora")
    assert sum(vars(one.memory).values()) == pytest.approx(one.peak_memory_gib.value)


def test_adapters_take_less_memory_and_time_than_full_training() -> None:
    full, lora = made(), made(method="lora")
    assert lora.peak_memory_gib.value < full.peak_memory_gib.value / 3
    assert lora.flops < full.flops and lora.step_s.value < full.step_s.value


def test_checkpointing_trades_time_for_memory() -> None:
    plain, again = made(method="lora"), made(method="lora", checkpointing=True)
    assert again.memory.activations_gib < plain.memory.activations_gib
    assert again.step_s.value > plain.step_s.value


def test_a_higher_rank_trains_more_weights_and_no_more_base() -> None:
    low, high = made(method="lora", rank=4), made(method="lora", rank=16)
    assert high.trained_parameters == 4 * low.trained_parameters
    assert low.trained_parameters == 797_184


def test_an_8_bit_optimiser_holds_a_smaller_state() -> None:
    ratio = made(optimiser="adamw8bit").memory.optimiser_gib / made().memory.optimiser_gib
    assert ratio == pytest.approx((4 + 2 * (1 + 4 / 256)) / 12)


def test_quantised_weights_cannot_be_trained_in_full() -> None:
    with pytest.raises(InputError, match="lora"):
        made(dtype="nf4")


def test_a_model_without_attention_has_no_adapters() -> None:
    with pytest.raises(CannotEstimate, match="adapters"):
        made(model="stylegan2-1024", method="lora")


def test_fp32_takes_16_bytes_per_trained_parameter_without_a_master_copy() -> None:
    """4 weights + 4 gradients + 8 moments."""
    one = made(dtype="fp32")
    parts = (one.memory.weights_gib, one.memory.gradients_gib, one.memory.optimiser_gib)
    per_parameter = [part * 2**30 / one.trained_parameters for part in parts]
    assert per_parameter == pytest.approx([4, 4, 8], rel=1e-6)


def test_networks_that_stay_resident_add_their_weights_and_nothing_else() -> None:
    alone, beside = made().memory, made(all_resident=True).memory
    frozen = sum(
        CATALOG.components[part.component].parameters
        for part in CATALOG.models["sd-1.5"].components
        if part.role != "denoiser"
    )
    assert (beside.weights_gib - alone.weights_gib) * 2**30 == pytest.approx(2 * frozen, rel=0.01)
    assert beside.gradients_gib == alone.gradients_gib
    assert beside.optimiser_gib == alone.optimiser_gib
