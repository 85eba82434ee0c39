"""The tracer: what it counts, in which class, and how tensors' lifetimes make the peak."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from advisor.catalog import Component, EntryPoint, load_catalog  # noqa: E402
from advisor.reference.build import build  # noqa: E402
from advisor.trace import made_from, trace_call  # noqa: E402
from advisor.traces import CallTrace, experts_read  # noqa: E402

CATALOG = load_catalog()
BLOCK = 512  # bytes an allocator rounds up to


class Linear(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(64, 128, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


class Adds(torch.nn.Module):
    """A chain in which each result replaces the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x + 1
        for _ in range(10):
            y = y + 1
        return y


class Kept(Adds):
    """The same chain, with every result kept to the end."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = [x]
        for _ in range(11):
            kept.append(kept[-1] + 1)
        return kept[-1]


class Attention(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.scaled_dot_product_attention(x, x[..., :24, :], x[..., :24, :])


class Table(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(10_000, 16)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.embed(ids)


def traced(module: torch.nn.Module, shape: list[int], batch: int = 1) -> CallTrace:
    """One call of a local module on the meta device."""
    entry = EntryPoint(inputs={next(iter(_names(module))): shape})
    if isinstance(module, Table):
        entry = EntryPoint(inputs={"ids": {"shape": shape, "dtype": "int64", "high": 9}})
    component = Component(
        id="toy",
        library="local",
        class_name="Toy",
        parameters=1,
        entries={"call": entry},
        sources=["test"],
    )
    module = module.to(device="meta", dtype=torch.bfloat16)
    return trace_call(component, "call", {}, "call", batch=batch, module=module)


def _names(module: torch.nn.Module) -> list[str]:
    return list(module.forward.__code__.co_varnames[1:2])


def debug_trace(name: str, entry: str, symbols: dict[str, int], batch: int = 1) -> CallTrace:
    component = CATALOG.components[name]
    return trace_call(component, entry, symbols, entry, batch=batch, flavour="debug")


def test_a_linear_layer_is_one_product_that_reads_its_weights() -> None:
    (op,) = traced(Linear(), [32, 64]).ops
    assert op.op_class == "matmul"
    assert op.dims == (1, 32, 128, 64)
    assert op.flops == 2 * 32 * 128 * 64
    assert op.weight_bytes == 2 * 64 * 128
    assert op.read_bytes == 2 * (64 * 128 + 32 * 64)
    assert op.write_bytes == 2 * 32 * 128


def test_attention_is_one_operation_whatever_it_is_made_of() -> None:
    (op,) = traced(Attention(), [2, 4, 40, 8]).ops
    assert (op.op_class, op.count) == ("attention", 1)
    assert op.dims == (2, 4, 40, 24, 8)
    assert op.flops == 2 * 2 * (2 * 4 * 40 * 24 * 8)


def test_a_unets_attention_leaves_no_softmax_behind() -> None:
    trace = debug_trace("sd15_unet", "step", {"h": 8, "w": 8, "n": 77})
    kinds = {op.kind for op in trace.ops}
    assert not kinds & {"_softmax", "bmm", "baddbmm"}
    module = build(CATALOG.components["sd15_unet"], "debug", "meta", torch.bfloat16)
    layers = sum(type(part).__name__ == "Attention" for part in module.modules())
    found = sum(op.count for op in trace.ops if op.op_class == "attention")
    # The middle block's second attention is one of them; every layer runs once.
    assert found == layers > 0


def test_a_chain_holds_two_tensors_at_a_time_beside_its_input() -> None:
    size = math.ceil(1000 * 2 / BLOCK) * BLOCK
    assert traced(Adds(), [1000]).peak_activation_bytes == 3 * size


def test_a_chain_that_keeps_everything_holds_everything() -> None:
    size = math.ceil(1000 * 2 / BLOCK) * BLOCK
    assert traced(Kept(), [1000]).peak_activation_bytes == 12 * size


def test_a_lookup_reads_rows_not_the_table() -> None:
    (op,) = traced(Table(), [5]).ops
    assert op.op_class == "memory"
    assert op.read_bytes == op.weight_bytes == op.write_bytes == 5 * 16 * 2


def test_views_launch_nothing() -> None:
    class Views(Adds):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(4, 250).transpose(0, 1)[3:].unsqueeze(0)

    assert traced(Views(), [1000]).launches == 0


@pytest.mark.parametrize(
    ("name", "entry", "symbols"),
    [
        ("sd15_unet", "step", {"h": 16, "w": 16, "n": 77}),
        ("sdxl_unet", "step", {"h": 32, "w": 32, "n": 77}),
        ("sd_vae_4ch", "decode", {"h": 16, "w": 16}),
        ("rrdbnet_x4", "enlarge", {"h": 32, "w": 32}),
        ("stylegan3_t_1024", "generate", {}),
    ],
)
def test_a_batch_of_two_costs_what_the_trace_of_one_says(
    name: str, entry: str, symbols: dict[str, int]
) -> None:
    scaled = debug_trace(name, entry, symbols).at_batch(2)
    real = debug_trace(name, entry, symbols, batch=2)
    assert scaled.flops == real.flops
    assert scaled.launches == real.launches
    assert scaled.bytes_moved == pytest.approx(real.bytes_moved, rel=0.01)
    assert scaled.peak_activation_bytes == pytest.approx(real.peak_activation_bytes, rel=0.01)


@pytest.mark.parametrize(
    ("name", "entry", "symbols"),
    [
        ("flux1_dev", "step", {"h": 32, "w": 32, "n": 64}),
        ("sd3_medium_mmdit", "step", {"h": 32, "w": 32, "n": 333}),
        ("llama31_8b", "prefill", {"n": 256}),
        ("llama31_8b", "decode_token", {"k": 512}),
    ],
)
def test_a_transformer_batch_has_the_same_flops_and_nearly_the_same_bytes(
    name: str, entry: str, symbols: dict[str, int]
) -> None:
    """Position tables do not grow with the batch, and some copies appear only from two on."""
    scaled = debug_trace(name, entry, symbols).at_batch(2)
    real = debug_trace(name, entry, symbols, batch=2)
    assert scaled.flops == real.flops
    assert scaled.bytes_moved == pytest.approx(real.bytes_moved, rel=0.05)


def test_a_decoded_token_reads_all_weights_and_the_whole_cache() -> None:
    """Bytes of a step: every matrix once, and keys and values of the context."""
    component = CATALOG.components["llama31_8b"]
    trace = debug_trace("llama31_8b", "decode_token", {"k": 512})
    module = build(component, "debug", "meta", torch.bfloat16)
    matrices = sum(p.numel() for n, p in module.named_parameters() if "embed" not in n) * 2
    cache = 2 * 2 * 2 * 512 * 8 * 2  # layers, keys and values, heads, context, head size, bytes
    weights = sum(op.weight_bytes * op.count for op in trace.ops)
    assert weights == pytest.approx(matrices, rel=0.01)
    assert trace.bytes_moved > matrices + cache
    assert trace.peak_activation_bytes > cache


def test_a_mixture_of_experts_reads_only_the_experts_it_meets() -> None:
    one = debug_trace("qwen3_30b_a3b", "decode_token", {"k": 8})
    ops = [op for op in one.ops if op.kind.startswith("experts/")]
    assert ops
    assert all(op.kind == "experts/8" and op.op_class == "matmul" for op in ops)
    many = one.at_batch(1000)
    for before, after in zip(one.ops, many.ops, strict=True):
        if before.kind == "experts/8":
            expert = 2 * before.dims[2] * before.dims[3]
            assert before.weight_bytes == pytest.approx(experts_read(8, 2) * expert, abs=1)
            assert after.weight_bytes == pytest.approx(8 * expert, rel=0.001)


def test_calls_that_run_for_real_count_as_if_in_16_bit() -> None:
    component = CATALOG.components["sd_vae_4ch"]
    entry = component.entries["decode"].model_copy(update={"trace_on": "cpu"})
    real = component.model_copy(update={"entries": {"decode": entry}})
    symbols = {"h": 8, "w": 8}
    ran = trace_call(real, "decode", symbols, "x", flavour="debug")
    dry = trace_call(component, "decode", symbols, "x", flavour="debug")
    assert ran.flops == dry.flops
    assert ran.bytes_moved == pytest.approx(dry.bytes_moved, rel=0.02)
    assert ran.peak_activation_bytes == pytest.approx(dry.peak_activation_bytes, rel=0.05)


def test_the_hash_changes_with_the_configuration_and_not_with_the_notes() -> None:
    component = CATALOG.components["taesd"]
    noted = component.model_copy(update={"notes": "other words", "debug": {}})
    changed = component.model_copy(update={"config": {"latent_channels": 8}})
    assert made_from(noted) == made_from(component)
    assert made_from(changed) != made_from(component)
