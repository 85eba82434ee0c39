"""Fuzzing guided by coverage, one parser a run; needs `pip install atheris` (Linux, CPython).

    python -m benchmarks.fuzz "use case" -max_total_time=60

Further options are libFuzzer's. Exits with libFuzzer's code: 0 if nothing escaped.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def main() -> None:
    try:
        import atheris
    except ModuleNotFoundError:
        sys.exit("atheris is not installed: pip install atheris")
    with atheris.instrument_imports(include=["advisor"]):
        from tests.trust.parsers import PARSERS, attempt
    parser = PARSERS[sys.argv[1]]
    corpus = Path(tempfile.mkdtemp(prefix="advisor-corpus-"))
    os.environ["ADVISOR_HOME"] = str(corpus / "home")
    seeds = corpus / "seeds"
    seeds.mkdir()
    for number, sample in enumerate(parser.samples):
        (seeds / str(number)).write_bytes(sample)
    artefacts = f"-artifact_prefix={corpus}/"
    atheris.Setup([sys.argv[0], artefacts, *sys.argv[2:], str(seeds)],
                  lambda data: attempt(parser, data))  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
