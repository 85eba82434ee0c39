"""One page: the form, or the answer to it."""

from __future__ import annotations

from datetime import date

import streamlit as st

from advisor import __version__, load_catalog
from advisor.web.form import show_form
from advisor.web.result import show_result
from advisor.web.state import answer_for


def main() -> None:
    """Show the form; once asked, show the answer."""
    st.set_page_config(page_title="Advisor", layout="wide", initial_sidebar_state="collapsed")
    asked = st.session_state.get("asked")
    if asked is None:
        show_form()
    else:
        show_result(answer_for(asked, date.today()))
    st.divider()
    st.caption(
        f"Advisor {__version__}, catalog {load_catalog().version}. Figures are predictions unless "
        "marked measured; every price carries its date."
    )
