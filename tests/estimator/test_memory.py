"""Peak memory: what is certain, what a library does behind the scenes, and the fitted file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog import Catalog, load_catalog
from advisor.errors import AdvisorError
from advisor.estimator import Rates, Setting, estimate
from advisor.estimator.memory import GIB, fused_projections, live_peak, reserved_gib
from advisor.plan import plan
from advisor.tracestore import trace_store

CATALOG = load_catalog()
RUNNABLE = sorted(model.id for model in CATALOG.models.values() if model.runnable)


def called(name: str, **axes: object) -> list:  # type: ignore[type-arg]
    workload = CATALOG.models[name].workload(**axes)
    store = trace_store(CATALOG)
    return [(s, store.stage_trace(s)) for s in plan(CATALOG.models[name], workload)]


@given(
    name=st.sampled_from(RUNNABLE),
    device=st.sampled_from(["t4", "rtx-4090", "a100-sxm-80", "b200", "apple-m2-ultra"]),
    batch=st.integers(1, 64),
    dtype=st.sampled_from(["fp32", "fp16", "bf16", "int8", "nf4"]),
)
@settings(max_examples=60, deadline=None)
def test_a_peak_is_never_under_the_weights_and_its_interval_is_ordered(
    name: str, device: str, batch: int, dtype: str
) -> None:
    try:
        made = estimate(name, device, catalog=CATALOG, batch=batch, dtype=dtype)
    except AdvisorError:
        return
    peak, parts = made.peak_memory_gib, made.memory
    assert parts.weights_gib <= peak.low <= peak.value <= peak.high
    assert min(parts.activations_gib, parts.workspace_gib, parts.context_gib) >= 0
    assert made.fits == (made.spare_gib >= 0)
    assert made.spare_gib == pytest.approx(made.device_memory_gib - peak.value)


def test_the_decoder_of_an_fp16_sdxl_pipeline_runs_in_fp32_and_that_of_sd_15_does_not(
    rates: Rates,
) -> None:
    half, wide = Setting(dtype="fp16"), Setting(dtype="bf16")
    for name, grows in (("sdxl-base-1.0", True), ("sd-1.5", False)):
        stages = called(name)
        more = live_peak(stages, half, rates).need(rates) / live_peak(stages, wide, rates).need(
            rates
        )
        assert (more > 1.3) == grows


def test_fused_projections_hold_the_weights_that_the_source_measured() -> None:
    # sayakpaul/diffusers-torchao README: CogVideoX-5B takes 19.764 GiB, 21.979 with fuse_qkv.
    setting = Setting(dtype="bf16", fused_qkv=True)
    extra = fused_projections(called("cogvideox-5b"), setting) / GIB
    assert extra == pytest.approx(21.979 - 19.764, rel=0.01)
    assert fused_projections(called("cogvideox-5b"), replace(setting, fused_qkv=False)) == 0


def test_an_older_library_changes_only_the_call_it_is_known_for(rates: Rates) -> None:
    old = Setting(dtype="bf16", stack="diffusers 0.30")
    new = replace(old, stack="")
    before, now = (live_peak(called("cogvideox-2b"), s, rates).activations for s in (old, new))
    assert 0.8 < before / now < 0.9
    assert live_peak(called("sd-1.5"), old, rates) == live_peak(called("sd-1.5"), new, rates)


@pytest.mark.parametrize("batch", [1, 8, 32, 64])
def test_the_allocator_holds_no_more_than_the_device_unless_tensors_need_it(
    catalog: Catalog, rates: Rates, batch: int
) -> None:
    device = catalog.device("v100-sxm2-16")
    live = live_peak(
        called("sd-1.5", batch=batch, dtype="fp32"), Setting(dtype="fp32"), rates, "reserved"
    )
    needed = live.need(rates) / GIB
    held = reserved_gib(0.0, live, rates, device)
    assert held <= max(device.memory_gib, needed)
    assert held <= reserved_gib(0.0, live, rates)


def test_the_allocator_holds_what_the_tensors_need_on_a_device_that_is_too_small(
    catalog: Catalog, rates: Rates
) -> None:
    device, weights = catalog.device("v100-sxm2-16"), 20 * GIB
    live = live_peak(called("sd-1.5", dtype="fp32"), Setting(dtype="fp32"), rates, "reserved")
    held = reserved_gib(weights, live, rates, device)
    assert held == pytest.approx((weights + live.need(rates)) / GIB)


def test_every_memory_interval_is_ordered_and_the_widest_holds_the_others(rates: Rates) -> None:
    scopes = [rates.intervals[f"memory.{s}"] for s in ("allocated", "reserved", "reported")]
    whole = rates.intervals["memory"]
    for one in scopes:
        assert whole.low <= one.low <= 1 <= one.high <= whole.high
        assert "held-out" in one.source


def test_every_older_peak_names_a_call_of_the_catalog(catalog: Catalog, rates: Rates) -> None:
    for peak in rates.older_peaks:
        assert peak.entry in catalog.components[peak.component].entries
