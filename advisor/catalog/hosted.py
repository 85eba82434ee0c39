"""What is known of a model that is sold as a service and whose weights nobody can hold.

Prices are not repeated here: `prices` names rows of api_prices.csv, where each price stands once,
with its date. Rankings read those rows (advisor/cost/apis.py); a hosted entry is knowledge about
them and never a candidate for own serving.
"""

# ruff: noqa: RUF012 - pydantic copies mutable defaults; ruff sees that only where BaseModel is
from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from advisor.catalog.base import Entry, Sourced, Text

# How well it is known that a hosted model belongs to its family.
FamilyBasis = Literal["published", "reported", "undisclosed"]


class PricedAs(Entry):
    """Rows of api_prices.csv that sell this model: a provider and its names for it."""

    provider: Text
    models: list[Text] = Field(min_length=1)


class Hosted(Entry):
    """Provider, where its prices stand, availability and what its maker says of how it works.

    family_basis: `published` by its maker; `reported` by others; `undisclosed`: the entry is only
    filed under a family that makes the same thing, which says nothing of how it works.
    withdrawn_on: day from which the service is gone; a line of several models has none and its
    price rows carry their own `deprecated_on`.
    """

    provider: Text
    prices: list[PricedAs] = []
    no_price: str | None = None  # why there is none
    family_basis: FamilyBasis
    architecture: Sourced  # what is public of how it works, or that nothing is
    availability: Sourced
    withdrawn_on: date | None = None
    data_terms: Sourced | None = None

    @model_validator(mode="after")
    def _priced_or_says_why_not(self) -> Hosted:
        if bool(self.prices) == (self.no_price is not None):
            raise ValueError("needs either prices (rows of api_prices.csv) or no_price, not both")
        return self
