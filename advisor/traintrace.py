"""Tracing a training step: forward and backward of one call, on the meta device, without weights.

Runs under the same recorder as inference (trace.py). Autograd keeps what backward needs, so the
live tensors of the trace are the saved activations. The optimiser and the products of LoRA
adapters follow from shapes and are no part of the trace (training.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from advisor.catalog import Component, EntryPoint
from advisor.errors import CannotEstimate
from advisor.reference.build import build, call, make_inputs
from advisor.trace import _bytes, _convolution, _Fused, _Live, _ops, _Recorder, _tensors
from advisor.traces import EXPERTS, TRACED_BYTES, Op
from advisor.training import Adapted, Part, TrainingTrace, merged

# FlashAttention's backward computes the scores again: five products where forward has two
# (arXiv 2205.14135, algorithm 4); torch.utils.flop_counter counts its kernels the same.
ATTENTION_BACKWARD = 2.5

# Query, key, value and output projections by the names that diffusers and transformers give them.
_PROJECTION = re.compile(
    r"(^|\.)(to_(q|k|v|out|add_out)(\.0)?|to_qkv|add_(q|k|v)_proj|[qkv]_proj|o_proj|out_proj|qkv"
    r"|qkv_proj|att_proj|c_attn|query|key|value|attn\.c_proj|attention\.(q|k|v|o)|q|k|v|o"
    r"|attention\.to_out\.0)$"
)


class _GradLive(_Live):
    """Live bytes without gradients of weights, and their peak per amount of gradients held."""

    def __init__(self, weights: set[int]) -> None:
        super().__init__(weights)
        self.gradients = 0
        self.moments: dict[int, int] = {}

    def add(self, tensor: torch.Tensor) -> None:
        super().add(tensor)
        self.moments[self.gradients] = max(self.moments.get(self.gradients, 0), self.now)

    def hull(self) -> tuple[tuple[int, int], ...]:
        """The moments that can be the peak at some batch and width of gradients.

        Corners of the upper right hull of (activations, gradients), most activations first.
        """
        points = sorted(((now, held) for held, now in self.moments.items()), reverse=True)
        corners: list[tuple[int, int]] = []
        for now, held in points:
            if corners and held <= corners[-1][1]:
                continue
            while len(corners) > 1 and _inside(corners[-2], corners[-1], (now, held)):
                corners.pop()
            corners.append((now, held))
        return tuple(corners)


def _inside(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Whether b lies on or under the line from a to c."""
    return (b[0] - a[0]) * (c[1] - a[1]) <= (c[0] - a[0]) * (b[1] - a[1])


