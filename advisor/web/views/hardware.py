"""Hardware and prices: every device and every dated price, per hour, month or year."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from advisor import load_catalog
from advisor.cost.record import HOURS_PER_MONTH
from advisor.report.doc import Entry, KeyValues
from advisor.report.numbers import UNKNOWN, exact
from advisor.web import blocks, session
from advisor.web.links import HardwareLink, read_link, write_link

if TYPE_CHECKING:
    from advisor.catalog import Device
    from advisor.catalog.schema import Price

HOURS = {"hour": 1.0, "month": HOURS_PER_MONTH, "year": 12 * HOURS_PER_MONTH}
ALL = "every device"


def show() -> None:
    """Tables that can be searched and sorted; a device opens with its offers."""
    st.title("Hardware and prices")
    link = read_link(HardwareLink)
    devices = load_catalog().devices
    st.session_state.setdefault("hw_unit", link.unit)
    st.session_state.setdefault("hw_search", link.search)
    st.session_state.setdefault("hw_device", link.device if link.device in devices else ALL)
    unit_at, find_at, one_at = st.columns(3)
    unit = unit_at.radio("Prices per", list(HOURS), horizontal=True, key="hw_unit")
    search = find_at.text_input("Search", key="hw_search", max_chars=100)
    chosen = one_at.selectbox("Device", [ALL, *devices], key="hw_device")
    write_link(
        unit=unit if unit != "hour" else None,
        search=search,
        device=None if chosen == ALL else chosen,
    )
    if chosen != ALL:
        _device(devices[chosen])
    found = [d for d in devices.values() if chosen in (ALL, d.id) and _says(d, search)]
    prices = [
        p
        for p in load_catalog().prices
        if chosen in (ALL, p.device)
        and (chosen != ALL or _priced(p, search, {d.id for d in found}))
    ]
    if chosen == ALL:
        _devices(found, prices, unit)
    _prices(prices, unit)
    _apis(search if chosen == ALL else None)


def _says(device: Device, search: str) -> bool:
    words = " ".join([device.id, device.name, device.vendor, device.architecture, *device.aliases])
    return search.casefold() in words.casefold()


def _priced(price: Price, search: str, devices: set[str]) -> bool:
    words = f"{price.provider} {price.instance} {price.region}".casefold()
    return search.casefold() in words or price.device in devices


def _device(device: Device) -> None:
    st.header(session.plain(device.name))
    tera = {
        "fp32": device.fp32_tflops,
        "tf32": device.tf32_tflops,
        "fp16": device.fp16_tflops,
        "bf16": device.bf16_tflops,
        "fp8": device.fp8_tflops,
        "int8": device.int8_tops,
        "fp4": device.fp4_tflops,
    }
    nominal = " (nominal; usable size not known)" if device.memory_gib_is_nominal else ""
    facts = {
        "Vendor, segment": f"{device.vendor}, {device.segment}, {device.architecture}",
        "Memory": f"{device.memory_gib:g} GiB{nominal}",
        "Memory bandwidth": f"{device.bandwidth_gb_s:,.0f} GB/s",
        "Dense peak, TFLOP/s": ", ".join(f"{k} {v:g}" for k, v in tera.items() if v) or UNKNOWN,
        "Power limit": f"{device.power_w:g} W" if device.power_w else UNKNOWN,
        "Launched": str(device.launch_year or UNKNOWN),
        "Source": f"{device.source} ({device.confidence})",
        "Notes": device.notes,
    }
    blocks.show(KeyValues(items=[Entry(label=k, value=v) for k, v in facts.items() if v]))


def _devices(devices: list[Device], prices: list[Price], unit: str) -> None:
    st.header("Devices")
    if not devices:
        blocks.empty("No device says this", "Try another word, such as a vendor or H100.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                "Device": [d.name for d in devices],
                "Id": [d.id for d in devices],
                "Segment": [d.segment for d in devices],
                "Memory, GiB": [d.memory_gib for d in devices],
                "GB/s": [d.bandwidth_gb_s for d in devices],
                "16-bit TFLOP/s": [d.peak_tflops("bf16") for d in devices],
                "Power, W": [d.power_w for d in devices],
                f"From, USD per GPU and {unit}": [_least(d, prices, unit) for d in devices],
                "Launched": [d.launch_year for d in devices],
                "Source": [d.source for d in devices],
            }
        ),
        hide_index=True,
        column_config={"Launched": st.column_config.NumberColumn(format="%d")},
    )
    st.caption(
        "Peaks are dense, with fp32 accumulation, as vendors state them. The lowest on-demand list "
        "price of a whole instance, shared among its GPUs; empty where none is known."
    )


def _least(device: Device, prices: list[Price], unit: str) -> float | None:
    known = [
        p.on_demand_usd_per_hour / p.gpu_count
        for p in prices
        if p.device == device.id and p.on_demand_usd_per_hour and p.gpu_count
    ]
    return round(min(known) * HOURS[unit], 4) if known else None


def _prices(prices: list[Price], unit: str) -> None:
    st.header("Cloud prices")
    if not prices:
        blocks.empty("No price is known", "No cloud of the catalog lists this. Ask the vendor.")
        return
    today = session.today()
    rows = sorted(prices, key=lambda p: (p.device or "~", p.on_demand_usd_per_hour or 1e9))
    st.dataframe(
        pd.DataFrame(
            {
                "Device": [p.device or UNKNOWN for p in rows],
                "GPUs": [p.gpu_count for p in rows],
                "Provider": [p.provider for p in rows],
                "Instance": [p.instance for p in rows],
                "Region": [p.region for p in rows],
                f"On demand, USD per {unit}": [_per(p.on_demand_usd_per_hour, unit) for p in rows],
                f"Spot, USD per {unit}": [_per(p.spot_usd_per_hour, unit) for p in rows],
                "As of": [p.as_of_text for p in rows],
                "Age, days": [age_days(p.as_of, today) for p in rows],
                "Source": [p.source for p in rows],
                "Confidence": [p.confidence for p in rows],
                "Notes": [p.notes for p in rows],
            }
        ),
        hide_index=True,
    )
    st.caption(
        f"{len(rows)} prices, whole instances. A month is {exact(HOURS_PER_MONTH)} hours without a "
        "break. An empty age means that the source gives no date."
    )


def _per(usd_per_hour: float | None, unit: str) -> float | None:
    return None if usd_per_hour is None else round(usd_per_hour * HOURS[unit], 4)


def age_days(as_of: date | None, today: date) -> int | None:
    """How old a price is; None where nobody knows."""
    return None if as_of is None else (today - as_of).days


def _apis(search: str | None) -> None:
    if search is None:
        return
    words = search.casefold()
    rows = [
        row
        for row in load_catalog().api_prices
        if words in f"{row.provider} {row.model} {row.modality}".casefold()
    ]
    st.header("Hosted APIs")
    if not rows:
        blocks.empty("No hosted API says this", "Try a provider or what it makes, such as image.")
        return
    today = session.today()
    st.dataframe(
        pd.DataFrame(
            {
                "Provider": [r.provider for r in rows],
                "Model": [r.model for r in rows],
                "Makes": [r.modality for r in rows],
                "USD": [r.usd_per_unit for r in rows],
                "Per": [r.unit for r in rows],
                "Quality or size": [r.quality_or_size for r in rows],
                "As of": [r.as_of_text for r in rows],
                "Age, days": [age_days(r.as_of, today) for r in rows],
                "Ends": [r.deprecated_on.isoformat() if r.deprecated_on else "" for r in rows],
                "Source": [r.source for r in rows],
                "Confidence": [r.confidence for r in rows],
            }
        ),
        hide_index=True,
        column_config={"USD": st.column_config.NumberColumn(format="%g")},
    )
