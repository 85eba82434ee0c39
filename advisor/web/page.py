"""The frame of every page: navigation, access, footer, and what to show when something fails."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st

from advisor import __version__, load_catalog
from advisor.errors import AdvisorError
from advisor.web import blocks, session

# Name -> title. The name is the module, and the end of the address.
PAGES = {
    "new": "New",
    "result": "Result",
    "compare": "Compare",
    "saved": "Saved",
    "catalog": "Catalog",
    "hardware": "Hardware and prices",
    "accuracy": "Profiles and accuracy",
    "rules": "Rules",
    "method": "Method",
}
SHARED = "shared"
_ICON = Path(__file__).with_name("icon.png")


def main() -> None:
    """Show the page that the address names, to whoever may see it."""
    st.set_page_config(page_title="Advisor", page_icon=str(_ICON), layout="wide")
    pages = {name: _page(name, title) for name, title in PAGES.items()}
    shared = st.Page(_guarded(SHARED), title="Shared result", url_path=SHARED, visibility="hidden")
    st.session_state["pages"] = pages
    # Whoever opens a share link sees that result and no way to anything else.
    position: Any = "hidden" if "t" in st.query_params else "sidebar"
    chosen = st.navigation([*pages.values(), shared], position=position)
    blocks.style()
    if chosen.url_path != SHARED and not _signed_in():
        return
    session.show_flash()
    chosen.run()
    _footer()


def go(name: str, **parameters: str) -> None:
    """Leave for another page, with the parameters of its address."""
    st.switch_page(st.session_state["pages"][name], query_params=parameters or None)


def _page(name: str, title: str) -> Any:
    return st.Page(_guarded(name), title=title, url_path=name, default=name == "new")


def _guarded(name: str) -> Callable[[], None]:
    """The page's `show`; what it cannot do is said in a sentence, never as a traceback."""

    def run() -> None:
        try:
            import_module(f"advisor.web.views.{name}").show()
        except AdvisorError as error:
            st.error(session.plain(error))
            st.caption("Nothing was lost. Go back, or choose another page.")

    run.__name__ = name
    return run


def _signed_in() -> bool:
    try:
        found = session.access()
        rules = session.access_rules()
    except AdvisorError as error:
        st.error(session.plain(error))
        return False
    if found is None:
        st.title("Advisor")
        st.info("Sign in to see your team's assessments.")
        if rules is not None and rules.mode == "oidc":
            st.button("Sign in", type="primary", on_click=st.login)
        else:
            st.html('<p><a href="sign-in" target="_self">Go to the sign-in page</a></p>')
        return False
    if rules is not None:
        with st.sidebar:
            st.caption(f"Signed in as {session.plain(found.person)}")
            if rules.mode == "oidc":
                st.button("Sign out", on_click=st.logout)
            else:
                st.html('<p><a href="sign-in" target="_self">Sign out</a></p>')
    return True


def _footer() -> None:
    st.divider()
    st.caption(
        f"Advisor {__version__}, catalog {load_catalog().version}. Figures are predictions unless "
        "marked measured; every price carries its date."
    )
