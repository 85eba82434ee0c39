"""Records for the cost tests: an estimate, a use case, offers, price rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from advisor.catalog.schema import ApiPrice, Price
from advisor.cost.record import Offer
from advisor.estimator.record import Estimate, MemoryParts
from advisor.figure import Basis, Figure
from advisor.usecase import UseCase, parse_use_case
from advisor.workload import Workload

TODAY = date(2026, 11, 23)


class Shelf:
    """Stands in for a catalog: only the price tables."""

    def __init__(self, prices: list[Price] | None = None, apis: list[ApiPrice] | None = None):
        self.prices = prices or []
        self.api_prices = apis or []


def estimate(
    seconds: float = 2.0,
    spread: float = 1.2,
    *,
    first: float | None = None,
    energy_j: float | None = 500.0,
    basis: Basis = Basis.datasheet,
    **workload: Any,
) -> Estimate:
    first = seconds if first is None else first
    return Estimate(
        model="debug-model",
        device="l4",
        workload=Workload(**workload),
        latency_s=_figure(seconds, spread, "s", basis),
        first_output_s=_figure(first, spread, "s", basis),
        peak_memory_gib=_figure(10, 1.1, "GiB", basis),
        energy_j=None if energy_j is None else _figure(energy_j, 1.3, "J", basis),
        flops=1,
        parameters=1,
        stages=[],
        memory=MemoryParts(weights_gib=8, activations_gib=1, workspace_gib=0.5, context_gib=0.5),
        device_memory_gib=22,
        fits=True,
    )


def _figure(value: float, spread: float, unit: str, basis: Basis) -> Figure:
    return Figure(
        value=value, low=value / spread, high=value * spread, unit=unit, basis=basis, source="test"
    )


def use_case(**fields: Any) -> UseCase:
    return parse_use_case({"title": "test", "outputs": ["image"], **fields})


def offer(usd_per_hour: float = 1.0, gpu_count: int = 1, **fields: Any) -> Offer:
    return Offer(
        **{
            "id": "cloud small somewhere on-demand",
            "kind": "on-demand",
            "provider": "cloud",
            "instance": "small",
            "device": "l4",
            "gpu_count": gpu_count,
            "region": "somewhere",
            "usd_per_hour": usd_per_hour,
            "usd_per_gpu_hour": usd_per_hour / gpu_count,
            "as_of": TODAY,
            "as_of_text": TODAY.isoformat(),
            "source": "test list",
            "confidence": "dated-snapshot",
            "stale": False,
            **fields,
        }
    )


def price(provider: str = "lambda", usd: float | None = 1.0, **fields: Any) -> Price:
    dated = fields.pop("as_of", date(2026, 11, 1))
    return Price(
        **{
            "provider": provider,
            "instance": "one",
            "device": "l4",
            "gpu_count": 1,
            "region": "any",
            "on_demand_usd_per_hour": usd,
            "as_of": dated,
            "as_of_text": dated.isoformat() if dated else "undated",
            "source": "test list",
            "confidence": "dated-snapshot",
            **fields,
        }
    )


def api(model: str = "painter", usd: float = 0.04, unit: str = "image", **fields: Any) -> ApiPrice:
    return ApiPrice(
        **{
            "provider": "vendor",
            "model": model,
            "modality": "image",
            "unit": unit,
            "usd_per_unit": usd,
            "as_of": date(2026, 11, 12),
            "as_of_text": "2026-11-12",
            "source": "test list",
            "confidence": "dated-snapshot",
            **fields,
        }
    )
