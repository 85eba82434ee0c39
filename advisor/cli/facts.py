"""Parts of a model's page that are facts with sources: sources, hosted prices, further fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.cli import page

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model

# Words by which a source says that nobody looked it up.
UNLOOKED = ("recalled", "not looked up", "judgement", "assumed")

# Fields that a model's page shows in a place of their own; the others are shown as they are.
_PLACED = frozenset(
    """id name family mechanism summary released inputs outputs tasks controls licence quality tier
    components axes symbols stages scheduler scheduler_config output debug_axes trace_points
    not_runnable native_dtype sources notes hosted released_source no_quality""".split()
)


def sources_of(known: Catalog, model: Model) -> list[tuple[str, str, bool]]:
    """(source, what rests on it, confirmed) of everything the page shows, each source once."""
    found: dict[tuple[str, bool], list[str]] = {}

    def add(source: str, use: str, confirmed: bool = True) -> None:
        sure = confirmed and not any(word in source.lower() for word in UNLOOKED)
        uses = found.setdefault((source, sure), [])
        if use not in uses:
            uses.append(use)

    for source in model.sources:
        add(source, "the entry")
    add(model.licence.source, "licence", model.licence.confirmed)
    if model.released_source:
        add(model.released_source, "release date")
    for figure in model.quality:
        add(figure.source, "quality", figure.confirmed)
    for name, axis in model.axes.items():
        add(axis.source, name)
    for part in model.components:
        component = known.components[part.component]
        for source in component.sources:
            add(source, part.component)
        if component.published_parameters:
            count = component.published_parameters
            add(count.source, f"parameters of {part.component}", count.confirmed)
    if model.tier:
        add("judgement of the catalog's authors", "tier", False)
    return [(source, ", ".join(uses), sure) for (source, sure), uses in found.items()]


def extra_facts(model: Model) -> None:
    """Fields without a place of their own on the page, as they stand in the record."""
    data = model.model_dump(mode="json", exclude_defaults=True)
    for name, value in data.items():
        if name not in _PLACED and value not in (None, "", [], {}):
            page.heading(name.replace("_", " ").capitalize())
            _nested(value)


def _nested(value: Any, indent: int = 2) -> None:
    """A record's fields as lines; lists of records one after the other."""
    if isinstance(value, dict):
        flat = {k: _flat(v) for k, v in value.items() if not isinstance(v, dict | list) or _flat(v)}
        page.pairs([(k.replace("_", " "), v) for k, v in flat.items()], indent)
        for name, inner in value.items():
            if name not in flat:
                page.paragraph(name.replace("_", " "), indent)
                _nested(inner, indent + 2)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value:
            _nested(item, indent)
    else:
        page.paragraph(_flat(value) or str(value), indent)


def _flat(value: Any) -> str:
    """A value on one line; empty where it has parts of its own."""
    if isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return "" if any(isinstance(v, dict | list) for v in value) else ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)


def hosted(known: Catalog, model: Model) -> None:
    """Provider, availability and dated prices of a model that is sold as a service."""
    entry = model.hosted
    if entry is None:
        return
    page.heading("Hosted")
    ends = entry.withdrawn_on.isoformat() if entry.withdrawn_on else ""
    basis = {"published": "as its maker publishes", "reported": "as others report"}
    family = basis.get(entry.family_basis, "undisclosed: filed here, not known")
    page.pairs([("provider", entry.provider), ("withdrawn on", ends), ("family", family)])
    for name in ("architecture", "availability", "data_terms"):
        said = getattr(entry, name, None)
        if said is not None:
            mark = "+" if said.confirmed else "?"
            page.bullet(mark, f"{name.replace('_', ' ')}: {said.text}")
            page.paragraph(said.source, indent=4, dim=True)
    page.heading("Prices")
    rows = sorted(known.prices_of(model), key=lambda row: (row.model, row.unit, row.usd_per_unit))
    if not rows:
        page.paragraph(entry.no_price or "No price is known.", indent=2)
        return
    page.table(
        ["model", ">USD", "per", "quality or size", "as of", "ends", "confidence"],
        [
            [
                row.model,
                f"{row.usd_per_unit:g}",
                row.unit,
                row.quality_or_size or " ",
                row.as_of_text,
                row.deprecated_on.isoformat() if row.deprecated_on else " ",
                row.confidence,
            ]
            for row in rows
        ],
    )
    for source in dict.fromkeys(row.source for row in rows):
        page.paragraph(source, indent=2, dim=True)


def adaptations(known: Catalog, model: Model) -> None:
    """What it takes to teach the model something new: data and published settings."""
    ways = known.adaptations_of(model)
    if not ways:
        return
    page.heading("Fine-tuning", "what a source used or advises; + confirmed   ? recalled")
    for way in ways:
        page.paragraph(f"{way.name} ({way.id}): {way.teaches}", indent=2, hang=2)
        for need in way.data:
            span = " to ".join(dict.fromkeys(_number(end) for end in (need.low, need.high)))
            text = f"{span} {need.unit} of {need.of}: {need.source}"
            page.paragraph(f"{_mark(need.confirmed)} data: {text}", indent=4, hang=2)
        for recipe in way.settings:
            if recipe.catalog_model not in (None, model.id):
                continue  # another model's recipe
            parts = [
                f"{name.replace('_', ' ')} {_number(value)}"
                for name in ("rank", "steps", "epochs", "learning_rate", "batch", "resolution_px")
                if (value := getattr(recipe, name)) is not None
            ]
            text = f"{recipe.model}: {', '.join(parts) or recipe.notes}: {recipe.source}"
            page.paragraph(f"{_mark(recipe.confirmed)} {text}", indent=4, hang=2)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 and float(value).is_integer() else f"{value:g}"


def _mark(confirmed: bool) -> str:
    return "+" if confirmed else "?"
