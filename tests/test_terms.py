"""The client's own terms: what they accept, and that amounts in a currency become USD once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cost.currency import converted
from advisor.errors import InputError
from advisor.figure import Basis, Figure
from advisor.terms import Terms, device_amounts
from advisor.usecase import UseCase, dump_yaml, parse_use_case, with_prices

rate = st.floats(1e-3, 1e5)
amount = st.floats(0, 1e6)
EURO = {"currency": "EUR", "units_per_usd": 0.8}


def asked(**fields: object) -> UseCase:
    return parse_use_case({"title": "test", "outputs": ["image"], **fields})


@given(amount, rate)
def test_an_amount_in_a_currency_comes_back_as_it_was_given(usd: float, per_usd: float) -> None:
    terms = Terms(currency="EUR", units_per_usd=per_usd)
    figure = Figure.exact(usd, "USD/month", Basis.asked, "test")
    shown = converted(figure, terms)
    assert shown.unit == "EUR/month"
    assert shown.value / per_usd == pytest.approx(usd)
    assert f"{per_usd:g} EUR per USD, as given by you" in shown.source


def test_usd_and_figures_that_are_no_money_stay_as_they_are() -> None:
    seconds = Figure.exact(3.0, "s", Basis.asked, "test")
    usd = Figure.exact(3.0, "USD", Basis.asked, "test")
    assert converted(seconds, Terms(currency="EUR", units_per_usd=2.0)) == seconds
    assert converted(usd, Terms()) == usd


def test_amounts_in_the_stated_currency_are_read_as_usd_everywhere() -> None:
    use_case = asked(
        budget_usd_per_month="400 EUR",
        terms={
            **EURO,
            "people_usd_per_hour": "40 EUR",
            "gpu_usd_per_hour": {"l4": "0.4 EUR"},
            "operations_usd_per_month": "12 USD",
        },
    )
    assert use_case.budget_usd_per_month == 500
    assert use_case.terms.people_usd_per_hour == 50
    assert use_case.terms.gpu_usd_per_hour == {"l4": 0.5}
    assert use_case.terms.operations_usd_per_month == 12


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"budget_usd_per_month": "400 EUR"}, "give its rate"),
        ({"budget_usd_per_month": "400 GBP", "terms": EURO}, "give its rate"),
        ({"terms": {"currency": "EUR"}}, "how many EUR one USD buys"),
        ({"terms": {"units_per_usd": 2.0}}, "needs a currency"),
        ({"terms": {"commitment_discount": 1.0}}, "commitment_discount"),
        ({"terms": {"pue": 0.9}}, "pue"),
        ({"reject_rate": 1.0}, "reject_rate"),
        ({"reject_rate": {"value": 0.2, "low": 0.3, "high": 0.4}}, "must rise"),
        ({"reject_rate": 0.2, "takes_per_item": 3}, "not both"),
    ],
)
def test_terms_that_cannot_be_used_are_named(fields: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        asked(**fields)


def test_a_use_case_with_terms_survives_being_written_and_read() -> None:
    use_case = asked(reject_rate=0.25, terms={**EURO, "regions": ["us-central1"]})
    from advisor.files import parse_yaml

    data, _ = parse_yaml(dump_yaml(use_case))
    assert parse_use_case(data) == use_case


def test_own_prices_join_those_of_the_use_case_and_win() -> None:
    use_case = asked(terms={"gpu_usd_per_hour": {"l4": 1.0, "t4": 0.3}, "pue": 1.2})
    merged = with_prices(use_case, {"l4": 0.5}).terms
    assert merged.gpu_usd_per_hour == {"l4": 0.5, "t4": 0.3}
    assert merged.pue == 1.2


@pytest.mark.parametrize("text", ["l4", "l4=", "=3", "l4=free", "l4=0", "l4=-1", "l4=nan"])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="write it as l4="):
        device_amounts([text])


def test_a_device_priced_twice_is_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        device_amounts(["l4=1", "l4=2"])


@pytest.mark.parametrize(
    ("field", "least"),
    [("depreciation_years", 0.1), ("run_months", 0.01), ("purchase_usd", 0.01)],
)
def test_a_number_so_small_that_a_cost_would_be_infinite_is_refused(
    field: str, least: float
) -> None:
    """The soak drew 5e-324 years of depreciation (seed 949)."""

    def stated(value: float) -> UseCase:
        given = {"l4": value} if field == "purchase_usd" else value
        return parse_use_case({"title": "t", "outputs": ["label"], "terms": {field: given}})

    assert stated(least).terms is not None
    with pytest.raises(InputError, match=field):
        stated(5e-324)
