"""Every number of the document stands in HTML, PDF and Markdown; every figure of the record too."""

from __future__ import annotations

import functools
from collections import Counter

import pytest

from advisor.figure import Figure
from advisor.report.data import report_doc
from advisor.report.numbers import exact, significant
from tests.report.reading import Page, missing, numbers, pdf_text
from tests.report.sample import SAMPLES, go, html_of, markdown_of, pdf_of


@functools.cache
def wanted(name: str) -> Counter[str]:
    return numbers("\n".join(report_doc(SAMPLES[name]()).texts()))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_number_stands_in_the_html_page(name: str) -> None:
    assert missing(wanted(name), numbers(Page(html_of(name)).text)) == {}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_number_stands_in_the_pdf(name: str) -> None:
    assert missing(wanted(name), numbers(pdf_text(pdf_of(name)))) == {}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_number_stands_in_the_markdown(name: str) -> None:
    assert missing(wanted(name), numbers(markdown_of(name))) == {}


def test_the_test_notices_a_number_that_is_gone() -> None:
    page = Page(html_of("go")).text.replace("1.8", "")
    assert "1.8" in missing(wanted("go"), numbers(page))


def test_every_figure_of_the_first_option_is_listed_with_value_source_and_interval() -> None:
    answer = go()
    first = answer.candidates[0]
    assert first.cost is not None
    found = numbers(markdown_of("go"))
    figures: list[Figure | None] = [
        first.response_s,
        first.estimate.latency_s,
        first.estimate.peak_memory_gib,
        first.estimate.energy_j,
        first.cost.usd_per_month,
        first.cost.usd_per_output,
        *(stage.latency_s for stage in first.estimate.stages),
        *(api.usd_per_output for api in answer.apis),
    ]
    for figure in figures:
        assert figure is not None
        point = figure.low == figure.high
        text = exact(figure.value) if point else significant(figure.value, 4)
        assert found[text] > 0, f"{figure} is not listed"


def test_the_first_page_keeps_the_order_of_the_record() -> None:
    page = Page(html_of("go")).text
    names = ["Quick Sampler Xl", "One Pass Model", "Measured Model", "Unpriced Model"]
    places = [page.index(name, page.index("Leading options")) for name in names]
    assert places == sorted(places)
