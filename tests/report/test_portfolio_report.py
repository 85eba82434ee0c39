"""The report of a portfolio: counts, total with interval, a row and a page for each use case."""

from __future__ import annotations

import functools
import io

import pytest
from pypdf import PdfReader

from advisor.portfolio import Portfolio, Row, row_of, summed
from advisor.report.doc import Kpis, Table
from advisor.report.html import html
from advisor.report.markdown import markdown
from advisor.report.pdf import pdf
from advisor.report.portfolio import portfolio_doc
from tests.report.poison import poisoned
from tests.report.reading import Page, missing, numbers, pdf_text
from tests.report.sample import AS_OF, go, no_go, non_generative
from tests.report.test_escaping import CORPUS, cycled


@functools.cache
def portfolio() -> Portfolio:
    rows = [row_of(f"{n}.yaml", make()) for n, make in enumerate((go, no_go, go, non_generative))]
    return summed([*rows, Row(file="broken.yaml", error="it has no title")], AS_OF, "0123456789ab")


def test_the_first_page_counts_verdicts_and_states_the_total_with_its_interval() -> None:
    doc = portfolio_doc(portfolio(), "Portfolio")
    kpis = next(block for block in doc.executive if isinstance(block, Kpis))
    assert {one.label: one.value for one in kpis.items}["No go as specified"] == "1"
    total = kpis.items[-1]
    assert total.value.endswith("USD") and " to " in total.interval and total.basis is not None


def test_rules_that_most_use_cases_meet_stand_on_the_first_page_the_gravest_first() -> None:
    table = next(b for b in portfolio_doc(portfolio(), "P").executive if isinstance(b, Table))
    assert [row[1].text for row in table.rows] == ["bars it", "condition", "against"]
    assert table.rows[1][3].text == "2"


def test_each_use_case_has_one_row_and_one_page_and_the_broken_file_is_named() -> None:
    doc = portfolio_doc(portfolio(), "Portfolio")
    table = doc.sections[0].blocks[0]
    assert isinstance(table, Table) and len(table.rows) == 4
    titles = [section.title for section in doc.sections[2:]]
    assert titles == [row.title for row in portfolio().rows[:4]]
    assert "broken.yaml: it has no title" in Page(html(doc)).text
    assert len(PdfReader(io.BytesIO(pdf(doc))).pages) == 3 + 4


def test_every_number_of_a_portfolio_stands_in_all_formats() -> None:
    doc = portfolio_doc(portfolio(), "Portfolio")
    wanted = numbers("\n".join(doc.texts()))
    assert sum(wanted.values()) > 40
    for text in (Page(html(doc)).text, pdf_text(pdf(doc)), markdown(doc)):
        assert missing(wanted, numbers(text)) == {}


def test_a_portfolio_of_broken_files_is_a_report_too() -> None:
    empty = summed([Row(file="a.yaml", error="broken")], AS_OF, "0")
    doc = portfolio_doc(empty, "Portfolio")
    assert "0 of 0 feasible" in markdown(doc) and pdf(doc).startswith(b"%PDF")


@pytest.mark.parametrize("start", [0, 20])
def test_hostile_use_cases_add_no_element_to_a_portfolio(start: int) -> None:
    rows = [
        row_of(CORPUS[start + n], poisoned(make(), cycled(start + n)))
        for n, make in enumerate((go, no_go))
    ]
    broken = Row(file=CORPUS[start], error=CORPUS[start + 1])
    doc = portfolio_doc(summed([*rows, broken], AS_OF, "0"), CORPUS[start + 2])
    page = Page(html(doc))
    assert not {"script", "img", "iframe", "svg", "base"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert pdf(doc).startswith(b"%PDF") and markdown(doc)
