"""What the same volume costs from hosted APIs of the same modality.

One entry per vendor's model and quality. A row that is doubtful, withdrawn, in a unit that cannot
be turned into outputs, or for another kind of input is left out, and counted with its reason.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from advisor.catalog import ApiPrice, Catalog
from advisor.cost.amounts import Amount, Sizes, sizes_of
from advisor.cost.demand import basis_of, generations_per_item
from advisor.cost.offers import LIST_MAX_AGE_DAYS, UNTRUSTED, is_stale
from advisor.cost.record import DAYS_PER_MONTH, ApiCost
from advisor.figure import Basis, weakest
from advisor.usecase import UseCase
from advisor.workload import Workload

MAX_LISTED = 12
_MODALITIES = {"image": "image", "video": "video", "speech": "tts", "music": "music"} | {
    "text": "text",
    "code": "text",
}
_NEEDS_PICTURE = re.compile(
    r"(^|[^a-z0-9])(i2v|r2v|(image|reference)-to-video|kontext|depth|infinitetalk)([^a-z0-9]|$)",
    re.I,
)
_LINES = re.compile(r"(\d+)p\b|\b([248])k\b", re.IGNORECASE)
_WITHDRAWN = "the vendor withdraws it on"
_K_LINES = {"2": 1440, "4": 2160, "8": 4320}


@dataclass(frozen=True)
class ApiSurvey:
    """The APIs found, cheapest first, and why the other rows were left out (reason -> rows)."""

    costs: list[ApiCost]
    left_out: dict[str, int] = field(default_factory=dict)


def api_costs(
    catalog: Catalog, use_case: UseCase, as_of: date, workload: Workload | None = None
) -> list[ApiCost]:
    """Hosted APIs that make what the use case asks for, cheapest first, at most 12.

    Empty where the data may not leave. `workload`: the length and size of the candidate it is
    compared with, used where the use case does not state them.
    """
    return api_survey(catalog, use_case, as_of, workload).costs


def api_survey(
    catalog: Catalog, use_case: UseCase, as_of: date, workload: Workload | None = None
) -> ApiSurvey:
    """As `api_costs`, with the count of rows left out by reason."""
    wanted = {_MODALITIES[output] for output in use_case.outputs if output in _MODALITIES}
    rows = [row for row in catalog.api_prices if row.modality in wanted]
    if use_case.data_boundary != "anywhere":
        reason = f"data may not leave ({use_case.data_boundary})"
        return ApiSurvey([], {reason: len(rows)} if rows else {})
    left_out: Counter[str] = Counter()
    usable = list(_usable(rows, use_case, as_of, left_out))
    sizes = sizes_of(use_case, workload)
    costs = []
    for group in _by_model(usable):
        fitting = _at_size(group, sizes, left_out)
        cost = _cost(fitting, sizes, use_case, as_of)
        if isinstance(cost, str):
            left_out[cost] += len(fitting)
        else:
            costs.append(cost)
    merged = _same_price_once(costs)
    return ApiSurvey(_shortlist(merged), dict(sorted(left_out.items())))


def _usable(
    rows: Iterable[ApiPrice], use_case: UseCase, as_of: date, left_out: Counter[str]
) -> Iterable[ApiPrice]:
    pictures = any(given.modality in ("image", "video") for given in use_case.inputs)
    for row in rows:
        if row.confidence in UNTRUSTED:
            left_out[f"the price is {row.confidence}"] += 1
        elif row.deprecated_on is not None and row.deprecated_on <= as_of:
            left_out["withdrawn by the vendor"] += 1
        elif not pictures and _NEEDS_PICTURE.search(row.model):
            left_out["needs an image or video as input"] += 1
        elif row.usd_per_unit <= 0:
            left_out["no price"] += 1
        else:
            yield row


def _by_model(rows: Iterable[ApiPrice]) -> list[list[ApiPrice]]:
    """Rows of one vendor's model and quality; they differ in resolution, or in and out tokens."""
    groups: dict[tuple[str, str, str, str], list[ApiPrice]] = defaultdict(list)
    for row in rows:
        quality = "" if row.modality in ("video", "text") else row.quality_or_size
        groups[row.provider, row.model, row.modality, quality].append(row)
    return list(groups.values())


def _lines_of(row: ApiPrice) -> int | None:
    """Lines of a video row's stated size (720 of '720p'); None where it states none."""
    found = _LINES.search(row.quality_or_size)
    if not found:
        return None
    return int(found[1]) if found[1] else _K_LINES[found[2]]


def _at_size(rows: list[ApiPrice], sizes: Sizes, left_out: Counter[str]) -> list[ApiPrice]:
    """Of one model's video rows: the smallest size that is large enough, else the largest."""
    if rows[0].modality != "video" or len(rows) == 1:
        return rows
    stated = sorted(
        (row for row in rows if _lines_of(row)), key=lambda r: (_lines_of(r), r.usd_per_unit)
    )
    if not stated:
        chosen = min(rows, key=lambda row: row.usd_per_unit)
    elif sizes.lines is None:
        chosen = stated[0]
    else:
        wanted = sizes.lines
        chosen = next((row for row in stated if (_lines_of(row) or 0) >= wanted), stated[-1])
    left_out["another size of a model that is listed"] += len(rows) - 1
    return [chosen]


