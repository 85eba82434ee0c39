"""The report of a portfolio: summary, one table of all use cases, the files that are broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import (
    Block,
    Bullets,
    Cell,
    Column,
    Entry,
    Kpi,
    Kpis,
    Paragraph,
    ReportDoc,
    Section,
    Table,
)
from advisor.report.labels import label
from advisor.report.numbers import UNKNOWN, figure_cell, figure_text

if TYPE_CHECKING:
    from advisor.figure import Figure
    from advisor.portfolio import Portfolio, Row

ROUTES = {
    "run-it": "run it",
    "buy-hosted-api": "buy the hosted API",
    "nothing-generative": "nothing generative needed",
    "do-not-build": "do not build",
}


def portfolio_doc(portfolio: Portfolio, title: str) -> ReportDoc:
    """What the report of a portfolio says. Pure: the same record gives an equal document."""
    answered = [row for row in portfolio.rows if not row.error]
    feasible = sum(row.verdict != "no-go" for row in answered)
    return ReportDoc(
        report=label("report.portfolio"),
        title=title,
        verdict=f"{feasible} of {len(answered)} feasible",
        tone="good" if feasible else "stop",
        decision=_decision(portfolio, len(answered), feasible),
        meta=[
            Entry(label="As of", value=portfolio.as_of.isoformat()),
            Entry(label="Catalog", value=portfolio.data_version),
        ],
        as_of=portfolio.as_of,
        executive=_summary(portfolio),
        reading=[
            Paragraph(
                text="Each row is one use case file, answered for itself without flip points. Run "
                "advisor assess on a file for its whole report."
            )
        ],
        sections=[
            Section(id="cases", number="1", title="Use cases", blocks=[_table(answered)]),
            Section(id="broken", number="2", title="Files not answered", blocks=_broken(portfolio)),
        ],
    )


def _decision(portfolio: Portfolio, answered: int, feasible: int) -> str:
    said = f"{feasible} of {answered} use cases can be built as specified"
    bought = portfolio.routes.get("buy-hosted-api", 0)
    plain = portfolio.routes.get("nothing-generative", 0)
    said += f"; {bought} are cheaper bought from a hosted API, {plain} need nothing generative"
    return f"{said}." + (f" {portfolio.broken} files are broken." if portfolio.broken else "")


def _summary(portfolio: Portfolio) -> list[Block]:
    total = portfolio.usd_per_month
    items = [Kpi(label=words.VERDICTS[v][0], value=str(n)) for v, n in portfolio.verdicts.items()]  # type: ignore[index]
    if total is not None:
        said = Kpi(
            label="Run by oneself, a month",
            value=figure_text(total),
            note="sum of the options recommended; ends of intervals added",
            basis=total.basis,
        )
        items.append(said)
    families = [f"{name}: {count}" for name, count in portfolio.families.items()]
    routes = [f"{ROUTES[name]}: {count}" for name, count in portfolio.routes.items()]
    return [
        Kpis(items=items),
        Paragraph(text=f"Ways: {'; '.join(routes)}."),
        Paragraph(text=f"Families: {'; '.join(families)}."),
    ]


def _table(rows: list[Row]) -> Table:
    return Table(
        caption="All use cases in the order of their files",
        columns=[
            Column(label="Use case", width=2.2),
            Column(label="Verdict", width=1.1),
            Column(label="Answer", width=1.8),
            Column(label="Response", width=1.1, align="right"),
            Column(label="USD a month", width=1.2, align="right"),
            Column(label="First stays first", width=0.9, align="right"),
        ],
        rows=[_row(row) for row in rows],
        note="First stays first: share of draws over estimates, prices and weights.",
        dense=True,
    )


def _row(row: Row) -> list[Cell]:
    word, tone = words.VERDICTS[row.verdict]  # type: ignore[index]
    share = f"{row.robustness.value:.0%}" if row.robustness else UNKNOWN
    return [
        Cell(text=row.title, sub=row.file),
        Cell(text=word, sub=f"confidence {row.confidence}", tone=tone),
        Cell(text=row.model or row.family, sub=row.device or ROUTES[row.route]),
        _cell(row.response_s),
        _cell(row.usd_per_month),
        Cell(text=share),
    ]


def _cell(figure: Figure | None) -> Cell:
    if figure is None:
        return Cell(text=UNKNOWN, tone="muted")
    return Cell(text=figure_cell(figure), sub=figure.unit, basis=figure.basis)


def _broken(portfolio: Portfolio) -> list[Block]:
    broken = [f"{row.file}: {row.error}" for row in portfolio.rows if row.error]
    return [Bullets(items=broken)] if broken else [Paragraph(text="Every file was answered.")]
