"""Tracing: one call of a component -> its operations, on the meta device, without weights.

Every operation that launches a kernel is recorded with its class, FLOPs (1 multiply-add = 2) and
bytes; `scaled_dot_product_attention` counts as one fused operation. Tensor lifetimes are followed
for the peak of live activations. Calls that cannot run on meta (`trace_on: cpu`) run for real.
"""

from __future__ import annotations

import hashlib
import json
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from advisor.catalog import Component
from advisor.reference.build import build, call, count, make_inputs
from advisor.traces import (
    EXPERTS,
    TRACE_SCHEMA,
    TRACED_BYTES,
    CallTrace,
    Op,
    OpClass,
    experts_read,
)

# Raise when the tracer's result for the same component changes, so that stored traces are remade.
TRACER_VERSION = 2

# Operations that only change how memory is looked at, or reserve it: no kernel runs.
_FREE = frozenset(
    """view _unsafe_view reshape permute transpose t expand slice select unsqueeze squeeze split
    split_with_sizes chunk detach alias as_strided unbind narrow lift_fresh _reshape_alias unfold
    view_as_real view_as_complex real imag diagonal movedim empty empty_like empty_strided new_empty
    new_empty_strided is_same_size size stride numel set_ resize_ _local_scalar_dense item
    sym_size sym_numel sym_stride record_stream swapaxes unflatten flatten _assert_async
    _assert_tensor_metadata""".split()
)
_MATMUL = frozenset("mm addmm bmm baddbmm addbmm mv addmv dot".split())
_RECURRENT = frozenset("mkldnn_rnn_layer".split())  # one LSTM layer over a whole sequence
_CONVOLUTION = frozenset("convolution _convolution convolution_overrideable".split())
_NORMALISATION = frozenset(
    """native_layer_norm native_group_norm native_batch_norm _native_batch_norm_legit
    _native_batch_norm_legit_no_training _fused_rms_norm cudnn_batch_norm _softmax _log_softmax
    _weight_norm_interface linalg_vector_norm native_layer_norm_backward native_group_norm_backward
    native_batch_norm_backward _fused_rms_norm_backward _softmax_backward_data
    _log_softmax_backward_data _weight_norm_interface_backward""".split()
)
_MEMORY = frozenset(
    """copy_ _to_copy clone cat stack index index_select index_put index_put_ _index_put_impl_
    gather scatter scatter_ scatter_add embedding constant_pad_nd repeat roll flip
    upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_bilinear2d reflection_pad1d
    reflection_pad2d replication_pad1d replication_pad2d replication_pad3d zeros ones full
    zeros_like ones_like full_like new_zeros new_ones new_full fill_ zero_ arange tril triu
    masked_fill masked_fill_ repeat_interleave _pad_circular scalar_tensor pixel_shuffle
    grid_sampler_2d linspace eye im2col col2im embedding_dense_backward slice_backward
    select_backward upsample_nearest1d_backward upsample_nearest2d_backward
    upsample_nearest3d_backward upsample_bilinear2d_backward reflection_pad1d_backward
    reflection_pad2d_backward replication_pad1d_backward replication_pad2d_backward
    replication_pad3d_backward grid_sampler_2d_backward""".split()
)
_GATHERS = frozenset("index index_select gather embedding".split())
_DISTANCES = frozenset("_euclidean_dist _cdist_forward".split())  # computed as a product
_EXPERTS = frozenset(["_grouped_mm"])  # rows [R, k] sorted by expert, weights [experts, k, n]


class _Live:
    """Bytes of storages that are alive, and their peak. Weights are not counted."""

    def __init__(self, weights: set[int]) -> None:
        self.now = self.peak = 0
        self._weights = weights
        self._known: dict[int, weakref.ref[Any]] = {}

    def add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._weights or key in self._known:
            return
        size = _normal_bytes(tensor, storage.nbytes())
        self.now += size
        self.peak = max(self.peak, self.now)
        self._known[key] = weakref.ref(storage, self._gone(key, size))

    def _gone(self, key: int, size: int) -> Callable[[Any], None]:
        def forget(_: Any) -> None:
            self.now -= size
            self._known.pop(key, None)

        return forget


