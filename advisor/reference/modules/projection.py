"""A linear map between the widths of two published components, where a model keeps one apart."""

from __future__ import annotations

from torch import Tensor, nn


class Projection(nn.Module):
    """MusicGen's map from its text encoder to its decoder, for example."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        """[..., in_features] -> [..., out_features]."""
        projected: Tensor = self.linear(x)
        return projected
