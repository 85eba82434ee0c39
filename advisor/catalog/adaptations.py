"""Ways to teach a published model something new: data needed, published settings.

catalog/adaptations.yaml is the one place that says how much data an adaptation takes and with
which settings. What a training step costs is computed elsewhere, from these settings.
"""

# ruff: noqa: RUF012 - pydantic copies mutable defaults; ruff sees that only where BaseModel is
from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from advisor.catalog.base import Entry, Identifier, Sourced, Text
from advisor.catalog.schema import Control, Model

# What is trained: all weights, added low-rank weights, a word's vector, an added network, nothing.
Trains = Literal["all-weights", "low-rank", "embedding", "added-network", "nothing"]
DataUnit = Literal["images", "image pairs", "minutes of audio", "clips", "examples", "sentences"]


class Amount(Entry):
    """How much data: the span that the source uses or advises, in `unit`."""

    low: float = Field(gt=0)
    high: float = Field(gt=0)
    unit: DataUnit
    of: Text  # of what, e.g. "one subject"
    source: Text
    confirmed: bool = True

    @model_validator(mode="after")
    def _ordered(self) -> Amount:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Settings(Entry):
    """One published recipe. What the source does not say is left out."""

    model: Text  # the base model of the recipe, as its source names it
    catalog_model: Identifier | None = None  # the entry of the same architecture
    rank: int | None = Field(None, gt=0)
    steps: int | None = Field(None, gt=0)
    epochs: float | None = Field(None, gt=0)
    learning_rate: float | None = Field(None, gt=0)
    batch: int | None = Field(None, gt=0)  # items per optimiser step, over all devices
    resolution_px: int | None = Field(None, gt=0)
    notes: str = ""
    source: Text
    confirmed: bool = True


class Adaptation(Entry):
    """A way to adapt models of some families: data needed, published settings, what to watch."""

    id: Identifier
    name: Text
    trains: Trains
    families: list[Identifier] = Field(min_length=1)
    models: list[Identifier] = []  # only these; empty: any of the families that has what it needs
    needs: list[Control] = []  # controls that a model must have
    teaches: Text
    data: list[Amount]  # empty only where nothing is trained by the user
    settings: list[Settings] = []
    statements: list[Sourced] = []
    sources: list[Text] = Field(min_length=1)

    @model_validator(mode="after")
    def _data_where_trained(self) -> Adaptation:
        if (self.trains == "nothing") != (not self.data):
            raise ValueError("needs data exactly where something is trained")
        return self

    def fits(self, model: Model) -> bool:
        """May this model be adapted so? Nobody holds the weights of a hosted one."""
        if model.hosted is not None:
            return False
        if self.models:
            return model.id in self.models
        return model.family in self.families and set(self.needs) <= set(model.controls)


class Adaptations(Entry):
    """The file adaptations.yaml."""

    adaptations: list[Adaptation] = Field(min_length=1)
