"""Wording follows evidence; labels are complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import pytest

from advisor.assessment import (
    Change,
    Confidence,
    FamilyStatus,
    GateStatus,
    Readiness,
    ReadinessArea,
    RouteKind,
    Verdict,
)
from advisor.catalog.schema import Licence
from advisor.cost.money import WayKind
from advisor.cost.record import Market, OfferKind
from advisor.estimator.record import Bound
from advisor.figure import Basis
from advisor.report import words
from advisor.rules.base import Severity
from advisor.usecase import LatencyKind, UseCase


@pytest.mark.parametrize(
    ("labels", "needed"),
    [
        (words.VERDICTS, get_args(Verdict)),
        (words.BASES, tuple(Basis)),
        (words.SHAPES, tuple(Basis)),
        (words.STATUSES, get_args(FamilyStatus)),
        (words.BOUNDS, get_args(Bound)),
        (words.OFFERS, get_args(OfferKind)),
        (words.MARKETS, get_args(Market)),
        (words.LATENCY_KINDS, get_args(LatencyKind)),
        (words.COMMERCIAL, get_args(Licence.model_fields["commercial"].annotation)),
        (words.SEVERITIES, get_args(Severity)),
        (words.FIELDS, tuple(UseCase.model_fields)),
        (words.WAYS, get_args(WayKind)),
        (words.CHANGES, get_args(Change)),
        (words.GATES, get_args(GateStatus)),
        (words.AREAS, get_args(ReadinessArea)),
        (words.ROUTES, get_args(RouteKind)),
        (words.CONFIDENCE, get_args(Confidence.model_fields["level"].annotation)),
        (words.LEVELS, get_args(Readiness.model_fields["level"].annotation)),
    ],
)
def test_every_word_of_the_record_has_a_label(
    labels: Mapping[str, object], needed: tuple[str, ...]
) -> None:

    assert set(labels) == set(needed)


def test_only_what_was_measured_takes_the_rest_should_take() -> None:
    assert words.verb(Basis.measured) == "takes"
    for basis in set(Basis) - {Basis.measured, Basis.published}:
        assert words.verb(basis) == "should take"


@pytest.mark.parametrize(
    ("chance", "basis", "text"),
    [
        (None, Basis.measured, "no limit stated"),
        (1.0, Basis.measured, "keeps the limit"),
        (1.0, Basis.datasheet, "should keep the limit"),
        (0.01, Basis.measured, "misses the limit"),
        (0.01, Basis.datasheet, "should miss the limit"),
        (0.73, Basis.datasheet, "likely, not certain (73 %)"),
        (0.73, Basis.measured, "likely, not certain (73 %)"),
        (0.2, Basis.datasheet, "unlikely, not certain (20 %)"),
    ],
)
def test_an_interval_that_crosses_the_limit_is_never_certain(
    chance: float | None, basis: Basis, text: str
) -> None:
    assert words.against_limit(chance, basis) == text


def test_each_kind_of_evidence_in_a_chart_has_its_own_shape() -> None:
    timed = [b for b in Basis if b not in (Basis.priced, Basis.asked)]
    assert len({words.SHAPES[basis] for basis in timed}) == len(timed)
    assert len({shape for _, shape, _ in words.BASES.values()}) == len(Basis)
