"""A shared result: one revision, read-only, for whoever holds the link."""

from __future__ import annotations

import streamlit as st

from advisor.errors import AdvisorError
from advisor.report.doc import Callout
from advisor.store.transfer import export_text
from advisor.web import blocks, downloads, session
from advisor.web.links import SharedLink, read_link
from advisor.web.present import desk_of, details, lead, sheet_of
from advisor.web.sliders import what_if


def show() -> None:
    """What the link shows, or one sentence why it shows nothing."""
    link = read_link(SharedLink)
    if link.t is None:
        st.title("Shared result")
        blocks.empty("No link", "The address has no token: open the link as it was sent.")
        return
    try:
        revision = session.store().open_link(link.t)
    except AdvisorError as error:
        st.title("Shared result")
        blocks.empty("This link shows nothing", str(error), "caution")
        return
    st.title(session.plain(revision.title))
    made = f"Assessed on {revision.as_of} with data {revision.data_version}. Read-only."
    if revision.imported:
        made += " Imported from a file: not seen to be made by this program."
    blocks.show(Callout(tone="info", title="Shared with you", text=made))
    sheet = sheet_of(revision)
    desk = desk_of(revision)
    lead(sheet, desk)
    if desk is not None:
        what_if(sheet.assessment, desk)
    details(sheet, "shared_section")
    st.header("Take it with you")
    downloads.show(sheet.assessment, lambda: export_text(revision), "shared")
