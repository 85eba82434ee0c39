"""Does anything new have to be made? Pairs of use cases that differ in what decides it."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.rules.newness import possible, settled
from advisor.usecase import UseCase, parse_use_case
from tests.rules.table import SCAN, TEXT, given

SOURCE = {"inputs": [given("table", "source")]}
WORDS: dict[str, Any] = TEXT | {"inputs": [given("text", "source")], "task": "transform"}
HEARD: dict[str, Any] = TEXT | {"inputs": [given("speech", "source")], "task": "transform"}
SONG: dict[str, Any] = {
    "outputs": ["music"],
    "inputs": [given("music", "source")],
    "task": "transform",
}
REPLIES: dict[str, Any] = TEXT | {
    "inputs": [given("text", "source")],
    "task": "create",
    "tokens_out": 20,
    "samples_per_input": 3,
    "answer_style": "varied",
    "volume_per_day": 1e8,
    "training_pairs": True,
    "training_examples": 10_000_000,
}

PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "edits that keep the rest": (WORDS | {"must_keep": "wording"}, WORDS),
    "a transcript word for word": (HEARD | {"must_keep": "wording"}, HEARD),
    "replies that very many people send": (REPLIES, REPLIES | {"volume_per_day": 100.0}),
    "a part taken out of a song": (
        SONG | {"must_keep": "spectrum"},
        SONG | {"must_keep": "spectrum", "inputs": [*SONG["inputs"], given("music", "subject")]},
    ),
    "a tour from a table of stops": (
        {"outputs": ["sequence"], "error_tolerance": "low", **SOURCE},
        {"outputs": ["sequence"], "error_tolerance": "low", "training_examples": 9, **SOURCE},
    ),
    "unread sentences over data": (
        TEXT | SOURCE | {"facts_from": "structured-data", "error_tolerance": "low"},
        TEXT | SOURCE | {"facts_from": "structured-data", "error_tolerance": "high"},
    ),
    "a value learned from pairs": (
        {"outputs": ["table"], "task": "transform", "training_pairs": True}
        | {"inputs": [given("image", "source")]},
        {"outputs": ["table"], "task": "transform", "inputs": [given("image", "source")]},
    ),
    "measured values": (
        SCAN | {"must_keep": "spectrum", "error_tolerance": "low"},
        SCAN | {"must_keep": "geometry", "error_tolerance": "low"},
    ),
    "a model in every colour": (
        {"outputs": ["image"], "scope": "menu", "inputs": [given("3d", "source")]},
        {"outputs": ["image"], "scope": "free", "inputs": [given("3d", "source")]},
    ),
    "odds of each place": (
        SCAN | {"answer_style": "calibrated"},
        SCAN | {"answer_style": "calibrated", "samples_per_input": 20},
    ),
}


def asked(fields: dict[str, Any]) -> UseCase:
    return parse_use_case({"title": "a test", **fields})


@pytest.mark.parametrize("what", PAIRS)
def test_what_is_chosen_copied_computed_or_rendered_is_told_from_what_is_made(what: str) -> None:
    given_back, made = PAIRS[what]
    assert settled(asked(given_back)) and possible(asked(given_back))
    assert not settled(asked(made))


def test_a_plain_request_has_to_be_made() -> None:
    for output in ("text", "code", "image", "video", "speech", "music", "3d", "sequence", "action"):
        assert not possible(asked({"outputs": [output]})), output


def test_a_source_with_its_structure_kept_may_be_computed_where_errors_matter() -> None:
    kept = SCAN | {"must_keep": "geometry"}
    assert possible(asked(kept | {"error_tolerance": "low"}))
    assert not possible(asked(kept | {"error_tolerance": "high"}))
