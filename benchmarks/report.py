"""How long a report takes, how large it is, and how many pages it has.

    python -m benchmarks.report               a made-up answer, each record in reports/samples, and
                                              the pages of every use case in examples
    python -m benchmarks.report RECORD.json   a record

Aims (issue 8): PDF under 2 s, HTML under 1 s, both under 2 MB, no report over 16 pages. Exits 1 if
one is missed. Held to the aims is the wall time of a first report, in a fresh process whose
libraries are imported; beside it stand the processor time, which a loaded machine inflates less,
and the times of a second report, which pays for no start but draws every picture again. The
figures go to benchmarks/results/report.json.
"""

from __future__ import annotations

import io
import json
import os
import platform
import statistics
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

from advisor.files import write_atomic

RUNS = 5
RESULTS = Path(__file__).parent / "results" / "report.json"
LIMITS_S = {"html": 1.0, "pdf": 2.0}
LIMIT_BYTES = 2_000_000
LIMIT_PAGES = 16
AS_OF = date(2026, 11, 23)  # of the records in reports/samples
ONE = """
import json, sys, time
import altair, jinja2, typst, vl_convert
from advisor.assessment import Assessment
from advisor.report import render_html, render_pdf, data, html, pdf, picture
answer = Assessment.model_validate_json(sys.stdin.buffer.read())
found = {}
for turn in ("cold", "warm"):
    picture.svg_of.cache_clear()
    start, busy = time.perf_counter(), time.process_time()
    made = {"html": render_html, "pdf": render_pdf}[sys.argv[1]](answer)
    found[turn + "_wall_s"] = time.perf_counter() - start
    found[turn + "_processor_s"] = time.process_time() - busy
found["bytes"] = len(made.encode() if isinstance(made, str) else made)
print(json.dumps(found))
"""


def timed(record: bytes, form: str) -> dict[str, float]:
    """Medians of cold and warm seconds over runs in processes of their own, and the size."""
    runs = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-c", ONE, form], input=record, capture_output=True, check=True
        )
        runs.append(json.loads(done.stdout))
    return {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}


def records() -> dict[str, bytes]:
    """A made-up record and the samples, by name; or the ones named on the command line."""
    if len(sys.argv) > 1:
        return {name: Path(name).read_bytes() for name in sys.argv[1:]}
    from advisor.paths import data_dir
    from tests.report.sample import go

    found = {
        file.stem: file.read_bytes() for file in (data_dir("reports") / "samples").glob("*.json")
    }
    return {"made-up": go().model_dump_json().encode(), **dict(sorted(found.items()))}


def row(name: str, record: bytes, form: str) -> dict[str, Any]:
    """One record in one form, held to its aims, printed."""
    found = timed(record, form)
    limit_s = LIMITS_S[form]
    met = found["cold_wall_s"] < limit_s and found["bytes"] < LIMIT_BYTES
    print(
        f"{name:<20}{form:<5} first {found['cold_wall_s']:.2f} s "
        f"({found['cold_processor_s']:.2f} processor), next {found['warm_wall_s']:.2f} s "
        f"({found['warm_processor_s']:.2f}), limit {limit_s:g} s, {found['bytes'] / 1e3:.0f} kB  "
        f"{'met' if met else 'MISSED'}"
    )
    return {"record": name, "form": form, **found, "limit_s": limit_s, "met": met}


def pages() -> dict[str, int]:
    """Example -> pages of its report."""
    from pypdf import PdfReader

    from advisor.paths import data_dir
    from advisor.pipeline import assess
    from advisor.report import render_pdf
    from advisor.usecase import read_use_case

    found = {}
    for file in sorted(data_dir("examples").glob("*.yaml")):
        made = render_pdf(assess(read_use_case(file), as_of=AS_OF))
        found[file.stem] = len(PdfReader(io.BytesIO(made)).pages)
        print(f"{file.stem:<28}{found[file.stem]:>3} pages")
    return found


def main() -> None:
    rows = [row(name, data, form) for name, data in records().items() for form in LIMITS_S]
    if len(sys.argv) > 1:
        sys.exit(not all(one["met"] for one in rows))
    lengths = pages()
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }
    text = json.dumps({"runs": RUNS, **machine, "rows": rows, "pages": lengths}, indent=1)
    write_atomic(RESULTS, text + "\n")
    sys.exit(not all(one["met"] for one in rows) or max(lengths.values()) > LIMIT_PAGES)


if __name__ == "__main__":
    main()
