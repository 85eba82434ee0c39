"""What is measured on samples: distance to the data, modes covered, fidelity, diversity, sharpness.

Everything is judged in the same way for every kind of model, with real held-out pictures as the
reference of what can be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier

from benchmarks.small_training.data import SIDE, Digits

Array = NDArray[Any]
MODES = 50  # clusters of the training pictures
NEIGHBOURS = 3  # of precision and recall, as in arXiv 1904.06991
SEEN_SHARE = 0.1  # a class or mode counts as covered from a tenth of its share of the data


@dataclass(frozen=True)
class Judge:
    """Measures samples against the training pictures."""

    data: Digits

    @cached_property
    def classifier(self) -> MLPClassifier:
        """Trained on real pictures only; its last hidden layer is the feature space."""
        model = MLPClassifier((64, 16), max_iter=400, random_state=0)
        return model.fit(self.data.train, self.data.train_class)

    @cached_property
    def clusters(self) -> KMeans:
        return KMeans(MODES, n_init=4, random_state=0).fit(self.data.train)

    @cached_property
    def reach(self) -> Array:
        """Per mode, the distance within which 99 % of its training pictures lie."""
        distance = self.clusters.transform(self.data.train).min(axis=1)
        labels = self.clusters.labels_
        return np.array([np.quantile(distance[labels == mode], 0.99) for mode in range(MODES)])

    @cached_property
    def train_moments(self) -> tuple[Array, Array]:
        return moments(self.features(self.data.train))

    @cached_property
    def train_radius(self) -> Array:
        return radii(self.data.train)

    def accuracy(self) -> float:
        return float(self.classifier.score(self.data.test, self.data.test_class))

    def features(self, pictures: Array) -> Array:
        """Activations of the classifier's last hidden layer, [n, 16]."""
        hidden = pictures
        layers = zip(self.classifier.coefs_[:-1], self.classifier.intercepts_[:-1], strict=True)
        for weight, bias in layers:
            hidden = np.maximum(hidden @ weight + bias, 0)
        return hidden

    def distance(self, pictures: Array) -> float:
        """Frechet distance to the training pictures in the feature space (arXiv 1706.08500)."""
        mean, covariance = moments(self.features(pictures))
        other_mean, other = self.train_moments
        root = square_root(other)
        shared = np.linalg.eigvalsh(root @ covariance @ root).clip(min=0)
        trace = np.trace(covariance + other) - 2 * np.sqrt(shared).sum()
        return float(np.square(mean - other_mean).sum() + trace)

    def class_coverage(self, pictures: Array) -> float:
        """Share of the 10 classes that the samples hold."""
        shares = np.bincount(self.classifier.predict(pictures), minlength=10) / len(pictures)
        real = np.bincount(self.data.train_class, minlength=10) / len(self.data.train)
        return float(np.mean(shares >= SEEN_SHARE * real))

    def mode_coverage(self, pictures: Array) -> float:
        """Share of the modes that samples lie in, not counting samples far from every mode."""
        distances = self.clusters.transform(pictures)
        nearest = distances.argmin(axis=1)
        inside = distances.min(axis=1) <= self.reach[nearest]
        shares = np.bincount(nearest[inside], minlength=MODES) / len(pictures)
        real = np.bincount(self.clusters.labels_, minlength=MODES) / len(self.data.train)
        return float(np.mean(shares >= SEEN_SHARE * real))

    def precision(self, pictures: Array) -> float:
        """Share of samples among the real pictures: fidelity."""
        return among(pictures, self.data.train, self.train_radius)

    def recall(self, pictures: Array) -> float:
        """Share of real pictures among the samples: diversity."""
        return among(self.data.train, pictures, radii(pictures))

    def measure(self, pictures: Array) -> dict[str, float]:
        """All measures of one set of samples; a set that is not finite has none."""
        if not np.isfinite(pictures).all():
            return {"finite": 0.0}
        return {
            "finite": 1.0,
            "frechet": self.distance(pictures),
            "class_coverage": self.class_coverage(pictures),
            "mode_coverage": self.mode_coverage(pictures),
            "precision": self.precision(pictures),
            "recall": self.recall(pictures),
            **sharpness(pictures),
        }


def moments(features: Array) -> tuple[Array, Array]:
    return features.mean(axis=0), np.cov(features, rowvar=False)


def square_root(covariance: Array) -> Array:
    """Of a symmetric matrix without negative eigenvalues; it may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def radii(pictures: Array) -> Array:
    """Distance of each picture to its third-nearest other."""
    found = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(pictures)
    return found.kneighbors(pictures)[0][:, -1]


def among(points: Array, others: Array, radius: Array) -> float:
    """Share of points within the radius of at least one of the others."""
    squared = (points**2).sum(1)[:, None] + (others**2).sum(1) - 2 * points @ others.T
    return float(np.mean((squared <= radius**2 + 1e-9).any(axis=1)))


def sharpness(pictures: Array) -> dict[str, float]:
    """Variance of the Laplacian within a picture, and mean squared gradient; both averaged."""
    grid = pictures.reshape(-1, SIDE, SIDE)
    middle = grid[:, 1:-1, 1:-1]
    around = grid[:, :-2, 1:-1] + grid[:, 2:, 1:-1] + grid[:, 1:-1, :-2] + grid[:, 1:-1, 2:]
    laplacian = (around - 4 * middle).reshape(len(grid), -1)
    across, down = np.diff(grid, axis=2), np.diff(grid, axis=1)
    return {
        "laplacian_variance": float(laplacian.var(axis=1).mean()),
        "gradient_energy": float(np.square(across).mean() + np.square(down).mean()),
    }
