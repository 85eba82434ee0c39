"""What matters most: each input moved to its ends, the chosen option held, cost and margin read.

Estimates move within their 90 % intervals. What the user states or leaves to a default moves by
half and double, a judgement: nobody gave a range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.assessment import TornadoBar
from advisor.decide.fit import fit
from advisor.decide.judge import response_of
from advisor.decide.knobs import KNOBS, Knob, varied
from advisor.errors import AdvisorError
from advisor.limits import limit_s

if TYPE_CHECKING:
    from advisor.decide.bench import Bench, Option
    from advisor.decide.outcome import Outcome
    from advisor.estimator.record import Estimate
    from advisor.figure import Figure
    from advisor.usecase import UseCase

HALF_AND_DOUBLE = "half and double (judgement)"
INTERVAL = "the 90 % interval"
FIELDS = ("volume_per_day", "review_minutes_per_item")
Ends = tuple[float | None, float | None]  # USD per output, margin


def tornado_of(use_case: UseCase, bench: Bench, chosen: Outcome) -> list[TornadoBar]:
    """Inputs by how much they move cost or margin, the largest first; empty for a no-go."""
    if chosen.best is None:
        return []
    option = chosen.best.option
    bars = [*_estimate_bars(use_case, bench, option), *_price_bars(use_case, bench, option)]
    for knob in KNOBS:
        if knob.field in FIELDS and knob.read(use_case):
            bars.append(_field(use_case, bench, option, knob))
        elif knob.ladder and knob.read(use_case):
            bars += _sized(use_case, bench, option, knob)
    for name in ("peak_factor", "takes_per_item", "samples_per_input"):
        bars += _plain(use_case, bench, option, name)
    moved = [bar for bar in bars if bar.swing > 1.001]
    return sorted(moved, key=lambda bar: (-bar.swing, bar.input))


def _estimate_bars(use_case: UseCase, bench: Bench, option: Option) -> list[TornadoBar]:
    """The estimate's latency at the ends of its interval."""
    whole, first = option.estimate.latency_s, option.estimate.first_output_s
    if whole.low == whole.high:
        return []
    ends = [
        _ends(
            use_case,
            bench,
            _with_latency(option, end, first.value * end / whole.value),
        )
        for end in (whole.low, whole.high)
    ]
    return [_bar("service time", "s", whole.low, whole.high, INTERVAL, *ends)]


def _with_latency(option: Option, seconds: float, first_s: float) -> Option:
    estimate = option.estimate
    exact = estimate.model_copy(
        update={
            "latency_s": _point(estimate.latency_s, seconds),
            "first_output_s": _point(estimate.first_output_s, first_s),
        }
    )
    return replace(option, make=lambda: exact, seconds=seconds)


def _point(figure: Figure, value: float) -> Figure:
    return figure.model_copy(update={"value": value, "low": value, "high": value})


def _price_bars(use_case: UseCase, bench: Bench, option: Option) -> list[TornadoBar]:
    """The price at the ends of its interval, where it has one (bought hardware)."""
    offer = option.offer
    if offer is None or offer.usd_per_gpu_hour_low is None or offer.usd_per_gpu_hour_high is None:
        return []
    low, high = offer.usd_per_gpu_hour_low, offer.usd_per_gpu_hour_high
    ends = []
    for usd in (low, high):
        at = offer.model_copy(
            update={
                "usd_per_gpu_hour": usd,
                "usd_per_hour": usd * offer.gpu_count,
                "usd_per_gpu_hour_low": usd,
                "usd_per_gpu_hour_high": usd,
            }
        )
        ends.append(_ends(use_case, bench, replace(option, offer=at)))
    return [_bar("price of a GPU-hour", "USD/h", low, high, INTERVAL, *ends)]


def _field(use_case: UseCase, bench: Bench, option: Option, knob: Knob) -> TornadoBar:
    now = knob.read(use_case) or 0.0
    low, high = max(knob.low, now / 2), min(knob.high, now * 2)
    ends = [_ends(knob.set(use_case, end), bench, option) for end in (low, high)]
    return _bar(knob.field, knob.unit, low, high, HALF_AND_DOUBLE, *ends)


def _plain(use_case: UseCase, bench: Bench, option: Option, name: str) -> list[TornadoBar]:
    now = getattr(use_case, name)
    if name == "takes_per_item" and name not in use_case.model_fields_set:
        now = 1  # what costs count until somebody says
    low, high = max(1, now / 2), now * 2
    if isinstance(now, int):
        low, high = max(1, now // 2), now * 2
    ends = [_ends(varied(use_case, **{name: end}), bench, option) for end in (low, high)]
    return [_bar(name, "", float(low), float(high), HALF_AND_DOUBLE, *ends)]


def _sized(use_case: UseCase, bench: Bench, option: Option, knob: Knob) -> list[TornadoBar]:
    """Another size or length means another estimate of the one model on the one device."""
    now = knob.read(use_case) or 0.0
    low, high = max(knob.low, now / 2), min(knob.high, now * 2)
    ends = []
    for end in (low, high):
        at = knob.set(use_case, end)
        try:
            fitted = fit(at, option.model)
            made = bench.sources.estimates(option.model, [option.device], fitted.workload)
            estimate = made[option.device.id]
        except (AdvisorError, KeyError):
            return []  # the model cannot be estimated at that end: nothing to draw
        seconds = estimate.latency_s.value
        resized = replace(
            option, fit=fitted, make=_given(estimate), seconds=seconds, fits=estimate.fits
        )
        ends.append(_ends(at, bench, resized))
    return [_bar(knob.field, knob.unit, low, high, HALF_AND_DOUBLE, *ends)]


def _given(estimate: Estimate) -> Callable[[], Estimate]:
    return lambda: estimate


def _ends(use_case: UseCase, bench: Bench, option: Option) -> Ends:
    """USD per output and margin of one option; costed anew, not from what is kept."""
    cost = None
    if option.offer is not None:
        fitted = option.fit
        cost = bench.sources.serving(
            option.estimate, use_case, option.offer, fitted.outputs_per_request, fitted.slots
        )
    limit = limit_s(use_case)
    response = response_of(option, use_case, cost).value
    margin = limit / response if limit is not None and response > 0 else None
    return (cost.usd_per_output.value if cost else None), margin


def _bar(
    name: str, unit: str, low: float, high: float, ends: str, at_low: Ends, at_high: Ends
) -> TornadoBar:
    return TornadoBar(
        input=name,
        unit=unit,
        low=low,
        high=high,
        ends=ends,
        usd_per_output_at_low=at_low[0],
        usd_per_output_at_high=at_high[0],
        margin_at_low=at_low[1],
        margin_at_high=at_high[1],
        swing=max(_ratio(at_low[0], at_high[0]), _ratio(at_low[1], at_high[1])),
    )


def _ratio(one: float | None, other: float | None) -> float:
    if not one or not other:
        return 1.0
    return max(one / other, other / one)
