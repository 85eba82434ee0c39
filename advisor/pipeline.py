"""The pipeline: a use case in, an assessment out; and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from advisor.catalog import load_catalog
from advisor.decide import decide
from advisor.usecase import with_prices

if TYPE_CHECKING:
    from advisor.assessment import Assessment
    from advisor.catalog import Catalog
    from advisor.decide.sources import Sources
    from advisor.rules.policy import Policy
    from advisor.usecase import UseCase


def assess(
    use_case: UseCase,
    *,
    catalog: Catalog | None = None,
    as_of: date | None = None,
    sources: Sources | None = None,
    flips: bool = True,
    prices: Mapping[str, float] | None = None,
    policy: Policy | None = None,
) -> Assessment:
    """One use case answered.

    `as_of`: the day for which prices count as fresh or old (default: today); the same day gives
    the same bytes. `sources`: other estimates and prices than the program's own.
    `prices`: USD per GPU-hour by device, the client's own; they beat every table and are part of
    the use case in the answer. `policy`: other rules, severities or weights
    (advisor.rules.policy.load_policy). Raises AdvisorError with one sentence when a named device or
    the catalog's data cannot be used.
    """
    if prices:
        use_case = with_prices(use_case, prices)
    return decide(
        use_case,
        catalog=catalog or load_catalog(),
        as_of=as_of or date.today(),
        sources=sources,
        flips=flips,
        policy=policy,
    )
