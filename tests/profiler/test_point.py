"""One point on the CPU with tiny modules: what is measured, in which modes, and what cannot be."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from advisor.catalog import load_catalog  # noqa: E402
from advisor.catalog.schema import EntryPoint  # noqa: E402
from advisor.errors import InputError  # noqa: E402
from advisor.plan import plan  # noqa: E402
from advisor.profiler.calibrate import probes, time_probe  # noqa: E402
from advisor.profiler.clock import CpuClock  # noqa: E402
from advisor.profiler.identity import PointSpec  # noqa: E402
from advisor.profiler.judge import Observer  # noqa: E402
from advisor.profiler.memory import measure_memory, storage_bytes, weights_bytes  # noqa: E402
from advisor.profiler.meter import Reading, ReplayMeter  # noqa: E402
from advisor.profiler.modes import (  # noqa: E402
    as_written,
    channels_last,
    floats_in,
    is_finite,
    prepare_compiled,
    training_step,
)
from advisor.profiler.point import heaviest, profile_point  # noqa: E402
from advisor.profiler.record import Point  # noqa: E402
from advisor.reference.build import build, make_inputs  # noqa: E402
from advisor.reference.stage import debug_workload  # noqa: E402

CATALOG = load_catalog()


def measured(model: str, **changes: object) -> Point:
    values = {"flavour": "debug", "seconds_per_stage": 0.2, **changes}
    workload = values.pop("workload", debug_workload(CATALOG.models[model]))
    return profile_point(PointSpec(model=model, workload=workload, **values), CATALOG)


def test_every_stage_of_the_plan_is_measured_and_the_whole_beside_it() -> None:
    point = measured("sd-1.5", end_to_end=True)
    stages = plan(CATALOG.models["sd-1.5"], point.workload)
    assert [(s.name, s.calls, s.batch) for s in point.stages] == [
        (s.name, s.calls, s.batch) for s in stages
    ]
    assert point.end_to_end is not None and point.residual_s is not None
    assert point.residual_s == pytest.approx(point.end_to_end.median_s - point.summed_s)
    for stage in point.stages:
        assert 0 < stage.timing.min_s <= stage.timing.median_s <= stage.timing.p99_s
        assert stage.flops is not None and stage.flops.spread() == 0 and not stage.flops.unsupported
        assert stage.energy is None  # this CPU has no counter: unknown, not zero


def test_a_decoding_step_with_a_cache_is_the_same_call_every_time() -> None:
    point = measured("llama-3.1-8b")
    again = measured("llama-3.1-8b")
    assert [s.flops for s in point.stages] == [s.flops for s in again.stages]


def test_weights_are_those_of_the_whole_model_at_every_stage() -> None:
    stages = measured("sd-1.5", count_flops=False).stages
    assert len({s.memory.weights_gib for s in stages}) == 1
    used = {s.component: build(CATALOG.components[s.component], "debug") for s in stages}
    assert stages[0].memory.weights_gib * 2**30 == weights_bytes(used)


def test_only_fitting_measures_no_time() -> None:
    point = measured("sd-1.5", purpose="fit")
    assert point.outcome == "measured" and point.stages == []


def test_a_training_step_is_a_stage_of_its_own_that_costs_about_three_forwards() -> None:
    (train,) = measured("sd-1.5", purpose="train").stages
    forward = next(s for s in measured("sd-1.5").stages if f"train:{s.name}" == train.name)
    assert train.flops is not None and train.flops.torch and forward.flops and forward.flops.torch
    assert 2.0 < train.flops.torch / forward.flops.torch <= 3.0


def test_a_training_step_changes_the_weights() -> None:
    layer = torch.nn.Linear(3, 3)
    before = layer.weight.clone()
    losses = training_step(layer, EntryPoint(inputs={}), {"input": torch.randn(2, 3)})
    first, second = float(losses()), float(losses())
    assert not torch.equal(before, layer.weight) and second < first


def test_what_has_no_gradient_cannot_be_trained() -> None:
    class Detached(torch.nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input).detach()

    step = training_step(Detached(3, 3), EntryPoint(inputs={}), {"input": torch.randn(2, 3)})
    with pytest.raises(InputError, match="no gradient"):
        step()


def test_training_sees_whole_sequences_so_stages_with_a_cache_are_left_out() -> None:
    model = CATALOG.models["llama-3.1-8b"]
    assert "prefill" in heaviest(plan(model, model.workload()), CATALOG).name


def test_a_dtype_that_can_only_be_estimated_is_refused() -> None:
    workload = debug_workload(CATALOG.models["sd-1.5"], dtype="nf4")
    with pytest.raises(InputError, match="nf4 cannot be run"):
        measured("sd-1.5", workload=workload)


def test_half_precision_is_measured_as_asked() -> None:
    workload = debug_workload(CATALOG.models["dcgan-64"], dtype="bf16")
    half, full = measured("dcgan-64", workload=workload), measured("dcgan-64")
    ratio = full.stages[0].memory.weights_gib / half.stages[0].memory.weights_gib
    assert ratio == pytest.approx(2, rel=0.01)
    assert "bf16" in half.key


def test_channels_last_is_for_two_dimensional_convolutions_only() -> None:
    """Weights of one or three dimensions have no such layout, and linear layers need none."""
    module = torch.nn.ModuleDict(
        {
            "one": torch.nn.Conv1d(4, 4, 3),
            "two": torch.nn.Conv2d(4, 4, 3),
            "up": torch.nn.ConvTranspose2d(4, 4, 3),
            "three": torch.nn.Conv3d(4, 4, 3),
            "linear": torch.nn.Linear(4, 4),
        }
    )
    channels_last(module)
    laid_out = {n for n, m in module.items() if m.weight.dim() == 4 and m.weight.stride()[1] == 1}
    assert laid_out == {"two", "up"}


@pytest.mark.parametrize("method", ["forward", "encode", "inner"])
def test_compiling_an_entry_point_keeps_its_result_and_can_be_set_aside(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiler itself is replaced: which calls go through it is what is tested."""
    compiled = []

    def fake_compile(function: object, mode: str) -> object:
        assert mode == "default"

        def run(*args: object) -> object:
            compiled.append(method)
            return function(*args)

        return run

    class Module(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x) + 1

    monkeypatch.setattr(torch, "compile", fake_compile)
    module, x = Module(), torch.randn(2, 3)
    call = (lambda: module(x)) if method == "forward" else (lambda: getattr(module, method)(x))
    expected = call()
    undo = prepare_compiled(module, [EntryPoint(method=method, inputs={})] * 2)
    assert torch.equal(call(), expected) and compiled == [method]
    with as_written(undo):
        call()
    assert compiled == [method]
    call()
    assert compiled == [method, method]


