"""WaveNet vocoder with a mixture-of-logistics output (van den Oord et al. 2016, arXiv 1609.03499;
mixture output: arXiv 1711.10433), in the size that vocoder papers compare against.

Published (recalled) recipe: 24 layers in 4 stacks, 512 channels, 256 in the skips, kernel 3, 80 mel
bands, 10 logistics. Weight norm is folded, as at inference.

`forward` judges all samples at once (training, likelihood). `step` makes one sample: each layer
keeps its last (kernel - 1) x dilation inputs, so a sample costs one column of the network.

Shapes: B batch, T samples, F mel frames, M mel bands, R residual channels.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MIN_LOG_SCALE = -14.0  # narrower logistics than one 16-bit step serve nothing


class MelUpsampling(nn.Module):
    """Mel frames -> one conditioning column per sample: a 5-frame view, then repeat-and-smooth."""

    def __init__(self, mels: int, factors: tuple[int, ...]) -> None:
        super().__init__()
        self.factors = factors
        self.view = nn.Conv1d(mels, mels, 5, padding=2, bias=False)
        self.smooth = nn.ModuleList(
            nn.Conv2d(1, 1, (1, 2 * factor + 1), padding=(0, factor), bias=False)
            for factor in factors
        )
        for conv, factor in zip(self.smooth, factors, strict=True):
            nn.init.constant_(conv.weight, 1 / (2 * factor + 1))

    def forward(self, mel: Tensor) -> Tensor:
        """[B, M, F] -> [B, M, F x product of factors]."""
        x = self.view(mel)[:, None]
        for factor, conv in zip(self.factors, self.smooth, strict=True):
            x = conv(x.repeat_interleave(factor, dim=-1))
        return x[:, 0]


class GatedLayer(nn.Module):
    """Dilated causal convolution, tanh x sigmoid gate that sees the conditioning, skip and rest."""

    def __init__(
        self, residual: int, gate: int, skip: int, mels: int, kernel: int, dilation: int
    ) -> None:
        super().__init__()
        self.dilation = dilation
        self.history = (kernel - 1) * dilation  # inputs a step must remember
        # Like the public code this pads both ends and cuts the tail: a few unneeded columns.
        self.conv = nn.Conv1d(residual, gate, kernel, padding=self.history, dilation=dilation)
        self.condition = nn.Conv1d(mels, gate, 1, bias=False)
        self.out = nn.Conv1d(gate // 2, residual, 1)
        self.skip = nn.Conv1d(gate // 2, skip, 1)

    def forward(self, x: Tensor, conditioning: Tensor) -> tuple[Tensor, Tensor]:
        """[B, R, T] and [B, M, T] -> (next layer's input [B, R, T], skip [B, skip, T])."""
        gates = self.conv(x)[..., : x.shape[-1]] + self.condition(conditioning)
        filtered, gate = gates.chunk(2, dim=1)
        y = torch.tanh(filtered) * torch.sigmoid(gate)
        return (x + self.out(y)) * math.sqrt(0.5), self.skip(y)

    def step(self, x: Tensor, conditioning: Tensor, queue: Tensor) -> tuple[Tensor, Tensor]:
        """One column: [B, R], [B, M] and the queue [B, R, history], oldest first."""
        # Matrix products, not convolutions of length one: same arithmetic, far less set-up.
        taps = torch.cat([queue[..., :: self.dilation], x[..., None]], dim=-1)
        gates = F.linear(taps.flatten(1), self.conv.weight.flatten(1), self.conv.bias)
        gates = gates + F.linear(conditioning, self.condition.weight[..., 0])
        filtered, gate = gates.chunk(2, dim=1)
        y = torch.tanh(filtered) * torch.sigmoid(gate)
        out = F.linear(y, self.out.weight[..., 0], self.out.bias)
        return (x + out) * math.sqrt(0.5), F.linear(y, self.skip.weight[..., 0], self.skip.bias)


class WaveNet(nn.Module):
    """Waveform so far and conditioning -> parameters of the next sample's distribution."""

    def __init__(
        self,
        layers: int = 24,
        stacks: int = 4,
        residual: int = 512,
        gate: int = 512,
        skip: int = 256,
        mels: int = 80,
        kernel: int = 3,
        mixtures: int = 10,
        upsample: tuple[int, ...] = (4, 4, 4, 4),
    ) -> None:
        super().__init__()
        self.residual = residual
        self.upsample = MelUpsampling(mels, upsample)
        self.first = nn.Conv1d(1, residual, 1)
        per_stack = layers // stacks
        self.layers = nn.ModuleList(
            GatedLayer(residual, gate, skip, mels, kernel, 2 ** (index % per_stack))
            for index in range(layers)
        )
        self.hidden = nn.Conv1d(skip, skip, 1)
        self.last = nn.Conv1d(skip, 3 * mixtures, 1)

    def forward(self, samples: Tensor, conditioning: Tensor) -> Tensor:
        """[B, 1, T] in -1..1 and [B, M, T] (see `upsample`) -> [B, 3 x mixtures, T].

        Column t has seen samples up to t: it holds logits, means and log scales for sample t + 1.
        """
        x = self.first(samples)
        skips: Tensor | float = 0.0
        for layer in self.layers:
            x, skip = layer(x, conditioning)
            skips = skips + skip
        skips = F.relu(skips * math.sqrt(1 / len(self.layers)))
        return self.last(F.relu(self.hidden(skips)))

    @property
    def history(self) -> int:
        """Columns of the state: what all layers together remember."""
        return sum(layer.history for layer in self.layers)

    def initial_state(self, batch: int) -> Tensor:
        """Silence before the first sample: [B, R, history], the layers' queues side by side.

        One tensor rather than one per layer: it has no Python counter, so a step can be captured
        in a CUDA graph, and shifting all queues is one copy.
        """
        weight = self.first.weight
        return torch.zeros(
            batch, self.residual, self.history, device=weight.device, dtype=weight.dtype
        )

    def step(
        self, sample: Tensor, conditioning_frame: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Newest sample [B, 1], its conditioning [B, M], state -> (parameters, state).

        Parameters [B, 3 x mixtures] equal column t of `forward` after samples 0 to t in order.
        """
        x = F.linear(sample, self.first.weight[..., 0], self.first.bias)
        skips: Tensor | float = 0.0
        shifted: list[Tensor] = []
        start = 0
        for layer in self.layers:
            queue = state[..., start : start + layer.history]
            start += layer.history
            shifted += [queue[..., 1:], x[..., None]]
            x, skip = layer.step(x, conditioning_frame, queue)
            skips = skips + skip
        skips = F.relu(skips * math.sqrt(1 / len(self.layers)))
        hidden = F.relu(F.linear(skips, self.hidden.weight[..., 0], self.hidden.bias))
        parameters = F.linear(hidden, self.last.weight[..., 0], self.last.bias)
        return parameters, torch.cat(shifted, dim=-1)


def draw_sample(parameters: Tensor) -> Tensor:
    """One sample in -1..1, [B, 1], from a step's mixture parameters [B, 3 x mixtures]."""
    logits, means, log_scales = parameters.float().chunk(3, dim=1)
    chosen = torch.multinomial(F.softmax(logits, dim=1), 1)
    mean = means.gather(1, chosen)
    scale = log_scales.gather(1, chosen).clamp(min=MIN_LOG_SCALE).exp()
    uniform = torch.rand_like(mean).clamp(1e-5, 1 - 1e-5)
    drawn = mean + scale * torch.logit(uniform)
    return drawn.clamp(-1.0, 1.0).to(parameters.dtype)
