"""Streamlit entry: `streamlit run app.py` (`advisor web` adds headers, host check and health)."""

from advisor.web.page import main

main()
