"""Everything that can be taken away. A file is made when its button is pressed, not before."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import streamlit as st

from advisor import Assessment, render_html, render_markdown, render_pdf
from advisor.files import plain_cell
from advisor.report.brand import configured_brand
from advisor.report.view import View


def show(answer: Assessment, export: Callable[[], str], key: str) -> None:
    """`export`: what Saved can import again."""
    name = re.sub(r"[^a-z0-9]+", "-", answer.use_case.title.lower()).strip("-")[:60] or "use-case"
    brand = configured_brand()
    kinds: tuple[tuple[str, str, str, Callable[[], str | bytes]], ...] = (
        ("PDF", "pdf", "application/pdf", lambda: render_pdf(answer, brand=brand)),
        ("HTML", "html", "text/html", lambda: render_html(answer, brand=brand)),
        ("Markdown", "md", "text/markdown", lambda: render_markdown(answer, brand=brand)),
        ("CSV of options", "csv", "text/csv", lambda: options_csv(answer)),
        ("JSON", "json", "application/json", export),
        ("Use case", "yaml", "application/yaml", lambda: _yaml(answer)),
    )
    with st.container(horizontal=True):
        for label, ending, mime, made in kinds:
            st.download_button(
                label, made, f"{name}.{ending}", mime, key=f"{key}_{ending}", on_click="ignore"
            )


def options_csv(answer: Assessment) -> str:
    """Every ranked option as a row; figures with the ends of their 90 % intervals and basis."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    figures = ("response_s", "peak_memory_gib", "usd_per_1000_outputs", "usd_per_month")
    parts = [f"{name}{end}" for name in figures for end in ("", "_low", "_high", "_basis")]
    rows.writerow(["rank", "model", "device", "settings", "offer", *parts])
    for one in View(answer).ranked:
        cost = one.cost
        found = (
            one.response_s,
            one.estimate.peak_memory_gib,
            cost.usd_per_1000_outputs if cost else None,
            cost.usd_per_month if cost else None,
        )
        numbers = [
            value
            for figure in found
            for value in (
                (figure.value, figure.low, figure.high, str(figure.basis)) if figure else ("",) * 4
            )
        ]
        offer = cost.offer.id if cost else ""
        words = [one.model_name, one.device_name, one.workload.describe(), offer]
        rows.writerow([one.rank, *map(plain_cell, words), *numbers])
    return out.getvalue()


def _yaml(answer: Assessment) -> str:
    """The stated fields as a use case file. A record read from JSON no longer knows which were."""
    from advisor.store.rows import request_json
    from advisor.usecase import dump_yaml, parse_use_case

    return dump_yaml(parse_use_case(json.loads(request_json(answer)), "the answer"))
