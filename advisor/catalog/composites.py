"""Answers of several families in turn: what practice chains, and when. catalog/composites.yaml."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults; ruff sees that only where BaseModel is
from __future__ import annotations

from typing import Literal

from pydantic import Field

from advisor.catalog.base import Entry, Identifier, Text
from advisor.catalog.schema import Modality


class When(Entry):
    """The use cases that a composite is shown for. What is left out does not matter."""

    outputs: list[Modality] = Field(min_length=1)  # the first output is one of these
    inputs: list[Modality] = []  # at least one of these goes in
    without_inputs: list[Modality] = []  # none of these goes in
    tasks: list[Text] = ["create"]
    facts_from: list[Text] = []
    reviewers: list[Text] = []
    min_candidates: int = Field(1, ge=1)  # takes or samples per item that are stated, at least


class Part(Entry):
    """One step: what it makes (by default what is asked for), by which families, how often.

    `per_item` is a number, or `candidates` (takes or samples per item that the user states).
    """

    purpose: Text
    families: list[Identifier] = Field(min_length=1)
    output: Modality | None = None
    input: Modality | None = None  # in place of what goes in
    task: Literal["create", "in-between"] = "create"
    per_item: float | Literal["candidates"] = 1.0
    half_rate: bool = False  # made at half the frame rate: the next step fills in
    not_estimated: str = ""  # the reason, where a step has no model to time


class Composite(Entry):
    """A chain of steps, with its source."""

    id: Identifier
    name: Text
    why: Text
    when: When
    parts: list[Part] = Field(min_length=2)
    source: Text


class Composites(Entry):
    composites: list[Composite]
