"""The digits of scikit-learn (1,797 pictures of 8 x 8 pixels, shipped with the library)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

Array = NDArray[np.float32]
SIDE = 8
PIXELS = SIDE * SIDE
HELD_OUT = 600
NAME = "scikit-learn load_digits (optdigits, 1,797 pictures of 8 x 8 pixels, 10 classes)"


@dataclass(frozen=True)
class Digits:
    """Pictures [n, 64] in -1..1 and their classes [n]; one fixed, stratified split."""

    train: Array
    train_class: NDArray[np.int64]
    test: Array
    test_class: NDArray[np.int64]


def digits() -> Digits:
    """1,197 pictures to train on and 600 held out; the same in every run."""
    bunch = load_digits()
    pictures = (bunch.data / 8.0 - 1.0).astype(np.float32)
    train, test, train_class, test_class = train_test_split(
        pictures, bunch.target, test_size=HELD_OUT, random_state=0, stratify=bunch.target
    )
    return Digits(train, train_class, test, test_class)
