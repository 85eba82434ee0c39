"""The ladder of evidence: measured > scaled > calibrated > datasheet > published.

Without a wish every stage stands on the highest rung that exists; a named rung forbids the ones
above it, so that a user can see what better evidence changes. What a rung lacks is an error that
says why. A published figure is evidence beside the estimate and becomes the figure only when asked
for: nobody here can check its conditions.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from advisor.errors import CannotEstimate, InputError
from advisor.estimator.calibrated import with_calibration
from advisor.estimator.measured import any_measured, with_measurements
from advisor.estimator.published import published_of
from advisor.estimator.rates import load_rates
from advisor.figure import Basis, Figure

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Model
    from advisor.estimator.record import Estimate, Published

RUNGS = (Basis.measured, Basis.scaled, Basis.calibrated, Basis.datasheet, Basis.published)
# Two published figures of one setting differ by about 5 % (facts/measurements.md, "Noise"); twice
# that each way, as what a source leaves out is not known. A judgement.
PUBLISHED_SPREAD = 0.1


def rung(basis: Basis | str | None) -> Basis | None:
    """The rung that a name asks for. InputError if it is none."""
    if basis is None:
        return None
    if str(basis) not in [str(one) for one in RUNGS]:
        raise InputError(f"basis '{basis}' is not one of {', '.join(RUNGS)}")
    return Basis(basis)


def refuse_prediction(device: str, asked: Basis | None) -> None:
    """CannotEstimate if a device that only its profile knows is asked for a datasheet's figures."""
    if asked in (Basis.datasheet, Basis.published):
        raise CannotEstimate(
            f"{device} has no basis '{asked}': the catalog does not list it, so only what was "
            "measured on it is known"
        )


def best(predicted: Estimate, model: Model, catalog: Catalog) -> Estimate:
    """The prediction with what was measured on the device in its place: stages, else its rates."""
    if predicted.workload.variants or predicted.device not in any_measured():
        return predicted  # nothing is measured with variants
    with suppress(CannotEstimate):
        predicted = with_calibration(predicted, model, catalog, load_rates(catalog))
    return with_measurements(predicted, model, catalog)


def at_basis(predicted: Estimate, model: Model, catalog: Catalog, asked: Basis | None) -> Estimate:
    """The estimate at a rung, or at the best one, with published measurements beside it."""
    found = published_of(catalog, predicted)
    predicted = predicted.model_copy(update={"published": found})
    if asked is None:
        return best(predicted, model, catalog)
    if asked is Basis.datasheet:
        return predicted
    if asked is Basis.published:
        return _published(predicted, found)
    if predicted.workload.variants:
        raise CannotEstimate(
            f"{', '.join(predicted.workload.variants)} cannot be measured: ask for datasheet"
        )
    if asked is Basis.calibrated:
        return with_calibration(predicted, model, catalog, load_rates(catalog))
    return with_measurements(predicted, model, catalog, asked)


def _published(predicted: Estimate, found: list[Published]) -> Estimate:
    """Latency and energy as published. Memory stays predicted: its definitions differ."""
    times = [one for one in found if one.measured == "latency_s" and one.plain]
    if not times:
        raise CannotEstimate(
            f"{predicted.model} on {predicted.device} has no basis 'published': no measurement of "
            f"exactly {predicted.workload.describe()} on a current stack is in the catalog"
        )
    latency = _figure(times, "s")
    joules = [one for one in found if one.measured == "energy_j" and one.plain]
    changes: dict[str, object] = {
        "latency_s": latency,
        "energy_j": _figure(joules, "J") if joules else predicted.energy_j,
        "notes": [*predicted.notes, "stages and memory are predicted, not published"],
    }
    if predicted.first_output_s.value == predicted.latency_s.value:
        changes["first_output_s"] = latency
    return predicted.model_copy(update=changes)


def _figure(found: list[Published], unit: str) -> Figure:
    """The median of what was published, from the lowest to the highest with the noise around."""
    values = sorted(one.value for one in found)
    return Figure(
        value=values[(len(values) - 1) // 2],
        low=values[0] * (1 - PUBLISHED_SPREAD),
        high=values[-1] * (1 + PUBLISHED_SPREAD),
        unit=unit,
        basis=Basis.published,
        source="; ".join(sorted({one.source for one in found})),
    )
