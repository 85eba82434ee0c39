"""Places become devices; what no table holds is stood in for, and says so."""

from __future__ import annotations

import pytest

from advisor.cost.record import Offer
from advisor.decide.bench import Bench
from advisor.decide.places import place_of, widened
from advisor.errors import UnknownName
from advisor.figure import Basis
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes


def use_case(**fields: object) -> UseCase:
    return parse_use_case({"title": "a test", "outputs": ["image"], **fields})


def test_the_cloud_is_made_of_data_centre_devices_at_rented_prices() -> None:
    place = place_of(use_case(), fakes.catalog())
    assert {device.segment for device in place.devices} == {"datacenter"}
    assert place.kinds == ("on-demand", "spot") and not place.proxy


def test_data_that_may_not_leave_is_never_served_from_rented_devices() -> None:
    place = place_of(use_case(data_boundary="on-premises"), fakes.catalog())
    assert place.kinds == ("owned",)


@pytest.mark.parametrize("where", ["phone", "browser"])
def test_a_phone_is_stood_in_for_by_the_smallest_edge_device(where: str) -> None:
    place = place_of(use_case(placement=where), fakes.catalog())
    assert place.proxy and place.client
    assert [device.segment for device in place.devices] == ["edge"]


def test_no_listed_device_stands_for_a_microcontroller() -> None:
    assert place_of(use_case(placement="microcontroller"), fakes.catalog()).devices == ()


def test_named_devices_are_taken_as_named() -> None:
    place = place_of(use_case(devices=["l4"]), fakes.catalog())
    assert [device.id for device in place.devices] == ["l4"]
    with pytest.raises(UnknownName, match="h100"):
        place_of(use_case(devices=["h10"]), fakes.catalog())


def test_a_stand_in_widens_the_interval_and_is_labelled_assumed() -> None:
    figure = widened(fakes.figure(1.0, "s", 1.5))
    assert (figure.low, figure.high) == (pytest.approx(1 / 4.5), pytest.approx(4.5))
    assert figure.basis is Basis.assumed


def test_no_option_rests_on_an_old_price_while_its_device_has_a_fresh_one() -> None:
    overnight = use_case(latency={"experience": "overnight"})
    bench = Bench(fakes.catalog(), fakes.sources())
    offers = [one.offer for one in bench.options("image-diffusion", overnight)[0] if one.offer]
    old = {offer.device for offer in offers if offer.stale}
    kinds = place_of(overnight, fakes.catalog()).kinds
    fresh = {d for d in old for o in bench.sources.offers(d, kinds) if _quoted(o) and not o.stale}
    assert offers and not fresh


def _quoted(offer: Offer) -> bool:
    return offer.market in ("list", "own")
