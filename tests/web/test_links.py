"""Addresses: whatever stands in them, the page opens and nothing of it is used unread."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from advisor.web import links
from advisor.web.session import plain

SHAPES = links.Link.__subclasses__()


def test_every_address_without_parameters_is_the_page_itself() -> None:
    assert all(shape() is not None for shape in SHAPES)


@given(st.sampled_from(SHAPES), st.text(max_size=200))
def test_a_parameter_is_kept_as_it_is_or_refused(shape: type[links.Link], text: str) -> None:
    for name in shape.model_fields:
        try:
            kept = getattr(shape.model_validate({name: text}), name)
        except ValidationError:
            continue
        assert kept == text
        assert name == "search" or (text.isascii() and "/" not in text and "<" not in text)


@given(st.text(max_size=100))
def test_no_text_is_markdown(text: str) -> None:
    shown = plain(text)
    bare = shown.replace("\\\\", "")
    for sign in "[]()*_`<$!":
        assert bare.count(sign) == bare.count(f"\\{sign}")
