"""Starting the web server: Streamlit through its ASGI App, bound to one address, telling nobody."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

# What the server is started with; each is measured or argued in docs/decisions/0006-web.md.
SETTINGS: dict[str, str] = {
    "server.headless": "true",
    "server.maxUploadSize": "2",
    "server.maxMessageSize": "50",
    "server.fileWatcherType": "none",
    "server.enableStaticServing": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "runner.magicEnabled": "false",
    # Light and dark by the reader's system; colours of the report, contrast at least 4.5 to 1.
    "theme.light.primaryColor": "#0b5a8a",
    "theme.light.textColor": "#1b2733",
    "theme.light.secondaryBackgroundColor": "#f0f3f6",
    "theme.dark.primaryColor": "#5fb0e6",
    "theme.dark.textColor": "#e7ecf0",
    "theme.dark.backgroundColor": "#12181e",
    "theme.dark.secondaryBackgroundColor": "#1e2730",
}


BASE_PATH = "ADVISOR_BASE_PATH"


def command(address: str, port: int) -> list[str]:
    """The command line that serves the form."""
    script = Path(__file__).with_name("asgi.py")
    settings = {**SETTINGS, "server.address": address, "server.port": str(port)}
    base = os.environ.get(BASE_PATH, "").strip("/")
    if base:
        settings["server.baseUrlPath"] = base
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "streamlit", "run", str(script), *flags]


def serve(address: str, port: int) -> NoReturn:
    """Become the server, so that whoever ends this process ends it and nothing is left behind."""
    hosts = os.environ.get("ADVISOR_ALLOWED_HOSTS", f"{address},localhost,127.0.0.1")
    environment = {**os.environ, "ADVISOR_ALLOWED_HOSTS": hosts}
    print(f"serving on http://{address}:{port} (stop with Ctrl-C)", file=sys.stderr, flush=True)
    os.execve(sys.executable, command(address, port), environment)
