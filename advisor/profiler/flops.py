"""FLOPs of the very module that ran, counted by fvcore and by torch, beside the trace.

fvcore counts multiply-adds; every count here is 1 multiply-add = 2 FLOPs. Normalisations,
activations and copies count zero, as in the trace and in torch's counter, so that the three can be
compared. What fvcore meets and nobody gave it a handler for is returned, never dropped.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from advisor.catalog import EntryPoint
from advisor.profiler.modes import tensors_in
from advisor.profiler.record import FlopsCount
from advisor.reference.build import cache_lengths, call, rewind

TOLERANCE = 0.01

# Operations without multiply-adds by the convention above.
_NAMES = """
abs add add_ addcdiv addcmul alias all amax amin any arange as_strided baddbmm_ bernoulli bernoulli_
bitwise_and bitwise_not bitwise_or bool broadcast_tensors broadcast_to bucketize cat ceil chunk
clamp clamp_ clamp_max clamp_min clone col2im complex concat constant_pad_nd contiguous copy_ cos
cumsum detach diagonal diff div div_ dropout dropout_ elu elu_ embedding empty empty_like eq erf exp
expand expand_as expm1 eye fft_irfft fft_rfft fill_ flatten flip floor floor_divide full full_like
gather ge gelu glu group_norm gt hardtanh hardtanh_ histc hstack index index_add index_put
index_put_ index_select instance_norm is_nonzero isfinite isinf item layer_norm le leaky_relu
leaky_relu_ lerp linalg_vector_norm linspace log log10 log1p log2 log_softmax logical_and
logical_not logical_or logsumexp lt masked_fill masked_fill_ max max_pool1d max_pool2d maximum mean
meshgrid min minimum mish movedim mse_loss mul mul_ narrow native_layer_norm ne neg new_empty
new_full new_ones new_zeros nonzero norm normal_ numpy_T ones ones_like outer pad pad_sequence
permute pixel_shuffle polar pow prelu prod rand rand_like randint randn randn_like reciprocal
reflection_pad1d reflection_pad2d relu relu_ remainder repeat repeat_interleave replication_pad1d
replication_pad2d replication_pad3d reshape reshape_as resolve_conj resolve_neg rms_norm roll round
rsqrt rsub rsub_ scalar_tensor scatter scatter_ scatter_add select sigmoid sigmoid_ sign silu silu_
sin size slice softmax softplus sort split split_with_sizes sqrt square squeeze stack std stft sub
sub_ sum swapaxes t tanh tanh_ tensor tensor_split tile to topk transpose tril triu trunc type_as
unbind unflatten unfold unsqueeze upsample_bicubic2d _upsample_bicubic2d_aa upsample_bilinear2d
upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact2d var var_mean view
view_as view_as_complex view_as_real where zero_ zeros zeros_like _weight_norm
_weight_norm_interface alpha_dropout avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
adaptive_avg_pool2d addcmul_ argsort batch_norm bincount one_hot grid_sampler hann_window real imag
multinomial argmax argmin __and__
__or__ __xor__ __lshift__ __rshift__ lift_fresh lift_fresh_copy logical_xor isnan nan_to_num
"""
_NO_FLOPS = frozenset(f"aten::{name}" for name in _NAMES.split()) | {
    "prim::PythonOp.CheckpointFunction"
}


def count_flops(
    module: torch.nn.Module, entry: EntryPoint, inputs: Mapping[str, Any], trace: int | None
) -> FlopsCount:
    """One call counted by fvcore and torch beside the trace's count."""
    by_torch = _by_torch(module, entry, inputs)
    by_fvcore, unsupported = _by_fvcore(module, entry, inputs)
    counts = [count for count in (trace, by_fvcore, by_torch) if count]
    differs = bool(counts) and max(counts) > min(counts) * (1 + TOLERANCE)
    return FlopsCount(
        trace=trace,
        fvcore=by_fvcore,
        torch=by_torch,
        unsupported=unsupported,
        explanation=_explain(module, trace, by_fvcore, by_torch) if differs else "",
    )


