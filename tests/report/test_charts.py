"""Charts: valid specifications, words, colours that mean one thing, nothing fetched."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from advisor.report import charts
from advisor.report.charts import LIMIT_COLOURS
from advisor.report.data import report_doc
from advisor.report.picture import SERIES, scoped, svg_of, to_svg
from advisor.report.view import View
from tests.report.poison import poisoned
from tests.report.sample import SAMPLES, go, no_go

MAKERS = (
    charts.break_even,
    charts.load,
    charts.memory,
    charts.monthly_cost,
    charts.pareto,
    charts.roofline,
    charts.stages,
    charts.tornado,
)


@pytest.mark.parametrize("make", MAKERS)
def test_each_chart_is_a_valid_specification(make) -> None:  # type: ignore[no-untyped-def]
    import altair as alt

    chart = make(View(go()))
    alt.Chart.from_dict(chart.spec).to_dict(validate=True)
    assert to_svg(chart.spec).startswith("<svg")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_chart_says_its_finding_and_itself_in_words(name: str) -> None:
    for chart in report_doc(SAMPLES[name]()).charts():
        assert re.search(r"\d", chart.title), "a title states a finding, with its number"
        assert len(chart.alt) > 60


@pytest.mark.parametrize("make", MAKERS)
def test_without_options_there_is_no_chart(make) -> None:  # type: ignore[no-untyped-def]
    assert make(View(no_go())) is None


def test_points_carry_the_numbers_of_the_table() -> None:
    chart = charts.pareto(View(go()))
    assert chart is not None
    svg = to_svg(chart.spec)
    for rank in (1, 2, 3, 4, 5, 6, 7):
        assert re.search(rf">{rank}<", svg), rank
    assert "limit 2 s" in svg


def test_an_option_whose_interval_crosses_the_limit_is_coloured_as_not_certain() -> None:
    chart = charts.pareto(View(go()))
    assert chart is not None
    rows = {row["rank"]: row for data in chart.spec["datasets"].values() for row in data
            if "rank" in row}  # fmt: skip
    assert rows[1]["limit"] == "not certain" and rows[3]["limit"] == "keeps the limit"
    assert rows[1]["low"] < 2.0 < rows[1]["high"]


def test_colours_differ_in_lightness_so_that_grey_print_works() -> None:
    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    limit = sorted(lightness(colour) for colour in LIMIT_COLOURS.values())
    series = [lightness(colour) for colour in SERIES[:4]]
    assert len({round(value) for value in limit}) == len(limit)
    assert all(abs(a - b) > 8 for a, b in pairwise(series))


def test_an_address_in_a_specification_is_refused() -> None:
    spec = {"data": {"url": "http://127.0.0.1:9/x.json"}, "mark": "point", "encoding": {}}
    with pytest.raises(Exception, match=r"(?i)not allowed|denied|permitted|url"):
        to_svg(spec)


def test_marks_carry_no_links() -> None:
    answer = poisoned(go(), lambda text: f"http://evil.example/{text}")
    for chart in report_doc(answer).charts():
        assert "href" not in to_svg(chart.spec)


def test_pictures_on_one_page_share_no_ids() -> None:
    chart = charts.stages(View(go()))
    assert chart is not None
    svg = to_svg(chart.spec)
    first, second = (set(re.findall(r'id="([^"]+)"', scoped(svg, n))) for n in ("one", "two"))
    assert not first & second


def test_the_same_specification_gives_the_same_picture() -> None:
    chart = charts.memory(View(go()))
    assert chart is not None
    first = to_svg(chart.spec)
    svg_of.cache_clear()
    assert to_svg(chart.spec) == first


def test_a_long_name_is_wrapped_and_not_cut() -> None:
    one = go().candidates[0].model_copy(update={"model_name": "Stable Picture Maker " * 4})
    answer = go().model_copy(update={"candidates": [one, *go().candidates[1:]]})
    chart = charts.stages(View(answer))
    assert chart is not None
    svg = to_svg(chart.spec)
    assert svg.count("Maker") >= 4 and "…" not in svg


def test_an_input_that_moves_no_cost_has_no_bar() -> None:
    chart = charts.tornado(View(go()))
    assert chart is not None
    assert {row["option"] for row in chart.spec["datasets"]["rows"]} == {"Width (px)"}


def test_the_load_title_names_the_slow_end_of_the_interval() -> None:
    chart = charts.load(View(go()))
    assert chart is not None
    assert "hold 2 s up to 0.70 requests a second" in chart.title
    assert "at the slow end of the interval up to 0.10" in chart.title


def test_memory_that_may_not_fit_is_likely_and_not_certain() -> None:
    first = go().candidates[0]
    estimate = first.estimate.model_copy(update={"device_memory_gib": 12.0})
    tight = first.model_copy(update={"estimate": estimate})
    chart = charts.memory(View(go().model_copy(update={"candidates": [tight]})))
    assert chart is not None and "likely, not certainly" in chart.title


def test_a_point_in_a_crowd_has_its_number_below() -> None:
    chart = charts.roofline(View(go()))
    assert chart is not None
    data = chart.spec["datasets"]
    numbers = sorted(row["number"] for row in [*data["above"], *data["below"]])
    assert numbers == sorted(row["number"] for row in data["rows"])