class _TrainingRecorder(_Recorder):
    """Also knows the backward operations that have FLOPs."""

    def __init__(self, module: torch.nn.Module, widen: float) -> None:
        super().__init__(module, widen)
        self.live: _GradLive = _GradLive(self.weights)
        self.adapted: Counter[tuple[int, int, int, bool]] = Counter()

    def _record(
        self, name: str, args: Any, kwargs: Mapping[str, Any], outputs: list[torch.Tensor]
    ) -> None:
        if name == "convolution_backward":
            self._convolution_backward(args, outputs)
        elif name == "_grouped_mm" and args[1].dim() == 2:
            self._experts_gradient(args, outputs)
        elif name.startswith("_scaled_dot_product") and "backward" in name:
            self._attention_backward(args, outputs)
        else:
            super()._record(name, args, kwargs, outputs)

    def _convolution_backward(self, args: Any, outputs: list[torch.Tensor]) -> None:
        """One product each for the gradients of input and weight, a sum for that of the bias."""
        gradient, source, weight, _, _, _, _, transposed, _, groups, wanted = args
        _, flops, dims = _convolution(
            [source, weight, *[None] * 4, transposed, None, groups], [gradient]
        )
        made = [tensor for tensor, want in zip(outputs, wanted, strict=False) if want]
        if len(outputs) < len(wanted):  # undefined gradients are not among the outputs
            made = list(outputs)
        for name, other, want in zip(("input", "weight"), (weight, source), wanted, strict=False):
            if want:
                held = _bytes(other) if self._is_weight(other) else 0
                read, write = _bytes(gradient) + _bytes(other), _bytes(made.pop(0))
                kind = f"convolution_backward_{name}"
                self.add("convolution", kind, flops, read, write, held, dims)
        if wanted[2]:
            write = _bytes(made.pop(0))
            self.add("elementwise", "sum", 0, _bytes(gradient), write, 0, (gradient.shape[1],))

    def _experts_gradient(self, args: Any, outputs: list[torch.Tensor]) -> None:
        """Gradient of experts' weights: [k, rows] by [rows, n], rows shared out over them."""
        left, right = args[:2]
        dims = (1, left.shape[0], right.shape[1], left.shape[1])
        read, write = _bytes(left) + _bytes(right), _bytes(outputs[0])
        flops = 2 * dims[1] * dims[2] * dims[3]
        self.add("matmul", f"gradient_of_{EXPERTS[:-1]}", flops, read, write, 0, dims)

    def _attention_backward(self, args: Any, outputs: list[torch.Tensor]) -> None:
        gradient, query, key, value = args[:4]
        self.attention_backward(gradient, query, key, value, outputs)

    def attention_backward(
        self,
        gradient: torch.Tensor,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        outputs: list[torch.Tensor],
    ) -> None:
        """Records the backward pass of fused attention as one operation."""
        *lead, heads, queries, size = query.shape
        batch, keys = (lead[0] if lead else 1), key.shape[-2]
        flops = 2 * batch * heads * queries * keys * (size + value.shape[-1])
        read = _bytes(query) + _bytes(key) + _bytes(value) + 2 * _bytes(gradient)
        dims = (batch, heads, queries, keys, size)
        self.add(
            "attention",
            "sdpa_backward",
            round(flops * ATTENTION_BACKWARD),
            read,
            sum(_bytes(tensor) for tensor in outputs),
            0,
            dims,
        )


class _Attention(torch.autograd.Function):
    """Fused attention for tracing: keeps query, key, value, output and one number per query."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        fused: _FusedTraining,
    ) -> torch.Tensor:
        shape = (*query.shape[:-3], query.shape[-2], query.shape[-3], value.shape[-1])
        with fused.pause():
            out = query.new_empty(shape).transpose(-3, -2)
            sums = query.new_empty(query.shape[:-1], dtype=torch.float32)
        fused.recorder.live.add(sums)
        ctx.save_for_backward(query, key, value, out, sums)
        ctx.fused = fused
        return out

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        query, key, value, _, _ = ctx.saved_tensors
        with ctx.fused.pause():
            made = [torch.empty_like(tensor) for tensor in (query, key, value)]
        recorder = ctx.fused.recorder
        for tensor in made:
            recorder.live.add(tensor)
        recorder.attention_backward(gradient, query, key, value, made)
        return (*made, None)


class _Adapter(torch.autograd.Function):
    """A LoRA adapter for tracing: keeps the layer's input; its products are added by shape."""

    @staticmethod
    def forward(
        ctx: Any,
        source: torch.Tensor,
        out: torch.Tensor,
        weight: torch.Tensor,
        recorder: _TrainingRecorder,
    ) -> torch.Tensor:
        ctx.save_for_backward(source)
        ctx.recorder, ctx.width = recorder, out.shape[-1]
        return out.view_as(out)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        (source,) = ctx.saved_tensors
        recorder, inputs = ctx.recorder, source.shape[-1]
        needed = ctx.needs_input_grad[0]
        rows = source.numel() // inputs
        recorder.adapted[rows, inputs, ctx.width, needed] += 1
        toward = gradient.new_empty(source.shape) if needed else None
        return toward, gradient, gradient.new_empty(1), None


class _FusedTraining(_Fused):
    """Attention as one operation forward and one backward."""

    def __init__(self, recorder: _TrainingRecorder) -> None:
        super().__init__(recorder)
        self.recorder = recorder
        self.pause = self._pause

    def _run(self, func: Any, args: Any, kwargs: Any, query: Any, value: Any) -> torch.Tensor:
        if query.device.type != "meta" or not torch.is_grad_enabled():
            return super()._run(func, args, kwargs, query, value)
        key = kwargs.get("key", args[1] if len(args) > 1 else None)
        out: torch.Tensor = _Attention.apply(query, key, value, self)
        return out


