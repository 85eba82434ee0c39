"""The runs: each trains one model and gives what was measured, as plain numbers.

grid     kind x learning rate x seed: all measures of the samples, and how steady they were
steps    one diffusion model per seed: measures at many step counts, two samplers
latent   one VAE (and GAN) per seed: change of output along latent paths; reconstructions
anomaly  one VAE per left-out class and seed: AUROC of its likelihood bound
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from benchmarks.small_training.data import PIXELS, digits
from benchmarks.small_training.metrics import Judge, sharpness
from benchmarks.small_training.models import KINDS, Diffusion, Gan, Vae, trained_parameters

SEEDS = (0, 1, 2, 3, 4)
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
RATE = 1e-3  # of the runs that use one learning rate, set before any run was made
UPDATES = 2560
ANOMALY_UPDATES = 1280
SAMPLES = 600  # as many as held-out pictures, so that distances compare
STEPS = (1, 2, 3, 5, 10, 20, 50, 100, 250, 1000)
PATH_STEPS = 20  # of an interpolation
PAIRS = 200
DRAWS = 20  # of the likelihood bound
Result = dict[str, Any]


@lru_cache(maxsize=1)
def judge() -> Judge:
    return Judge(digits())


def _data() -> Tensor:
    return torch.from_numpy(judge().data.train)


def _array(pictures: Tensor) -> NDArray[Any]:
    return pictures.detach().numpy()


def trained(kind: str, rate: float, seed: int) -> tuple[Any, list[float]]:
    """A trained model, and its Frechet distances at four points of the last quarter."""
    torch.manual_seed(seed)
    model, late = KINDS[kind](), []

    def seen(update: int) -> None:
        if update % (UPDATES // 16) == 0 and update > UPDATES * 3 // 4:
            with torch.no_grad():
                late.append(judge().measure(_array(model.sample(SAMPLES))).get("frechet"))

    model.train_on(_data(), rate, UPDATES, seen)
    return model.requires_grad_(False), late


def reference() -> Result:
    """Held-out pictures measured as samples are: what a perfect model would reach."""
    known = judge()
    return {
        **known.measure(known.data.test),
        "classifier_accuracy": known.accuracy(),
        "train_sharpness": sharpness(known.data.train),
    }


def grid(kind: str, rate: float, seed: int) -> Result:
    model, late = trained(kind, rate, seed)
    torch.manual_seed(1000 + seed)
    measured = judge().measure(_array(model.sample(SAMPLES)))
    return {**measured, "late": late, "parameters": trained_parameters(model)}


def steps(seed: int) -> Result:
    """Measures by sampler and step count; every count starts from the same noise."""
    model, _ = trained("diffusion", RATE, seed)
    assert isinstance(model, Diffusion)
    found: Result = {}
    for sampler in ("ddim", "ddpm"):
        for count in STEPS:
            torch.manual_seed(2000 + seed)
            samples = _array(model.sample(2 * SAMPLES, count, sampler))
            measured = judge().measure(samples)
            found[f"{sampler} {count}"] = {k: measured[k] for k in ("frechet", "precision")}
    return found


def latent(seed: int) -> Result:
    model, _ = trained("vae", RATE, seed)
    other, _ = trained("gan", RATE, seed)
    assert isinstance(model, Vae) and isinstance(other, Gan)
    torch.manual_seed(3000 + seed)
    test = torch.from_numpy(judge().data.test)
    mean, _ = model.encode(test)
    order = torch.randperm(len(mean))  # no picture is paired with itself
    between = mean[order[:PAIRS]], mean[order[PAIRS : 2 * PAIRS]]
    ends = torch.randn(PAIRS, 16), torch.randn(PAIRS, 16)
    return {
        "reconstruction": sharpness(_array(model.decode(mean))),
        "vae": path(model.decode, *between),
        "gan": path(other.decode, *ends),
    }


def path(decode: Any, start: Tensor, end: Tensor) -> Result:
    """How evenly the output changes from `start` to `end` [pairs, latent].

    largest_step: the largest change in one of 20 steps over the mean change, averaged over paths
    (1 = even, 20 = one jump). nearby: output distance after moving a latent by 0.1 of its spread,
    over the distance between random outputs. rank: Spearman correlation of distances in latent
    and in output space.
    """
    shares = torch.linspace(0, 1, PATH_STEPS + 1)
    outputs = torch.stack([decode(start + share * (end - start)) for share in shares])
    changes = (outputs[1:] - outputs[:-1]).norm(dim=2)
    spread = start.std(dim=0)
    moved = decode(start + 0.1 * spread * torch.randn_like(start))
    apart = (decode(start) - decode(end)).norm(dim=1)
    return {
        "largest_step": float((changes.max(0).values / changes.mean(0)).mean()),
        "nearby": float((moved - decode(start)).norm(dim=1).mean() / apart.mean()),
        "rank": float(spearmanr(_array((start - end).norm(dim=1)), _array(apart)).statistic),
    }


def anomaly(left_out: int, seed: int) -> Result:
    """AUROC of the bound for a class that was not trained on, and for simpler outliers."""
    data = judge().data
    known = data.train[data.train_class != left_out]
    torch.manual_seed(seed)
    model = Vae()
    model.train_on(torch.from_numpy(known), RATE, ANOMALY_UPDATES, lambda _: None)
    model.requires_grad_(False)
    normal = data.test[data.test_class != left_out]
    outliers = {
        "class": data.test[data.test_class == left_out],
        "noise": np.random.default_rng(seed).uniform(-1, 1, (200, PIXELS)).astype(np.float32),
        "inverted": -normal,
        "blank": np.full((200, PIXELS), -1, np.float32),
    }
    bound = {name: _bound(model, pictures) for name, pictures in outliers.items()}
    return {
        **{name: _auroc(-_bound(model, normal), -values) for name, values in bound.items()},
        "pca_class": _pca_auroc(known, normal, outliers["class"]),
    }


def _bound(model: nn.Module, pictures: NDArray[Any]) -> NDArray[Any]:
    assert isinstance(model, Vae)
    return _array(model.elbo(torch.from_numpy(pictures), DRAWS))


def _auroc(normal: NDArray[Any], outliers: NDArray[Any]) -> float:
    """Chance that an outlier scores above a normal picture."""
    truth = np.r_[np.zeros(len(normal)), np.ones(len(outliers))]
    return float(roc_auc_score(truth, np.r_[normal, outliers]))


def _pca_auroc(known: NDArray[Any], normal: NDArray[Any], outliers: NDArray[Any]) -> float:
    """The plain alternative: error after projection on as many directions as the VAE's latent."""
    pca = PCA(8, random_state=0).fit(known)

    def error(pictures: NDArray[Any]) -> NDArray[Any]:
        return np.square(pictures - pca.inverse_transform(pca.transform(pictures))).sum(1)

    return _auroc(error(normal), error(outliers))


def all_runs() -> dict[str, tuple[Any, ...]]:
    """Name of each run -> the function and its arguments, in the order they are made."""
    runs: dict[str, tuple[Any, ...]] = {"reference": (reference,)}
    for seed in SEEDS:
        for kind in KINDS:
            for rate in RATES:
                runs[f"grid {kind} {rate:g} {seed}"] = (grid, kind, rate, seed)
        runs[f"steps {seed}"] = (steps, seed)
        runs[f"latent {seed}"] = (latent, seed)
        for left_out in range(10):
            runs[f"anomaly {left_out} {seed}"] = (anomaly, left_out, seed)
    return runs
