"""How long a report takes, and how large it is.

    python -m benchmarks.report               a made-up answer, each record in reports/samples
    python -m benchmarks.report RECORD.json   a record

Aims (issue 8): PDF under 2 s, HTML under 1 s, each after the libraries are imported and in a
fresh process, so that no picture is kept from before; both under 2 MB. Exits 1 if one is missed.
Held to the aim is processor time, which a loaded machine does not change; wall time stands beside
it. The figures go to benchmarks/results/report.json.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from advisor.files import write_atomic

RUNS = 5
RESULTS = Path(__file__).parent / "results" / "report.json"
LIMITS_S = {"html": 1.0, "pdf": 2.0}
LIMIT_BYTES = 2_000_000
ONE = """
import json, sys, time
import altair, jinja2, typst, vl_convert
from advisor.assessment import Assessment
from advisor.report import render_html, render_pdf, data, html, pdf
answer = Assessment.model_validate_json(sys.stdin.buffer.read())
start, busy = time.perf_counter(), time.process_time()
made = {"html": render_html, "pdf": render_pdf}[sys.argv[1]](answer)
seconds, busy = time.perf_counter() - start, time.process_time() - busy
print(json.dumps([seconds, busy, len(made.encode() if isinstance(made, str) else made)]))
"""


def timed(record: bytes, form: str) -> tuple[float, float, int]:
    """Median wall and processor seconds and the size in bytes, each run in its own process."""
    runs = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-c", ONE, form], input=record, capture_output=True, check=True
        )
        runs.append(json.loads(done.stdout))
    wall_s, busy_s = (statistics.median(run[index] for run in runs) for index in (0, 1))
    return wall_s, busy_s, runs[0][2]


def records() -> dict[str, bytes]:
    if len(sys.argv) > 1:
        return {name: Path(name).read_bytes() for name in sys.argv[1:]}
    from advisor.paths import data_dir
    from tests.report.sample import go

    found = {
        file.stem: file.read_bytes() for file in (data_dir("reports") / "samples").glob("*.json")
    }
    return {"made-up": go().model_dump_json().encode(), **dict(sorted(found.items()))}


def main() -> None:
    missed = False
    rows: list[dict[str, object]] = []
    for name, record in records().items():
        for form, limit_s in LIMITS_S.items():
            seconds, busy_s, size = timed(record, form)
            met = busy_s < limit_s and size < LIMIT_BYTES
            missed |= not met
            word = "met" if met else "MISSED"
            size_kb = size / 1e3
            times = f"{busy_s:6.2f} s of processor ({seconds:.2f} s wall)  limit {limit_s:g} s"
            rows.append(
                {
                    "record": name,
                    "form": form,
                    "processor_s": round(busy_s, 3),
                    "wall_s": round(seconds, 3),
                    "bytes": size,
                    "limit_s": limit_s,
                    "met": met,
                }
            )
            print(f"{name:<20}{form:<6}{times}{size_kb:8.0f} kB  {word}")
    if len(sys.argv) == 1:
        text = json.dumps({"runs": RUNS, "python": sys.version.split()[0], "rows": rows}, indent=1)
        write_atomic(RESULTS, text + "\n")
    sys.exit(missed)


if __name__ == "__main__":
    main()
