"""Known vulnerabilities of the locked packages, or an honest "not audited".

    python -m tools.audit

Exit codes: 0 every package was looked up and none has a known fault, 1 some have, 3 not audited
(pip-audit is missing, has no network, or skipped a package). pip-audit on its own prints "No known
vulnerabilities found" and exits 0 where it skipped every package for want of data.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
NOT_AUDITED = 3


def locked(text: str) -> set[str]:
    """Names in a lock file, spelt as PyPI spells them."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def verdict(report: str, wanted: set[str]) -> tuple[int, str]:
    """Exit code and sentence for pip-audit's JSON."""
    try:
        entries = json.loads(report)["dependencies"]
        seen = {entry["name"].lower() for entry in entries if "vulns" in entry}
        faulty = {entry["name"]: [v["id"] for v in entry["vulns"]] for entry in entries
                  if entry.get("vulns")}  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return NOT_AUDITED, "not audited: pip-audit gave no report"
    if faulty:
        said = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in sorted(faulty.items()))
        return 1, f"known vulnerabilities: {said}"
    missing = sorted(wanted - {re.sub(r"[-_.]+", "-", name) for name in seen})
    if missing:
        return NOT_AUDITED, f"not audited: {len(missing)} packages were skipped ({missing[0]}, ...)"
    return 0, f"{len(seen)} packages looked up, none has a known vulnerability"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", help="another address of the vulnerability service")
    options = parser.parse_args()
    command = [sys.executable, "-m", "pip_audit", "--strict", "--format", "json", "--no-deps",
               "--disable-pip", "--progress-spinner", "off", "-r", str(LOCK)]  # fmt: skip
    if options.index:
        command += ["--vulnerability-service", "osv", "--osv-url", options.index]
    done = subprocess.run(command, capture_output=True, text=True)
    code, said = verdict(done.stdout, locked(LOCK.read_text(encoding="utf-8")))
    if code == NOT_AUDITED and done.stderr.strip():
        said += f" ({done.stderr.strip().splitlines()[-1][:200]})"
    print(said)
    sys.exit(code)


if __name__ == "__main__":
    main()
