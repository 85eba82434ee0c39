"""USD shown in the client's own currency, at the rate that the client gave."""

from __future__ import annotations

from advisor.figure import Figure
from advisor.terms import Terms


def converted(figure: Figure, terms: Terms) -> Figure:
    """A figure in USD in the terms' currency; any other figure, and USD itself, as it is.

    The rate is named in the source. It has no interval: exchange risk is the client's own.
    """
    if terms.currency == "USD" or not figure.unit.startswith("USD"):
        return figure
    told = f"{figure.source}; {terms.rate:g} {terms.currency} per USD, as given by you"
    unit = terms.currency + figure.unit.removeprefix("USD")
    return figure.times(terms.rate, unit).model_copy(update={"source": told})