class _Recorder(TorchDispatchMode):
    """Records operations as they are dispatched."""

    def __init__(self, module: torch.nn.Module, widen: float) -> None:
        super().__init__()
        self.weights = {
            tensor.untyped_storage()._cdata for tensor in [*module.parameters(), *module.buffers()]
        }
        self.live = _Live(self.weights)
        self.rows: Counter[tuple[Any, ...]] = Counter()
        self.paused = False
        self._widen = widen  # bytes of a call that ran in fp32 count at the traced width

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if self.paused:
            return out
        outputs = list(_tensors(out))
        for tensor in outputs:
            self.live.add(tensor)
        name = func.overloadpacket.__name__
        if name not in _FREE:
            self._record(name, args, kwargs or {}, outputs)
        return out

    def _record(
        self, name: str, args: Any, kwargs: Mapping[str, Any], outputs: list[torch.Tensor]
    ) -> None:
        inputs = list(_tensors((args, kwargs)))
        write = sum(_bytes(tensor) for tensor in outputs)
        if name in _GATHERS:  # reads the rows it takes, not the table
            read, weight = write, write if self._is_weight(inputs[0]) else 0
        elif name in _EXPERTS:  # reads the experts that are chosen, not all
            rows, table = inputs[:2]
            name = f"{EXPERTS}{table.shape[0]}"
            weight = round(experts_read(table.shape[0], rows.shape[0]) * _bytes(table[0]))
            read = _bytes(rows) + weight
        else:
            read = sum(_bytes(tensor) for tensor in inputs)
            weight = sum(_bytes(tensor) for tensor in inputs if self._is_weight(tensor))
        op_class, flops, dims = _classify(name, args, outputs)
        self.add(op_class, name, flops, read, write, weight, dims)

    def add(
        self,
        op_class: OpClass,
        kind: str,
        flops: int,
        read: int,
        write: int,
        weight: int,
        dims: tuple[int, ...],
    ) -> None:
        sizes = (round(size / self._widen) for size in (read, write, weight))
        self.rows[(op_class, kind, flops, *sizes, dims)] += 1

    def _is_weight(self, tensor: torch.Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self.weights


class _Fused(TorchFunctionMode):
    """Records attention as one operation and a GRU as one per layer, as fused kernels run them.

    Where no such kernel is at hand (on meta, on the CPU) both fall apart into many operations.
    """

    def __init__(self, recorder: _Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.nn.functional.scaled_dot_product_attention:
            return self._attention(func, args, kwargs)
        if getattr(func, "__name__", "") == "gru" and len(args) == 9:
            return self._gru(func, args)
        return func(*args, **kwargs)

    def _attention(self, func: Any, args: Any, kwargs: Any) -> torch.Tensor:
        query, key, value = (
            kwargs.get(name, args[i] if i < len(args) else None)
            for i, name in enumerate(("query", "key", "value"))
        )
        out = self._run(func, args, kwargs, query, value)
        *lead, heads, queries, size = query.shape
        batch = lead[0] if lead else 1
        keys = key.shape[-2]
        flops = 2 * batch * heads * queries * keys * (size + value.shape[-1])
        mask = kwargs.get("attn_mask", args[3] if len(args) > 3 else None)
        read = sum(_bytes(t) for t in (query, key, value, mask) if isinstance(t, torch.Tensor))
        dims = (batch, heads, queries, keys, size)
        self._recorder.add("attention", "sdpa", flops, read, _bytes(out), 0, dims)
        self._recorder.live.add(out)
        return out

    def _gru(self, func: Any, args: Any) -> Any:
        """Per layer and direction: T products of [rows, inputs + hidden] by the three gates."""
        source, _, weights, biased, *_, batch_first = args
        with self._pause():
            out = func(*args)
        steps, rows = source.shape[:2] if not batch_first else source.shape[1::-1]
        each = 4 if biased else 2
        for start in range(0, len(weights), each):
            layer = weights[start : start + each]
            gates, inner = layer[0].shape[0], layer[0].shape[1] + layer[1].shape[1]
            weight = sum(_bytes(tensor) for tensor in layer)
            moved = steps * rows * source.element_size()
            read, write = moved * layer[0].shape[1] + weight, moved * layer[1].shape[1]
            flops = 2 * steps * rows * gates * inner
            dims = (steps, rows, gates, inner)
            self._recorder.add("matmul", "gru", flops, read, write, weight, dims)
        for tensor in out:
            self._recorder.live.add(tensor)
        return out

    def _run(self, func: Any, args: Any, kwargs: Any, query: Any, value: Any) -> torch.Tensor:
        if query.device.type == "meta":
            # Fused kernels return [b, h, q, d] laid out as [b, q, h, d]; the merge is then free.
            shape = (*query.shape[:-3], query.shape[-2], query.shape[-3], value.shape[-1])
            with self._pause():
                return query.new_empty(shape).transpose(-3, -2)
        with self._pause():
            result: torch.Tensor = func(*args, **kwargs)
        return result

    @contextmanager
    def _pause(self) -> Iterator[None]:
        self._recorder.paused = True
        try:
            yield
        finally:
            self._recorder.paused = False


def trace_call(
    component: Component,
    entry_name: str,
    symbols: Mapping[str, int],
    key: str,
    *,
    batch: int = 1,
    flavour: str = "full",
    module: torch.nn.Module | None = None,
) -> CallTrace:
    """The operations of one call. `module` may be passed to spare building it again.

    Calls on meta are traced in bf16; calls that must run for real run in fp32 and are counted at
    2 bytes per element.
    """
    entry = component.entries[entry_name]
    device = entry.trace_on
    dtype = torch.bfloat16 if device == "meta" else torch.float32
    module = module if module is not None else build(component, flavour, device, dtype)
    inputs = make_inputs(
        entry, component, symbols, batch=batch, flavour=flavour, device=device, dtype=dtype
    )
    recorder = _Recorder(module, widen=1 if device == "meta" else 4 / TRACED_BYTES)
    for tensor in _tensors(inputs):
        recorder.live.add(tensor)
    del tensor
    with torch.no_grad(), _Fused(recorder), recorder:
        call(module, entry, inputs)
    parameters, buffers = count(module)
    return CallTrace(
        component=component.id,
        key=key,
        batch=batch,
        ops=_ops(recorder.rows),
        peak_activation_bytes=round(recorder.live.peak / recorder._widen),
        parameters=parameters,
        buffers=buffers,
    )


def made_from(component: Component) -> str:
    """Hash of what a component's traces depend on; a stored trace with another hash is stale."""
    content = component.model_dump(
        mode="json",
        include={"library", "class_name", "config_class", "config", "tuples", "entries"},
    )
    for entry in content["entries"].values():
        entry.pop("checks", None)
        entry.pop("size", None)
    text = json.dumps([TRACE_SCHEMA, TRACER_VERSION, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _ops(rows: Counter[tuple[Any, ...]]) -> tuple[Op, ...]:
    return tuple(
        Op(cls, kind, times, flops, read, write, weight, dims)
        for (cls, kind, flops, read, write, weight, dims), times in rows.items()
    )


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors in nested arguments, caches included."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif hasattr(value, "layers") or hasattr(value, "self_attention_cache"):
        yield from _cached(value)


def _cached(cache: Any) -> Iterator[torch.Tensor]:
    if hasattr(cache, "self_attention_cache"):
        yield from _cached(cache.self_attention_cache)
        yield from _cached(cache.cross_attention_cache)
        return
    for layer in cache.layers:
        yield from _tensors([getattr(layer, "keys", None), getattr(layer, "values", None)])


def _bytes(tensor: torch.Tensor) -> int:
    """Bytes a kernel touches; expanded dimensions are stored, and counted, once."""
    touched = tensor.numel() * tensor.element_size()
    return min(touched, tensor.untyped_storage().nbytes()) if 0 in tensor.stride() else touched


def _normal_bytes(tensor: torch.Tensor, nbytes: int) -> int:
    """Allocators round up to 512 bytes."""
    return -(-nbytes // 512) * 512


def _classify(
    name: str, args: Any, outputs: list[torch.Tensor]
) -> tuple[OpClass, int, tuple[int, ...]]:
    """(class, FLOPs, dims) of an operation; see Op for the dims of each class."""
    if name in _MATMUL:
        return _matmul(name, args, outputs)
    if name in _CONVOLUTION:
        return _convolution(args, outputs)
    if name.startswith(EXPERTS):
        rows, table = args[:2]
        dims = (1, rows.shape[0], table.shape[2], table.shape[1])
        return "matmul", 2 * dims[1] * dims[2] * dims[3], dims
    if name in _DISTANCES:
        left, right = args[:2]
        points, others, size = left.shape[-2], right.shape[-2], left.shape[-1]
        batch = outputs[0].numel() // (points * others)
        return "matmul", 2 * batch * points * others * size, (batch, points, others, size)
    if name in _RECURRENT:
        return _recurrent(args)
    if name.startswith("_scaled_dot_product"):
        query, key, value = args[:3]
        batch, heads, queries, size = query.shape
        flops = 2 * batch * heads * queries * key.shape[-2] * (size + value.shape[-1])
        return "attention", flops, (batch, heads, queries, key.shape[-2], size)
    written = (sum(tensor.numel() for tensor in outputs),)
    if name in _NORMALISATION:
        return "normalisation", 0, written
    if name in _MEMORY:
        return "memory", 0, written
    return "elementwise", 0, written


def _matmul(
    name: str, args: Any, outputs: list[torch.Tensor]
) -> tuple[OpClass, int, tuple[int, ...]]:
    left, right = args[1:3] if name.startswith(("add", "badd")) else args[:2]
    k = left.shape[-1]
    out = outputs[0]
    n = right.shape[-1] if right.dim() > 1 else 1
    batch = left.shape[0] if left.dim() == 3 else 1
    m = left.shape[-2] if left.dim() > 1 else 1
    flops = 2 * max(out.numel(), 1) * k
    return "matmul", flops, (batch, m, n, k)


def _recurrent(args: Any) -> tuple[OpClass, int, tuple[int, ...]]:
    """An LSTM layer [T, rows, inputs] as T products of [rows, inputs + hidden] by its four gates.

    One operation, as fused recurrent kernels are.
    """
    steps, rows, size = args[0].shape
    gates, inner = args[1].shape[0], size + args[2].shape[1]
    return "matmul", 2 * steps * rows * gates * inner, (steps, rows, gates, inner)


def _convolution(args: Any, outputs: list[torch.Tensor]) -> tuple[OpClass, int, tuple[int, ...]]:
    source, weight, transposed = args[0], args[1], args[6]
    out, groups = outputs[0], args[8]
    kernel = weight[0, 0].numel()
    positions = source if transposed else out  # each position meets the kernel once
    flops = 2 * positions.shape[0] * positions[0, 0].numel() * weight.numel()
    c_in, c_out = source.shape[1], out.shape[1]
    dims = (source.shape[0], c_in, c_out, out[0, 0].numel(), kernel, groups)
    return "convolution", flops, dims