def _explain(
    module: torch.nn.Module, trace: int | None, by_fvcore: int | None, by_torch: int | None
) -> str:
    """Why counts differ, where the reason is known; empty: nobody knows, and the check fails."""
    recurrent = any(isinstance(part, torch.nn.RNNBase) for part in module.modules())
    others = [count for count in (trace, by_fvcore) if count]
    agree = bool(others) and max(others) <= min(others) * (1 + TOLERANCE)
    if recurrent and agree and by_torch is not None and by_torch < min(others):
        return "recurrent layers, which torch's counter does not see on this device"
    return ""


def _by_torch(module: torch.nn.Module, entry: EntryPoint, inputs: Mapping[str, Any]) -> int:
    counter = FlopCounterMode(display=False, custom_mapping=_TORCH_LACKS)
    lengths = cache_lengths(inputs)
    with torch.no_grad(), counter:
        call(module, entry, inputs)
    rewind(inputs, lengths)
    return int(counter.get_total_flops())


class _Callable(torch.nn.Module):
    """An entry point as a module of its tensor arguments alone, which is what jit tracing takes.

    Tracing drops what does not reach an output, though it ran (the last block of a two-stream
    transformer computes text that nobody reads). So a grain of every layer's output is given too.
    """

    def __init__(
        self, module: torch.nn.Module, entry: EntryPoint, inputs: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.inner = module
        self._entry, self._inputs = entry, dict(inputs)
        self._tensors = [n for n, value in inputs.items() if isinstance(value, torch.Tensor)]
        self._grains: list[torch.Tensor] = []

    def example(self) -> tuple[torch.Tensor, ...]:
        return tuple(self._inputs[name] for name in self._tensors)

    def forward(self, *tensors: torch.Tensor) -> Any:
        inputs = {**self._inputs, **dict(zip(self._tensors, tensors, strict=True))}
        self._grains = []
        layers = [part for part in self.inner.modules() if not list(part.children())]
        hooks = [part.register_forward_hook(self._keep) for part in layers]
        try:
            with _Traceable():
                return [*tensors_in(call(self.inner, self._entry, inputs)), *self._grains]
        finally:
            for hook in hooks:
                hook.remove()

    def _keep(self, layer: torch.nn.Module, args: Any, output: Any) -> None:
        self._grains += [t.flatten()[:1].clone() for t in tensors_in(output) if t.numel()]


class _Traceable(TorchFunctionMode):
    """Calls that jit tracing has no operation for, in a form it knows."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.masked_fill and len(args) == 3 and isinstance(args[2], bool):
            args = (*args[:2], int(args[2]))
        return func(*args, **(kwargs or {}))


def _by_fvcore(
    module: torch.nn.Module, entry: EntryPoint, inputs: Mapping[str, Any]
) -> tuple[int | None, dict[str, int]]:
    """(FLOPs, operations without a handler); None where jit tracing refuses the module."""
    from fvcore.nn import FlopCountAnalysis

    wrapped = _Callable(module, entry, inputs)
    logging.getLogger("fvcore.nn.jit_analysis").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        analysis = FlopCountAnalysis(wrapped, wrapped.example())
        analysis.set_op_handle(**_HANDLERS)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        lengths = cache_lengths(inputs)
        try:
            total = 2 * int(analysis.total())
        except Exception as error:  # jit tracing fails in as many ways as there are modules
            return None, {f"jit tracing failed: {type(error).__name__}": 1}
        finally:
            rewind(inputs, lengths)
        unknown = analysis.unsupported_ops()
    return total, {op: int(n) for op, n in sorted(unknown.items()) if op not in _NO_FLOPS}


def _cpu_attention(
    query: Any, key: Any, value: Any, *args: Any, out_shape: Any = None, **kwargs: Any
) -> int:
    """FLOPs of the CPU's fused attention, which torch's counter does not know."""
    *lead, _, size = query
    return int(2 * math.prod(lead) * query[-2] * key[-2] * (size + value[-1]))


def _experts(rows: Any, table: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """A grouped product: rows [R, k], each times its expert's matrix of [experts, k, n]."""
    return int(2 * rows[-2] * rows[-1] * table[-1])


def _distances(left: Any, right: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """Distances of rows [.., p, d] to rows [.., r, d]: as a product, which is how they are made."""
    return int(2 * math.prod(left) * right[-2])


def _lstm_layer(
    source: Any, inner: Any, hidden: Any, *args: Any, out_shape: Any = None, **kwargs: Any
) -> int:
    """One LSTM layer [T, rows, inputs] on a CPU: its weights act once per time step."""
    return int(2 * source[0] * source[1] * inner[0] * (source[2] + hidden[1]))


_ATEN = torch.ops.aten
_TORCH_LACKS = {
    _ATEN._scaled_dot_product_flash_attention_for_cpu: _cpu_attention,
    _ATEN._grouped_mm: _experts,
    _ATEN._euclidean_dist: _distances,
    _ATEN._cdist_forward: _distances,
    _ATEN.mkldnn_rnn_layer: _lstm_layer,
}


def _shape(value: Any) -> list[int]:
    return list(value.type().sizes() or [])


def _attention(inputs: list[Any], outputs: list[Any]) -> int:
    """Multiply-adds of scaled_dot_product_attention: scores and weighted sum."""
    query, key, value = (_shape(item) for item in inputs[:3])
    return math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _convolution_mode(inputs: list[Any], outputs: list[Any]) -> int:
    """A convolution that is padded by a word ('same'): every weight acts once per output pixel."""
    images, _, *pixels = _shape(outputs[0])
    return images * math.prod(pixels) * math.prod(_shape(inputs[1]))


def _baddbmm(inputs: list[Any], outputs: list[Any]) -> int:
    left, right = _shape(inputs[1]), _shape(inputs[2])
    return left[0] * left[1] * left[2] * right[2]


def _grouped(inputs: list[Any], outputs: list[Any]) -> int:
    return _experts(_shape(inputs[0]), _shape(inputs[1])) // 2


def _cdist(inputs: list[Any], outputs: list[Any]) -> int:
    return _distances(_shape(inputs[0]), _shape(inputs[1])) // 2


def _recurrent(gates: int) -> Any:
    """Handler of aten::lstm (4 gates) and aten::gru (3): all matrices act once per time step."""

    def count(inputs: list[Any], outputs: list[Any]) -> int:
        shape = _shape(inputs[0])
        steps = shape[0] * shape[1]  # time x batch, in either order
        weights = [_shape(node) for node in inputs[2].node().inputs()]
        return steps * sum(w[0] * w[1] for w in weights if len(w) == 2)

    count.__name__ = f"recurrent_{gates}_gates"
    return count


def _nothing(inputs: list[Any], outputs: list[Any]) -> int:
    return 0


_HANDLERS: dict[str, Any] = {
    "aten::scaled_dot_product_attention": _attention,
    "aten::_convolution_mode": _convolution_mode,
    "aten::baddbmm": _baddbmm,
    "aten::_grouped_mm": _grouped,
    "aten::cdist": _cdist,
    "aten::lstm": _recurrent(4),
    "aten::gru": _recurrent(3),
    # fvcore counts these by elements; by our convention they are free.
    **dict.fromkeys(
        (
            "aten::batch_norm",
            "aten::group_norm",
            "aten::layer_norm",
            "aten::instance_norm",
            "aten::native_layer_norm",
            "aten::upsample_nearest2d",
            "aten::upsample_bilinear2d",
            "aten::adaptive_avg_pool2d",
            "aten::grid_sampler",
        ),
        _nothing,
    ),
}