def _cost(rows: list[ApiPrice], sizes: Sizes, use_case: UseCase, as_of: date) -> ApiCost | str:
    """One API's cost, or why it cannot be told."""
    first = rows[0]
    if first.modality == "text":
        priced = _token_price(rows, sizes)
    else:
        amount = sizes.amount(first)
        priced = amount if isinstance(amount, str) else (amount, first.usd_per_unit, first.unit)
    if isinstance(priced, str):
        return priced
    amount, usd_per_unit, unit = priced
    units = amount.figure(unit)
    takes = generations_per_item(use_case)
    bases = [units.basis, Basis.priced]
    per_output = units.times(usd_per_unit * takes, "USD/output").model_copy(
        update={
            "basis": weakest(bases),
            "source": f"{first.provider} {first.model}, {first.as_of_text}",
            "as_of": first.as_of,
        }
    )
    per_month = per_output.times(use_case.volume_per_day * DAYS_PER_MONTH, "USD/month")
    month_basis = weakest([*bases, *basis_of(use_case, "volume_per_day")])
    return ApiCost(
        provider=first.provider,
        model=first.model,
        modality=first.modality,
        unit=unit,
        units_per_output=units,
        quality_or_size=first.quality_or_size or "not stated",
        usd_per_output=per_output,
        usd_per_month=per_month.model_copy(update={"basis": month_basis}),
        as_of_text=first.as_of_text,
        source=first.source,
        stale=is_stale(first.as_of, as_of, LIST_MAX_AGE_DAYS),
        notes=_notes(rows, sizes, use_case, as_of, takes),
    )


def _token_price(rows: list[ApiPrice], sizes: Sizes) -> tuple[Amount, float, str] | str:
    """In and out tokens as one amount at the mean price of a token."""
    by_unit = {row.unit: row.usd_per_unit for row in rows}
    flat = by_unit.get("1M tokens")
    price_in = by_unit.get("1M input tokens", flat)
    price_out = by_unit.get("1M output tokens", flat)
    if price_in is None or price_out is None:
        return "only one of input and output tokens is priced"
    tokens = sizes.tokens()
    total = sizes.tokens_in + sizes.tokens_out
    mean = (sizes.tokens_in * price_in + sizes.tokens_out * price_out) / total
    return tokens, mean, "1M tokens"


def _notes(
    rows: list[ApiPrice], sizes: Sizes, use_case: UseCase, as_of: date, takes: float
) -> list[str]:
    row, notes = rows[0], [] if not rows[0].notes else [rows[0].notes]
    if is_stale(row.as_of, as_of, LIST_MAX_AGE_DAYS):
        notes.append("the price is old or undated: confirm it with the vendor")
    if row.deprecated_on is not None:
        notes.append(f"{_WITHDRAWN} {row.deprecated_on.isoformat()}")
    if row.unit == "image" and sizes.pixels_asked:
        notes.append(
            f"priced per image at '{row.quality_or_size or 'size not stated'}',"
            f" asked is {sizes.width} x {sizes.height}"
        )
    lines = _lines_of(row) if row.modality == "video" else None
    if row.modality == "video" and lines is None and sizes.lines is not None:
        notes.append(f"its size is not stated, asked are {sizes.lines} lines")
    if lines is not None and sizes.lines is not None and lines < sizes.lines:
        notes.append(f"its largest size has {lines} lines, asked are {sizes.lines}")
    if takes != 1:
        notes.append(f"{takes:g} generations per accepted item are paid")
    if len({_MODALITIES.get(output) for output in use_case.outputs}) > 1:
        notes.append(f"makes the {row.modality} only, not all outputs asked for")
    return notes


def _same_price_once(costs: list[ApiCost]) -> list[ApiCost]:
    """One entry for a vendor's models of one price, quality and unit; it names the others."""
    groups: dict[tuple[object, ...], list[ApiCost]] = defaultdict(list)
    for cost in costs:
        key = (cost.provider, cost.modality, cost.unit, cost.quality_or_size)
        groups[(*key, cost.usd_per_output.value)].append(cost)
    merged = []
    for group in groups.values():
        ordered = sorted(group, key=lambda cost: (_ends_soon(cost), cost.model))
        others = [cost.model for cost in ordered[1:]]
        note = [f"same price: {', '.join(others)}"] if others else []
        merged.append(ordered[0].model_copy(update={"notes": [*ordered[0].notes, *note]}))
    return merged


def _ends_soon(cost: ApiCost) -> bool:
    return any(note.startswith(_WITHDRAWN) for note in cost.notes)


def _order(cost: ApiCost) -> tuple[float, str, str, str]:
    return cost.usd_per_output.value, cost.provider, cost.model, cost.quality_or_size


def _shortlist(costs: list[ApiCost]) -> list[ApiCost]:
    """The cheapest of every vendor first, then the cheapest of the rest; sorted by cost."""
    ordered = sorted(costs, key=_order)
    best: dict[tuple[str, str], ApiCost] = {}
    for cost in ordered:
        best.setdefault((cost.modality, cost.provider), cost)
    chosen = list(best.values())[:MAX_LISTED]
    chosen += [cost for cost in ordered if cost not in chosen][: MAX_LISTED - len(chosen)]
    return sorted(chosen, key=_order)
