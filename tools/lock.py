"""requirements.lock: every package of the base and web installations with the hash of its file.

    python -m tools.lock            ask pip what it would install, and write the file
    pip install --require-hashes -r requirements.lock && pip install --no-deps .

pip resolves within constraints.txt and downloads nothing but metadata. The hashes are of the files
for the platform this runs on (CPython 3.11, Linux x86-64 in the repository's copy).
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

from advisor.files import write_atomic

ROOT = Path(__file__).resolve().parent.parent
HEAD = (
    "# Made by `python -m tools.lock`; do not edit. Base and web installation, {where}.\n"
    "# pip install --require-hashes -r requirements.lock && pip install --no-deps .\n"
)


def lock_text(report: str, where: str) -> str:
    """The lock file of pip's own installation report. KeyError where a file has no hash."""
    lines = []
    for item in json.loads(report)["install"]:
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        if name == "advisor":
            continue
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{name.lower()}=={version} \\\n    --hash=sha256:{digest}\n")
    return HEAD.format(where=where) + "".join(sorted(lines))


def main() -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet",
               "--report", "-", "-c", "constraints.txt", ".[web]"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        sys.exit(done.stderr)
    where = f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}"
    write_atomic(ROOT / "requirements.lock", lock_text(done.stdout, where))


if __name__ == "__main__":
    main()