def trace_training(
    component: Component,
    part: Part,
    *,
    flavour: str = "full",
    methods: tuple[str, ...] | None = None,
    module: torch.nn.Module | None = None,
) -> TrainingTrace:
    """Forward and backward of a part of a training step at batch 1.

    Raises CannotEstimate where the call cannot be differentiated on the meta device.
    """
    entry = training_entry(component.entries[part.entry])
    device = entry.trace_on
    dtype = torch.bfloat16 if device == "meta" else torch.float32
    module = module if module is not None else build(component, flavour, device, dtype)
    able = _can_checkpoint(module)
    runs = {}
    for method in methods or part.methods:
        for checkpointing in (False, True) if able else (False,):
            run = _Run(module, component, entry, part, flavour, method)
            if method == "lora" and not run.targets:
                continue
            with _checkpointed(module, checkpointing, run.recorder):
                run.trace()
            runs[method, checkpointing] = run
    first = runs[next(iter(runs))]
    again = runs.get((next(iter(runs))[0], True))
    return TrainingTrace(
        component=component.id,
        key=part.key,
        parameters=sum(p.numel() for p in module.parameters() if p.is_floating_point()),
        forward=first.ops(first.forward),
        backward={m: run.ops(run.backward) for (m, again_), run in runs.items() if not again_},
        recomputed=None if again is None else again.ops(_more(again.backward, first.backward)),
        moments={
            method + ("+checkpointing" if checkpointing else ""): run.hull()
            for (method, checkpointing), run in runs.items()
        },
        adapted=tuple(
            Adapted(count, *shape)
            for (method, checkpointing), run in runs.items()
            if method == "lora" and not checkpointing
            for shape, count in sorted(run.recorder.adapted.items())
        ),
    )


class _Run:
    """One traced step of one method."""

    def __init__(
        self,
        module: torch.nn.Module,
        component: Component,
        entry: EntryPoint,
        part: Part,
        flavour: str,
        method: str,
    ) -> None:
        self.module, self.entry, self.method = module, entry, method
        self.recorder = _TrainingRecorder(
            module, widen=1 if entry.trace_on == "meta" else 4 / TRACED_BYTES
        )
        self.targets = _projections(module) if method == "lora" else []
        self.forward: Counter[tuple[Any, ...]] = Counter()
        self.backward: Counter[tuple[Any, ...]] = Counter()
        self.inputs = make_inputs(
            entry,
            component,
            dict(part.symbols),
            flavour=flavour,
            device=entry.trace_on,
            dtype=torch.bfloat16 if entry.trace_on == "meta" else torch.float32,
        )
        if part.input_gradient or method == "through":
            for tensor in _tensors(self.inputs):
                if tensor.is_floating_point():
                    tensor.requires_grad_(True)

    def trace(self) -> None:
        """Forward, the loss in fp32 as the libraries' training scripts compute it, backward."""
        recorder, module = self.recorder, self.module
        for tensor in _tensors(self.inputs):
            recorder.live.add(tensor)
        del tensor
        module.train()
        with self._trained(), torch.enable_grad(), _FusedTraining(recorder), recorder:
            try:
                loss = _loss(call(module, self.entry, self.inputs), self.entry)
                self.forward = recorder.rows.copy()
                torch.autograd.backward([loss], [torch.empty_like(loss)])
            except (RuntimeError, NotImplementedError, TypeError) as error:
                raise CannotEstimate(
                    f"{type(module).__name__} cannot be differentiated here: "
                    f"{str(error).splitlines()[0][:200]}"
                ) from None
        self.backward = recorder.rows - self.forward

    @contextmanager
    def _trained(self) -> Iterator[None]:
        """What the method trains requires gradients; their bytes are counted apart."""
        live, hooks = self.recorder.live, []

        def held(parameter: torch.Tensor) -> None:
            live.gradients += parameter.numel() * TRACED_BYTES
            parameter.grad = None

        for parameter in self.module.parameters():
            parameter.requires_grad_(self.method == "full" and parameter.is_floating_point())
            if parameter.requires_grad:
                hooks.append(parameter.register_post_accumulate_grad_hook(held))
        hooks += [layer.register_forward_hook(self._adapt()) for layer in self.targets]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self.module.eval().requires_grad_(False)

    def _adapt(self) -> Callable[..., torch.Tensor]:
        device = self.entry.trace_on
        weight = torch.nn.Parameter(torch.zeros(1, device=device))
        self.recorder.weights.add(weight.untyped_storage()._cdata)

        def hook(_: Any, args: Any, out: torch.Tensor) -> torch.Tensor:
            adapted: torch.Tensor = _Adapter.apply(args[0], out, weight, self.recorder)
            return adapted

        hook.__dict__["weight"] = weight
        return hook

    def ops(self, rows: Counter[tuple[Any, ...]]) -> tuple[Op, ...]:
        return merged(_ops(rows))

    def hull(self) -> tuple[tuple[int, int], ...]:
        widen = self.recorder._widen
        return tuple((round(now / widen), held) for now, held in self.recorder.live.hull())


