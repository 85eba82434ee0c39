"""Everything that can be taken away. A file is made when its button is pressed, not before."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from threading import Thread

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

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
            file = f"{name}.{ending}"
            held = _held(made, file, mime)
            st.download_button(label, held, file, mime, key=f"{key}_{ending}", on_click="ignore")


def _held(made: Callable[[], str | bytes], file: str, mime: str) -> Callable[[], bytes]:
    """Makes the file and keeps it for this session until the session's next run.

    Streamlit forgets a file made on demand after two runs of any session, often before a busy
    server's client has fetched it. The same content is the same file there, so it is told of it
    first, as of a file that this session shows.
    """
    session = get_script_run_ctx()

    def make() -> bytes:
        content = made()
        data = content.encode() if isinstance(content, str) else content
        if session is not None and runtime.exists():
            files = runtime.get_instance().media_file_mgr
            known = {"file_name": file, "is_for_static_download": True}
            told = Thread(target=files.add, args=(data, mime, f"made {file}"), kwargs=known)
            add_script_run_ctx(told, session)
            told.start()
            told.join()
        return data

    return make


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
