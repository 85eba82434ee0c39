"""The money page of the chosen option: what the cost room needs to know of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from advisor.cost.economics import money_of
from advisor.rules.reading import may_leave

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.cost.money import Money
    from advisor.cost.record import ApiCost, OfferKind
    from advisor.decide.bench import Bench
    from advisor.decide.outcome import Outcome
    from advisor.usecase import UseCase


def money_page(
    catalog: Catalog,
    use_case: UseCase,
    bench: Bench,
    chosen: Outcome,
    apis: list[ApiCost],
    as_of: date,
) -> Money | None:
    """Unit costs, spread and ways of buying of the chosen option; None where it has no cost."""
    best = chosen.best
    if best is None or best.cost is None:
        return None
    option = best.option
    kinds: tuple[OfferKind, ...] = ("owned",)
    if may_leave(use_case):
        kinds = ("on-demand", "spot", "owned")
    own = best.cost.offer.kind == "client-device"
    return money_of(
        catalog,
        use_case,
        option.estimate,
        best.cost,
        [] if own else bench.sources.offers(option.device.id, kinds),
        apis,
        as_of,
        candidate=option.id,
        outputs_per_request=option.fit.outputs_per_request,
        slots=option.fit.slots,
    )
