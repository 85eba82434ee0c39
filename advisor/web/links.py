"""Addresses: what a page's query parameters may be, read once and strictly.

A value that cannot be used is left out and named; the page shows what it would without it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import streamlit as st
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

L = TypeVar("L", bound="Link")
Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Search = Annotated[str, StringConstraints(max_length=100)]
Number = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}$")]


class Link(BaseModel):
    """Every parameter has a default: an address without any is the page itself."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class NewLink(Link):
    """draft, or what to start from: an assessment's id or an example's file name."""

    draft: Id | None = None
    change: Id | None = None
    example: Name | None = None


class ResultLink(Link):
    a: Id | None = None
    revision: Number | None = None


class SharedLink(Link):
    t: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")] | None = None


class CompareLink(Link):
    """Ids, one after the other, joined by a full stop."""

    ids: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{26}(\.[0-9A-Z]{26}){0,3}$")] = ""


class SavedLink(Link):
    search: Search = ""
    archived: Literal["yes", "no"] = "no"


class CatalogLink(Link):
    model: Name | None = None
    family: Name | None = None
    output: Name | None = None
    commercial: Literal["yes", "conditional", "no", "unknown"] | None = None
    search: Search = ""


class HardwareLink(Link):
    device: Name | None = None
    unit: Literal["hour", "month", "year"] = "hour"
    search: Search = ""


class RulesLink(Link):
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}[0-9]{3}$")] | None = None
    concern: Name | None = None
    search: Search = ""


def read_link(shape: type[L]) -> L:
    """The parameters of the address that can be used; says so when there are others."""
    good: dict[str, Any] = {}
    bad: list[str] = []
    for name in shape.model_fields:
        if name not in st.query_params:
            continue
        value = st.query_params[name]
        try:
            shape.model_validate({name: value})
        except ValidationError:
            bad.append(name)
        else:
            good[name] = value
    if bad:
        st.warning(
            f"The link had values that can not be used ({', '.join(bad)}): they are ignored."
        )
    return shape.model_validate(good)


def write_link(**values: str | None) -> None:
    """Put the state of a page into its address, without the parameters that are empty."""
    wanted = {name: value for name, value in values.items() if value}
    if dict(st.query_params.to_dict()) != wanted:
        st.query_params.from_dict(wanted)
