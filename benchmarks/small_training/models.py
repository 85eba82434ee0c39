"""A GAN, a VAE and a diffusion model of about the same size, for pictures of 64 pixels in -1..1.

Each `train` makes `updates` Adam updates on batches of 64 and calls `seen(update)` after each;
`sample` gives n pictures. Plain published recipes, none tuned to come out well or badly:

- GAN: non-saturating loss (Goodfellow et al. 2014, arXiv 1406.2661, section 3), Adam betas 0.5 and
  0.999 (DCGAN, arXiv 1511.06434), no further stabilisation.
- VAE: Gaussian decoder with one learned variance (Rybkin et al. 2021, arXiv 2006.13202).
- Diffusion: 1,000 linear noise steps and an average of the weights (DDPM, arXiv 2006.11239); it
  predicts the clean picture (arXiv 2202.00512, section 4), which a plain network of this size can
  learn and noise or velocity it could not; sampled with DDIM (arXiv 2010.02502); schedulers from
  diffusers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.small_training.data import PIXELS

WIDTH = 192
BATCH = 64
GAN_LATENT, VAE_LATENT = 16, 8
TIMESTEPS = 1000
AVERAGED = 0.995  # decay of the average of the weights: some 200 of 2,560 updates
Seen = Callable[[int], None]


def mlp(*sizes: int, activation: type[nn.Module] = nn.SiLU) -> nn.Sequential:
    """Linear layers of these sizes with an activation between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers[:-1])


def adam(
    module: nn.Module, rate: float, betas: tuple[float, float] = (0.9, 0.999)
) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), lr=rate, betas=betas)


def batch_of(data: Tensor) -> Tensor:
    return data[torch.randint(len(data), (BATCH,))]


class Gan(nn.Module):
    """Generator and discriminator; a sample is one pass of the generator."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = mlp(GAN_LATENT, WIDTH, WIDTH, PIXELS)
        self.critic = mlp(PIXELS, WIDTH, WIDTH, 1)

    def train_on(self, data: Tensor, rate: float, updates: int, seen: Seen) -> None:
        of_generator = adam(self.generator, rate, (0.5, 0.999))
        of_critic = adam(self.critic, rate, (0.5, 0.999))
        for update in range(1, updates + 1):
            made = self.decode(torch.randn(BATCH, GAN_LATENT))
            real, fake = self.critic(batch_of(data)), self.critic(made.detach())
            step(of_critic, F.softplus(-real).mean() + F.softplus(fake).mean())
            step(of_generator, F.softplus(-self.critic(made)).mean())
            seen(update)

    def decode(self, latent: Tensor) -> Tensor:
        return torch.tanh(self.generator(latent))

    def sample(self, count: int) -> Tensor:
        return self.decode(torch.randn(count, GAN_LATENT))


class Vae(nn.Module):
    """Encoder to a mean and a log-variance, decoder to the mean of a Gaussian."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = mlp(PIXELS, WIDTH, WIDTH, 2 * VAE_LATENT)
        self.decoder = mlp(VAE_LATENT, WIDTH, WIDTH, PIXELS)
        self.log_sigma = nn.Parameter(torch.zeros(()))

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(pictures).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 12)

    def decode(self, latent: Tensor) -> Tensor:
        return torch.tanh(self.decoder(latent))

    def elbo(self, pictures: Tensor, draws: int = 1) -> Tensor:
        """Lower bound of the log-likelihood in nats per picture, [n]."""
        mean, log_variance = self.encode(pictures)
        fit = torch.zeros(len(pictures))
        for _ in range(draws):
            latent = mean + torch.randn_like(mean) * (log_variance / 2).exp()
            error = (pictures - self.decode(latent)) / self.log_sigma.exp()
            fit = fit - (error.square() / 2 + self.log_sigma + math.log(2 * math.pi) / 2).sum(1)
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
        return fit / draws - divergence

    def train_on(self, data: Tensor, rate: float, updates: int, seen: Seen) -> None:
        optimiser = adam(self, rate)
        for update in range(1, updates + 1):
            step(optimiser, -self.elbo(batch_of(data)).mean())
            seen(update)

    def sample(self, count: int) -> Tensor:
        return self.decode(torch.randn(count, VAE_LATENT))


class Diffusion(nn.Module):
    """Predicts the clean picture from the noisy one and the time."""

    def __init__(self) -> None:
        super().__init__()
        self.denoiser = mlp(PIXELS + 16, WIDTH, WIDTH, WIDTH, PIXELS)
        self.noise = DDPMScheduler(
            num_train_timesteps=TIMESTEPS,
            timestep_spacing="trailing",
            prediction_type="sample",
        )
        self.average = AveragedModel(self.denoiser, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED))

    def predict(self, noisy: Tensor, timestep: Tensor) -> Tensor:
        angles = timestep[:, None] / TIMESTEPS * (2.0 ** torch.arange(8)) * math.pi / 2
        features = torch.cat([angles.sin(), angles.cos()], dim=1)
        network = self.denoiser if self.training else self.average
        return network(torch.cat([noisy, features], dim=1))

    def train_on(self, data: Tensor, rate: float, updates: int, seen: Seen) -> None:
        optimiser = adam(self.denoiser, rate)
        for update in range(1, updates + 1):
            self.train()
            clean = batch_of(data)
            noise, timestep = torch.randn_like(clean), torch.randint(TIMESTEPS, (BATCH,))
            noisy = self.noise.add_noise(clean, noise, timestep)
            step(optimiser, F.mse_loss(self.predict(noisy, timestep), clean))
            self.average.update_parameters(self.denoiser)
            self.eval()
            seen(update)

    def sample(self, count: int, steps: int = 50, sampler: str = "ddim") -> Tensor:
        """DDIM (no fresh noise) or DDPM (fresh noise at each step) in `steps` passes."""
        kind = DDIMScheduler if sampler == "ddim" else DDPMScheduler
        scheduler = kind.from_config(self.noise.config)
        scheduler.set_timesteps(steps)
        pictures = torch.randn(count, PIXELS)
        for timestep in scheduler.timesteps:
            predicted = self.predict(pictures, timestep.repeat(count))
            pictures = scheduler.step(predicted, timestep, pictures).prev_sample
        return pictures.clamp(-1, 1)


def step(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def trained_parameters(model: nn.Module) -> int:
    """Numbers that training changes; the diffusion model's averaged copy is not counted."""
    kept = model.denoiser if isinstance(model, Diffusion) else model
    return sum(p.numel() for p in kept.parameters())


KINDS: dict[str, type[nn.Module]] = {"gan": Gan, "vae": Vae, "diffusion": Diffusion}
