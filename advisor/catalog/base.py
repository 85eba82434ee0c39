"""What all catalog records share: strictness, names, statements with a source."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]


class Entry(BaseModel):
    """Base of all catalog records."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Sourced(Entry):
    """A statement with the place it comes from. `confirmed: false` = recalled, not looked up."""

    text: Text
    source: Text
    confirmed: bool = True
