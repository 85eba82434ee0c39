"""The wiring language: names, operations, and shapes that must fit exactly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from advisor.errors import DataError  # noqa: E402
from advisor.reference.wire import Wires, first_tensor, fit  # noqa: E402


def wires(outputs: dict[str, Any] | None = None, **symbols: float) -> Wires:
    return Wires(symbols, {"width": 6}, outputs or {}, {"latents": torch.ones(1, 2)})


def numbers(*shape: int) -> Any:
    return torch.arange(float(torch.Size(shape).numel())).reshape(shape)


def test_a_path_follows_fields_indices_and_negative_indices() -> None:
    output = SimpleNamespace(hidden_states=(numbers(1), numbers(2), numbers(3)), pair={"a": 7})
    found = wires({"text": output})
    assert found.tensor("text.hidden_states.-2").shape == (2,)
    assert found.value("text.pair.a") == 7


def test_a_name_nothing_gave_yet_is_an_error_that_lists_what_there_is() -> None:
    with pytest.raises(DataError, match="no stage or value 'vae' yet, only latents, text"):
        wires({"text": numbers(1)}).tensor("vae.sample")
    with pytest.raises(DataError, match="has no 'sample'"):
        wires({"text": numbers(1)}).tensor("text.sample")


def test_a_stage_name_alone_means_the_first_tensor_of_its_output() -> None:
    output = {"sample": numbers(2, 3), "other": numbers(1)}
    assert first_tensor(output).shape == (2, 3)
    with pytest.raises(DataError, match="wire its field"):
        first_tensor("words")


@pytest.mark.parametrize(
    ("wire", "shape"),
    [
        ({"cat": ["x", "x"], "dim": -1}, (2, 8)),
        ({"stack": ["x", "x"], "dim": 1}, (2, 2, 4)),
        ({"add": ["x", "x"]}, (2, 4)),
        ({"pad": "x", "size": "c.width"}, (2, 6)),
        ({"narrow": "x", "dim": 1, "start": "n - 2", "size": 2}, (2, 2)),
        ({"reshape": "x", "shape": [-1, "n"]}, (2, 4)),
        ({"permute": "x", "dims": [1, 0]}, (4, 2)),
        ({"repeat": "x", "times": "n", "dim": 0}, (8, 4)),
        ({"argmax": "x"}, (2,)),
        ({"clamp": "x", "low": 1, "high": 2}, (2, 4)),
        ({"resize": {"reshape": "x", "shape": [1, 1, 2, 4]}, "size": [4, 8]}, (1, 1, 4, 8)),
        ({"unpack": {"reshape": "x", "shape": [1, 2, 4]}, "height": 1, "width": 2}, (1, 1, 2, 4)),
        ({"values": ["n", 1, 2]}, (1, 3)),
        ({"grid": [1, "n", 3]}, (12, 3)),
    ],
)
def test_each_operation_gives_the_shape_it_says(wire: Any, shape: tuple[int, ...]) -> None:
    assert tuple(wires({"x": numbers(2, 4)}, n=4).tensor(wire).shape) == shape


def test_scale_multiplies_and_then_adds() -> None:
    scaled = wires({"x": torch.tensor([2.0])}, s=4).tensor({"scale": "x", "by": "1 / s", "plus": 1})
    assert scaled.tolist() == [1.5]


def test_unpack_undoes_the_packing_of_patches() -> None:
    image = numbers(1, 3, 4, 6)
    packed = image.reshape(1, 3, 2, 2, 3, 2).permute(0, 2, 4, 1, 3, 5).reshape(1, 6, 12)
    assert torch.equal(wires({"x": packed}).tensor({"unpack": "x", "height": 2, "width": 3}), image)


def test_a_grid_lists_every_point_in_row_order() -> None:
    assert wires().tensor({"grid": [1, 2, 2]}).tolist() == [
        [0, 0, 0],
        [0, 0, 1],
        [0, 1, 0],
        [0, 1, 1],
    ]


def test_a_causal_mask_hides_only_what_comes_later() -> None:
    mask = wires().tensor({"causal": True}, (1, 1, 3, 3))[0, 0]
    assert (mask < -1e30).tolist() == [[False, True, True], [False, False, True], [False] * 3]
    assert torch.isfinite(mask).all()


def test_two_operations_in_one_wire_are_refused() -> None:
    with pytest.raises(DataError, match="is not one operation"):
        wires({"x": numbers(1)}).tensor({"cat": ["x"], "scale": "x"})


def test_padding_never_cuts() -> None:
    with pytest.raises(DataError, match="cannot be padded"):
        wires({"x": numbers(8)}).tensor({"pad": "x", "size": "c.width"})


@given(
    have=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    want=st.lists(st.integers(1, 4), min_size=1, max_size=4),
)
def test_fit_repeats_whole_batches_and_refuses_everything_else(
    have: list[int], want: list[int]
) -> None:
    value = torch.zeros(have)
    fits = have[1:] == want[1:] and want[0] % have[0] == 0
    if fits:
        assert list(fit(value, tuple(want), torch.float32, "x").shape) == want
    else:
        with pytest.raises(DataError, match="input 'x' needs shape"):
            fit(value, tuple(want), torch.float32, "x")


def test_a_guidance_pair_repeats_the_batch_in_order() -> None:
    """Rows stay aligned: first all without the prompt, then all with it."""
    assert fit(torch.tensor([1, 2]), (4,), torch.int64, "x").tolist() == [1, 2, 1, 2]