def training_entry(entry: EntryPoint) -> EntryPoint:
    """The call as training makes it: all logits, no key-value cache."""
    inputs = {name: spec for name, spec in entry.inputs.items() if name != "logits_to_keep"}
    if "use_cache" in inputs:
        inputs["use_cache"] = {"value": False}
    return entry.model_copy(update={"inputs": inputs})


def _loss(result: Any, entry: EntryPoint) -> torch.Tensor:
    """Cross-entropy of logits, else mean square, of the first output that has a gradient."""
    from advisor.profiler.modes import floats_in

    out = next((tensor for tensor in floats_in(result) if tensor.requires_grad), None)
    if out is None:
        raise CannotEstimate("its output has no gradient: this call cannot be trained alone")
    if {"input_ids", "decoder_input_ids"} & set(entry.inputs):
        logits = out.float().flatten(0, -2)
        return torch.nn.functional.cross_entropy(
            logits, torch.zeros(logits.shape[0], dtype=torch.int64, device=out.device)
        )
    return torch.nn.functional.mse_loss(out.float(), torch.zeros_like(out, dtype=torch.float32))


def _projections(module: torch.nn.Module) -> list[torch.nn.Module]:
    """Linear layers that are attention projections by name (GPT-2's Conv1D included)."""
    return [
        part
        for name, part in module.named_modules()
        if type(part).__name__ in ("Linear", "Conv1D", "NonDynamicallyQuantizableLinear")
        and _PROJECTION.search(name)
    ]


def _can_checkpoint(module: torch.nn.Module) -> bool:
    """Whether the library offers checkpointing for this class."""
    if getattr(module, "_supports_gradient_checkpointing", False):
        return True
    return bool(getattr(module, "supports_gradient_checkpointing", False))


@contextmanager
def _checkpointed(module: torch.nn.Module, on: bool, recorder: _TrainingRecorder) -> Iterator[None]:
    """Within it the library's own checkpointing is on: per block, as its users get it.

    Blocks that run again do so outside of the modes of the forward pass, so they enter their own.
    """
    if not on:
        yield
        return

    def contexts() -> tuple[Any, Any]:
        return nullcontext(), _FusedTraining(recorder)

    def again(block: Any, *args: Any, **kwargs: Any) -> Any:
        run = block.__call__ if isinstance(block, torch.nn.Module) else block
        return checkpoint(run, *args, use_reentrant=False, context_fn=contexts, **kwargs)

    own: Any = module
    if hasattr(module, "enable_gradient_checkpointing"):
        own.enable_gradient_checkpointing(again)
        leave = own.disable_gradient_checkpointing
    else:
        settings = {"use_reentrant": False, "context_fn": contexts}
        own.gradient_checkpointing_enable(gradient_checkpointing_kwargs=settings)
        leave = own.gradient_checkpointing_disable
    try:
        yield
    finally:
        leave()


def _more(
    rows: Counter[tuple[Any, ...]], fewer: Counter[tuple[Any, ...]]
) -> Counter[tuple[Any, ...]]:
    """Operations that only the checkpointed backward pass runs: the forward of blocks again."""
    return rows - fewer
