"""A record with hostile text in every free text field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from advisor.assessment import Assessment
from advisor.figure import Basis
from advisor.usecase import UseCase
from tests.report.sample import use_case


def poisoned(assessment: Assessment, replace: Callable[[str], str]) -> Assessment:
    """The record with `replace` applied to every string that is not one of a fixed set.

    `replace` must give equal results for equal strings, so that references still fit.
    """
    return _poison(assessment, replace)  # type: ignore[no-any-return]


def asked_in_full(replace: Callable[[str], str]) -> UseCase:
    """A use case with text in every field that takes text, nested ones and keys included.

    It skips the checks of a real one: what gets past them must be harmless all the same.
    """
    data = dict(use_case())
    for name, field in UseCase.model_fields.items():
        data[name] = _filled(field.annotation, data[name], replace, name)
    return UseCase.model_construct(**data)


def _filled(kind: Any, value: Any, replace: Callable[[str], str], name: str) -> Any:
    """`value`, or text of its own where the type of the field takes any text."""
    options = [one for one in (get_args(kind) or (kind,)) if one is not type(None)]
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        return value.model_copy(
            update={
                key: _filled(field.annotation, getattr(value, key), replace, key)
                for key, field in fields
            }
        )
    if str in options and get_origin(kind) is dict:
        return {replace(f"{name} key"): 1.5}
    if str in options and get_origin(kind) is list:
        return [replace(f"{name} 1"), replace(f"{name} 2")]
    return replace(name)[:200] if str in options else value


# Fields whose strings come from a closed list or a checked pattern.
_CLOSED = frozenset(
    [
        "verdict",
        "status",
        "direction",
        "level",
        "severity",
        "concern",
        "kind",
        "verdict_cap",
        "market",
        "bound",
        "basis",
        "commercial",
        "mode",
        "dtype",
        "changes",
        "area",
    ]
)


def _poison(node: Any, replace: Callable[[str], str], name: str = "") -> Any:
    if isinstance(node, UseCase):
        return asked_in_full(replace)
    if isinstance(node, BaseModel):
        fields = {key: _poison(getattr(node, key), replace, key) for key in type(node).model_fields}
        return node.model_copy(update=fields)
    if isinstance(node, list):
        return [_poison(one, replace, name) for one in node]
    if isinstance(node, dict) and name == "digests":
        return {replace(key): replace(value) for key, value in node.items()}
    if isinstance(node, Basis) or name in _CLOSED:
        return node
    return replace(node) if isinstance(node, str) else node
