"""Spelling what a generation's numbers mean: SMILES characters, and the elements of atoms.

The alphabet is a model's own, from its catalog entry (`output.alphabet`): one symbol per number,
marks such as `<pad>` in angle brackets, `<eos>` at the end of a string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

END = "<eos>"
Data = np.ndarray[Any, Any]


def spelt(ids: Data, alphabet: Sequence[str]) -> str:
    """Token ids [length] as a string, up to the end mark, without other marks and padding."""
    symbols = [alphabet[number] for number in ids.ravel().tolist()]
    if END in symbols:
        symbols = symbols[: symbols.index(END)]
    return "".join(symbol for symbol in symbols if not _is_mark(symbol)).rstrip()


def _is_mark(symbol: str) -> bool:
    return len(symbol) > 1 and symbol.startswith("<")


def elements(atoms: Data, alphabet: Sequence[str]) -> list[str]:
    """The element with the highest score of each atom, [atoms, 3 + elements or more]."""
    scores = atoms[:, 3 : 3 + len(alphabet)]
    return [alphabet[index] for index in scores.argmax(-1).tolist()]


def xyz(atoms: Data, alphabet: Sequence[str]) -> str:
    """Atoms as an XYZ file, which chemistry programs read: a count, a remark, a line per atom."""
    rows = zip(elements(atoms, alphabet), atoms[:, :3].tolist(), strict=True)
    lines = [f"{element} {x:.6f} {y:.6f} {z:.6f}" for element, (x, y, z) in rows]
    return "\n".join([str(len(lines)), "generated with random weights", *lines, ""])
