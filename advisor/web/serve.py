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
}


def command(address: str, port: int) -> list[str]:
    """The command line that serves the form."""
    script = Path(__file__).with_name("asgi.py")
    settings = {**SETTINGS, "server.address": address, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "streamlit", "run", str(script), *flags]


def serve(address: str, port: int) -> NoReturn:
    """Become the server, so that whoever ends this process ends it and nothing is left behind."""
    hosts = os.environ.get("ADVISOR_ALLOWED_HOSTS", f"{address},localhost,127.0.0.1")
    environment = {**os.environ, "ADVISOR_ALLOWED_HOSTS": hosts}
    print(f"serving on http://{address}:{port} (stop with Ctrl-C)", file=sys.stderr, flush=True)
    os.execve(sys.executable, command(address, port), environment)
