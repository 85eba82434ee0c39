"""A use case is fitted to the nearest workload that a model allows, and what is missing is said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog.schema import Axis
from advisor.decide.fit import fit, nearest
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes


def use_case(**fields: object) -> UseCase:
    return parse_use_case({"title": "a test", "outputs": ["image"], **fields})


@given(
    st.floats(0.1, 1e5),
    st.integers(1, 64),
    st.integers(0, 8),
    st.integers(1, 40),
    st.integers(1, 200),
)
def test_the_nearest_value_is_allowed(
    value: float, multiple: int, offset: int, first: int, more: int
) -> None:
    low, high = first * multiple + offset, (first + more) * multiple + offset
    axis = Axis(default=low, min=low, max=high, multiple=multiple, offset=offset, source="a test")
    chosen = nearest(axis, value)
    assert low <= chosen <= high
    assert multiple == 1 or (chosen - offset) % multiple == 0
    inside = min(max(value, low), high)
    assert abs(chosen - inside) <= (multiple / 2 if multiple > 1 else 0) + 1e-9


def test_a_size_that_the_model_can_make_is_taken_as_asked() -> None:
    made = fit(use_case(width_px=768, height_px=512), fakes.model("painter"))
    assert (made.workload.width, made.workload.height) == (768, 512)
    assert made.shortfalls == {} and made.pieces == 1


def test_a_size_beyond_the_model_is_a_shortfall_and_not_made_in_pieces() -> None:
    made = fit(use_case(width_px=4096, height_px=4096), fakes.model("painter"))
    assert made.shortfalls == {"width": 2.0, "height": 2.0} and made.pieces == 1


def test_a_length_beyond_the_model_is_made_in_pieces() -> None:
    made = fit(use_case(outputs=["music"], duration_s=70.0), fakes.model("singer"))
    assert made.workload.seconds == 30
    assert made.pieces == 3 and made.outputs_per_request == 1 / 3


def test_seconds_of_video_become_frames_at_the_stated_rate() -> None:
    film = fakes.model("filmer")
    made = fit(use_case(outputs=["video"], duration_s=5.0, fps=10.0), film)
    assert made.workload.frames == 50
    assert fit(use_case(outputs=["video"], duration_s=5.0), film).workload.frames == 80


def test_a_stream_is_made_in_chunks_no_longer_than_its_reaction_time() -> None:
    stream = use_case(
        outputs=["music"], endless=True, latency={"limit_ms": 2000, "kind": "first-output"}
    )
    assert fit(stream, fakes.model("singer")).workload.seconds == 2


@given(st.floats(0.1, 100.0), st.floats(1.0, 120.0))
def test_frames_are_whole_at_any_length_and_rate(seconds: float, rate: float) -> None:
    asked = use_case(outputs=["video"], duration_s=seconds, fps=rate)
    made = fit(asked, fakes.model("filmer"))
    assert isinstance(made.workload.frames, int) and made.workload.frames >= 1


def test_live_frames_take_a_distilled_sampler_at_its_fewest_steps() -> None:
    live = use_case(latency={"limit_ms": 33, "kind": "per-frame"})
    assert fit(live, fakes.model("painter-fast")).workload.steps == 1
    assert fit(live, fakes.model("painter")).workload.steps == 30
    assert fit(live, fakes.model("painter")).workload.mode == "compiled"