def test_tensors_are_found_in_whatever_a_library_returns() -> None:
    class Distribution:
        def __init__(self) -> None:
            self.mean = torch.zeros(2)

    value = {"a": (torch.ones(1), [torch.arange(3)]), "b": Distribution()}
    assert [tuple(t.shape) for t in floats_in(value)] == [(1,), (2,)]
    assert is_finite(value) and not is_finite({**value, "c": torch.tensor([math.inf])})


def test_shared_storages_are_counted_once() -> None:
    layer = torch.nn.Linear(4, 4, bias=False)
    tied = torch.nn.ModuleList([layer, torch.nn.Linear(4, 4, bias=False)])
    tied[1].weight = layer.weight
    assert weights_bytes({"tied": tied}) == 64
    assert storage_bytes([layer.weight, layer.weight[:2]]) == 64


def test_a_call_that_needs_memory_shows_it() -> None:
    def grow() -> torch.Tensor:
        return torch.ones(64 * 2**20).add(1).sum()  # 256 MiB twice

    memory, result = measure_memory(grow, "cpu", 0, 0)
    assert float(result) == 2 * 64 * 2**20
    if memory.resident_peak_gib is None:
        pytest.skip("this kernel does not tell the peak resident set")
    assert memory.activations_gib is not None and 0.24 < memory.activations_gib < 0.6


def test_a_probe_of_the_calibration_gives_its_rate() -> None:
    probe = next(p for p in probes("cpu", ("fp32",)) if p.op_class == "matmul")
    rate = time_probe(probe, CpuClock(), 0.1, Observer(ReplayMeter([Reading()])))
    assert rate.tflops == pytest.approx(probe.flops / rate.median_s / 1e12, rel=1e-4)
    assert rate.gb_per_s == pytest.approx(probe.bytes_moved / rate.median_s / 1e9, rel=1e-4)


def test_probes_cover_every_class_and_dtype_and_state_their_flops() -> None:
    made = list(probes("cuda", ("bf16", "fp32")))
    classes = {"matmul", "convolution", "attention", "normalisation", "elementwise", "memory"}
    assert {(p.op_class, p.dtype) for p in made} == {
        (c, d) for c in classes for d in ("bf16", "fp32")
    }


def test_a_probe_states_the_flops_of_its_call() -> None:
    """Attention apart: its fused CPU kernel is unknown to torch's counter."""
    small = [p for p in probes("cpu", ("fp32",)) if p.flops < 4e8 and p.op_class != "attention"]
    assert {p.op_class for p in small} > {"matmul", "memory"}
    for probe in small:
        if not probe.flops and probe.bytes_moved > 1e7:
            continue
        with FlopCounterMode(display=False) as counter:
            probe.make()()
        assert counter.get_total_flops() == probe.flops, probe.name


def test_inputs_are_random_and_outputs_finite() -> None:
    component = CATALOG.components["sd_vae_4ch"]
    entry = component.entries["decode"]
    inputs = make_inputs(
        entry, component, {"h": 8, "w": 8, "height": 64, "width": 64}, flavour="debug"
    )
    for tensor in floats_in(inputs):
        assert float(tensor.std()) > 0.5
