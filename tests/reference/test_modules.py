"""Every hand-written module: exact sizes, exact arithmetic, tiny runs, other calls."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from advisor.reference.modules import MODULES, common  # noqa: E402
from tests.reference.cases import CASES  # noqa: E402
from tests.reference.cases.case import (  # noqa: E402
    Case,
    Shape,
    arguments,
    make,
    module_class,
    one_thread_and_seed,  # noqa: F401
    outputs,
)

pytestmark = pytest.mark.torch

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


# Every component


@cases
def test_weighs_what_was_published(case: Case) -> None:
    module = make(case, debug=False, device="meta")
    assert sum(p.numel() for p in module.parameters()) == case.params
    assert sum(b.numel() for b in module.buffers()) == case.buffers


@cases
def test_costs_the_recorded_flops(case: Case) -> None:
    module = make(case, debug=False, device="meta")
    with FlopCounterMode(display=False) as counter:
        module(*arguments(case, case.inputs, "meta"))
    assert counter.get_total_flops() == case.flops


@cases
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def test_debug_flavour_runs_finite_and_in_shape(case: Case, dtype: Any) -> None:
    made = outputs(
        make(case, debug=True, dtype=dtype), arguments(case, case.debug_inputs, "cpu", dtype)
    )
    assert [tuple(x.shape) for x in made] == case.debug_output
    assert all(torch.isfinite(x).all() for x in made)
    assert all(x.dtype in (dtype, torch.int64) for x in made)


@cases
def test_debug_flavour_repeats_under_a_seed(case: Case) -> None:
    runs = []
    for _ in range(2):
        module = make(case, debug=True)
        torch.manual_seed(2)
        runs.append(outputs(module, arguments(case, case.debug_inputs, "cpu")))
    assert all(torch.equal(a, b) for a, b in zip(*runs, strict=True))


@cases
def test_samples_of_a_batch_do_not_mix(case: Case) -> None:
    if case.name in ("StyleGAN2Generator", "StyleGAN2Discriminator", "SNAC"):
        pytest.skip("noise is drawn per batch; the discriminator compares samples on purpose")
    module = make(case, debug=True)
    inputs = arguments(case, case.debug_inputs, "cpu")
    both = outputs(module, inputs)
    first = outputs(module, [x[:1] for x in inputs])
    for whole, part in zip(both, first, strict=True):
        torch.testing.assert_close(whole[:1], part, rtol=1e-3, atol=1e-4)


def test_every_listed_class_is_in_its_file() -> None:
    assert {case.name for case in CASES} <= set(MODULES)
    for name, file in MODULES.items():
        home = module_class(name).__module__  # or a kept library's, given on by the file
        assert home.endswith(f".{file}") or home.startswith("diffusers."), name


def test_the_list_of_modules_does_not_load_torch() -> None:
    code = "import sys, advisor.reference.modules; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Calls beside forward: name of the case, what to call, and what shapes come out.
OTHER_CALLS: dict[str, tuple[str, Any, list[Shape]]] = {
    "wavenet-step": (
        "wavenet_mol",
        lambda net, r: net.step(r(2, 1), r(2, 80), net.initial_state(2)),
        [(2, 30), (2, 8, 504)],
    ),
    "wavenet-upsample": (
        "wavenet_mol",
        lambda net, r: (net.upsample(r(2, 80, 3)),),
        [(2, 80, 768)],
    ),
    "hash-grid-query": ("hash_grid_nerf", lambda net, r: net.query(r(9, 3)), [(9, 1), (9, 3)]),
    "nerf-query": ("nerf_mlp", lambda net, r: net.query(r(9, 3), r(9, 3)), [(9, 1), (9, 3)]),
    "triposr-query": (
        "triposr_decoder",
        lambda net, r: net.query(net(r(2, 5, 768)), r(2, 9, 3)),
        [(2, 9, 1), (2, 9, 3)],
    ),
    "vqvae-decode": (
        "vqvae_2017",
        lambda net, r: (net.decode(net.quantise(net.encode(r(2, 3, 32, 32)))[0]),),
        [(2, 3, 32, 32)],
    ),
    "convvae-decode": (
        "conv_vae_64",
        lambda net, r: (net.decode(net.encode(r(2, 3, 64, 64))[0]),),
        [(2, 3, 64, 64)],
    ),
    "chemvae-decode": (
        "chemvae_zinc",
        lambda net, r: (net.decode(net.encode(r(2, 12, 35))[0]),),
        [(2, 12, 35)],
    ),
    "donut-decode": (
        "donut_vae",
        lambda net, r: net.decode(net.encode(r(2, 16))[0]),
        [(2, 16), (2, 16)],
    ),
    "stylegan2-synthesis": (
        "stylegan2_g_1024",
        lambda net, r: (net.synthesis(net.mapping(r(2, 512))),),
        [(2, 3, 16, 16)],
    ),
}


@pytest.mark.parametrize("call", OTHER_CALLS)
@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def test_other_calls_run_on_every_device_and_dtype(call: str, device: str, dtype: Any) -> None:
    wanted, function, shapes = OTHER_CALLS[call]
    case = next(case for case in CASES if case.id == wanted)
    net = make(case, debug=True, device=device, dtype=dtype)
    made = function(net, lambda *shape: torch.randn(shape, device=device, dtype=dtype))
    assert [tuple(x.shape) for x in made] == shapes
    assert all(x.dtype == dtype for x in made)
    assert device == "meta" or all(torch.isfinite(x).all() for x in made)


# Shared pieces


def test_attention_equals_its_formula() -> None:
    q, k, v = (torch.randn(2, n, 8, dtype=torch.float64) for n in (5, 7, 7))
    expected = []
    for head in range(2):
        part = slice(4 * head, 4 * head + 4)
        scores = q[..., part] @ k[..., part].transpose(1, 2) / 2.0
        expected.append(scores.softmax(-1) @ v[..., part])
    torch.testing.assert_close(common.attend(q, k, v, heads=2), torch.cat(expected, dim=-1))


def test_timestep_features_tell_neighbouring_times_apart_even_in_bf16() -> None:
    features = common.timestep_embedding(torch.tensor([998.0, 999.0]), 256)
    assert not torch.equal(features[0].bfloat16(), features[1].bfloat16())
    assert common.timestep_embedding(torch.zeros(1), 4).tolist() == [[1.0, 1.0, 0.0, 0.0]]
