"""What must hold of the rows of devices.csv, prices.csv and api_prices.csv beyond their schema.

Each function yields one sentence for everything that is wrong with a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from advisor.catalog.schema import ApiPrice, Device, Price

PRICE_CONFIDENCE = frozenset(
    """dated-snapshot dated-snapshot-no-url undated-snapshot dated-aggregate secondary-page
    conflicting memory-only suspect contract""".split()
)
DEVICE_CONFIDENCE = frozenset(
    ["two-source", "derived+one-source", "one-source", "memory-only", "own-measurement"]
)
TWICE = 2.03  # sources round (L40S: 362 and 733)
FP4_RAISED = {"b300", "gb300"}  # Blackwell Ultra: fp4 units grew, the others did not
USD_PER_GPU_HOUR = (0.05, 30.0)


def device_faults(device: Device) -> Iterator[str]:
    """Figures are plausible and dense, and the row says how sure it is."""
    if not 4 <= device.memory_gib <= 512:
        yield f"memory_gib {device.memory_gib:g} is not a device's: it is in GiB"
    if not 10 <= device.bandwidth_gb_s <= 10_000:
        yield f"bandwidth_gb_s {device.bandwidth_gb_s:g} is not a device's: it is in GB/s"
    if device.power_w is not None and not 5 <= device.power_w <= 1500:
        yield f"power_w {device.power_w:g} is not a device's: it is in W"
    if device.confidence not in DEVICE_CONFIDENCE:
        yield _not_a_word("confidence", device.confidence, DEVICE_CONFIDENCE)
    yield from sparse_faults(device)


def sparse_faults(device: Device) -> Iterator[str]:
    """Narrower types run at most at twice the rate of the wider (int8 of GeForce: four times)."""
    half = max(device.fp16_tflops or 0, device.bf16_tflops or 0)
    if not half:
        return
    full_rate = device.segment != "consumer" and device.id != "a10g"
    limits = {
        "fp8_tflops": TWICE,
        "int8_tops": TWICE if full_rate else 2 * TWICE,
        "fp4_tflops": 2 * TWICE if device.id not in FP4_RAISED else 4 * TWICE,
        "fp32_tflops": 1.02,
    }
    if device.vendor in ("NVIDIA", "AMD"):
        limits["tf32_tflops"] = 1.02 / 2
    for field, times in limits.items():
        if (getattr(device, field) or 0) > times * half:
            yield f"{field} is above {times:g} times the 16-bit peak: give the dense figure"


def price_faults(price: Price, devices: Collection[str]) -> Iterator[str]:
    """The device is known or its absence explained, and the price is one per hour."""
    if price.device is None and not price.notes:
        yield "names no device and no reason: fill in the device or the notes"
    if price.device is not None and price.device not in devices:
        yield f"device '{price.device}' is not in devices.csv"
    if price.gpu_count == 0 and not price.notes:
        yield "has no whole GPU and no note that says how much"
    low, high = USD_PER_GPU_HOUR
    for usd in (price.on_demand_usd_per_hour, price.spot_usd_per_hour):
        if usd is not None and price.gpu_count and not low <= usd / price.gpu_count <= high:
            yield f"{usd / price.gpu_count:g} USD per GPU-hour is not plausible: {low} to {high:g}"
    yield from _dated(price)


def api_price_faults(price: ApiPrice) -> Iterator[str]:
    """A doubtful price says why."""
    if price.confidence in ("suspect", "conflicting") and not price.notes:
        yield f"is {price.confidence} and its notes do not say why"
    yield from _dated(price)


def _dated(row: Price | ApiPrice) -> Iterator[str]:
    if row.confidence not in PRICE_CONFIDENCE:
        yield _not_a_word("confidence", row.confidence, PRICE_CONFIDENCE)
    if (row.as_of is None) != ("undated" in row.as_of_text):
        yield "as_of is empty where, and only where, as_of_text says 'undated'"


def repeated_offers(prices: Sequence[Price]) -> Iterator[tuple[int, str]]:
    """(index, sentence) of every row that prices an offer a second time on one day."""
    seen: Counter[tuple[str | None, ...]] = Counter()
    for index, p in enumerate(prices):
        key = (p.provider, p.instance, p.device, p.region, p.as_of_text)
        seen[key] += 1
        if seen[key] > 1:
            yield index, f"{p.provider} {p.instance} has two prices of {p.as_of_text}: keep one"


def conflicting_labels(prices: Sequence[ApiPrice]) -> Iterator[tuple[int, str]]:
    """(index, sentence) of every hosted label with several prices that does not say so."""
    count = Counter((p.provider, p.model, p.unit, p.quality_or_size) for p in prices)
    for index, p in enumerate(prices):
        several = count[p.provider, p.model, p.unit, p.quality_or_size] > 1
        if several != (p.confidence == "conflicting"):
            yield index, f"{p.provider} {p.model}: 'conflicting' marks a label with two prices"


def _not_a_word(field: str, value: str, words: Collection[str]) -> str:
    return f"{field} '{value}' is not one of {', '.join(sorted(words))}"
