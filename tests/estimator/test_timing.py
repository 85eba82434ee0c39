"""Properties of the physics, on synthetic calls and made-up devices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog import Device, load_catalog
from advisor.estimator import Setting, load_rates
from advisor.estimator.devices import device_table
from advisor.estimator.energy import stage_joules
from advisor.estimator.optable import op_table
from advisor.estimator.timing import StageTime, stage_time
from advisor.traces import CallTrace
from tests.estimator.synthetic import attention, call, convolutions, matmul, pointwise, transformer

CATALOG = load_catalog()
RATES = load_rates(CATALOG)
DEVICES = [
    device for device in CATALOG.devices.values() if device.fp32_tflops and device.fp16_tflops
]
devices = st.sampled_from(DEVICES)
dtypes = st.sampled_from(["fp32", "fp16", "bf16", "fp8", "int8", "nf4"])
calls = st.one_of(
    st.builds(transformer, st.integers(1, 8192), st.sampled_from([64, 320, 1280, 4096])),
    st.builds(convolutions, st.integers(4, 512), st.sampled_from([32, 320, 1280])),
)


def timed(trace: CallTrace, device: Device, setting: Setting | None = None) -> StageTime:
    setting = setting or Setting()
    table = device_table([device], RATES, setting)
    return stage_time(op_table(trace, setting), table, RATES, setting)


@given(calls, devices, dtypes, st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_call_beats_the_roofline(
    trace: CallTrace, device: Device, dtype: str, compiled: bool
) -> None:
    setting = Setting(dtype=dtype, compiled=compiled)
    ops, table = op_table(trace, setting), device_table([device], RATES, setting)
    fewest = np.where(table.winograd[0] & (ops.kernel == 9), 2.25, 1)  # products of Winograd form
    flops = (ops.flops / fewest * ops.count / table.peak[ops.op_class, 0]).sum()
    weights = (ops.weight_bytes * ops.count).sum() / table.bandwidth[0]
    assert timed(trace, device, setting).total[0] >= max(flops, weights) * (1 - 1e-9)


@given(calls, devices, st.integers(1, 32), st.integers(1, 32))
@settings(max_examples=100, deadline=None)
def test_a_larger_batch_never_costs_less(
    trace: CallTrace, device: Device, batch: int, more: int
) -> None:
    small, large = (timed(trace.at_batch(b), device).total[0] for b in (batch, batch + more))
    assert large >= small * (1 - 1e-9)


@given(st.integers(1, 4096), st.integers(1, 4096), st.sampled_from([320, 1280]), devices)
@settings(max_examples=100, deadline=None)
def test_more_tokens_never_cost_less(tokens: int, more: int, width: int, device: Device) -> None:
    small, large = (timed(transformer(n, width), device).total[0] for n in (tokens, tokens + more))
    assert large >= small * (1 - 1e-9)


@given(calls, devices, st.floats(1, 4), st.floats(1, 4), st.floats(1, 4), dtypes)
@settings(max_examples=100, deadline=None)
def test_a_device_better_in_every_figure_is_never_slower(
    trace: CallTrace, device: Device, compute: float, bandwidth: float, power: float, dtype: str
) -> None:
    peaks = {
        name: value * compute
        for name in ("fp32_tflops", "tf32_tflops", "fp16_tflops", "bf16_tflops", "fp8_tflops")
        if (value := getattr(device, name)) is not None
    }
    better = device.model_copy(
        update={
            **peaks,
            "bandwidth_gb_s": device.bandwidth_gb_s * bandwidth,
            "power_w": device.power_w and device.power_w * power,
        }
    )
    setting = Setting(dtype=dtype)
    assert timed(trace, better, setting).total[0] <= timed(trace, device, setting).total[0] * (
        1 + 1e-9
    )


@given(calls, devices)
@settings(max_examples=60, deadline=None)
def test_compiling_never_makes_a_call_slower(trace: CallTrace, device: Device) -> None:
    eager = timed(trace, device, Setting(dtype="fp16"))
    compiled = timed(trace, device, Setting(dtype="fp16", compiled=True))
    assert compiled.total[0] <= eager.total[0] * (1 + 1e-9)
    assert compiled.host[0] == 0


@given(calls, devices, dtypes)
@settings(max_examples=60, deadline=None)
def test_compute_memory_and_launch_add_up_to_device_time(
    trace: CallTrace, device: Device, dtype: str
) -> None:
    time = timed(trace, device, Setting(dtype=dtype))
    parts = time.compute + time.memory + time.launch
    np.testing.assert_allclose(parts, time.device, rtol=1e-9)
    assert time.total[0] >= max(time.device[0], time.host[0]) * (1 - 1e-9)


@given(calls, devices)
@settings(max_examples=60, deadline=None)
def test_power_stays_between_idle_and_the_limit(trace: CallTrace, device: Device) -> None:
    setting = Setting()
    table = device_table([device], RATES, setting)
    time = stage_time(op_table(trace, setting), table, RATES, setting)
    watts = stage_joules(time, table, RATES)[0] / time.total[0]
    if device.power_w is None:
        assert np.isnan(watts)
    else:
        assert 0 < watts <= device.power_w * (1 + 1e-9)


def test_reading_weights_for_one_row_draws_less_power_than_traffic_between_products(
    a100: Device,
) -> None:
    setting, watts = Setting(compiled=True, fused_attention=False), []
    table = device_table([a100], RATES, setting)
    for trace in (call(matmul(1, 8192, 8192)), call(pointwise(10**9))):
        time = stage_time(op_table(trace, setting), table, RATES, setting)
        watts.append(stage_joules(time, table, RATES)[0] / time.total[0])
    assert watts[0] < watts[1]


def test_several_devices_at_once_give_what_each_gives_alone() -> None:
    trace, setting = transformer(1024, 1280), Setting(dtype="fp16")
    table = device_table(DEVICES, RATES, setting)
    together = stage_time(op_table(trace, setting), table, RATES, setting).total
    alone = [timed(trace, device, setting).total[0] for device in DEVICES]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_a_small_matmul_reaches_a_smaller_share_of_the_peak_than_a_large_one(
    a100: Device,
) -> None:
    shares = []
    for side in (128, 1024, 8192):
        trace = call(matmul(side, side, side))
        shares.append(trace.flops / timed(trace, a100, Setting(compiled=True)).total[0] / 312e12)
    assert shares[0] < 0.05 < shares[1] < shares[2]
    assert shares[2] > 0.5


def test_many_small_operations_on_a_fast_gpu_are_bound_by_the_host(a100: Device) -> None:
    time = timed(call(pointwise(1000, 1000)), a100)
    assert time.host[0] > time.device[0]


def test_attention_without_a_fused_kernel_pays_for_the_scores(a100: Device) -> None:
    trace = call(attention(4096))
    fused = timed(trace, a100, Setting(compiled=True)).total[0]
    plain = timed(trace, a100, Setting(compiled=True, fused_attention=False)).total[0]
    assert plain > 1.5 * fused


def test_weight_only_quantisation_speeds_up_a_single_row_and_not_a_wide_product(
    a100: Device,
) -> None:
    def seconds(rows: int, dtype: str) -> float:
        trace = call(matmul(rows, 8192, 8192))
        return float(timed(trace, a100, Setting(dtype=dtype)).device[0])

    assert seconds(1, "int8") < 0.65 * seconds(1, "bf16")
    assert seconds(4096, "int8") >= seconds(4096, "bf16")


def test_softmax_costs_wide_vector_units_less_than_narrow_ones(a100: Device) -> None:
    trace = call(attention(4096, size=64, count=4))
    wide = a100.model_copy(update={"fp32_tflops": 2 * (a100.fp32_tflops or 0)})
    assert timed(trace, wide).device[0] < 0.9 * timed(trace, a100).device[0]


def test_narrow_heads_reach_a_smaller_share_of_the_peak_than_wide_ones(a100: Device) -> None:
    def share(size: int) -> float:
        trace = call(attention(8192, heads=2048 // size, size=size))
        return trace.flops / float(timed(trace, a100).device[0])

    assert share(64) < 0.8 * share(128)


def test_three_by_three_fp32_convolutions_take_winograd_only_without_tf32() -> None:
    volta, ampere = (CATALOG.device(name) for name in ("v100-sxm2-16", "a100-sxm-40"))
    for dtype, expected in (("fp32", [True, False]), ("fp16", [False, False])):
        table = device_table([volta, ampere], RATES, Setting(dtype=dtype))
        assert table.winograd.tolist() == expected


def test_an_old_stack_takes_the_host_longer_per_launch(a100: Device) -> None:
    trace = call(pointwise(1000, 1000))
    new, old = (timed(trace, a100, Setting(legacy=legacy)) for legacy in (False, True))
    assert old.host[0] > 1.1 * new.host[0]


def test_fp32_convolutions_use_tf32_and_matrix_products_do_not() -> None:
    setting = Setting(dtype="fp32")
    assert setting.precision("convolution") == "tf32"
    assert setting.precision("matmul") == "fp32"
    assert Setting(dtype="fp32", tf32_matmul=True).precision("matmul") == "tf32"


@pytest.mark.parametrize(("slow", "fast"), [("a100-pcie-40", "a100-sxm-40"), ("l4", "l40s")])
def test_a_board_with_less_power_is_slower_at_arithmetic(slow: str, fast: str) -> None:
    trace = call(matmul(8192, 8192, 8192, 10))
    one, two = (timed(trace, CATALOG.device(name)).total[0] for name in (slow, fast))
    assert one > 1.05 * two
