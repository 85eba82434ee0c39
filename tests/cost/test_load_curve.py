"""p95 over the load, on a fleet whose size stays as it is."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from advisor.cost.load_curve import UTILISATIONS, load_curve
from advisor.cost.record import LoadCurve
from advisor.cost.serving import serving_case
from tests.cost import make


def curve(seconds: float = 2.0, spread: float = 1.2, volume: float = 20_000.0) -> LoadCurve | None:
    asked = make.use_case(volume_per_day=volume)
    return load_curve(serving_case(make.estimate(seconds, spread), asked, make.offer(), 1.0))


@given(st.floats(0.05, 60), st.floats(1.0, 3.0), st.floats(100, 200_000))
def test_more_load_never_makes_the_response_shorter(
    seconds: float, spread: float, volume: float
) -> None:
    found = curve(seconds, spread, volume)
    assert found is not None and len(found.p95_s) == len(UTILISATIONS)
    assert all(before <= after * (1 + 1e-6) for before, after in pairwise(found.p95_s))
    for low, value, high in zip(found.p95_s_low, found.p95_s, found.p95_s_high, strict=True):
        assert low <= value * (1 + 1e-6) and (high is None or value <= high * (1 + 1e-6))


def test_the_slow_end_stops_where_requests_come_faster_than_they_are_served() -> None:
    found = curve(spread=1.5)
    assert found is not None
    ended = [high is None for high in found.p95_s_high]
    busy = [share * 1.5 >= 1 for share in found.utilisation]
    assert ended == busy


def test_the_users_own_devices_have_no_queue() -> None:
    own = make.offer().model_copy(update={"kind": "client-device"})
    assert load_curve(serving_case(make.estimate(), make.use_case(), own, 1.0)) is None


def test_the_planned_load_is_on_the_curve() -> None:
    found = curve()
    assert found is not None
    assert found.planned_requests_per_s <= found.requests_per_s[-1]
