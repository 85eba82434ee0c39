"""Mutants of a source file: its text with one small change, made by mutmut's operators.

Left out: changed strings (sentences, which the reports' tests hold), annotations, decorators,
imports, and what is only for type checkers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parent.parent
_PASSED_OVER = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.BaseString)


@dataclass(frozen=True)
class Mutant:
    """One change of a file, in lines `first` to `last`."""

    file: str
    first: int
    last: int
    number: int  # in its file
    module: cst.Module
    node: cst.CSTNode
    changed: cst.CSTNode

    def text(self) -> str:
        """The whole changed file. It takes a while: ask for it only of what is tried."""
        return self.module.deep_replace(self.node, self.changed).code

    @property
    def key(self) -> str:
        """Names the mutant as long as its file stays as it is."""
        whole = f"{self.file} {self.number}\n{self.module.code}"
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        code = [self.module.code_for_node(one) for one in (self.node, self.changed)]
        was, now = (" ".join(one.split())[:90] for one in code)
        return f"{self.file}:{self.first}: {was} -> {now}"


class _Nodes(cst.CSTVisitor):
    """Every node that may be changed, in the order of the file."""

    def __init__(self) -> None:
        self.found: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        for_types = isinstance(node, cst.If) and isinstance(node.test, cst.Name)
        if isinstance(node, _PASSED_OVER) or (for_types and node.test.value == "TYPE_CHECKING"):
            return False
        self.found.append(node)
        return True


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    wrapper = MetadataWrapper(cst.parse_module(file.read_text(encoding="utf-8")))
    places, nodes = wrapper.resolve(PositionProvider), _Nodes()
    wrapper.module.visit(nodes)
    name, number = file.relative_to(ROOT).as_posix(), 0
    for node in nodes.found:
        place = places[node]
        for kind, operator in mutation_operators:
            for changed in operator(node) if isinstance(node, kind) else ():
                yield Mutant(
                    name, place.start.line, place.end.line, number, wrapper.module, node, changed
                )
                number += 1
