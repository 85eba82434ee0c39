"""What Streamlit runs for each session (started by asgi.py)."""

from advisor.web.page import main

main()
