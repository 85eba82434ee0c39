"""TripoSR decoder: image tokens -> triplane -> density and colour (arXiv 2403.02151).

One pass, no diffusion (after LRM, arXiv 2311.04400). Learned triplane tokens attend to the image
tokens; three feature planes come out, and a small MLP reads any point from them.
Shapes: B batch, M image tokens, N = 3 x plane^2 triplane tokens, C width, P points.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advisor.reference.modules.common import attend

DENSITY_BIAS = -1.0  # an empty scene at the start of training


class Attention(nn.Module):
    """Attention whose keys and values may come from elsewhere; only the last layer has a bias."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(context, width, bias=False)
        self.value = nn.Linear(context, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """[B, N, C] and [B, M, context] -> [B, N, C]."""
        return self.out(attend(self.query(x), self.key(context), self.value(context), self.heads))


class Block(nn.Module):
    """Self-attention, cross-attention and a gated GELU MLP, each after a layer norm."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.self_attention = Attention(width, heads, width)
        self.cross_attention = Attention(width, heads, context)
        self.gated = nn.Linear(width, 8 * width)
        self.contract = nn.Linear(4 * width, width)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        """[B, N, C] and [B, M, context] -> [B, N, C]."""
        own = self.norms[0](x)
        x = x + self.self_attention(own, own)
        x = x + self.cross_attention(self.norms[1](x), image)
        value, gate = self.gated(self.norms[2](x)).chunk(2, dim=-1)
        return x + self.contract(value * F.gelu(gate))


class TripoSRDecoder(nn.Module):
    """Published: 16 blocks of 1024, planes of 32 doubled to 64, 40 features, MLP of 10 x 64."""

    def __init__(
        self,
        width: int = 1024,
        layers: int = 16,
        heads: int = 16,
        context: int = 768,
        plane: int = 32,
        features: int = 40,
        mlp_width: int = 64,
        mlp_layers: int = 9,
        radius: float = 0.87,
    ) -> None:
        super().__init__()
        self.radius = radius
        self.tokens = nn.Parameter(torch.randn(3, width, plane, plane) / width**0.5)
        self.norm = nn.GroupNorm(min(32, width // 2), width, eps=1e-6)
        self.enter = nn.Linear(width, width)
        self.blocks = nn.ModuleList(Block(width, heads, context) for _ in range(layers))
        self.leave = nn.Linear(width, width)
        self.enlarge = nn.ConvTranspose2d(width, features, 2, stride=2)
        mlp: list[nn.Module] = [nn.Linear(3 * features, mlp_width), nn.SiLU()]
        for _ in range(mlp_layers - 1):
            mlp += [nn.Linear(mlp_width, mlp_width), nn.SiLU()]
        self.field = nn.Sequential(*mlp, nn.Linear(mlp_width, 4))

    def forward(self, image: Tensor) -> Tensor:
        """DINO tokens [B, M, context] -> three planes [B, 3, features, 2 plane, 2 plane]."""
        planes = self.tokens.shape
        # [3, C, h, w] -> [B, C, N], the three planes one after the other.
        tokens = self.tokens.transpose(0, 1).flatten(1).expand(image.shape[0], -1, -1)
        x = self.enter(self.norm(tokens).transpose(1, 2))
        for block in self.blocks:
            x = block(x, image)
        x = tokens + self.leave(x).transpose(1, 2)
        x = x.unflatten(2, (3, *planes[2:])).transpose(1, 2)
        return self.enlarge(x.flatten(0, 1)).unflatten(0, (-1, 3))

    def query(self, triplane: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Planes and points [B, P, 3] within +-radius -> density [B, P, 1], colour [B, P, 3].

        The planes lie along (x, y), (x, z) and (y, z); what they say of a point is concatenated.
        """
        where = (points / self.radius).float()
        grid = torch.stack([where[..., [0, 1]], where[..., [0, 2]], where[..., [1, 2]]], dim=1)
        # In fp32: bf16 coordinates would snap to a few positions per cell.
        read = F.grid_sample(
            triplane.flatten(0, 1).float(), grid.flatten(0, 1)[:, None], align_corners=False
        )
        read = read[:, :, 0].unflatten(0, (-1, 3)).permute(0, 3, 1, 2).flatten(2)
        raw = self.field(read.to(triplane.dtype))
        return torch.exp(raw[..., :1] + DENSITY_BIAS), torch.sigmoid(raw[..., 1:])
