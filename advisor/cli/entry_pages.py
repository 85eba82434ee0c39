"""One family or one component as a page in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.cli import page
from advisor.cli.facts import UNLOOKED
from advisor.cli.model_page import published_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.catalog import Catalog, Component, Family
    from advisor.catalog.schema import Sourced


def show_family(known: Catalog, family: Family) -> None:
    """The card: how it works, what it is good and bad at, and its models."""
    page.title(family.name, family.id)
    mechanism = (family.mechanism or "nothing is generated").replace("-", " ")
    makes = f"{', '.join(family.inputs)} → {', '.join(family.outputs)}"
    page.paragraph(f"{mechanism} · {makes} · {family.maturity}", dim=True)
    page.paragraph(family.summary)
    page.heading("How it works")
    page.paragraph(family.how_it_works, indent=2)
    _statements("Strengths", family.strengths)
    _statements("Weaknesses", family.weaknesses)
    _statements("How it fails", family.failure_modes)
    _statements("Training", [family.training])
    _statements("Maturity", [family.maturity_notes])
    page.heading("Control")
    page.paragraph(", ".join(family.control) or "none", indent=2)
    page.paragraph(family.control_notes, indent=2)
    page.heading("Traits")
    page.paragraph(", ".join(family.traits) or "none", indent=2)
    _models(known, family)
    _sources(family.sources)


def _statements(title: str, statements: Sequence[Sourced]) -> None:
    page.heading(title)
    for said in statements:
        mark = "+" if said.confirmed else "?"
        page.bullet(mark, said.text)
        page.paragraph(said.source, indent=4, dim=True)


def _models(known: Catalog, family: Family) -> None:
    from advisor.cli.catalog import parameters

    models = known.models_of(family.id)
    page.heading(f"Models ({len(models)})")
    if not models:
        page.paragraph("None: nothing of this family is run here.", indent=2)
        return
    sized = sorted(
        ((parameters(known, model), model) for model in models),
        key=lambda pair: (pair[0] or float("inf"), pair[1].id),
    )
    page.table(
        ["model", ">size", "commercial", "runs", "what"],
        [[m.id, page.human(size), m.licence.commercial, m.runnable, m.name] for size, m in sized],
    )


def show_component(known: Catalog, component: Component) -> None:
    """Class, configuration, exact size, ways to call it, and who uses it."""
    page.title(component.id, f"{component.library} {component.class_name}")
    page.heading("Size")
    count = component.published_parameters
    page.pairs(
        [
            ("parameters", f"{component.parameters:,} ({page.human(component.parameters)})"),
            ("buffers", f"{component.buffers:,}" if component.buffers else ""),
            ("published", published_text(component)),
            ("difference", count.difference_reason if count else ""),
            ("source", count.source if count else ""),
        ]
    )
    page.heading("Configuration", "where the debug flavour differs, its value is on the right")
    names = [*component.config, *(n for n in component.debug if n not in component.config)]
    rows = [
        [name, _value(component.config.get(name)), _value(component.debug.get(name)) or " "]
        for name in names
    ]
    if rows:
        page.table(["field", "published", "debug"], rows)
    else:
        page.paragraph("The library's defaults.", indent=2)
    for name, entry in component.entries.items():
        page.heading(f"Entry {name}", f"method {entry.method}, grows with {entry.size}")
        page.table(
            ["input", "shape or value"], [[n, _value(spec)] for n, spec in entry.inputs.items()]
        )
        for check in entry.checks:
            at = ", ".join(f"{key}={value:g}" for key, value in check.at.items())
            page.paragraph(
                f"{page.flop_text(check.flops)} ({check.flops:,}) at {at}: {check.source}", indent=2
            )
    users = [
        model.id
        for model in known.models.values()
        if any(part.component == component.id for part in model.components)
    ]
    page.heading("Used by")
    page.paragraph(", ".join(users) or "no model", indent=2)
    if component.notes:
        page.heading("Notes")
        page.paragraph(component.notes, indent=2)
    _sources(component.sources)


def _value(value: Any) -> str:
    """A field of a configuration or an input's specification on one line."""
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join(_value(item) or 'null' for item in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{key}: {_value(item) or 'null'}" for key, item in value.items())
        return f"{{{inner}}}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _sources(sources: Sequence[str]) -> None:
    page.heading("Sources", "+ confirmed   ? recalled or a judgement, not looked up")
    for source in sources:
        sure = not any(word in source.lower() for word in UNLOOKED)
        page.bullet("+" if sure else "?", source)
