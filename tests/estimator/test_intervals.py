"""Which interval an estimate gets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from advisor.catalog import Catalog, Device
from advisor.estimator import Rates, Setting
from advisor.estimator.devices import device_table
from advisor.estimator.intervals import device_intervals, mixes
from advisor.estimator.optable import op_table
from advisor.estimator.timing import StageTime, stage_time
from advisor.plan import Stage
from advisor.traces import CallTrace
from tests.estimator.synthetic import call, matmul, pointwise


@dataclass(frozen=True)
class Result:
    stage: Stage
    trace: CallTrace
    time: StageTime


def result(trace: CallTrace, device: Device, rates: Rates, setting: Setting) -> Result:
    time = stage_time(
        op_table(trace, setting), device_table([device], rates, setting), rates, setting
    )
    return Result(Stage("step", "synthetic", "step", 1, 1, (), False), trace, time)


@pytest.mark.parametrize(
    ("trace", "setting", "kind"),
    [
        (call(pointwise(1000, 1000)), Setting(), "eager.host"),
        (call(matmul(8192, 8192, 8192)), Setting(), "eager.compute"),
        (call(pointwise(10**9)), Setting(), "eager.memory"),
        (call(matmul(1, 8192, 8192)), Setting(engine="other"), "engine.memory"),
        (call(matmul(8192, 8192, 8192)), Setting(compiled=True), "compiled"),
        (call(matmul(1, 8192, 8192)), Setting("int8", compiled=True), "compiled-quantised"),
    ],
)
def test_an_estimate_is_of_the_kind_that_bounds_it(
    trace: CallTrace, setting: Setting, kind: str, a100: Device, rates: Rates
) -> None:
    assert mixes(setting, [result(trace, a100, rates, setting)]) == [kind]


def test_a_device_of_a_generation_without_rows_gets_the_wider_interval(
    catalog: Catalog, a100: Device, rates: Rates
) -> None:
    widths = []
    for device in (a100, catalog.device("rtx-5090"), catalog.device("mi300x")):
        made = result(call(matmul(8192, 8192, 8192)), device, rates, Setting())
        table = device_table([device], rates, Setting())
        found = device_intervals(table, rates, Setting(), [made])[0]
        widths.append(found.high / found.low)
    assert widths[0] < min(widths[1:])


def test_a_scaled_trace_widens_the_interval(a100: Device, rates: Rates) -> None:
    trace = call(matmul(8192, 8192, 8192))
    table = device_table([a100], rates, Setting())
    plain, scaled = (
        device_intervals(table, rates, Setting(), [result(t, a100, rates, Setting())])[0]
        for t in (trace, trace.at_size(2.0))
    )
    assert scaled.low < plain.low and scaled.high > plain.high
