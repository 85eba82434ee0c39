"""The report of a portfolio: a summary, one row per use case, then one short page for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.report import words
from advisor.report.doc import (
    Block,
    BrandMark,
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
from advisor.report.numbers import (
    UNKNOWN,
    count,
    figure_cell,
    figure_text,
    interval_text,
    percent,
    value_text,
)
from advisor.report.sections.case import case, verdict_of

if TYPE_CHECKING:
    from advisor.figure import Figure
    from advisor.portfolio import Portfolio, Risk, Row

TOP_RISKS = 8
NAMED = 3  # use cases named beside a risk


def portfolio_doc(portfolio: Portfolio, title: str, brand: BrandMark | None = None) -> ReportDoc:
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
            Entry(label=label("meta.as_of"), value=portfolio.as_of.isoformat()),
            Entry(label=label("meta.catalog"), value=portfolio.data_version),
        ],
        as_of=portfolio.as_of,
        executive=[*_summary(portfolio), *_top_risks(answered)],
        reading=[
            Paragraph(
                text="Each row is one use case file, answered for itself without flip points. Run "
                "advisor assess on a file for its whole report."
            )
        ],
        sections=_sections(portfolio, answered),
        brand=brand,
    )


def _sections(portfolio: Portfolio, answered: list[Row]) -> list[Section]:
    table = [_table(answered)] if answered else [Paragraph(text="No file was answered.")]
    broken = label("section.broken")
    made = [
        Section(
            id="cases", number="1", title=label("section.cases"), blocks=list(table), new_page=True
        ),
        Section(id="broken", number="2", title=broken, blocks=_broken(portfolio)),
    ]
    for number, row in enumerate(answered, 3):
        made.append(
            Section(
                id=f"case-{number}",
                number=str(number),
                title=row.title,
                blocks=case(row),
                new_page=True,
            )
        )
    return made


def _decision(portfolio: Portfolio, answered: int, feasible: int) -> str:
    said = f"{feasible} of {answered} use cases can be built as specified"
    bought = portfolio.routes.get("buy-hosted-api", 0)
    plain = portfolio.routes.get("nothing-generative", 0)
    said += f". Cheaper from a hosted API: {bought}. Nothing generative needed: {plain}."
    return f"{said} Files not answered: {portfolio.broken}." if portfolio.broken else said


def _summary(portfolio: Portfolio) -> list[Block]:
    items = [Kpi(label=words.VERDICTS[v][0], value=count(n)) for v, n in portfolio.verdicts.items()]  # type: ignore[index]
    total = portfolio.usd_per_month
    cost = Kpi(
        label=label("portfolio.total"),
        value=f"{value_text(total)} USD" if total else UNKNOWN,
        interval=interval_text(total),
        note="sum of the options recommended; ends of intervals added"
        if total
        else "nothing is run by oneself at a known price",
        basis=total.basis if total else None,
    )
    families = [f"{name}: {count}" for name, count in portfolio.families.items()]
    routes = [
        f"{words.ROUTES.get(name, name)}: {count}" for name, count in portfolio.routes.items()
    ]
    return [
        Kpis(items=[*items, cost]),
        Paragraph(text=f"Ways: {'; '.join(routes) or 'none'}."),
        Paragraph(text=f"Families: {'; '.join(families) or 'none'}."),
    ]


def _top_risks(rows: list[Row]) -> list[Block]:
    """Rules that most use cases meet, worst first: bars, then conditions, then what is against."""
    met: dict[str, tuple[Risk, list[Row]]] = {}
    for row in rows:
        for risk in row.risks:
            met.setdefault(risk.code, (risk, []))[1].append(row)
    grave = {"bar": 0, "condition": 1, "against": 2}
    ordered = sorted(
        met.values(), key=lambda item: (grave[item[0].severity], -len(item[1]), item[0].code)
    )
    if not ordered:
        return [Paragraph(text="No rule sets a condition or speaks against any of them.")]
    return [_risk_table(ordered)]


def _risk_table(ordered: list[tuple[Risk, list[Row]]]) -> Table:
    more = len(ordered) - TOP_RISKS
    return Table(
        caption=label("portfolio.risks"),
        columns=[
            Column(label=label("column.rule"), width=0.7),
            Column(label=label("column.kind"), width=0.8),
            Column(label=label("column.what"), width=2.2),
            Column(label=label("column.cases"), width=0.7, align="right"),
            Column(label=label("column.among"), width=2.4),
        ],
        rows=[
            [
                Cell(text=risk.code),
                Cell(text=words.SEVERITIES[risk.severity]),
                Cell(text=risk.title),
                Cell(text=count(len(rows))),
                Cell(text="; ".join(row.title for row in rows[:NAMED]), tone="muted"),
            ]
            for risk, rows in ordered[:TOP_RISKS]
        ],
        note=f"{count(more)} more rules speak; each page names those of its use case."
        if more > 0
        else "",
        dense=True,
    )


def _table(rows: list[Row]) -> Table:
    return Table(
        caption=label("portfolio.table"),
        columns=[
            Column(label=label("column.case"), width=2.2),
            Column(label=label("column.verdict"), width=1.1),
            Column(label=label("column.answer"), width=1.8),
            Column(label=label("column.response"), width=1.1, align="right"),
            Column(label=label("column.usd_per_month"), width=1.2, align="right"),
            Column(label=label("column.robustness"), width=0.9, align="right"),
        ],
        rows=[_row(row) for row in rows],
        note="First stays first: share of draws over estimates, prices and weights.",
        dense=True,
    )


def _row(row: Row) -> list[Cell]:
    word, tone = verdict_of(row)
    share = percent(row.robustness.value) if row.robustness else UNKNOWN
    return [
        Cell(text=row.title, sub=row.file),
        Cell(
            text=word,
            sub=f"confidence {row.confidence}",
            tone=tone if tone != "info" else "",
        ),
        Cell(
            text=row.model or row.family, sub=row.device or words.ROUTES.get(row.route, row.route)
        ),
        _cell(row.response_s, figure_text(row.response_s)),
        _cell(row.usd_per_month, figure_cell(row.usd_per_month)),
        Cell(text=share),
    ]


def _cell(figure: Figure | None, text: str) -> Cell:
    if figure is None:
        return Cell(text=UNKNOWN, tone="muted")
    return Cell(text=text, basis=figure.basis)


def _broken(portfolio: Portfolio) -> list[Block]:
    broken = [f"{row.file}: {row.error}" for row in portfolio.rows if row.error]
    return [Bullets(items=broken)] if broken else [Paragraph(text="Every file was answered.")]
